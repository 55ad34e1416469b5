// The staff workspace's own script: running timers, counts, dialogs, one submit per tap.
// Everything works without it; it only makes waiting and tapping easier.
(function () {
  "use strict";

  let ahead = 0; // how far this device's clock runs ahead of the server's, in milliseconds

  function readServerClock(root) {
    const marked = root.querySelector("[data-now]");
    if (marked) ahead = Date.now() - Date.parse(marked.dataset.now);
  }

  function clockText(seconds) {
    const whole = Math.max(0, Math.floor(seconds));
    const pad = (number) => String(number).padStart(2, "0");
    const hours = Math.floor(whole / 3600);
    const rest = pad(Math.floor((whole % 3600) / 60)) + ":" + pad(whole % 60);
    return hours ? hours + ":" + rest : rest;
  }

  function spanText(milliseconds) {
    const words = document.getElementById("hub-words").dataset;
    const minutes = Math.floor(Math.abs(milliseconds) / 60000);
    const days = Math.floor(minutes / 1440), hours = Math.floor(minutes / 60);
    if (days > 1) return words.days.replace("{days}", days);
    if (!hours) return words.minutes.replace("{minutes}", minutes);
    return words.hours.replace("{hours}", hours).replace("{minutes}", String(minutes % 60).padStart(2, "0"));
  }

  function dueText(moment) {
    const words = document.getElementById("hub-words").dataset;
    const left = Date.parse(moment) - (Date.now() - ahead);
    return (left < 0 ? words.late : words.in).replace("{span}", spanText(left));
  }

  function tick() {
    for (const due of document.querySelectorAll("time[data-due]")) {
      const text = dueText(due.dataset.due);
      if (due.textContent !== text) due.textContent = text;
    }
    for (const timer of document.querySelectorAll("time[data-since]")) {
      const seconds = (Date.now() - ahead - Date.parse(timer.dataset.since)) / 1000;
      const text = clockText(seconds);
      if (timer.textContent !== text) timer.textContent = text;
      timer.classList.toggle("hub-danger", seconds > 300);
    }
  }

  const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };

  function showContact(ok) {
    const words = document.getElementById("hub-words").dataset;
    for (const line of document.querySelectorAll("[data-contact]")) {
      if (ok) line.dataset.last = new Date().toLocaleTimeString(document.documentElement.lang, CLOCK);
      line.textContent = (ok ? words.live : words.lost).replace("{time}", line.dataset.last);
      line.classList.toggle("hub-danger", !ok);
    }
  }
  document.addEventListener("hub:contact", function (event) { showContact(event.detail); });

  // --- the one search: «/» goes there, and so does what a scanner types on a page without a field

  const BETWEEN_KEYS_MS = 90; // hardly anybody types that fast for long, every scanner does
  const SHORTEST_SCAN = 4;
  let scanned = "", scannedAt = 0;

  function findBox() {
    return [...document.querySelectorAll("[data-find]")].find(function (box) { return box.offsetParent; });
  }

  function isTyping(target) {
    return target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName);
  }

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const box = findBox();
    if (event.key === "/" && box) {
      event.preventDefault();
      event.stopImmediatePropagation();
      box.focus();
      box.select();
      return;
    }
    hear(event, document.querySelector("[data-find]"));
  }, true);

  function hear(event, box) {
    if (!box || document.querySelector(".hub-scan, dialog[open]")) return;
    const fast = event.timeStamp - scannedAt < BETWEEN_KEYS_MS;
    scannedAt = event.timeStamp;
    const ends = event.key === "Enter" || event.key === "Tab"; // as the scanner is set up
    if (ends && fast && scanned.length >= SHORTEST_SCAN) {
      event.preventDefault();
      box.value = scanned;
      box.form.submit();
    } else if (event.key.length === 1) {
      scanned = fast ? scanned + event.key : event.key;
    }
  }

  document.addEventListener("click", function (event) {
    const opener = event.target.closest("[data-opens]");
    if (opener) {
      event.preventDefault();
      document.getElementById(opener.dataset.opens).showModal();
      return;
    }
    const unfolder = event.target.closest("[data-unfolds]");
    if (unfolder) {
      const pages = document.getElementById(unfolder.dataset.unfolds);
      pages.hidden = !pages.hidden;
      unfolder.setAttribute("aria-expanded", String(!pages.hidden));
    }
    const closer = event.target.closest("[data-closes]");
    if (closer) closer.closest("dialog").close();
    const step = event.target.closest("[data-by]");
    if (step) {
      const input = step.parentElement.querySelector("input");
      const wanted = Number(input.value || 0) + Number(step.dataset.by);
      input.value = Math.min(Number(input.max), Math.max(Number(input.min), wanted));
    }
  });

  document.addEventListener("submit", function (event) {
    const form = event.target;
    if (!form.matches("form.step")) return;
    for (const button of form.querySelectorAll("button:not([type=button])")) button.disabled = true;
  });

  // back from the browser's cache: a disabled button must not stay disabled
  window.addEventListener("pageshow", function () {
    for (const button of document.querySelectorAll("form.step button")) button.disabled = false;
  });

  document.addEventListener("change", function (event) {
    if (event.target.matches("[data-submits]")) event.target.form.submit();
  });

  // a table that is wider than its place can be reached, and moved, with the keyboard alone
  const widths = new ResizeObserver(function (seen) {
    for (const { target } of seen) {
      if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }
  });
  function watchWidths(root) {
    for (const table of root.querySelectorAll(".hub-scroll")) widths.observe(table);
  }

  document.addEventListener("htmx:afterSettle", function (event) {
    readServerClock(event.target.parentElement || document);
    watchWidths(event.target.parentElement || document);
    tick();
  });
  document.addEventListener("htmx:afterRequest", function (event) {
    if (event.detail.requestConfig.verb === "get") showContact(event.detail.successful);
  });
  document.addEventListener("htmx:beforeSwap", function (event) {
    // logged out or handed on meanwhile: show that page as a page, not inside the board
    const asked = new URL(event.detail.requestConfig.path, window.location.href).pathname;
    if (new URL(event.detail.xhr.responseURL).pathname !== asked) {
      event.detail.shouldSwap = false;
      window.location.reload();
    }
  });
  document.addEventListener("htmx:sendError", function () { showContact(false); });
  document.addEventListener("visibilitychange", function () {
    if (document.hidden || !window.htmx) return;
    for (const live of document.querySelectorAll("[data-live]")) window.htmx.trigger(live, "refresh");
  });

  // the admin's pickers draw boxes of their own: they are called what their fields are called
  function namePickers() {
    for (const field of document.querySelectorAll("select.select2-hidden-accessible")) {
      const label = field.labels[0] ? field.labels[0].textContent.trim() : field.ariaLabel;
      const boxes = ".select2-selection, .select2-selection__rendered, .select2-search__field";
      for (const box of field.parentElement.querySelectorAll(boxes)) box.ariaLabel = label;
    }
  }
  window.addEventListener("load", function () {
    if (window.django && window.django.jQuery) window.django.jQuery(namePickers); // after theirs
  });
  document.addEventListener("formset:added", namePickers);

  document.addEventListener("DOMContentLoaded", function () {
    readServerClock(document);
    watchWidths(document);
    tick();
    setInterval(tick, 1000);
  });
})();
