// Scans and taps that wait for contact. Each form marked «data-keeps» is written down on the tablet
// before it is sent, with a token of its own and who made it; it is sent in order, again and again
// until the hub answers, and only while that person is logged in. Without this script the forms
// are sent as ever.
(function () {
  "use strict";

  const BOX = "curbhub.unsent";
  const MOST = 500; // entries that a tablet keeps
  const PATIENCE = 8000; // milliseconds for one answer
  const FAILURES = 5; // times that the hub itself may fail over one entry
  const REST = [2, 4, 8, 15, 30]; // seconds between tries

  const panel = document.getElementById("unsent");
  if (!panel || !window.localStorage) return;
  const words = panel.dataset;
  const person = words.person;
  let contact = words.fresh === "yes" && navigator.onLine;
  let tries = 0;
  let timer = 0;

  function read() {
    try {
      return JSON.parse(localStorage.getItem(BOX)) || [];
    } catch (broken) {
      return [];
    }
  }

  function write(entries) {
    try {
      localStorage.setItem(BOX, JSON.stringify(entries));
      return true;
    } catch (full) {
      return false;
    }
  }

  function change(token, act) {
    write(read().flatMap((entry) => (entry.token === token ? act(entry) : [entry])));
    show();
  }

  function mine(entry) { return entry.by === person; }
  function waits(entry) { return entry.state === "waits"; }
  function waiting() { return read().filter((entry) => mine(entry) && waits(entry)); }

  // --- writing a tap down ------------------------------------------------------------------

  function newToken() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return "t-" + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  // The page may be the one kept from before: its own tokens may have served already.
  function renew(root) {
    for (const field of root.querySelectorAll("form[data-keeps] input[name=token]")) {
      field.value = newToken();
    }
  }

  function entryOf(form, button) {
    const fields = Array.from(new FormData(form)).filter(([name]) => name !== "csrfmiddlewaretoken");
    if (button && button.name && !fields.some(([name]) => name === button.name)) {
      fields.push([button.name, button.value]);
    }
    const given = Object.fromEntries(fields);
    if (!given.token) fields.push(["token", newToken()]);
    const about = [form.dataset.of, given.code, given.place].filter(Boolean).join(" · ");
    return {
      token: Object.fromEntries(fields).token,
      url: form.getAttribute("action") || location.pathname,
      page: location.pathname + location.search,
      fields: fields,
      by: person,
      name: words.name,
      says: (button && button.dataset.says) || form.dataset.keeps,
      about: about,
      at: Date.now(),
      state: "waits",
      failures: 0,
    };
  }

  function done(form) {
    for (const field of form.querySelectorAll("input.scan")) field.value = "";
    for (const field of form.querySelectorAll("input[name=token]")) field.value = newToken();
    const dialog = form.closest("dialog");
    if (dialog) dialog.close();
    // the workspace's own script locks the buttons of a form that is being sent
    setTimeout(function () {
      for (const button of form.querySelectorAll("button")) button.disabled = false;
      const scan = document.querySelector("input[data-scan]");
      if (scan) scan.focus({ preventScroll: true });
    }, 0);
  }

  document.addEventListener("submit", function (event) {
    const form = event.target;
    if (event.defaultPrevented) return;
    if (!form.matches("form[data-keeps]")) {
      if (navigator.onLine || form.method !== "post") return;
      event.preventDefault(); // else the browser would leave the page for one of its own
      return panel.scrollIntoView({ block: "center" });
    }
    const entries = read();
    const entry = entryOf(form, event.submitter);
    if (entries.length >= MOST || !write([...entries, entry])) return; // sent by the browser itself
    event.preventDefault();
    done(form);
    show();
    send(entry.token);
  }, true);

  // --- sending -----------------------------------------------------------------------------

  function cookie(name) {
    const found = document.cookie.split("; ").find((pair) => pair.startsWith(name + "="));
    return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
  }

  function csrf() {
    const field = document.querySelector("input[name=csrfmiddlewaretoken]");
    return cookie("csrftoken") || (field ? field.value : "");
  }

  // What the hub says of one entry; null without contact, "login" when nobody is logged in.
  async function post(entry, queued) {
    const body = new URLSearchParams(entry.fields);
    body.set("made_by", entry.by);
    if (queued) body.set("queued", "1");
    const stop = new AbortController();
    const patience = setTimeout(() => stop.abort(), PATIENCE);
    try {
      const reply = await fetch(entry.url, {
        method: "POST",
        body: body,
        headers: { "Accept": "application/json", "X-CSRFToken": csrf() },
        redirect: "manual",
        signal: stop.signal,
      });
      return await meaning(entry, reply);
    } catch (lost) {
      return null;
    } finally {
      clearTimeout(patience);
    }
  }

  async function meaning(entry, reply) {
    if (reply.type === "opaqueredirect" || reply.status === 401 || reply.status === 403) return "login";
    if (reply.status === 409) return "another";
    if (reply.status === 429 || reply.status >= 500) {
      change(entry.token, (kept) => [Object.assign(kept, { failures: kept.failures + 1 })]);
      return entry.failures + 1 < FAILURES ? null : { done: false, words: words.failed };
    }
    if (reply.status >= 400) return { done: false, words: words.gone };
    const told = await reply.json(); // a page of the Wi-Fi's own is no answer of the hub
    return typeof told.done === "boolean" ? told : null;
  }

  async function drain(tapped) {
    let next = "";
    let told = false;
    for (let entry = waiting()[0]; entry; entry = waiting()[0]) {
      const queued = entry.token !== tapped;
      const said = await post(entry, queued);
      if (said === null || said === "login" || said === "another") return stopped(said);
      contact = true;
      tries = 0;
      const isTold = said.done || (!queued && said.next); // the next page says what came of it
      if (isTold) change(entry.token, () => []);
      else change(entry.token, (kept) => [Object.assign(kept, { state: "refused", why: said.words })]);
      next = said.next || next;
      told = told || queued;
    }
    if (next) leave(tapped ? next : "", told);
  }

  // The page shows what has come of it, unless somebody is in the middle of something.
  function leave(next, told) {
    const typing = Array.from(document.querySelectorAll("input.scan")).some((field) => field.value);
    if (typing || document.querySelector("dialog[open]") || read().some((one) => mine(one) && waits(one))) {
      return show();
    }
    if (next) location.assign(next);
    else if (told) location.reload();
  }

  function stopped(why) {
    contact = why !== null;
    panel.dataset.stop = why || "lost";
    show();
    clearTimeout(timer);
    if (why === "another") return;
    timer = setTimeout(() => send(""), REST[Math.min(tries, REST.length - 1)] * 1000);
    tries += 1;
  }

  function send(tapped) {
    clearTimeout(timer);
    delete panel.dataset.stop;
    if (!waiting().length) return words.fresh === "no" ? look() : show();
    // one page at a time sends: two tabs must not change the order
    if (navigator.locks) return navigator.locks.request(BOX, () => drain(tapped));
    return drain(tapped);
  }

  // A page that was kept is shown: is the hub there again?
  async function look() {
    show();
    try {
      const reply = await fetch(words.worker, { cache: "no-store", redirect: "manual" });
      if (reply.ok) return leave("", true);
    } catch (lost) { /* not yet */ }
    timer = setTimeout(() => send(""), REST[Math.min(tries, REST.length - 1)] * 1000);
    tries += 1;
  }

  // --- showing -----------------------------------------------------------------------------

  function line(entry) {
    const row = document.createElement("li");
    const time = new Date(entry.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    row.textContent = [time, entry.says, entry.about].filter(Boolean).join(" · ");
    if (entry.state !== "refused") return row;
    const why = document.createElement("p");
    why.className = "hub-danger hub-strong";
    why.textContent = words.refused + " " + entry.why;
    const again = document.createElement("a");
    again.className = "hub-button";
    again.href = entry.page;
    again.textContent = words.redo;
    const drop = document.createElement("button");
    drop.type = "button";
    drop.dataset.drop = entry.token;
    drop.textContent = words.drop;
    const taps = document.createElement("div");
    taps.className = "hub-row";
    taps.append(again, drop);
    row.append(why, taps);
    return row;
  }

  function others(entries) {
    const names = new Map();
    for (const entry of entries) names.set(entry.name, (names.get(entry.name) || 0) + 1);
    return Array.from(names, ([name, count]) =>
      words.others.replace("{count}", count).replace(/\{name\}/g, name));
  }

  function note(unsent) {
    if (panel.dataset.stop === "login" || panel.dataset.stop === "another") return words.login;
    if (unsent.length) return contact ? words.sending : words.kept;
    return contact ? "" : words.old;
  }

  function show() {
    const entries = read();
    const own = entries.filter(mine);
    const unsent = own.filter(waits);
    const refused = own.filter((entry) => !waits(entry));
    const foreign = others(entries.filter((entry) => !mine(entry)));
    // what is on its way to a hub that answers is no news
    const calm = contact && !panel.dataset.stop && unsent.length < 2;
    const title = unsent.length && !calm ? words.unsent.replace("{count}", unsent.length) : "";
    panel.hidden = !(title || refused.length || foreign.length || !contact);
    panel.classList.toggle("lost", !contact);
    panel.querySelector("[data-title]").textContent = title || (contact ? words.notice : words.lost);
    panel.querySelector("[data-note]").textContent = note(unsent);
    panel.querySelector("[data-list]").replaceChildren(...refused.concat(title ? unsent : []).map(line));
    panel.querySelector("[data-others]").textContent = foreign.join(" ");
    panel.querySelector("[data-send]").hidden = !unsent.length;
    document.dispatchEvent(new CustomEvent("unsent", { detail: { contact: contact, entries: unsent } }));
  }

  document.addEventListener("click", function (event) {
    if (event.target.closest("[data-send]")) {
      if (panel.dataset.stop === "login" || panel.dataset.stop === "another") location.reload();
      else send("");
    }
    const drop = event.target.closest("[data-drop]");
    if (drop) change(drop.dataset.drop, () => []);
  });

  window.addEventListener("online", function () { contact = true; tries = 0; send(""); });
  window.addEventListener("offline", function () { contact = false; show(); });
  document.addEventListener("visibilitychange", function () { if (!document.hidden) send(""); });
  document.addEventListener("stop-shown", function (event) { renew(event.target); });


  if ("serviceWorker" in navigator && window.isSecureContext) {
    navigator.serviceWorker.register(words.worker, { scope: words.scope }).catch(function () {});
  }
  renew(document);
  show();
  send("");
})();
