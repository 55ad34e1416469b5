// Shows what has come since, without a reload: asks for the same page and swaps its main part.
"use strict";
const main = document.getElementById("live");
let shown = main.innerHTML;

async function look() {
  if (document.hidden) return;
  try {
    const reply = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!reply.ok) return;
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    const fresh = page.getElementById("live").innerHTML;
    if (fresh === shown) return;
    main.innerHTML = shown = fresh;
    toNewest();
  } catch {
    // the hub is away for a moment; the next look will tell
  }
}

function toNewest() {
  const last = document.querySelector(".phone li:last-child");
  if (last) last.scrollIntoView({ block: "end" });
}

toNewest();
setInterval(look, 2000);
