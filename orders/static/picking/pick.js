// Scanners type. What is typed while no field has the focus belongs into the scan field; without
// one, the workspace's own search takes it. A scanned command («HUBDO» and a word) presses the
// button of that name, so that a whole shift needs no other keys.
(function () {
  "use strict";

  const COMMAND = /HUBDO([A-Z]+)$/i;
  const PAUSE = 400; // milliseconds: people type slower than scanners
  const BETWEEN_KEYS = 90; // milliseconds: hardly anybody types that fast for long
  const SHORTEST_SCAN = 2; // of a place's code
  let typed = "";
  let last = 0;
  const TWIN = 30; // milliseconds: nobody pulls the trigger again so soon
  let fast = 0; // keys that came without a pause, as only a scanner's do
  let begun = 0; // when the code that is being typed began
  let before = { code: "", at: -TWIN }; // what was scanned last

  function scanField() { return document.querySelector("input[data-scan]"); }

  function isField(element) { return Boolean(element) && element.matches("input, select, textarea"); }

  function press(name) {
    const root = document.querySelector("dialog[open]") || document;
    const buttons = root.querySelectorAll('[data-command="' + name.toUpperCase() + '"]');
    const button = Array.from(buttons).find((one) => one.offsetParent !== null || one.closest("dialog[open]"));
    if (button) button.click();
    return Boolean(button);
  }

  function wipe(element, text) {
    if (!isField(element) || !element.value) return;
    if (element.value.toUpperCase().endsWith(text.toUpperCase())) {
      element.value = element.value.slice(0, -text.length);
    }
  }

  function entered(event) {
    const command = typed.match(COMMAND);
    typed = "";
    if (!command) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    wipe(document.activeElement, command[0]);
    press(command[1]);
  }

  // a scanner that says everything twice must not count it twice
  function isTwin(event) {
    const twin = Boolean(typed) && typed === before.code && begun - before.at <= TWIN;
    if (typed) before = { code: typed, at: event.timeStamp };
    if (!twin) return false;
    event.preventDefault();
    event.stopImmediatePropagation();
    wipe(document.activeElement, typed);
    typed = "";
    return true;
  }

  // the window hears a key before everything else on the page does
  window.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.key === "Shift") return;
    const ends = event.key === "Enter" || event.key === "Tab";
    if (ends && isTwin(event)) return;
    if (event.key === "Tab") {
      if (COMMAND.test(typed)) return entered(event);
      typed = "";
      return;
    }
    if (event.timeStamp - last > PAUSE) typed = "";
    if (!typed) begun = event.timeStamp;
    fast = event.timeStamp - last <= BETWEEN_KEYS ? fast + 1 : 1;
    last = event.timeStamp;
    if (event.key === "Enter") return entered(event);
    if (event.key.length !== 1) return;
    typed += event.key;
    const active = document.activeElement;
    // letters are no numbers: a command that is scanned over a count must not spoil it
    if (isField(active) && active.type === "number" && /[a-z]/i.test(event.key)) event.preventDefault();
    const field = scanField();
    if (field && !isField(active) && !document.querySelector("dialog[open]")) field.focus();
  }, true);

  // a scanner ends with Enter: the first of two fields then hands over to the second
  function handOver(field) {
    const next = field.dataset.then && document.getElementById(field.dataset.then);
    if (!next || next.value || !field.value) return false;
    next.focus();
    return true;
  }

  document.addEventListener("keydown", function (event) {
    const field = event.target;
    if (!isField(field)) return;
    if (event.key === "Enter" && handOver(field)) event.preventDefault();
    // some scanners end with Tab, which would leave the code lying in its field
    const isScan = fast >= SHORTEST_SCAN && event.timeStamp - last <= BETWEEN_KEYS;
    if (event.key !== "Tab" || !isScan || !field.matches("input.scan, input[data-scan]")) return;
    event.preventDefault();
    if (!handOver(field)) field.form.requestSubmit();
  });

  // what cannot be taken back asks first, however the form is sent
  document.addEventListener("submit", function (event) {
    const asks = event.target.dataset.asks;
    const dialog = asks && document.getElementById(asks);
    if (!dialog || dialog.open) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    dialog.showModal();
  }, true);

  // a button that is disabled while its form is sent would not say its name: say it for it
  document.addEventListener("submit", function (event) {
    const button = event.submitter;
    for (const old of event.target.querySelectorAll("input[data-said]")) old.remove();
    if (!button || !button.name) return;
    const said = document.createElement("input");
    said.type = "hidden";
    said.name = button.name;
    said.value = button.value;
    said.dataset.said = "";
    event.target.append(said);
  }, true);

  document.addEventListener("click", function (event) {
    if (event.target.closest("[data-print]")) window.print();
  });

  document.addEventListener("DOMContentLoaded", function () {
    const field = scanField();
    if (field) field.focus({ preventScroll: true });
  });
})();
