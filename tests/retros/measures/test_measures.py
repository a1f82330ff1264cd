"""The measures of a pair: what stands on the list, which questions follow it, and what becomes of answers."""

from __future__ import annotations

import threading
import uuid

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from partnerships.models import Delivery, Partnership
from partnerships.refusals import NotAllowed, Refusal, Stale
from retros.dates import one_date
from retros.history.trend import Trends
from retros.lifecycle import ending
from retros.lifecycle.export import everything
from retros.lifecycle.retention import expire, months_later
from retros.models import Entry, Measure, Prompt, Session, creation
from tests.cast import client_of
from tests.factories import PersonFactory
from tests.retros.play import PULSE, Pair, make_pair, next_year, reveal

pytestmark = pytest.mark.django_db

TEXT = "What we decide stays decided."


def define(pair: Pair, text: str = TEXT, by: str = "ines") -> Measure:
    return Measure.define(pair.partnership, by=getattr(pair, by), text=text, id=uuid.uuid4())


def asked_in(session: Session) -> list[str]:
    """The statements that the pulse of this session asks about, as each page of it shows them."""
    steps = Session.objects.get(pk=session.pk).steps
    return [prompt.title for prompt in steps[PULSE].prompts if prompt.measure]


# --- the list and what follows it -----------------------------------------------------------------------------------


def test_planned_retros_follow_the_list_and_begun_ones_keep_their_questions(pair: Pair) -> None:
    begun, planned = pair.started(), pair.planned()
    measure = define(pair)
    assert (asked_in(begun), asked_in(planned), asked_in(pair.planned(start=next_year(5, 5)))) == ([], [TEXT], [TEXT])
    measure.edit(by=pair.tom, text="We decide once.", version=1)
    assert asked_in(planned) == ["We decide once."]
    measure.retire(by=pair.ines)
    assert asked_in(planned) == []
    measure.restore(by=pair.tom)
    assert asked_in(planned) == ["We decide once."]


def test_one_that_begins_at_once_asks_too_and_a_retro_without_a_pulse_does_not(pair: Pair) -> None:
    define(pair)
    assert asked_in(creation.start_now(pair.partnership, by=pair.tom)) == [TEXT]
    quick = one_date.plan(pair.partnership, by=pair.ines, start=next_year(6, 1), zone="UTC", template_key="retro-quick")
    assert not Prompt.objects.filter(step__session=quick, measure__isnull=False).exists()


def test_what_came_back_after_the_list_changed_asks_by_it_when_it_begins(pair: Pair) -> None:
    """A skipped date is not planned, so it does not follow; its start does."""
    session = pair.planned()
    one_date.skip(session, by=pair.ines, reason="holiday")
    define(pair)
    assert asked_in(session) == []
    one_date.restore(Session.objects.get(pk=session.pk), by=pair.ines)
    pair.hands(session)[0].session.start(by=pair.ines)
    assert asked_in(session) == [TEXT]


def test_what_was_answered_ahead_is_set_aside_and_is_there_again(pair: Pair) -> None:
    session, measure = pair.planned(), define(pair)
    ines, _tom = pair.hands(session)
    ines.answer(measure.key, value=2)
    prompt = ines.prompt(measure.key)
    measure.retire(by=pair.tom)
    with pytest.raises(Refusal, match="asked no more"):
        ines.answer(measure.key, value=3, version=1)
    ines.session.start(by=pair.ines)
    reveal(ines.session, PULSE)
    assert not Entry.objects.visible_to(pair.tom).filter(prompt=prompt).exists()
    assert Entry.objects.visible_to(pair.ines).get(prompt=prompt).value == 2
    assert "Rarely" in str(everything(pair.ines))
    assert "Rarely" not in str(everything(pair.tom))


def test_asked_again_the_answer_is_there(pair: Pair) -> None:
    session, measure = pair.planned(), define(pair)
    ines, tom = pair.hands(session)
    ines.answer(measure.key, value=2)
    measure.retire(by=pair.tom)
    measure.restore(by=pair.tom)
    ines.session.start(by=pair.ines)
    reveal(ines.session, PULSE)
    assert Entry.objects.visible_to(pair.tom).get(prompt=tom.prompt(measure.key)).value == 2


def test_other_words_are_another_question(pair: Pair) -> None:
    session, measure = pair.planned(), define(pair)
    ines, _tom = pair.hands(session)
    ines.answer(measure.key, value=1)
    measure.edit(by=pair.tom, text="We quarrel.", version=1)
    ines.session.start(by=pair.ines)
    reveal(ines.session, PULSE)
    assert not Entry.objects.visible_to(pair.tom).filter(step__session=session).exists()


