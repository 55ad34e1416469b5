// Keeps the page true without a reload, and tells when a tap did not get through.
// Without this script everything still works: the forms are plain forms.
"use strict";
(() => {
  const live = document.getElementById("live");
  const news = document.getElementById("news");
  const { page, language, sending, notSent } = live.dataset;
  const POLL_MS = 4000;
  const PATIENCE_MS = 5000;
  const touched = new Set();
  let busy = false;
  let timer = 0;

  const text = (id) => document.getElementById(id)?.textContent ?? "";

  async function ask(url, options = {}) {
    const stop = new AbortController();
    const clock = setTimeout(() => stop.abort(), PATIENCE_MS);
    try {
      const headers = { "X-Part": "live" };
      const reply = await fetch(url, { ...options, headers, signal: stop.signal, cache: "no-store" });
      return { status: reply.status, html: await reply.text() };
    } catch {
      return { status: 0, html: "" };
    } finally {
      clearTimeout(clock);
    }
  }

  function controls() {
    return live.querySelectorAll("input:not([type=hidden])");
  }

  // What the customer has typed, chosen or opened survives a refresh of the page around it.
  function remember() {
    const kept = new Map();
    for (const input of controls()) {
      if (touched.has(input.name)) {
        const radio = input.type === "radio";
        kept.set(input.name + (radio ? "=" + input.value : ""), radio ? input.checked : input.value);
      }
    }
    const focus = document.activeElement;
    return {
      kept,
      open: [...live.querySelectorAll("details[open]")].map((box) => box.id),
      focus: live.contains(focus) && focus.name ? [focus.name, focus.value] : null,
    };
  }

  function restore({ kept, open, focus }) {
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    for (const input of controls()) {
      const radio = input.type === "radio";
      const value = kept.get(input.name + (radio ? "=" + input.value : ""));
      if (value === undefined || input.disabled) continue;
      if (radio) input.checked = value;
      else input.value = value;
      if (focus && input.name === focus[0] && (!radio || input.value === focus[1])) input.focus();
    }
  }

  function show(html) {
    const before = text("headline");
    const state = remember();
    live.innerHTML = html;
    restore(state);
    const after = text("headline");
    if (after !== before) {
      news.textContent = after;
      document.title = document.title.replace(before, after);
    }
  }

  async function poll() {
    clearTimeout(timer);
    if (!document.hidden && !busy) {
      const { version } = document.getElementById("version").dataset;
      const reply = await ask(`${page}/state?lang=${language}&v=${version}`);
      if (reply.status === 404) return location.reload();
      if (reply.status === 200 && !busy) show(reply.html);
    }
    wait();
  }

  // Once the order is over, only a new look at the page asks again. The odd part of a second
  // keeps a thousand phones from asking at the same moment.
  function wait() {
    clearTimeout(timer);
    const { over } = document.getElementById("version").dataset;
    if (!over) timer = setTimeout(poll, POLL_MS + Math.random() * 1000);
  }

  async function send(form, button) {
    const note = form.querySelector("[role=alert]");
    const label = button.textContent;
    const body = new URLSearchParams(new FormData(form));
    busy = true;
    note.hidden = true;
    button.disabled = true;
    button.textContent = sending;
    const reply = await ask(form.action, { method: "POST", body });
    busy = false;
    if (reply.status === 404) return location.reload();
    if (reply.status === 0 || reply.status >= 500 || reply.status === 429) {
      button.disabled = false;
      button.textContent = label;
      note.textContent = notSent;
      note.hidden = false;
      return;
    }
    if (reply.status === 200) touched.clear();
    show(reply.html);
    const target = document.getElementById(reply.status === 200 ? "headline" : "error");
    target?.scrollIntoView({ block: "center" });
    document.getElementById("headline").focus({ preventScroll: true });
  }

  live.addEventListener("input", (event) => touched.add(event.target.name));
  live.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!busy) send(event.target, event.target.querySelector("button"));
  });
  document.addEventListener("visibilitychange", poll);
  wait();
})();
