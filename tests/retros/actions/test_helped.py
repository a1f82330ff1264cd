"""What has helped the two: each ended action with its story, and what waits for an answer."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from partnerships.models import Agreement, Partnership, Person, Version
from partnerships.wording import Wording
from retros.actions.helped import ON_A_PAGE
from retros.models import Action, Entry
from tests.cast import client_of
from tests.retros.play import WRITE, Pair, at, reveal

pytestmark = pytest.mark.django_db


def page(pair: Pair, person: Person, **asked: str) -> str:
    answer = client_of(person).get(reverse("helped_list", args=[pair.partnership.pk]), asked)
    return re.sub(r"\s+", " ", unescape(answer.text))


def agreed(pair: Pair, text: str, *, days: int = 5, **more: Any) -> Action:
    due = timezone.localdate() + timedelta(days=days)
    owners = more.pop("owners", ["a"])
    return Action.agree(
        pair.partnership, by=pair.ines, id=uuid.uuid4(), owners=owners, text=text, due=due, **more
    )[0]  # fmt: skip


def press(pair: Pair, action: Action, **data: str) -> Any:
    return client_of(pair.tom).post(reverse("action_done_create", args=[action.pk]), {"place": "helped", **data})


def test_a_story_from_its_card_to_its_clause(pair: Pair) -> None:
    session = pair.started()
    ines, _tom = pair.hands(session)
    at(session, WRITE)
    card = ines.fold("I hear of scope too late")
    reveal(ines.session)
    tried = agreed(
        pair, "A note the same day", entry=ines.entry(card.pk), session=session, is_experiment=True,
        because="we forget", seen_by="no surprises",
    )  # fmt: skip
    later = pair.started()
    tried.review(later, by=pair.tom, verdict="done", helped="helped", remark="No surprise since")
    agreement = Agreement.begin(pair.partnership, by=pair.ines, kind=Agreement.Kind.DREAM_TEAM, title="Our team")
    first = agreement.propose([Wording("We talk")], by=pair.ines, reason="")
    first.sign(by=pair.tom, digest=first.digest)
    text = page(pair, pair.tom)
    assert "Put it in “Our team”" in text
    client_of(pair.tom).post(reverse("action_clause", args=[tried.pk]), {"agreement": agreement.pk})
    text = page(pair, pair.ines)
    story = ("I hear of scope too late", "A note the same day", "we forget", "No surprise since", "Proposed for")
    assert [text.index(words) for words in story] == sorted(text.index(words) for words in story)
    assert f"/sessions/{session.pk}/steps/{WRITE}/#card-{card.mark}" in text
    assert Version.objects.filter(clauses__text__contains="A note the same day").count() == 1
    Entry.unrestricted.filter(pk=card.pk).update(deleted_at=timezone.now())
    assert "I hear of scope too late" not in page(pair, pair.tom)


def test_saying_whether_it_helped_takes_back_no_end(pair: Pair) -> None:
    """It ended weeks ago: what is said is what was pressed, and the way back of “Done” stands nowhere near."""
    tried = agreed(pair, "A note the same day")
    tried.finish(by=pair.ines)
    Action.objects.update(closed_on=timezone.localdate() - timedelta(days=20))
    assert 'name="place" value="unsaid"' in page(pair, pair.tom, outcome="unsaid")
    client = client_of(pair.tom)
    data = {"place": "unsaid", "closed_as": "done", "helped": "no_difference"}
    answer = client.post(reverse("action_done_create", args=[tried.pk]), data)
    assert answer["Location"] == f"{reverse('helped_list', args=[pair.partnership.pk])}?outcome=unsaid"
    text = client.get(answer["Location"]).text
    assert "Nothing here." in text
    assert text.count("No difference") == 2  # what was done, and the way to the list of those
    assert reverse("action_done_delete", args=[tried.pk]) not in text


def test_an_experiment_is_looked_at_when_its_day_has_come(pair: Pair) -> None:
    due = agreed(pair, "Sketch first", days=0, is_experiment=True, session=pair.started())
    agreed(pair, "Not today", days=3, is_experiment=True)
    agreed(pair, "An action", days=-3)
    text = page(pair, pair.ines)
    assert [words in text for words in ("Time to look", "Sketch first", "Not today", "An action")] == [
        True, True, False, False,
    ]  # fmt: skip
    assert f"/actions/{due.pk}/?place=helped" in text  # adapt
    assert "Its day has come: did it help?" in client_of(pair.ines).get(
        reverse("action_list", args=[pair.partnership.pk])
    ).text.replace("&#x27;", "'")
    answer = press(pair, due, helped="helped")
    assert answer["Location"] == reverse("helped_list", args=[pair.partnership.pk])
    due.refresh_from_db()
    assert (due.closed_as, due.helped) == ("done", "helped")
    text = page(pair, pair.ines)
    assert ("Time to look" in text, "You have no agreement yet" in text) == (False, True)


def test_what_was_carried_twice_is_smaller_or_dropped(pair: Pair) -> None:
    action = agreed(pair, "Write it all down")
    for _retro in range(2):
        session = pair.started()
        action.review(session, by=pair.ines, verdict="going")
    assert "Carried over twice: smaller, or drop?" in page(pair, pair.tom)
    room = client_of(pair.tom).get(reverse("step_detail", args=[session.pk, 0])).text
    assert f'href="/actions/{action.pk}/"' in room.split("carried over twice")[1][:300]
    press(pair, action, closed_as="dropped")
    text = page(pair, pair.tom, outcome="unsaid")
    assert "Carried over twice" not in text
    assert "Write it all down" in text
    press(pair, action, closed_as="dropped", helped="not_tried")
    assert "Write it all down" in page(pair, pair.tom, outcome="not_tried")
    assert "Write it all down" not in page(pair, pair.tom, outcome="unsaid")


def test_what_both_took_is_one_story_and_the_latest_come_first(pair: Pair) -> None:
    both = agreed(pair, "Together", owners=["a", "b"])
    for action in Action.objects.all():
        action.finish(by=pair.ines, helped="helped")
    for n in range(ON_A_PAGE):
        agreed(pair, f"number{n:02d}").finish(by=pair.ines, helped="helped")
    Action.objects.filter(text="Together").update(closed_on=timezone.localdate() - timedelta(days=9))
    first, second = page(pair, pair.tom), page(pair, pair.tom, page="2")
    assert re.findall(r"number(\d\d)</p>", first) == [f"{n:02d}" for n in reversed(range(ON_A_PAGE))]
    assert second.count("Together</p>") == 1
    assert f"story-{both.pk}" in second


@pytest.mark.parametrize("odd", [{"page": "9" * 40}, {"page": "0"}, {"page": "²"}, {"outcome": "zz"}])
def test_what_nobody_can_choose_is_as_if_not_chosen(pair: Pair, odd: dict[str, str]) -> None:
    agreed(pair, "One").finish(by=pair.ines, helped="helped")
    url = reverse("helped_list", args=[pair.partnership.pk])
    assert client_of(pair.ines).get(url, odd).status_code == 200


def test_in_an_ended_partnership_it_is_read_and_nothing_is_pressed(pair: Pair) -> None:
    agreed(pair, "Sketch first", days=0, is_experiment=True, session=pair.started())
    agreed(pair, "It was good", is_experiment=True).finish(by=pair.ines, helped="helped")
    Partnership.objects.filter(pk=pair.partnership.pk).update(archived_at=timezone.now())
    text = page(pair, pair.tom)
    assert "It was good" in text
    assert "<form" not in text.split("<main")[1].split("</main")[0]


def test_the_page_asks_the_database_a_few_times(pair: Pair) -> None:
    session = pair.started()
    ines, _tom = pair.hands(session)
    at(session, WRITE)
    cards = [ines.fold(f"card {n}") for n in range(6)]
    reveal(ines.session)
    for card in Entry.unrestricted.filter(pk__in=[card.pk for card in cards]):
        tried = agreed(pair, "Try", entry=card, session=session, is_experiment=True)
        tried.review(session, by=pair.tom, verdict="done", helped="helped", remark="Good")
    client = client_of(pair.tom)
    url = reverse("helped_list", args=[pair.partnership.pk])
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        client.get(url)
    assert len(queries) <= 12