def test_the_list_does_the_same_whether_or_not_somebody_answered_ahead(pair: Pair) -> None:
    """docs/rules/visibility.md V20: what stands on the list and in the room hangs on no answer."""
    shown = []
    for answers in (True, False):
        session, measure = pair.planned(start=next_year(2, 1 + answers)), define(pair, f"{TEXT} {answers}")
        if answers:
            pair.hands(session)[0].answer(measure.key, value=2)
        for verb in (lambda m=measure: m.edit(by=pair.tom, text="Other words", version=1),
                     lambda m=measure: m.retire(by=pair.tom)):  # fmt: skip
            verb()
            page = client_of(pair.tom).get(reverse("step_detail", args=[session.pk, PULSE]))
            shown.append((answers, page.status_code, asked_in(session)))
    assert [one[1:] for one in shown[:2]] == [other[1:] for other in shown[2:]]


# --- limits, races, who may not -------------------------------------------------------------------------------------


def test_five_and_no_more(pair: Pair) -> None:
    first, *_others = [define(pair, f"Statement {n}") for n in range(5)]
    with pytest.raises(Refusal, match="You have five already"):
        define(pair, "A sixth")
    first.retire(by=pair.ines)
    define(pair, "A sixth")
    with pytest.raises(Refusal, match="You have five already"):
        first.restore(by=pair.ines)


def test_pressed_twice_it_is_there_once_and_a_lost_race_shows_both(pair: Pair) -> None:
    measure = define(pair)
    assert Measure.define(pair.partnership, by=pair.ines, text=TEXT, id=measure.pk) == measure
    with pytest.raises(Stale):
        Measure.define(pair.partnership, by=pair.ines, text="Other words", id=measure.pk)
    with pytest.raises(Refusal):
        Measure.define(make_pair().partnership, by=pair.ines, text=TEXT, id=measure.pk)
    measure.edit(by=pair.ines, text="By Ines", version=1)
    with pytest.raises(Stale) as lost:
        Measure.objects.get(pk=measure.pk).edit(by=pair.tom, text="By Tom", version=1)
    assert (lost.value.mine, lost.value.theirs) == ("By Tom", "By Ines")


def test_put_on_the_list_again_under_another_id_it_is_there_once(pair: Pair) -> None:
    """What “back” shows after an answer that got lost is a form with a new id."""
    measure = define(pair)
    assert define(pair) == measure
    assert define(make_pair()) != measure
    measure.retire(by=pair.ines)
    again = define(pair)
    for n in range(4):
        define(pair, f"Statement {n}")
    assert define(pair) == again != measure


def test_nobody_else_has_a_list_here(pair: Pair) -> None:
    measure = define(pair)
    mei = PersonFactory.create(name="Mei Tan")
    with pytest.raises(NotAllowed):
        Measure.define(pair.partnership, by=mei, text=TEXT, id=uuid.uuid4())
    with pytest.raises(NotAllowed):
        measure.retire(by=mei)
    other = client_of(mei)
    for url in (reverse("measure_list", args=[pair.partnership.pk]), reverse("measure_update", args=[measure.pk])):
        assert other.get(url).status_code == 404
    assert other.get(reverse("trend_list", args=[pair.partnership.pk])).status_code == 404
    Partnership.objects.filter(pk=pair.partnership.pk).update(archived_at="2026-01-01T00:00Z")
    with pytest.raises(NotAllowed):
        measure.edit(by=pair.ines, text="Too late", version=1)


@pytest.mark.django_db(transaction=True)
def test_both_at_once_fill_the_last_place_once() -> None:
    pair = make_pair()
    session = pair.planned()
    for n in range(4):
        define(pair, f"Statement {n}")

    def add(who: str) -> None:
        try:
            define(pair, f"By {who}", who)
        except Refusal:
            pass
        finally:
            connection.close()

    both = [threading.Thread(target=add, args=[who]) for who in ("ines", "tom")]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert Measure.objects.filter(partnership=pair.partnership).count() == 5
    assert len(asked_in(session)) == 5


# --- the pages ------------------------------------------------------------------------------------------------------


