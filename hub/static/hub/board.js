// Every live board: asks for its pulse, takes its cards anew when that changed, says and sounds
// what came, keeps the screen on and says when it last had contact. A page without cards, such as
// «Today», only follows the counts.
(function () {
  "use strict";

  const POLL_MS = 1600;
  const LOST_MS = 8000; // an answer that takes longer is none
  const SLEPT_MS = 5000; // a second that took so long: the device slept
  const READ_MS = 6000; // that what came of a tap stays, although the cards come anew
  const KEY = "hub.sound";
  const MARKS = ["✓", "▲", "▲▲", "▲▲▲"];
  const TONES = ["", "warning", "danger", "danger"];
  const CALLING = ["pick", "arrivals", "exceptions", "talks", "calls"]; // counts that sound

  let root, heard, known, audio, lock = null;
  let renewed = Date.now(), ticked = Date.now(), readAt = Date.now(), madeAt = 0;
  let asking = false, first = true, counts = null;
  const levels = new Map(); // of each card that was seen, how pressing it is

  function cards() { return root.querySelector("[data-cards]"); }
  function all(selector) { return cards() ? [...cards().querySelectorAll(selector)] : []; }
  function write(element, text) { if (element && element.textContent !== text) element.textContent = text; }
  function say(words) { heard.textContent = words; }

  // --- sound -----------------------------------------------------------------------------------

  function wanted() { return localStorage.getItem(KEY) !== "off"; }

  function canSound() {
    if (!wanted() || !window.AudioContext) return false;
    audio = audio || new AudioContext();
    if (audio.state === "suspended") audio.resume();
    return audio.state === "running";
  }

  function isBlocked() { return wanted() && !(audio && audio.state === "running"); }

  function showSound() {
    const button = root.querySelector("[data-sound]");
    if (!button) return;
    button.hidden = !window.AudioContext;
    button.setAttribute("aria-pressed", String(wanted()));
    const words = root.dataset;
    write(button, !wanted() ? words.soundOff : isBlocked() ? words.soundBlocked : words.soundOn);
  }

  function tone(pitches) {
    root.dataset.sounded = String(Number(root.dataset.sounded || 0) + (wanted() ? 1 : 0));
    if (!canSound()) { showSound(); return; }
    pitches.forEach(function (pitch, place) {
      const at = audio.currentTime + place * 0.22;
      const source = audio.createOscillator();
      const volume = audio.createGain();
      source.frequency.value = pitch;
      volume.gain.setValueAtTime(0.0001, at);
      volume.gain.exponentialRampToValueAtTime(0.3, at + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.2);
      source.connect(volume).connect(audio.destination);
      source.start(at);
      source.stop(at + 0.21);
    });
  }

  function setUpSound() {
    const button = root.querySelector("[data-sound]");
    if (!button) return;
    button.addEventListener("click", function () {
      if (!isBlocked()) localStorage.setItem(KEY, wanted() ? "off" : "on");
      if (wanted()) tone([880]);
      setTimeout(showSound, 50);
    });
    document.addEventListener("pointerdown", function () { canSound(); setTimeout(showSound, 50); }, { once: true });
    showSound();
  }

  // --- what came, and what got worse -----------------------------------------------------------

  function levelOf(card) {
    const line = card.querySelector("[data-steps]");
    const timer = line && line.querySelector("time");
    if (!timer) return Number(card.dataset.level || 0);
    const ahead = Date.now() - readAt; // the server's clock went on since the cards were made
    const seconds = (Date.parse(cards().dataset.now) + ahead - Date.parse(timer.dataset.since)) / 1000;
    return line.dataset.steps.split(",").filter(function (step) { return seconds >= Number(step) * 60; }).length;
  }

  function isNews(card, since) {
    // a card that came up from the next page is not new, only one that was made just now
    return card.dataset.name && (!card.dataset.born || Date.parse(card.dataset.born) > since);
  }

  function look(since) {
    const came = [], worse = [], here = new Set();
    for (const card of all("[data-card]")) {
      const key = card.dataset.card, level = levelOf(card);
      here.add(key);
      if (!levels.has(key)) { if (isNews(card, since)) came.push(card.dataset.name); }
      else if (level > levels.get(key)) worse.push(card.dataset.name || card.dataset.title);
      levels.set(key, level);
      paint(card, level);
    }
    for (const key of levels.keys()) if (!here.has(key)) levels.delete(key);
    if (!first) tell(came, worse);
    first = false;
  }

  function tell(came, worse) {
    if (came.length) {
      say(root.dataset.came.replace("{names}", came.join(", ")));
      tone([880, 1175]);
    } else if (worse.length) {
      say(root.dataset.worse.replace("{names}", worse.join(", ")));
      tone([660, 660, 660]);
    }
  }

  // how long somebody waits goes on between two looks at the server
  function paint(card, level) {
    const words = card.querySelector(".curb-words");
    if (!words) return;
    card.classList.remove("warning", "danger");
    if (TONES[level]) card.classList.add(TONES[level]);
    words.classList.toggle("hub-warning", TONES[level] === "warning");
    words.classList.toggle("hub-danger", TONES[level] === "danger");
    write(words.querySelector("[data-marks]"), MARKS[level]);
    write(words.querySelector("[data-words]"), root.dataset.waits.split("|")[level]);
  }

  // --- counts on all tabs ----------------------------------------------------------------------

  function showCount(name, number) {
    for (const one of document.querySelectorAll('[data-count="' + name + '"]')) {
      write(one, String(number));
      if (one.classList.contains("hub-badge")) one.hidden = !number;
    }
  }

  function showCounts(fresh) {
    const own = root.dataset.board, grew = [];
    const names = new Set([...document.querySelectorAll("[data-count]")].map(function (one) { return one.dataset.count; }));
    for (const name of names) {
      const number = fresh[name] || 0;
      if (name === own && cards()) continue; // its cards say it
      if (counts && CALLING.includes(name) && number > (counts[name] || 0)) grew.push([name, number]);
      showCount(name, number);
    }
    counts = fresh;
    if (grew.length) tellGrown(grew);
  }

  function tellGrown(grew) {
    const words = grew.map(function ([name, number]) {
      const tab = document.querySelector('[data-tab="' + name + '"]');
      return tab && root.dataset.grew.replace("{board}", tab.dataset.title).replace("{count}", number);
    }).filter(Boolean);
    if (!words.length) return;
    say(words.join(", "));
    tone([740]);
  }

  // --- who sees it -----------------------------------------------------------------------------

  function tellShown() {
    if (document.hidden || !root.dataset.shownUrl) return;
    const fresh = all("[data-unshown]");
    if (!fresh.length) return;
    const body = new URLSearchParams();
    for (const card of fresh) { body.append("visit", card.dataset.visit); card.removeAttribute("data-unshown"); }
    body.append("csrfmiddlewaretoken", root.querySelector("[name=csrfmiddlewaretoken]").value);
    fetch(root.dataset.shownUrl, { method: "POST", body: body, redirect: "manual" }).catch(function () {
      for (const card of fresh) card.setAttribute("data-unshown", "");
    });
  }

  // --- staying live ----------------------------------------------------------------------------

  function contact(ok) { document.dispatchEvent(new CustomEvent("hub:contact", { detail: ok })); }

  function renew() {
    renewed = Date.now();
    window.htmx.trigger(cards(), "refresh");
  }

  function answered(reply) {
    showCounts(reply.counts);
    if (!cards()) return;
    if (reply.pulse !== known || Date.now() - renewed > Number(root.dataset.renew) * 1000) renew();
  }

  async function ask() {
    if (asking) return;
    asking = true;
    const end = new AbortController();
    const timer = setTimeout(function () { end.abort(); }, LOST_MS);
    try {
      const reply = await fetch(root.dataset.pulseUrl, { signal: end.signal, credentials: "omit" });
      if (reply.status === 410) { window.location.reload(); return; }
      contact(reply.ok);
      if (reply.ok) answered(await reply.json());
    } catch {
      contact(false);
    } finally {
      clearTimeout(timer);
      asking = false;
    }
  }

  function everySecond() {
    const slept = Date.now() - ticked > SLEPT_MS;
    ticked = Date.now();
    if (slept) awoke();
    look(0);
  }

  function awoke() {
    if (document.hidden) return;
    ask();
    tellShown();
    keepAwake();
  }

  async function keepAwake() {
    const line = root.querySelector("[data-awake]");
    if (!line || document.hidden || lock) return;
    try {
      lock = await navigator.wakeLock.request("screen");
      lock.addEventListener("release", function () { lock = null; });
    } catch {
      lock = null; // no such thing on this device, or not now, such as with an empty battery
    }
    line.textContent = lock ? root.dataset.awakeOn : root.dataset.awakeOff;
  }

  // --- what a person has opened or begun to fill in stays so when the cards come anew -----------

  let kept = null, saidAt = 0;

  function fieldsOf() { return all("input:not([type=hidden]), select, textarea"); }

  function placeOf(element) {
    const card = element.closest("[data-card], article, section");
    const one = card && (card.dataset.card || card.dataset.visit);
    const among = card ? [...card.querySelectorAll("a, button, input, select, textarea, summary")] : [];
    return element.id || (one ? one + "/" + among.indexOf(element) : "");
  }

  function isTouched(field) {
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field.tagName !== "SELECT") return field.value !== field.defaultValue;
    const initial = [...field.options].findIndex(function (option) { return option.defaultSelected; });
    return field.selectedIndex !== Math.max(0, initial);
  }

  function keep() {
    const focused = cards().contains(document.activeElement) ? document.activeElement : null;
    kept = {
      said: Date.now() - saidAt < READ_MS ? all(".curb-said") : [],
      open: all("details[open]").map(function (one) { return one.dataset.key; }),
      fields: fieldsOf().filter(isTouched).map(function (field) {
        return [placeOf(field), field.type === "checkbox" || field.type === "radio" ? field.checked : field.value];
      }),
      focus: focused ? placeOf(focused) : "",
      caret: focused && "selectionStart" in focused ? focused.selectionStart : null,
    };
  }

  function restore() {
    if (!kept) return;
    if (all(".curb-said").length) saidAt = Date.now();
    else cards().prepend(...kept.said);
    for (const one of all("details[data-key]")) if (kept.open.includes(one.dataset.key)) one.open = true;
    const values = new Map(kept.fields);
    for (const field of fieldsOf()) {
      const value = values.get(placeOf(field));
      if (typeof value === "boolean") field.checked = value;
      else if (value !== undefined) field.value = value;
    }
    const focus = kept.focus && all("a, button, input, select, textarea, summary").find(function (one) { return placeOf(one) === kept.focus; });
    if (focus && document.activeElement !== focus) focus.focus({ preventScroll: true });
    if (focus && kept.caret !== null && focus.setSelectionRange) focus.setSelectionRange(kept.caret, kept.caret);
    kept = null;
  }

  function settled() {
    const before = madeAt;
    known = cards().dataset.pulse;
    madeAt = Date.parse(cards().dataset.now);
    readAt = Date.now();
    showCount(root.dataset.board, cards().dataset.own);
    restore();
    look(before - LOST_MS);
    tellShown();
  }

  function unsent(event) {
    if (event.detail.requestConfig.verb === "get") return;
    for (const button of all("form.step button")) button.disabled = false;
    say(root.dataset.unsent);
    contact(false);
  }

  function start() {
    root = document.querySelector("[data-board]");
    if (!root || !root.dataset.pulseUrl) return;
    heard = root.querySelector("[data-heard]");
    known = cards() ? cards().dataset.pulse : "";
    madeAt = cards() ? Date.parse(cards().dataset.now) : 0;
    setUpSound();
    look(0);
    tellShown();
    keepAwake();
    setInterval(ask, POLL_MS);
    setInterval(everySecond, 1000);
    document.addEventListener("visibilitychange", awoke);
    document.addEventListener("pointerdown", keepAwake);
    window.addEventListener("pageshow", awoke);
    window.addEventListener("online", ask);
    document.addEventListener("htmx:beforeSwap", keep);
    document.addEventListener("htmx:afterSettle", settled);
    for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
      document.addEventListener(failure, unsent);
    }
  }

  document.addEventListener("DOMContentLoaded", start);
})();
