// Keeps the page true without a reload, and tells when a tap did not get through.
// htmx sends the forms; without any script they are plain forms and links.
"use strict";
(() => {
  const live = document.getElementById("live");
  const news = document.getElementById("news");
  const unsent = document.getElementById("unsent");
  const { page, query, sending } = live.dataset;
  const POLL_MS = 4000;
  const HIDDEN_POLL_MS = 45000;
  const TELL_MS = 15000;
  const touched = new Set();
  let kept = null;
  let headline = "";
  let timer = 0;
  let watch = null;
  let told = 0;

  const find = (id) => document.getElementById(id);
  const text = (id) => find(id)?.textContent ?? "";
  const controls = () => live.querySelectorAll("input:not([type=hidden])");
  const key = (input) => `${input.form?.action} ${input.name} ${choice(input) ? input.value : ""}`;
  const choice = (input) => input.type === "radio" || input.type === "checkbox";

  // What the customer has typed, chosen or opened survives a refresh of the page around it.
  function remember() {
    const values = new Map();
    for (const input of controls()) {
      if (touched.has(input.name)) values.set(key(input), choice(input) ? input.checked : input.value);
    }
    const focus = document.activeElement;
    return {
      values,
      open: [...live.querySelectorAll("details[open]")].map((box) => box.id),
      focus: live.contains(focus) && focus.name ? key(focus) : "",
    };
  }

  function restore({ values, open, focus }) {
    for (const id of open) find(id)?.setAttribute("open", "");
    for (const input of controls()) {
      const value = values.get(key(input));
      if (input.disabled) continue;
      if (value !== undefined) choice(input) ? (input.checked = value) : (input.value = value);
      if (key(input) === focus) input.focus();
    }
  }

  // Once the order is over, only a new look at the page asks again. The odd part of a second
  // keeps a thousand phones from asking at the same moment.
  function wait() {
    clearTimeout(timer);
    if (find("version").dataset.over) return;
    const pause = document.hidden ? HIDDEN_POLL_MS : POLL_MS;
    timer = setTimeout(look, pause + Math.random() * 1000);
  }

  function look() {
    clearTimeout(timer);
    htmx.trigger("#version", "look");
    wait();
  }

  function countDown() {
    for (const time of live.querySelectorAll("time[data-phrase]")) {
      const minutes = Math.max(0, Math.floor((Date.parse(time.dateTime) - Date.now()) / 60000));
      const hours = Math.floor(minutes / 60);
      const days = Math.floor(hours / 24);
      const { days: inDays, hours: inHours, minutes: inMinutes } = live.dataset;
      const span = days
        ? inDays.replace("{days}", days).replace("{hours}", hours % 24)
        : hours
          ? inHours.replace("{hours}", hours).replace("{minutes}", minutes % 60)
          : inMinutes.replace("{count}", minutes);
      time.textContent = time.dataset.phrase.replace("{time}", span);
    }
  }

  function showUnsent(form) {
    const spot = form.querySelector("[name=spot]:checked")?.value;
    const sms = find("text-here");
    const words = encodeURIComponent(spot ? `HERE ${spot}` : "HERE");
    if (sms) sms.href = `sms:${sms.dataset.number}?&body=${words}`;
    form.append(unsent);
    unsent.hidden = false;
  }

  function putAside() {
    unsent.hidden = true;
    document.body.append(unsent);
  }

  // A location is asked for when the customer taps, never before; it is told while the page is open.
  function share() {
    if (watch !== null) {
      navigator.geolocation.clearWatch(watch);
      watch = null;
      return paintSharing();
    }
    watch = navigator.geolocation.watchPosition(tell, refuse, { enableHighAccuracy: true, maximumAge: 10000 });
    paintSharing();
  }

  function tell({ coords }) {
    const box = find("share");
    if (!box || Date.now() - told < TELL_MS) return;
    told = Date.now();
    const { latitude, longitude, accuracy } = coords;
    htmx.ajax("POST", `${page}/location${query}`, {
      source: "#version",
      target: "#live",
      swap: "innerHTML",
      values: { stamp: box.dataset.stamp, latitude, longitude, accuracy: Math.round(accuracy) },
    });
  }

  function refuse() {
    watch = null;
    paintSharing("refused");
  }

  function paintSharing(word) {
    const box = find("share");
    if (!box || !navigator.geolocation) return;
    box.hidden = false;
    const [button, note] = [box.querySelector("button"), find("share-note")];
    box.dataset.start ??= button.textContent;
    box.dataset.note ??= note.textContent;
    button.textContent = watch === null ? box.dataset.start : button.dataset.stop;
    note.textContent = word ? note.dataset[word] : watch === null ? box.dataset.note : note.dataset.sharing;
  }

  const on = (name, act) => document.body.addEventListener(`htmx:${name}`, act);

  on("beforeRequest", ({ detail }) => {
    if (detail.elt.tagName !== "FORM") return;
    putAside();
    const button = detail.elt.querySelector("button");
    button.dataset.label = button.textContent;
    button.textContent = sending;
  });
  on("afterRequest", ({ detail }) => {
    if (detail.xhr.status === 404) return location.reload();
    const button = detail.elt.isConnected && detail.elt.querySelector("button[data-label]");
    if (button) button.textContent = button.dataset.label;
    const answered = detail.xhr.status && detail.xhr.status < 500 && detail.xhr.status !== 429;
    if (detail.elt.tagName === "FORM" && !answered) showUnsent(detail.elt);
  });
  on("beforeSwap", ({ detail }) => {
    if (!detail.shouldSwap) return;
    putAside();
    const taken = detail.requestConfig.elt.tagName === "FORM" && detail.xhr.status === 200;
    if (taken) touched.clear();
    kept = taken ? null : remember();
    headline = text("headline");
  });
  on("afterSwap", ({ detail }) => {
    if (kept) restore(kept);
    countDown();
    paintSharing();
    const after = text("headline");
    if (after !== headline) {
      news.textContent = after;
      document.title = document.title.replace(headline, after);
    }
    if (detail.requestConfig.elt.tagName !== "FORM") return;
    const target = find(detail.xhr.status === 200 ? "headline" : "error");
    target?.scrollIntoView({ block: "center" });
    find("headline").focus({ preventScroll: true });
  });
  live.addEventListener("input", (event) => touched.add(event.target.name));
  live.addEventListener("click", (event) => {
    if (event.target.closest("#share button")) share();
  });
  document.addEventListener("visibilitychange", () => (document.hidden ? wait() : look()));
  setInterval(countDown, 20000);
  paintSharing();
  wait();
})();
