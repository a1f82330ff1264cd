"""What a page costs the server: processor time and queries. And a push: a card that comes to an open page."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from statistics import median

from playwright.sync_api import Browser, Page, sync_playwright

from tests.bench.figures import Figure
from tests.bench.latency import ARRIVED, open_room
from tests.bench.process import cpu
from tests.bench.rooms import Room, rooms
from tests.browser import CHROMIUM_FLAGS, TWO_FRAMES, chromium
from tests.served import Served
from tests.visitor import Visitor

ROUNDS = 7
PAGES = {30: 12, 400: 2}  # a round, by the number of cards
ROOMS_TO_COME_TO = 6
ROOMS_WITH_A_PUSH = 4
UNSEEN, SEEN = 10, 10  # cards that come to a board of 20: 30 to 40 lie there while they are seen


def measure(served: Served, database: str) -> list[Figure]:
    boards = rooms(served, *PAGES)
    figures = []
    for (cards, number), room in zip(PAGES.items(), boards, strict=True):
        figures += pages(served, f"page.board{cards}", room.board, room, number, database)
    figures.append(first(served, database))
    with Visitor(served.port, boards[0].ines) as ines:
        home = ines.get("/").header("location")  # who is in one pair comes to that pair's
    figures += pages(served, "page.home", home, boards[0], PAGES[30], database)
    return figures + pushes(served, database)


def pages(served: Served, name: str, path: str, room: Room, number: int, database: str) -> list[Figure]:
    """The page and its floor in turn, `number` of each a round; the middle round counts."""
    found: list[float] = []
    floors: list[float] = []
    with Visitor(served.port, room.ines) as ines:
        for at in range(ROUNDS + 1):
            for kept, what in ((floors, room.floor), (found, path)):
                each = cost(served, ines, what, number)
                if at:  # the first round fills what is remembered
                    kept.append(each)
        queries, least = (
            int(ines.get(what, "Bench-Queries: 1").header("bench-queries")) for what in (path, room.floor)
        )
    return [
        Figure(f"{name}.cpu.{database}.p50", median(found), "ms", median(floors)),
        Figure(f"{name}.queries.{database}", queries, "queries", least),
    ]


def first(served: Served, database: str) -> Figure:
    """A board of 30 cards that nobody has asked for yet: nothing of it is remembered."""
    found: list[float] = []
    floors: list[float] = []
    for room in rooms(served, *[30] * ROOMS_TO_COME_TO):
        with Visitor(served.port, room.ines) as ines:
            floors.append(cost(served, ines, room.floor, 1))
            found.append(cost(served, ines, room.board, 1))
    return Figure(f"page.board30.first.cpu.{database}.p50", median(found), "ms", median(floors))


def queries_of(visitor: Visitor, path: str) -> int:
    page = visitor.get(path, "Bench-Queries: 1")
    if page.status != 200:
        raise RuntimeError(f"{path} answers {page.status}")
    return int(page.header("bench-queries"))


def cost(served: Served, visitor: Visitor, path: str, number: int) -> float:
    """Milliseconds of processor time for one page."""
    before = cpu(served.processes())
    for _ in range(number):
        ask(visitor, path)
    return (cpu(served.processes()) - before) / number


def pushes(served: Served, database: str) -> list[Figure]:
    """What a card costs more on its way to an open page than when that page is of another room.

    At the pace of people: a browser is at work between, which makes all that the server does dearer. So page and floor
    are asked for at that pace, too.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        made = rooms(served, *[20] * (2 * ROOMS_WITH_A_PUSH))
        found = [pushed(browser, served, *two) for two in zip(made[::2], made[1::2], strict=True)]
        browser.close()
    push, page, floor = (median(each) for each in zip(*found, strict=True))
    return [
        Figure(f"page.push.cpu.{database}.p50", push, "ms", floor),
        Figure(f"page.push.page.{database}.p50", page, "ms", floor),
        Figure(f"page.push.of_page.{database}.p50", push / page * 100, "% of the page"),
    ]


def pushed(browser: Browser, served: Served, room: Room, elsewhere: Room) -> tuple[float, float, float]:
    """Milliseconds of processor time for a push to this room, its page, and the floor."""
    with Visitor(served.port, room.ines) as ines:
        with watching(browser, served, elsewhere) as tom:
            page, floor = (paced(served, tom, partial(ask, ines, path), SEEN) for path in (room.board, room.floor))
            unseen = paced(served, tom, partial(add, ines, room), UNSEEN)
        with watching(browser, served, room) as tom:
            seen = paced(served, tom, partial(arrive, tom, ines, room), SEEN)
    return seen - unseen, page, floor


@contextmanager
def watching(browser: Browser, served: Served, room: Room) -> Iterator[Page]:
    page = open_room(browser, served.url, room.board, room.tom)
    page.evaluate(ARRIVED)
    page.wait_for_timeout(1000)  # what an opened page asks for is answered
    yield page
    page.context.close()


def paced(served: Served, tom: Page, act: Callable[[int], None], number: int) -> float:
    """Milliseconds of processor time for one act, one after the other, with a browser that draws in between."""
    before = cpu(served.processes())
    for n in range(number):
        act(n)
        tom.evaluate(TWO_FRAMES)
    return (cpu(served.processes()) - before) / number


def ask(visitor: Visitor, path: str, _number: int = 0) -> None:
    if (status := visitor.get(path).status) != 200:
        raise RuntimeError(f"{path} answers {status}")


def add(ines: Visitor, room: Room, number: int, what: str = "Unseen") -> None:
    if (status := ines.post(room.entries, text=f"{what} {number}", client_id=str(uuid.uuid4())).status) != 302:
        raise RuntimeError(f"A card answers {status}")


def arrive(tom: Page, ines: Visitor, room: Room, number: int) -> None:
    add(ines, room, number, "Sample")
    tom.evaluate("text => window.arrival(text)", f"Sample {number}")
