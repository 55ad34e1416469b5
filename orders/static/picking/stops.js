// Without contact the next line is shown from the page itself: each line that may come is in it.
(function () {
  "use strict";

  const now = document.querySelector("[data-stop-now]");
  if (!now) return;
  let contact = true;
  let entries = [];

  function template(key) { return document.querySelector('template[data-stop="' + key + '"]'); }

  function given(entry, name) {
    const field = entry.fields.find((pair) => pair[0] === name);
    return field ? field[1] : "";
  }

  // How many of a line's units are dealt with by what is not sent yet, as far as can be told here.
  function unsentOf(stop) {
    const codes = stop.dataset.codes.split("|");
    let units = 0;
    for (const entry of entries) {
      const act = given(entry, "act");
      const own = given(entry, "line") === stop.dataset.line;
      if (act === "scan" && codes.includes(given(entry, "code"))) units += Number(given(entry, "grams") || 1);
      if (act === "count" && own) units += Number(given(entry, "units") || 1);
      if (act === "take_out" && own) units -= Number(given(entry, "units") || 1);
      if (act === "short" && own) units += Number(given(entry, "units") || stop.dataset.left);
      if (act === "later" && own) units = Number(stop.dataset.left);
    }
    return units;
  }

  function mark() {
    for (const stop of document.querySelectorAll("template[data-stop]")) {
      const units = unsentOf(stop);
      const row = document.querySelector('[data-stop-link="' + stop.dataset.stop + '"] [data-unsent]');
      if (!row) continue;
      row.hidden = !units;
      row.textContent = units ? row.dataset.unsent.replace("{count}", units) : "";
    }
  }

  function reveal(stop) {
    now.dataset.stopNow = stop.dataset.stop;
    now.replaceChildren(stop.content.cloneNode(true));
    now.dispatchEvent(new CustomEvent("stop-shown", { bubbles: true }));
    const field = now.querySelector("input[data-scan]");
    if (field) field.focus({ preventScroll: true });
  }

  function goOn() {
    const here = template(now.dataset.stopNow);
    if (contact || !here || unsentOf(here) < Number(here.dataset.left)) return;
    const open = Array.from(document.querySelectorAll("template[data-stop]"));
    const next = open.find((stop) => unsentOf(stop) < Number(stop.dataset.left));
    if (next) reveal(next);
  }

  document.addEventListener("unsent", function (event) {
    contact = event.detail.contact;
    entries = event.detail.entries;
    mark();
    goOn();
  });

  document.addEventListener("click", function (event) {
    const link = event.target.closest("[data-stop-link]");
    const stop = link && template(link.dataset.stopLink);
    if (contact || !stop) return;
    event.preventDefault();
    reveal(stop);
  });
})();
