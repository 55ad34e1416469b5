"""What browser tests share: the sizes of screens, what a page must not do, a page looked at.

Pictures lie in ``var/pictures`` afterwards, to be looked at.
"""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings
from django.test import Client

PICTURES = Path(settings.BASE_DIR) / "var" / "pictures"
PHONE = {"width": 390, "height": 844}
TABLET = {"width": 820, "height": 1180}
DESK = {"width": 1280, "height": 800}
SIZES = {"phone": PHONE, "tablet": TABLET, "desk": DESK}
NARROW = {"width": 320, "height": 640}
# what a page says in the console when it has lost the hub
NO_CONTACT = ("ERR_INTERNET_DISCONNECTED", "htmx:")
# which of axe's rules are worth asking: the dark page differs from the light one by its colours
SCHEMES = {"light": None, "dark": ["color-contrast", "link-in-text-block"]}

# everything is measured as it stands when nothing moves any more
STILL = """document.getAnimations().forEach(one => {
    if (one.effect.getComputedTiming().endTime !== Infinity) one.finish(); })"""
DARK = "dark => document.documentElement.classList.toggle('dark', dark)"
SIDEWAYS = "document.documentElement.scrollWidth - window.innerWidth"
# serious anywhere; in the hub's own part of a page everything, but for what needs the whole page
VIOLATIONS = """rules => {
    const own = node => document.querySelector(node.target[0])?.closest(".hub");
    const grave = one => ["serious", "critical"].includes(one.impact);
    const meant = one => one.nodes.filter(node => grave(one) || one.id !== "region" && own(node));
    const said = one => meant(one).map(node => node.target.join(" ")).join(", ");
    const asked = {resultTypes: ["violations"], iframes: false, ...(rules && {runOnly: rules})};
    return axe.run(asked).then(told =>
        told.violations.filter(one => meant(one).length).map(one => `${one.id}: ${said(one)}`));
}"""
FAULTS = """() => {
    const shown = what => [...document.querySelectorAll(what)].filter(it => it.offsetParent);
    const box = it => it.getBoundingClientRect();
    const tell = (fault, found) => found.map(it => `${fault}: ${it.outerHTML.slice(0, 90)}`);
    const target = it => /^(checkbox|radio)$/.test(it.type) && it.closest("label") || it;
    const taps = ".hub button, .hub-button, .hub input, .hub select, .hub textarea, "
        + ".hub-hand a, .hub-find button, nav button, nav select";
    const fields = ".hub-panel input, .hub-panel button, .hub-panel select";
    const wide = document.documentElement.scrollWidth - window.innerWidth;
    return [
        ...(wide > 0 ? [`${wide} pixels too wide`] : []),
        ...tell("too small to tap", shown(taps).filter(it => box(target(it)).height < 44)),
        ...tell("over the edge", shown(fields).filter(
            it => box(it).right > box(it.closest(".hub-panel")).right)),
        ...tell("shows nothing", [...document.images].filter(it => !it.naturalWidth)),
    ];
}"""


class Trouble:
    """What pages must not do: complain in the console, fail, or ask another host."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.allowed: list[str] = []
        self._lines: list[str] = []

    def watch(self, context) -> None:
        """Note the trouble of all pages of a browser's context."""
        context.on("console", self._note_line)
        context.on("weberror", lambda told: self._lines.append(str(told.error)))
        context.on("request", self._note_request)
        context.on("requestfailed", self._note_failure)

    def allow(self, *parts: str) -> None:
        """Whatever has one of these parts in it is what the test provokes."""
        self.allowed += parts

    @property
    def lines(self) -> list[str]:
        """All that nobody provoked."""
        return [line for line in self._lines if not any(part in line for part in self.allowed)]

    def _note_line(self, line) -> None:
        if line.type == "error":
            self._lines.append(line.text)

    def _note_request(self, asked) -> None:
        if urlsplit(asked.url).netloc not in {"", self.host}:
            self._lines.append(f"asks another host: {asked.url}")

    def _note_failure(self, asked) -> None:
        # leaving a page ends its poll in the middle, and that is no trouble
        if not asked.failure.endswith("ERR_ABORTED"):
            self._lines.append(f"{asked.url} failed: {asked.failure}")


def open_session(context, live_server, person):
    """Make the browser this person's, as if he had just come by the form; returns the person."""
    visitor = Client()
    visitor.force_login(person)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies(
        [{"name": name, "value": visitor.cookies[name].value, "url": live_server.url}]
    )
    return person


def log_in_by_form(page, name, word):
    """Come in by the log-in page, where that is the point."""
    page.goto("/admin/login/")
    page.fill("[name=username]", name)
    page.fill("[name=password]", word)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/admin/**")


def wait_for(wanted, seconds=15.0):
    """Let the hub get what a page sends in its own time."""
    until = time.monotonic() + seconds
    while not wanted() and time.monotonic() < until:
        time.sleep(0.05)
    assert wanted()


def type_scan(page, code, then=None):
    """A scanner types, ends with Enter, and the page answers."""
    page.keyboard.type(code)
    page.keyboard.press("Enter")
    if then:
        page.wait_for_selector(f"text={then}")


def picture(page, name):
    """Keep a picture of the page as it stands."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    # hiding the caret would be a style that the content policy forbids
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True, caret="initial")


def paint(page, scheme):
    """Show the page light or dark."""
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    # the workspace asks for the scheme only once, when a page is loaded
    page.evaluate(DARK, scheme == "dark")
    page.evaluate(STILL)


def too_wide(page):
    """By how many pixels the page is wider than its screen; 0 or less when it fits."""
    return page.evaluate(SIDEWAYS)


def findings(page, rules=None):
    """What axe-core finds serious, and all it finds in ``.hub``; each with the elements meant.

    ``rules`` are those to look at, by default all.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return page.evaluate(VIOLATIONS, rules)


def flaws(page, name):
    """Show the page on every screen, light and dark, and keep a picture of each.

    Returns all that a customer should not be shown: a page that scrolls sideways, something too
    small to tap or over its panel's edge, a picture that shows nothing, a serious finding of axe.
    """
    before, wrong = page.viewport_size, []
    for scheme, rules in SCHEMES.items():
        paint(page, scheme)
        for size, viewport in SIZES.items():
            page.set_viewport_size(viewport)
            what = f"{name}-{size}-{scheme}"
            picture(page, what)
            wrong += [f"{what}: {fault}" for fault in page.evaluate(FAULTS)]
            wrong += [f"{what}: {found}" for found in findings(page, rules)]
    paint(page, "light")
    page.set_viewport_size(before)
    return wrong


def look(page, name):
    """Fail if the page has flaws on any screen, light or dark; its pictures are kept."""
    wrong = flaws(page, name)
    assert not wrong, "\n".join(wrong)


def look_at_all(page, pages):
    """Open each page, name → address, and look at it; fails with the flaws of all of them."""
    wrong = []
    for name, address in pages.items():
        page.goto(address)
        wrong += flaws(page, name)
    assert not wrong, "\n".join(wrong)
