"""Chromium for the tests: where it is, how it starts, and what it may not complain of."""

from __future__ import annotations

import os
import re
import shutil
import time
from functools import cache
from pathlib import Path
from typing import Any

CHROMIUM_FLAGS = [
    "--no-sandbox",  # root has no sandbox; the pages are our own
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",  # letters of a PDF stand where they belong, as from a browser with a window
]
# A page of a test is gone before a script that was optimized for it has run any faster; and its memory grows at once.
FLEETING = "--js-flags=--no-maglev --no-turbofan --min-semi-space-size=16"
# The shell draws the same pages without a window of a browser around each.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FIREFOX_DRIVER = Path(__file__).parent / "firefox.cjs"
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
MAX_SCRIPT = 30_000  # bytes of a first visit to a room, compressed
_STATUS = re.compile(r"Failed to load resource: the server responded with a status of (\d{3})")


def chromium() -> str | None:
    """CHROMIUM, or an installed one; None leaves the choice to Playwright, which has its own when it was installed."""
    if given := os.environ.get("CHROMIUM"):
        return given
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def firefox() -> str | None:
    """FIREFOX, or the installed one of Debian."""
    return os.environ.get("FIREFOX") or shutil.which("firefox-esr")


class Watched:
    """Collects what the console, the pages and the policy complain of.

    The browser writes a line of its own for each answer of 400 and above; a test names those it expects:
    `watched.expect(422)`. `watched.expect_lost()` allows the lines for a lost connection.
    """

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self._statuses: set[str] = set()
        self._lost = False

    def expect(self, *statuses: int) -> None:
        self._statuses |= {str(status) for status in statuses}

    def expect_lost(self) -> None:
        self._lost = True

    def over(self, context: Any) -> None:
        context.on("console", self._console)
        context.on("weberror", lambda error: self.complaints.append(f"script: {error.error}"))

    def complain(self) -> None:
        left = [line for line in self.complaints if not self._expected(line)]
        assert not left, "The browser complained:\n" + "\n".join(left)

    def _console(self, message: Any) -> None:
        # Chromium reports violations of the policy as errors of the console, headers it does not know as warnings.
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.text} {message.location.get('url', '')}".strip())

    def _expected(self, line: str) -> bool:
        if found := _STATUS.search(line):
            return found[1] in self._statuses
        if "ViewTransition opt-in disabled" in line:  # Chromium's own: the page was left while it faded in
            return True
        return self._lost and ("net::ERR_" in line or line.startswith(("htmx:sendError,", "htmx:afterRequest,")))


# A colour on its way to another one is nobody's to judge.
SETTLED = """async () => {
  const ends = (animation) => Number.isFinite(animation.effect.getComputedTiming().endTime);
  await Promise.allSettled(document.getAnimations().filter(ends).map((animation) => animation.finished));
}"""


def set_offline(page: Any, offline: bool) -> None:
    """Takes the page's network away or gives it back, and sees to it that the page is told.

    On a machine without any network Chromium counts as offline all the time, and tells of no change.
    """
    before = page.evaluate("navigator.onLine")
    page.context.set_offline(offline)
    if page.evaluate("navigator.onLine") == before:
        page.evaluate("name => dispatchEvent(new Event(name))", "offline" if offline else "online")


def until_caught(page: Any, caught: list[Any], count: int = 1) -> None:
    """Playwright hands a request over only while the page is asked for something."""
    until = time.monotonic() + 20
    while len(caught) < count:
        assert time.monotonic() < until
        page.wait_for_timeout(50)


# A function: the page's policy forbids to evaluate what stands in an expression.
KNOWN = """() => "edit" in document.activeElement.dataset || [document.activeElement, document.activeElement.form]
  .some((one) => one?.["htmx-internal-data"]?.initHash)"""


def enter(page: Any) -> None:
    """Enter on what has the focus, once htmx knows it: what came a moment ago would be a plain link or form."""
    page.wait_for_function(KNOWN)
    page.keyboard.press("Enter")


