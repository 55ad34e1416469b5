// A shared tablet: a badge scanned anywhere switches the person; who leaves it is asked for again.
(function () {
  "use strict";

  const BADGE = /CBB[0-9A-HJKMNP-TV-Z]{26}$/;
  const LONGEST = 64;
  const FORGET_MS = 1500; // a scanner types faster than this between two letters
  const TOLD_MS = 60000;

  let typed = "";
  let last = 0;

  function badgeForm() {
    return document.querySelector("form[data-badge-form]");
  }

  // a scanner types its code into whatever has the focus and ends with Enter
  document.addEventListener("keydown", function (event) {
    const form = badgeForm();
    if (!form) return;
    const now = Date.now();
    if (now - last > FORGET_MS) typed = "";
    last = now;
    if (event.key.length === 1) {
      typed = (typed + event.key.toUpperCase()).slice(-LONGEST);
      return;
    }
    if (event.key !== "Enter" && event.key !== "Tab") return;
    const found = typed.match(BADGE);
    typed = "";
    if (!found) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    clearFocused(found[0]);
    form.elements.badge.value = found[0];
    form.submit();
  }, true);

  function clearFocused(code) {
    const field = document.activeElement;
    if (!field || typeof field.value !== "string") return;
    const at = field.value.toUpperCase().lastIndexOf(code);
    if (at >= 0) field.value = field.value.slice(0, at);
  }

  function pinPad(form) {
    const input = form.elements.pin;
    const digits = Number(form.dataset.pin);
    const keys = form.querySelector("[data-keys]");
    keys.hidden = false;
    form.querySelector("[data-without-keys]").hidden = true;
    if (window.matchMedia("(pointer: coarse)").matches) input.readOnly = true; // no keyboard over the keys
    function full() {
      // a badge scanned into the field is no PIN
      if (input.value.length === digits && /^[0-9]+$/.test(input.value)) form.requestSubmit();
    }
    keys.addEventListener("click", function (event) {
      const key = event.target.closest("[data-key]");
      if (!key) return;
      if (key.dataset.key === "back") input.value = input.value.slice(0, -1);
      else if (input.value.length < digits) input.value += key.dataset.key;
      full();
    });
    input.addEventListener("input", full);
  }

  // nobody touches it: ask who is there, before the next passer-by does
  function watch(bar) {
    const wait = Number(bar.dataset.idleMinutes) * 60000;
    const token = bar.elements.csrfmiddlewaretoken.value;
    let touched = Date.now();
    let told = Date.now();
    function touch() {
      touched = Date.now();
      if (touched - told < Math.min(TOLD_MS, wait / 4)) return;
      told = touched;
      const body = new URLSearchParams({ csrfmiddlewaretoken: token });
      fetch(bar.dataset.here, { method: "POST", body: body, credentials: "same-origin" }).catch(function () {});
    }
    for (const kind of ["pointerdown", "keydown", "scroll"]) {
      document.addEventListener(kind, touch, { capture: true, passive: true });
    }
    setInterval(function () {
      if (Date.now() - touched >= wait) bar.submit();
    }, 5000);
  }

  document.addEventListener("DOMContentLoaded", function () {
    for (const form of document.querySelectorAll("form[data-pin]")) pinPad(form);
    const bar = document.querySelector("form[data-tablet]");
    if (bar) watch(bar);
  });
})();
