"""What somebody waits for who comes to a board of 30 cards for the first time: nothing is in the browser's cache."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import NamedTuple

from playwright.sync_api import Browser, Page, sync_playwright

from tests.bench.figures import Figure
from tests.bench.rooms import Room, rooms
from tests.browser import CHROMIUM_FLAGS, chromium
from tests.served import SESSION_COOKIE, Served

VISITS = 7
WARM_UP = 2  # the server's first pages, and the browser's

# A card can be typed when its box is there and the scripts that keep what is typed have run.
WATCH = """
window.shift = 0;
new PerformanceObserver((list) => {
  for (const each of list.getEntries()) if (!each.hadRecentInput) window.shift += each.value;
}).observe({ type: "layout-shift", buffered: true });
(function look() {
  if (document.querySelector("#compose-good textarea") && window.draftOf) window.typable = performance.now();
  else requestAnimationFrame(look);
})();
"""
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


class Line(NamedTuple):
    """Between browser and server: bits a second, and milliseconds there and back; how many times slower the browser."""

    bits: float = 0  # as many as there are
    delay: float = 0
    slower: float = 1


LINES = {"loopback": Line(), "slow": Line(1.6e6, 150), "slow_phone": Line(1.6e6, 150, slower=4)}


class Visit(NamedTuple):
    """Milliseconds since the address was asked for, and how much of what was seen moved by itself."""

    paint: float
    typable: float
    shift: float


def measure(served: Served, database: str) -> list[Figure]:
    (room,) = rooms(served, 30)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        figures = [each for name in LINES for each in over(browser, served, room, name, database)]
        browser.close()
    return figures


def over(browser: Browser, served: Served, room: Room, name: str, database: str) -> list[Figure]:
    """Board and bare view in turn, each time in a browser that knows nothing."""
    visits, floors = [], []
    for _each in range(WARM_UP + VISITS):
        with stranger(browser, served, room, LINES[name]) as page:
            page.goto(room.floor)
            floors.append(number(page, PAINT))
        with stranger(browser, served, room, LINES[name]) as page:
            page.goto(room.board)
            page.locator("html[data-connection=live]").wait_for(state="attached")
            visits.append(Visit(*(number(page, each) for each in (PAINT, "window.typable", "window.shift"))))
    floor, found = median(floors[WARM_UP:]), visits[WARM_UP:]
    return [
        Figure(f"visit.{name}.paint.{database}.p50", median(each.paint for each in found), "ms", floor),
        Figure(f"visit.{name}.typable.{database}.p50", median(each.typable for each in found), "ms", floor),
        Figure(f"visit.{name}.shift.{database}.max", max(each.shift for each in found), "of the screen"),
    ]


@contextmanager
def stranger(browser: Browser, served: Served, room: Room, line: Line) -> Iterator[Page]:
    context = browser.new_context(base_url=served.url)
    context.add_cookies([{"name": SESSION_COOKIE, "value": room.ines, "url": served.url}])
    page = context.new_page()
    page.add_init_script(WATCH)
    protocol = context.new_cdp_session(page)
    if line.bits:
        speed = {"downloadThroughput": line.bits / 8, "uploadThroughput": line.bits / 8, "latency": line.delay}
        protocol.send("Network.emulateNetworkConditions", {"offline": False, **speed})
    protocol.send("Emulation.setCPUThrottlingRate", {"rate": line.slower})
    yield page
    context.close()


def number(page: Page, what: str) -> float:
    page.wait_for_function(f"() => {what} !== undefined")
    return float(page.evaluate(f"() => {what}"))
