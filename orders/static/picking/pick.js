// Scanners type: whatever is typed while no field has the focus belongs into the scan field.
(function () {
  "use strict";

  function scanField() { return document.querySelector("input[data-scan]"); }

  document.addEventListener("keydown", function (event) {
    const field = scanField();
    const busy = document.activeElement && document.activeElement.matches("input, select, textarea");
    if (!field || busy || event.key.length !== 1 || event.ctrlKey || event.metaKey) return;
    field.focus();
  });

  // a scanner ends with Enter: the first of two fields then hands over to the second
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Enter" || !event.target.matches("input[data-then]")) return;
    const next = document.getElementById(event.target.dataset.then);
    if (next && !next.value && event.target.value) {
      event.preventDefault();
      next.focus();
    }
  });

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