def test_from_the_list_to_the_lines_of_both(pair: Pair) -> None:
    ines, tom = client_of(pair.ines), client_of(pair.tom)
    url = reverse("measure_list", args=[pair.partnership.pk])
    answer = ines.post(url, {"text": TEXT, "client_id": str(uuid.uuid4())})
    assert answer.headers["location"] == url
    measure = Measure.objects.get()
    assert TEXT in tom.get(url).content.decode()
    session = pair.started()
    hands = pair.hands(session)
    page = reverse("step_detail", args=[session.pk, PULSE])
    shown = ines.get(page).content.decode()
    assert TEXT in shown
    assert "Your own measures" in shown
    hands[0].answer(measure.key, value=4)
    hands[1].answer(measure.key, value=2)
    assert "Mostly" not in words_of(tom.get(page).content.decode())
    reveal(hands[0].session, PULSE)
    assert "<strong>Mostly</strong>" in tom.get(page).content.decode()
    trends = reverse("trend_list", args=[pair.partnership.pk])
    seen = [client.get(trends).content.decode() for client in (ines, tom)]
    for each in seen:
        assert f"Ines: {month(session)} mostly. Tom: {month(session)} rarely." in each
        assert "2 places" in each
    tom.post(reverse("measure_delete", args=[measure.pk]))
    assert "Asked no more" in ines.get(trends).content.decode()
    assert "Asked no more" in ines.get(url).content.decode()
    tom.post(reverse("measure_restore", args=[measure.pk]))
    assert "Asked no more" not in ines.get(trends).content.decode()


def words_of(page: str) -> str:
    """Without what the form offers to choose."""
    return page.split('id="answers"')[1]


def month(session: Session) -> str:
    return Session.objects.get(pk=session.pk).day.strftime("%b")


def test_what_is_refused_stands_at_the_box_with_what_was_typed(pair: Pair) -> None:
    client = client_of(pair.ines)
    url = reverse("measure_list", args=[pair.partnership.pk])
    empty = client.post(url, {"text": " ", "client_id": str(uuid.uuid4())})
    assert (empty.status_code, "Say in a sentence" in empty.content.decode()) == (422, True)
    for n in range(5):
        define(pair, f"Statement {n}")
    full = client.post(url, {"text": "A sixth one", "client_id": str(uuid.uuid4())})
    assert full.status_code == 409
    assert "You have five already" in full.content.decode()
    assert "A sixth one" in full.content.decode()


def test_other_words_keep_the_line(pair: Pair) -> None:
    measure = define(pair)
    for version, text in ((1, TEXT), (2, "We decide once.")):
        if version == 2:
            client_of(pair.tom).post(reverse("measure_update", args=[measure.pk]), {"text": text, "version": 1})
        hands = pair.hands(pair.started())
        hands[0].answer(f"m{version}-{measure.pk.hex}", value=version)
        reveal(hands[0].session, PULSE)
    (trend,) = Trends(pair.partnership, pair.ines, list(pair.partnership.memberships.order_by("seat"))).measures
    assert trend.title == "We decide once."
    assert [row.said for row in trend.rows] == [["Not yet", ""], ["Rarely", ""]]
    assert [row.apart for row in trend.rows] == ["", ""]


# --- what is kept ---------------------------------------------------------------------------------------------------


def test_export_holds_them_for_both(pair: Pair) -> None:
    define(pair)
    define(pair, "We ship.").retire(by=pair.tom)
    for person in (pair.ines, pair.tom):
        told = everything(person)["partnerships"][0]["measures"]
        assert [(each["text"], each["retired_at"] is None) for each in told] == [(TEXT, True), ("We ship.", False)]


def test_they_stay_after_the_end_and_go_with_what_was_agreed(pair: Pair) -> None:
    session, measure = pair.planned(), define(pair)
    ending.end(pair.partnership, by=pair.ines)
    assert Measure.objects.visible_to(pair.tom).get() == measure
    ended = Partnership.objects.get(pk=pair.partnership.pk).archived_at
    assert ended
    for month in (12, 14):
        expire(months_later(ended, month))
        Delivery.objects.update(status="sent", sent_at=ended)
    assert not Measure.objects.exists()
    assert Prompt.objects.filter(step__session=session).exists()


def test_the_words_go_with_those_of_their_retro(pair: Pair) -> None:
    measure, now = define(pair), timezone.now()
    hands = pair.hands(pair.started())
    hands[0].answer(measure.key, value=4)
    reveal(hands[0].session, PULSE)
    Session.objects.update(status="held", closed_at=now)
    for month in (24, 26):
        expire(months_later(now, month))
        Delivery.objects.update(status="sent", sent_at=now)
    assert not Prompt.objects.filter(measure__isnull=False).exists()
    assert Measure.objects.exists()
