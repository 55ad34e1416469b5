// The arrivals board: asks for its pulse, takes the cards anew when it changed, sounds, and says
// which arrivals somebody can see.
(function () {
  "use strict";

  const POLL_MS = 1600;
  const RENEW_MS = 300000; // whatever may have been missed
  const LOST_MS = 8000;
  const KEY = "hub.arrivals.sound";
  const MARKS = ["✓", "▲", "▲▲", "▲▲▲"];
  const WORDS = ["in time", "getting long", "over the target", "far too long"];
  const TONES = ["", "warning", "danger", "danger"];

  let root, heard, known, audio;
  let renewed = Date.now(), asking = false, first = true;
  const levels = new Map(); // of each waiting visit that was seen, how long it waited

  function board() { return document.getElementById("arrivals"); }
  function waiting() { return [...board().querySelectorAll("[data-waits]")]; }

  // --- sound ---------------------------------------------------------------------------------

  function wanted() { return localStorage.getItem(KEY) !== "off"; }

  function ready() {
    if (!wanted() || !window.AudioContext) return false;
    audio = audio || new AudioContext();
    if (audio.state === "suspended") audio.resume();
    return audio.state === "running";
  }

  function showSound() {
    const button = root.querySelector("[data-sound]");
    button.hidden = !window.AudioContext;
    button.setAttribute("aria-pressed", String(wanted()));
    const blocked = wanted() && !(audio && audio.state === "running");
    button.textContent = !wanted() ? "Sound is off" : blocked ? "Sound: tap to allow" : "Sound is on";
  }

  function tone(pitches) {
    root.dataset.sounded = String(Number(root.dataset.sounded || 0) + (wanted() ? 1 : 0));
    if (!ready()) { showSound(); return; }
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
    button.addEventListener("click", function () {
      const blocked = wanted() && !(audio && audio.state === "running");
      if (!blocked) localStorage.setItem(KEY, wanted() ? "off" : "on");
      if (wanted()) tone([880]);
      setTimeout(showSound, 50);
    });
    document.addEventListener("pointerdown", function () { ready(); setTimeout(showSound, 50); }, { once: true });
    showSound();
  }

  // --- how long they wait --------------------------------------------------------------------

  function levelOf(card) {
    const line = card.querySelector("[data-steps]");
    const timer = line && line.querySelector("time");
    if (!timer) return 0;
    const ahead = Date.now() - readAt; // the server's clock went on since the cards were made
    const seconds = (Date.parse(board().dataset.now) + ahead - Date.parse(timer.dataset.since)) / 1000;
    return line.dataset.steps.split(",").filter(function (step) { return seconds >= Number(step) * 60; }).length;
  }

  let readAt = Date.now();

  function look() {
    let grew = false, came = [];
    const here = new Set();
    for (const card of waiting()) {
      const key = card.dataset.visit, level = levelOf(card);
      here.add(key);
      if (!levels.has(key)) came.push(card.dataset.waits);
      else if (level > levels.get(key)) grew = true;
      levels.set(key, level);
      paint(card, level);
    }
    for (const key of levels.keys()) if (!here.has(key)) levels.delete(key);
    if (came.length && !first) {
      heard.textContent = "Arrived: " + came.join(", ");
      tone([880, 1175]);
    } else if (grew) {
      tone([660, 660, 660]);
    }
    first = false;
  }

  function paint(card, level) {
    card.classList.remove("warning", "danger");
    if (TONES[level]) card.classList.add(TONES[level]);
    const words = card.querySelector(".curb-words");
    if (!words) return;
    words.classList.toggle("hub-warning", TONES[level] === "warning");
    words.classList.toggle("hub-danger", TONES[level] === "danger");
    write(words.querySelector("[data-marks]"), MARKS[level]);
    write(words.querySelector("[data-words]"), WORDS[level]);
  }

  function write(element, text) { if (element.textContent !== text) element.textContent = text; }

  // --- who sees it ---------------------------------------------------------------------------

  function tellShown() {
    if (document.hidden) return;
    const cards = [...board().querySelectorAll("[data-unshown]")];
    if (!cards.length) return;
    const body = new URLSearchParams();
    for (const card of cards) { body.append("visit", card.dataset.visit); card.removeAttribute("data-unshown"); }
    body.append("csrfmiddlewaretoken", root.querySelector("[name=csrfmiddlewaretoken]").value);
    fetch(root.dataset.shownUrl, { method: "POST", body: body, redirect: "manual" }).catch(function () {
      for (const card of cards) card.setAttribute("data-unshown", "");
    });
  }

  // --- staying live --------------------------------------------------------------------------

  function contact(ok) {
    const line = root.querySelector("[data-contact]");
    const time = new Date().toLocaleTimeString();
    line.textContent = ok ? "Live · last contact " + time : "No contact since " + line.dataset.last;
    line.classList.toggle("hub-danger", !ok);
    if (ok) line.dataset.last = time;
  }

  function renew() {
    renewed = Date.now();
    window.htmx.trigger(board(), "refresh");
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
      if (reply.ok) {
        const pulse = await reply.text();
        if (pulse !== known || Date.now() - renewed > RENEW_MS) renew();
      }
    } catch {
      contact(false);
    } finally {
      clearTimeout(timer);
      asking = false;
    }
  }

  // what a person has opened or begun to fill in stays so when the cards come anew
  let kept = null;

  function keep() {
    const open = [...board().querySelectorAll("details[open]")].map(function (one) { return one.dataset.key; });
    const values = [...board().querySelectorAll("details[open] [id]")].map(function (field) { return [field.id, field.value]; });
    kept = { open: open, values: values };
  }

  function restore() {
    if (!kept) return;
    for (const key of kept.open) {
      const one = board().querySelector('details[data-key="' + key + '"]');
      if (one) one.open = true;
    }
    for (const [id, value] of kept.values) {
      const field = document.getElementById(id);
      if (field && value !== undefined && "value" in field) field.value = value;
    }
    kept = null;
  }

  function start() {
    root = document.querySelector("[data-arrivals]");
    if (!root) return;
    heard = root.querySelector("[data-heard]");
    known = board().dataset.pulse;
    setUpSound();
    look();
    tellShown();
    setInterval(ask, POLL_MS);
    setInterval(look, 1000);
    document.addEventListener("visibilitychange", function () { if (!document.hidden) { ask(); tellShown(); } });
    window.addEventListener("online", ask);
    document.addEventListener("htmx:beforeSwap", keep);
    document.addEventListener("htmx:afterSettle", function () {
      known = board().dataset.pulse;
      readAt = Date.now();
      restore();
      look();
      tellShown();
    });
    for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
      document.addEventListener(failure, function (event) {
        if (event.detail.requestConfig.verb === "get") return;
        for (const button of board().querySelectorAll("form.step button")) button.disabled = false;
        heard.textContent = "Not sent. Tap again.";
        contact(false);
      });
    }
  }

  document.addEventListener("DOMContentLoaded", start);
})();
