// The service worker of the work pages: the network first; without contact, what was last shown.
// ``self.curbhub`` says which pages those are. What is kept belongs to one person, and goes when
// another one's page is shown or the session ends.
(function () {
  "use strict";

  const told = self.curbhub;
  const PAGES = "curbhub-work-";
  const ASSETS = "curbhub-assets";
  const MOST_PAGES = 40;
  const PATIENCE = 5000; // milliseconds that Wi-Fi at its edge may take before the kept page comes
  const kept = told.pages.map((pattern) => new RegExp(pattern));
  const ends = new RegExp(told.ends);

  self.addEventListener("install", () => self.skipWaiting());
  self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

  self.addEventListener("fetch", function (event) {
    const request = event.request;
    const url = new URL(request.url);
    if (url.origin !== self.location.origin) return;
    if (request.mode === "navigate" && ends.test(url.pathname)) {
      event.waitUntil(forget(""));
    } else if (request.method !== "GET") {
      return;
    } else if (request.mode === "navigate" && kept.some((page) => page.test(url.pathname))) {
      event.respondWith(showPage(event, request, nameOf(url)));
    } else if (url.pathname.startsWith(told.assets)) {
      event.respondWith(showAsset(event, request));
    }
  });

  function nameOf(url) {
    const bare = new URL(url);
    for (const choice of told.choices) bare.searchParams.delete(choice);
    bare.hash = "";
    return bare.href;
  }

  async function fetched(request) {
    return Promise.race([
      fetch(request),
      new Promise((_, fail) => setTimeout(() => fail(new Error("no answer")), PATIENCE)),
    ]);
  }

  async function showPage(event, request, name) {
    try {
      const reply = await fetched(request);
      const person = reply.headers.get(told.person);
      if (reply.ok && person) event.waitUntil(keepPage(PAGES + person, name, reply.clone()));
      return reply;
    } catch (lost) {
      const page = await find(name);
      return page ? stale(page) : nothing();
    }
  }

  async function keepPage(box, name, reply) {
    await forget(box);
    const cache = await caches.open(box);
    await cache.delete(name); // so that the order of the names is that of their use
    await cache.put(name, reply);
    const names = await cache.keys();
    for (const old of names.slice(0, Math.max(0, names.length - MOST_PAGES))) await cache.delete(old);
  }

  async function forget(except) {
    for (const box of await caches.keys()) {
      if (box.startsWith(PAGES) && box !== except) await caches.delete(box);
    }
  }

  async function find(name) {
    for (const box of await caches.keys()) {
      const page = box.startsWith(PAGES) ? await (await caches.open(box)).match(name) : undefined;
      if (page) return page;
    }
    return undefined;
  }

  async function stale(page) {
    const text = await page.text();
    return new Response(text.replace('data-fresh="yes"', 'data-fresh="no"'), {
      headers: page.headers,
    });
  }

  async function showAsset(event, request) {
    const cache = await caches.open(ASSETS);
    try {
      const reply = await fetched(request);
      if (reply.ok) event.waitUntil(cache.put(request, reply.clone()));
      return reply;
    } catch (lost) {
      return (await cache.match(request)) || Response.error();
    }
  }

  function nothing() {
    const safe = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
    const page =
      '<!doctype html><meta charset="utf-8">' +
      '<meta name="viewport" content="width=device-width, initial-scale=1">' +
      "<title>" + safe(told.title) + "</title>" +
      '<body style="font: 18px/1.5 system-ui, sans-serif; margin: 3rem auto; max-width: 30rem; ' +
      'padding: 0 1rem"><h1 style="font-size: 24px">' + safe(told.title) + "</h1><p>" +
      safe(told.words) + '</p><p><a href="" style="display: inline-block; padding: .8rem 0">' +
      safe(told.again) + "</a></p>";
    return new Response(page, {
      status: 503,
      headers: { "Content-Type": "text/html; charset=utf-8" },
    });
  }
})();