# Nothing without axe-core. Only what was found leaves the page: what axe says of all that is well is long.
FOUND = f"""async () => {{
  if (!window.axe) return null;
  await ({SETTLED})();
  const {{ violations }} = await axe.run({{ resultTypes: ["violations"] }});
  const told = (id, node) => `${{id}}: ${{node.target}} ${{node.failureSummary}}`;
  return violations.flatMap(({{ id, nodes }}) => nodes.map((node) => told(id, node)));
}}"""


@cache
def _axe() -> str:
    return AXE.read_text(encoding="utf-8")


def violations(page: Any) -> list[str]:
    """What axe-core finds on the page as it stands: rule, and where."""
    found: list[str] | None = page.evaluate(FOUND)
    if found is None:
        # Not add_script_tag: the page's policy forbids scripts without the nonce, as it should. The next documents of
        # the page bring it with them, compiled already: each would take longer to be given it than to be asked.
        page.evaluate(_axe())
        page.add_init_script(_axe())
        found = page.evaluate(FOUND)
    assert found is not None
    return found


TWO_FRAMES = "new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))"
SQUEEZED = """[...document.querySelectorAll("main p")]
  .filter((p) => p.checkVisibility() && p.textContent.trim().length > 24 && p.offsetWidth > 2 && p.offsetWidth < 96)
  .map((p) => `squeezed to ${p.offsetWidth}: ${p.textContent.trim()}`)"""
# Words of the app, not of people, that stand on two lines each.
BROKEN_WORDS = """() => {
  const broken = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode;
    const within = text.parentElement;
    if (!within.checkVisibility() || within.closest(".typed, .vh, textarea, script")) continue;
    for (const { 0: word, index } of text.data.matchAll(/[^\\s-]+/g)) {
      const range = new Range();
      range.setStart(text, index);
      range.setEnd(text, index + word.length);
      const lines = new Set([...range.getClientRects()].filter((part) => part.width).map((part) => part.top));
      if (lines.size > 1) broken.push(`${word} of ${within.textContent.trim().slice(0, 60)}`);
    }
  }
  return broken;
}"""
# On how many lines the text of each of these stands.
LINES = """(which) => [...document.querySelectorAll(which)].map((part) => {
  const range = new Range();
  range.selectNodeContents(part);
  return new Set([...range.getClientRects()].filter((box) => box.width).map((box) => box.top)).size;
})"""
TOO_WIDE = "document.documentElement.scrollWidth > innerWidth"
NARROWEST = 320  # the page of a desk at 400 %
PHONE_AND_DESK = ((390, "dark"), (1280, "light"))
ALL_FOUR = ((390, "light"), *PHONE_AND_DESK, (1280, "dark"))


def faults(page: Any, looks: tuple[tuple[int, str], ...] = PHONE_AND_DESK) -> list[str]:
    """What keeps somebody from using the page: axe-core's findings, not exactly one h1, wider than the screen, words in
    a column of a few letters.

    Its width is asked at `NARROWEST` first, then each of `looks` (width, colour scheme) in turn, without loading anew.
    """
    page.wait_for_load_state()  # after a press the next document may be here without a single element
    page.set_viewport_size({"width": NARROWEST, "height": 900})
    found = [f"{page.url} {NARROWEST}: wider than the screen"] if page.evaluate(TOO_WIDE) else []
    for width, scheme in looks:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        ills = violations(page)
        seen = f"[document.querySelectorAll('h1').length, {TOO_WIDE}, {SQUEEZED}]"
        headings, too_wide, squeezed = page.evaluate(seen)
        ills += squeezed
        if headings != 1:
            ills.append(f"{headings} h1")
        if too_wide:
            ills.append("wider than the screen")
        found += [f"{page.url} {width} {scheme}: {ill}" for ill in ills]
    return found


def look(page: Any) -> None:
    """Nothing keeps anybody from using it."""
    assert faults(page) == []


def press(page: Any, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()
