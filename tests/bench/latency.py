"""From pressing Enter on a card in a revealed step until it stands on the partner's page, in two real browsers."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.bench.figures import Figure, percentile
from tests.bench.floor import bare
from tests.browser import CHROMIUM_FLAGS, chromium
from tests.served import SESSION_COOKIE, Served

PAIRS = 4  # each with a session of the size that sessions have, and within what one person may write in a minute
CARDS = 30
WARM_UP = 3

ROOMS = f"""
import json
from tests.retros.model import WRITE, at, make_pair, reveal
from tests.retros.streams import cookie_of
rooms = []
for _ in range({PAIRS}):
    pair = make_pair()
    session = pair.started()
    at(session, WRITE)
    reveal(*pair.hands(session))
    rooms.append([f"/sessions/{{session.pk}}/", cookie_of(pair.ines), cookie_of(pair.tom)])
print(json.dumps(rooms))
"""
PRESSED = "addEventListener('keydown', (event) => { if (event.key === 'Enter') window.pressed = Date.now(); }, true)"
# Promises and not polling: whoever waits takes no time of the two cores that the measured way may need.
ARRIVED = """() => {
  const arrived = {}, waiting = {};
  new MutationObserver(() => {
    for (const card of document.querySelectorAll(".card p")) {
      const text = card.textContent.trim();
      if (!text.startsWith("Sample ") || arrived[text]) continue;
      arrived[text] = Date.now();
      waiting[text]?.(arrived[text]);
    }
  }).observe(document.body, {subtree: true, childList: true, characterData: true});
  window.arrival = (text) => arrived[text] ?? new Promise((resolve) => { waiting[text] = resolve; });
}"""


def measure(served: Served, database: str) -> list[Figure]:
    rooms = served.ask(ROOMS)
    with sync_playwright() as playwright, bare() as (port, _pid):
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        floor = between(*(open_bare(browser, f"http://127.0.0.1:{port}/") for _ in "ab"))
        found: list[float] = []
        for path, *cookies in rooms:
            pages = [open_room(browser, served.url, path, cookie) for cookie in cookies]
            found += between(*pages)
            for page in pages:
                page.context.close()
        browser.close()
    return [
        Figure(f"latency.{database}.p{percent}", percentile(found, percent), "ms", percentile(floor, percent))
        for percent in (50, 95, 99)
    ] + [Figure(f"latency.{database}.samples", len(found), "cards")]


def open_room(browser: Browser, base: str, path: str, cookie: str) -> Page:
    context = browser.new_context(base_url=base)
    context.add_cookies([{"name": SESSION_COOKIE, "value": cookie, "url": base}])
    page = context.new_page()
    page.goto(path)
    page.locator("html[data-connection=live]").wait_for(state="attached")
    page.get_by_text("Add a card").first.click()
    return page


def open_bare(browser: Browser, url: str) -> Page:
    page = browser.new_context().new_page()
    page.goto(url)
    return page


def between(one: Page, other: Page) -> list[float]:
    """Milliseconds, the two writing in turn."""
    for page in (one, other):
        page.evaluate(PRESSED)
        page.evaluate(ARRIVED)
    found: list[float] = []
    for number in range(WARM_UP + CARDS):
        writer, reader = (one, other) if number % 2 else (other, one)
        text = f"Sample {number}"
        box = writer.get_by_label("New card").first
        box.fill(text)
        box.press("Enter")
        arrived = _number(reader.evaluate("text => window.arrival(text)", text))
        writer.wait_for_function("box => !box.value", arg=box.element_handle(), polling=20)
        if number >= WARM_UP:
            found.append(arrived - _number(writer.evaluate("window.pressed")))
    return found


def _number(value: Any) -> float:
    return float(value)
