"""A kind word, what is brought in, a template: pressed by both at the same moment, or twice by one."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.urls import reverse

from partnerships.models import Person
from retros.catalogue import templates
from retros.catalogue.text import written
from retros.models import Action, Entry, KindWord, OwnTemplate, UsualTemplate
from tests.conftest import LiveServer
from tests.factories import PersonFactory
from tests.retros.models.two import Browser, Two

pytestmark = pytest.mark.both_databases

TABLE = f"action,due\nSketch,{date(2030, 1, 2)}\nCall,{date(2030, 1, 3)}"


@pytest.fixture
def two(live_server: LiveServer) -> Iterator[Two]:
    made = Two(live_server)
    yield made
    made.pool.shutdown()
    for browser in (made.ines, made.tom):
        browser.connection.close()


@pytest.fixture
def more(live_server: LiveServer) -> Iterator[Callable[[Person], Browser]]:
    """Another browser of somebody."""
    browsers: list[Browser] = []

    def browser(person: Person) -> Browser:
        browsers.append(Browser(live_server, person))
        return browsers[-1]

    yield browser
    for each in browsers:
        each.connection.close()


def statuses(two: Two, name: str, args: list[object], *pressed: tuple[Browser, dict[str, Any]]) -> list[int]:
    url = reverse(name, args=args)
    loads: list[Callable[..., object]] = [browser.will_post(url, "plain", **data) for browser, data in pressed]
    return sorted(answer.status for answer in two.at_once(*loads))  # type: ignore[arg-type]


def test_each_gives_the_other_a_word_and_one_gives_it_twice(two: Two) -> None:
    pair, first = two.pair.partnership, {"text": "You ask first", "client_id": uuid.uuid4()}
    second = {"text": "You bring the coffee", "client_id": uuid.uuid4()}
    assert statuses(two, "kind_word_create", [pair.pk], (two.ines, first), (two.tom, second)) == [302, 302]
    assert statuses(two, "kind_word_create", [pair.pk], (two.ines, first), (two.tom, first)) == [302, 422]
    found = KindWord.objects.order_by("text").values_list("text", "receiver")
    assert list(found) == [("You ask first", two.pair.tom.pk), ("You bring the coffee", two.pair.ines.pk)]


def test_what_is_brought_in_twice_comes_once_and_by_both_comes_to_each(
    two: Two, more: Callable[[Person], Browser]
) -> None:
    session, again = two.started(), more(two.pair.ines)
    cards = {"text": "One\nTwo", "client_id": uuid.uuid4()}
    pair = two.pair.partnership.pk
    pressed = [(two.ines, cards), (again, cards)]
    assert statuses(two, "card_import", [pair], *pressed) == [302, 302]
    assert statuses(two, "card_import", [pair], (two.tom, {**cards, "client_id": uuid.uuid4()})) == [302]
    for person in (two.pair.ines, two.pair.tom):
        rows = Entry.unrestricted.filter(author=person, step__session=session, is_card=True)
        assert sorted(rows.values_list("text", flat=True)) == ["One", "Two"]
    table = {"text": TABLE, "client_id": uuid.uuid4()}
    assert statuses(two, "action_import", [pair], (two.ines, table), (again, table)) == [302, 302]
    other = {**table, "client_id": uuid.uuid4()}
    assert statuses(two, "action_import", [pair], (two.ines, other), (two.tom, {**other, "client_id": uuid.uuid4()}))
    owners = Action.objects.order_by("owner__name").values_list("owner__name", flat=True)
    assert list(owners) == [two.pair.ines.name] * 4 + [two.pair.tom.name] * 2


def test_two_admins_make_one_template_and_one_usual_one(two: Two, more: Callable[[Person], Browser]) -> None:
    people: list[Person] = [PersonFactory.create(is_staff=True) for _n in range(2)]
    ada, ben = (more(person) for person in people)
    ours = replace(templates()["retro-quick"], key="ours")
    text = {"text": written(ours)}
    assert statuses(two, "template_create", [], (ada, text), (ben, text)) == [302, 302]
    other = {"text": written(replace(ours, key="theirs"))}
    same = {"text": written(replace(ours, key="theirs", title="Another"))}
    assert statuses(two, "template_create", [], (ada, other), (ben, same)) == [302, 409]
    assert OwnTemplate.objects.count() == 2
    usual = {"pair_kind": "other"}
    assert statuses(two, "template_usual", ["ours"], (ada, usual), (ben, usual)) == [302, 302]
    assert UsualTemplate.objects.get().key == "ours"
    changes = [{"title": title, "source": "Ours", "version": 1} for title in ("Ada’s", "Ben’s")]
    assert statuses(two, "template_update", ["ours"], (ada, changes[0]), (ben, changes[1])) == [302, 409]
