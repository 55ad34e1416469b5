// Ticking all of a list at once, and saying how many are ticked.
(function () {
  "use strict";

  const all = document.querySelector("input[data-all]");
  const told = document.querySelector("[data-ticked]");
  if (!all) return;

  function boxes() { return Array.from(all.form.querySelectorAll("input[name=parts]")); }

  function show() {
    const ticked = boxes().filter((box) => box.checked).length;
    all.checked = ticked === boxes().length;
    all.indeterminate = ticked > 0 && !all.checked;
    told.textContent = told.dataset.ticked.replace("{count}", ticked);
    for (const button of all.form.querySelectorAll(".several-acts button")) button.disabled = !ticked;
  }

  all.form.addEventListener("change", function (event) {
    if (event.target === all) for (const box of boxes()) box.checked = all.checked;
    show();
  });
  window.addEventListener("pageshow", show);
  show();
})();
