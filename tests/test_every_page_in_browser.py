"""Every page there is can be used by everybody: a new route stands in the access table, and so it is asked here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page

from tests.browser import faults
from tests.conftest import LiveServer
from tests.routes import TABLE
from tests.world import World, make_world

pytestmark = pytest.mark.one_database

PHASE = "revealed"
READERS = ("ines", "ada", "sara", "nobody")  # the first who may open a page looks at it
NOT_PAGES = {name for name, route in TABLE.items() if route.is_file}


def pages(who: str) -> list[str]:
    """What this one of the cast opens: every route that answers them a page, and nobody before them."""

    def opens(name: str, reader: str) -> bool:
        return TABLE[name].expected(reader, "GET", PHASE) == 200

    before = READERS[: READERS.index(who)]
    return [n for n in TABLE if n not in NOT_PAGES and opens(n, who) and not any(opens(n, other) for other in before)]


def page_of(world: World, who: str, context: Any, live_server: LiveServer) -> Page:
    cookie = world.client(who).cookies.get(settings.SESSION_COOKIE_NAME)
    if cookie:
        context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    page: Page = context.new_page()
    return page


def test_every_route_with_a_page_is_looked_at() -> None:
    looked_at = {name for who in READERS for name in pages(who)}
    opened = {n for n, row in TABLE.items() if any(row.expected(who, "GET", PHASE) == 200 for who in READERS)}
    assert opened - looked_at == NOT_PAGES
    assert len(looked_at) > 60


@pytest.mark.parametrize("who", READERS)
def test_everybody_can_use_every_page(new_context: Callable[..., Any], live_server: LiveServer, who: str) -> None:
    world = make_world(PHASE)
    page = page_of(world, who, new_context(), live_server)
    found = []
    for name in pages(who):
        answer = page.goto(world.url(name, who))
        assert answer is not None
        if answer.status != 200:
            found.append(f"{name} answers {answer.status}")
        found += [f"{name} {line}" for line in faults(page)]
    assert found == []
