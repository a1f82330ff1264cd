"""What a page costs the server: processor time and queries. And a push: a card that comes to an open page."""

from __future__ import annotations

import uuid
from statistics import median

from playwright.sync_api import Page, sync_playwright

from tests.bench.figures import Figure
from tests.bench.latency import ARRIVED, open_room
from tests.bench.process import cpu
from tests.bench.rooms import Room, rooms
from tests.browser import CHROMIUM_FLAGS, chromium
from tests.served import Served
from tests.visitor import Visitor

ROUNDS = 7
PAGES = {30: 12, 400: 2}  # a round, by the number of cards
ROOMS_TO_COME_TO = 6
ROOMS_WITH_A_PUSH = 4
UNSEEN, SEEN = 5, 10  # cards that come to a board of 20: about 30 lie there when they are counted


def measure(served: Served, database: str) -> list[Figure]:
    boards = rooms(served, *PAGES)
    figures = []
    for (cards, number), room in zip(PAGES.items(), boards, strict=True):
        figures += pages(served, f"page.board{cards}", room.board, room, number, database)
    figures.append(first(served, database))
    with Visitor(served.port, boards[0].ines) as ines:
        home = ines.get("/").header("location")  # who is in one pair comes to that pair's
    figures += pages(served, "page.home", home, boards[0], PAGES[30], database)
    return figures + pushes(served, database, page=figures[0])


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
        if (status := visitor.get(path).status) != 200:
            raise RuntimeError(f"{path} answers {status}")
    return (cpu(served.processes()) - before) / number


def pushes(served: Served, database: str, page: Figure) -> list[Figure]:
    """What a card costs more when the partner's page is open, in a browser, than when it is not."""
    found: list[float] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        for room in rooms(served, *[20] * ROOMS_WITH_A_PUSH):
            with Visitor(served.port, room.ines) as ines:
                unseen = add(served, ines, room, UNSEEN)
                watching = open_room(browser, served.url, room.board, room.tom)
                watching.evaluate(ARRIVED)
                watching.wait_for_timeout(1000)  # what an opened page asks for is answered
                found.append(add(served, ines, room, SEEN, watching) - unseen)
                watching.context.close()
        browser.close()
    return [
        Figure(f"page.push.cpu.{database}.p50", median(found), "ms", page.floor),
        Figure(f"page.push.of_page.{database}.p50", median(found) / page.value * 100, "% of board30"),
    ]


def add(served: Served, ines: Visitor, room: Room, number: int, watching: Page | None = None) -> float:
    """Milliseconds of processor time for one card, one after the other."""
    before = cpu(served.processes())
    for n in range(number):
        text = f"Sample {n} {watching is not None}"
        if (status := ines.post(room.entries, text=text, client_id=str(uuid.uuid4())).status) != 302:
            raise RuntimeError(f"A card answers {status}")
        if watching:
            watching.evaluate("text => window.arrival(text)", text)
    return (cpu(served.processes()) - before) / number
