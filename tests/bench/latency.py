"""From pressing Enter on a card in a revealed step until it stands on the partner's page, in two real browsers."""

from __future__ import annotations

import os
import signal
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.bench import nginx
from tests.bench.figures import Figure, percentile
from tests.bench.floor import bare
from tests.bench.rooms import Room, rooms
from tests.browser import CHROMIUM_FLAGS, chromium
from tests.served import SESSION_COOKIE, Served
from tests.visitor import Visitor

PAIRS = 4  # each with a session of the size that sessions have, and within what one person may write in a minute
CARDS = 30
WARM_UP = 3
PERCENTS = (50, 95, 99)

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
    made = rooms(served, *[0] * (2 * PAIRS))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        with bare() as (port, _pid):
            floor = between(*(open_bare(browser, f"http://127.0.0.1:{port}/") for _ in "ab"))
        found = [each for room in made[:PAIRS] for each in in_room(browser, served.url, room)]
        figures = told(f"latency.{database}", found, floor)
        if database == "postgresql":
            figures += two_processes(browser, served, made[PAIRS:], floor)
        browser.close()
    return figures


def two_processes(browser: Browser, served: Served, made: Sequence[Room], floor: list[float]) -> list[Figure]:
    """Behind a proxy that deals out each request in turn; then one is killed, and the pages come back."""
    with served.beside() as other, nginx.before(served.port, other.port) as port:
        if not port:
            return []
        url = f"http://127.0.0.1:{port}"
        found = [each for room in made for each in in_room(browser, url, room)]
        back = come_back(browser, url, port, other, made)
        back_floor = max(floor)
        return [
            *told("latency.two.postgresql", found, floor),
            Figure("latency.back.two.postgresql.max", back, "ms", back_floor),
        ]


def told(name: str, found: list[float], floor: list[float]) -> list[Figure]:
    figures = [Figure(f"{name}.p{each}", percentile(found, each), "ms", percentile(floor, each)) for each in PERCENTS]
    return [*figures, Figure(f"{name}.samples", len(found), "cards")]


def in_room(browser: Browser, url: str, room: Room) -> list[float]:
    pages = [open_room(browser, url, room.board, cookie) for cookie in (room.ines, room.tom)]
    found = between(*pages)
    for page in pages:
        page.context.close()
    return found


def come_back(browser: Browser, url: str, port: int, victim: Served, made: Sequence[Room]) -> float:
    """Milliseconds from the end of one process until every page shows a card that was written right after it."""
    pages = [(open_room(browser, url, room.board, room.tom), room) for room in made]
    for page, _room in pages:
        page.evaluate(ARRIVED)
    assert victim.process is not None
    killed = time.time()
    os.kill(victim.process.pid, signal.SIGKILL)
    victim.process.wait()
    for _page, room in pages:
        card = str(uuid.uuid4())
        with Visitor(port, room.ines) as ines:
            until_saved(ines, room, card)
    arrived = [_number(page.evaluate("text => window.arrival(text)", "Sample after all")) for page, _room in pages]
    for page, _room in pages:
        page.context.close()
    return max(arrived) - killed * 1000


def until_saved(ines: Visitor, room: Room, card: str) -> None:
    while True:
        with suppress(OSError):  # it was at the one that was killed
            if ines.post(room.entries, text="Sample after all", client_id=card).status == 302:
                return
        time.sleep(0.05)


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
