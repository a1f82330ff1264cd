"""The pulse as two lines: what is drawn, what is a gap, and that both see the same."""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from partnerships.models import Membership, Partnership, Person
from retros.history.trend import BOTTOM, FIRST_X, LAST_X, TOP, Trend, Trends, _trend, trends
from retros.models import Entry, Measure, Prompt, Session, Step, creation
from tests.cast import Cast, client_of
from tests.retros import play
from tests.retros.play import Participant

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


def members_of(partnership: Partnership) -> list[Membership]:
    return list(partnership.memberships.select_related("person").order_by("seat"))


def seen_by(person: Person, partnership: Partnership) -> list[Trend]:
    return trends(partnership, person, members_of(partnership))


def svg(person: Person, partnership: Partnership) -> str:
    client = client_of(person)
    text = client.get(reverse("partnership_detail", args=[partnership.pk])).content.decode()
    return "".join(re.findall(r"<svg class=\"spark\".*?</svg>", text, re.DOTALL))


def test_one_pulse_is_no_trend(cast: Cast) -> None:
    play.hold(cast.checkout, 4, 3, on=play.noon(2026, 3, 3))
    assert seen_by(cast.ines, cast.checkout) == []
    assert svg(cast.ines, cast.checkout) == ""


def test_two_pulses_are_two_lines(cast: Cast) -> None:
    play.hold(cast.checkout, 1, 5, on=play.noon(2026, 3, 3))
    play.hold(cast.checkout, 3, 4, on=play.noon(2026, 5, 5))
    (trend,) = seen_by(cast.ines, cast.checkout)
    ines, tom = trend.lines
    assert [(m.x, m.y) for m in ines.marks] == [(FIRST_X, BOTTOM), (LAST_X, (TOP + BOTTOM) // 2)]
    assert tom.marks[0].y == TOP
    assert ines.strokes == [f"{FIRST_X},{BOTTOM} {LAST_X},{(TOP + BOTTOM) // 2}"]
    assert [m.label for m in trend.months] == ["Mar", "May"]
    assert [level.label for level in trend.levels] == ["Stormy", "Cloudy", "Sunny"]
    assert trend.words == ("Pulse over the last 2 retros. Ines: Mar stormy, May cloudy. Tom: Mar sunny, May fair.")


def test_the_question_is_the_one_of_the_last_retro(cast: Cast) -> None:
    """Whatever order the database gives the answers in."""
    for month, title in ((3, "How was it?"), (5, "How is it between us?"), (7, "How do we work together?")):
        session = play.hold(cast.checkout, 1, 5, on=play.noon(2026, month, 3))
        Prompt.objects.filter(step__session=session, key="weather_us").update(title=title)
    steps = list(Step.objects.filter(kind="pulse").select_related("session").order_by("session__started_at"))
    answers = list(Entry.objects.visible_to(cast.ines).filter(prompt__key="weather_us").select_related("prompt"))
    assert len(answers) == 6
    for turned in range(6):
        drawn = _trend(answers[turned:] + answers[:turned], steps, members_of(cast.checkout), over="")
        assert drawn.title == "How do we work together?"


def test_both_see_the_same(cast: Cast) -> None:
    play.hold(cast.checkout, (1, "only me"), 3, on=play.noon(2026, 3, 3), overall_a=2)
    play.hold(cast.checkout, 4, (5, "only me"), on=play.noon(2026, 5, 5), overall_b=3)
    drawn = svg(cast.ines, cast.checkout)
    assert drawn
    assert drawn == svg(cast.tom, cast.checkout)
    assert "stormy" not in drawn
    assert "sunny" not in drawn


def test_only_me_looks_like_no_answer(cast: Cast) -> None:
    play.hold(cast.checkout, 2, 3, on=play.noon(2026, 1, 8))
    play.hold(cast.checkout, (4, "only me"), 3, on=play.noon(2026, 3, 3))
    play.hold(cast.checkout, None, 4, on=play.noon(2026, 5, 5))
    play.hold(cast.checkout, 4, 4, on=play.noon(2026, 7, 7))
    (trend,) = seen_by(cast.ines, cast.checkout)
    ines, tom = trend.lines
    assert "Ines: Jan rainy, Mar no answer, May no answer, Jul fair." in trend.words
    assert len(ines.marks) == 2
    assert ines.strokes == []  # two marks with a gap between them: nothing joins them
    assert len(tom.strokes) == 1


def test_a_gap_breaks_the_line(cast: Cast) -> None:
    for month, value in [(1, 2), (3, 3), (5, None), (7, 4), (9, 5)]:
        play.hold(cast.checkout, value, 1, on=play.noon(2026, month, 3))
    (trend,) = seen_by(cast.tom, cast.checkout)
    assert [stroke.count(",") for stroke in trend.lines[0].strokes] == [2, 2]


def test_equal_answers_stand_beside_each_other(cast: Cast) -> None:
    for month in (1, 3):
        play.hold(cast.checkout, 4, 4, on=play.noon(2026, month, 3))
    (trend,) = seen_by(cast.ines, cast.checkout)
    ines, tom = trend.lines
    assert {mark.x for mark in ines.marks}.isdisjoint({mark.x for mark in tom.marks})
    assert ines.marks[0].y == tom.marks[0].y
    assert tom.label_y - ines.label_y >= 19


def test_the_last_six_are_drawn(cast: Cast) -> None:
    for month in range(1, 9):
        play.hold(cast.checkout, 3, 4, on=play.noon(2026, month, 3))
    (trend,) = seen_by(cast.ines, cast.checkout)
    assert [m.label for m in trend.months] == ["Mar", "Apr", "May", "Jun", "Jul", "Aug"]


def test_two_retros_in_one_month_are_told_apart(cast: Cast) -> None:
    play.hold(cast.checkout, 3, 4, on=play.noon(2026, 3, 3))
    play.hold(cast.checkout, 3, 4, on=play.noon(2026, 3, 17))
    (trend,) = seen_by(cast.ines, cast.checkout)
    assert [m.label for m in trend.months] == ["3 Mar", "17 Mar"]


def test_labels_that_would_cover_each_other_are_thinned_out_and_the_words_have_all(cast: Cast) -> None:
    for day in (3, 10, 17, 24):
        play.hold(cast.checkout, 3, 4, on=play.noon(2026, 3, day))
    (trend,) = seen_by(cast.ines, cast.checkout)
    assert [m.label for m in trend.months] == ["", "10 Mar", "", "24 Mar"]
    assert "3 Mar cloudy, 10 Mar cloudy, 17 Mar cloudy, 24 Mar cloudy" in trend.words


def test_things_overall_are_a_chart_of_their_own(cast: Cast) -> None:
    for month in (1, 3):
        play.hold(cast.checkout, 3, 4, on=play.noon(2026, month, 3), overall_a=1, overall_b=5)
    titles = [trend.title for trend in seen_by(cast.tom, cast.checkout)]
    assert titles == ["Our collaboration", "Things overall, in the company and in life"]


def test_a_pulse_that_is_not_open_is_not_drawn(cast: Cast) -> None:
    for month in (1, 3):
        play.hold(cast.checkout, 3, 4, on=play.noon(2026, month, 3))
    session = play.start(cast.checkout)
    play.go_on(session, "look_back")
    play.answer_pulse(session, cast.tom, 1)
    play.Participant(cast.tom, session.pk).open_side(play.PULSE)
    (trend,) = seen_by(cast.ines, cast.checkout)
    assert trend.count == 2
    assert "stormy" not in trend.words


def test_another_pair_is_not_drawn(cast: Cast) -> None:
    for month in (1, 3):
        play.hold(cast.checkout, 3, 4, on=play.noon(2026, month, 3))
    assert seen_by(cast.mei, cast.checkout) == []


def test_a_name_is_only_ever_text(cast: Cast) -> None:
    cast.tom.name = "<b>Tom</b>&"
    cast.tom.save(update_fields=["name"])
    for month in (1, 3):
        play.hold(cast.checkout, 3, 4, on=play.noon(2026, month, 3))
    drawn = svg(cast.ines, cast.checkout)
    assert "<b>" not in drawn
    assert "<b>Tom</b>&" in unescape(drawn)


def test_it_takes_two_queries_and_always_the_same(cast: Cast) -> None:
    for month in (1, 3):
        play.hold(cast.checkout, 3, 4, on=play.noon(2026, month, 3))
    members = list(cast.checkout.memberships.select_related("person").order_by("seat"))
    for _more in range(3):
        with CaptureQueriesContext(connection) as caught:
            assert trends(cast.checkout, cast.ines, members)
        assert len(caught) == 2
        play.hold(cast.checkout, 3, 4)


# --- the page of all lines ------------------------------------------------------------------------------------------


def check(partnership: Partnership, on: datetime, a: dict[str, int], b: dict[str, int], key: str) -> None:
    """A health check that both held, with what each said."""
    first, second = (member.person for member in members_of(partnership))
    session = creation.start_now(partnership, by=first, template_key=key)
    for person, said in ((first, a), (second, b)):
        hand = Participant(person, session.pk)
        for prompt, value in said.items():
            hand.answer(prompt, value=value)
        hand.ready(0)
    Session.objects.filter(pk=session.pk).update(status="held", started_at=on, held_on=on.date())


def test_the_health_check_is_drawn_statement_by_statement(cast: Cast) -> None:
    short = "health-check:short"
    check(cast.checkout, play.noon(2026, 1, 8), {"outcomes": 5, "craft": 2}, {"outcomes": 3}, "health-check")
    check(cast.checkout, play.noon(2026, 5, 8), {"outcomes": 4}, {"outcomes": 4}, short)
    outcomes, craft = Trends(cast.checkout, cast.tom, members_of(cast.checkout)).health
    assert (outcomes.title, craft.title) == ("We want the same outcomes.", "My craft is valued here.")
    assert [(row.when, row.said, row.apart) for row in outcomes.rows] == [
        ("8 January 2026", ["Yes", "Partly"], "2 places"), ("8 May 2026", ["Mostly", "Mostly"], "The same"),
    ]  # fmt: skip
    assert outcomes.words == "The last 2 times. Ines: Jan yes, May mostly. Tom: Jan partly, May mostly."
    assert [(gap.x, gap.top < gap.bottom) for gap in outcomes.gaps] == [(FIRST_X, True)]
    assert [row.said for row in craft.rows] == [["Rarely", ""]]  # the short form did not ask
    assert craft.months[0].at == (FIRST_X + LAST_X) // 2


def test_the_page_has_every_value_in_words_and_is_the_same_for_both(cast: Cast) -> None:
    for month, a, b in ((1, 1, 5), (3, (4, "only me"), 2)):
        play.hold(cast.checkout, a, b, on=play.noon(2026, month, 3), overall_a=3, overall_b=3)
    check(cast.checkout, play.noon(2026, 4, 8), {"plate": 1}, {"plate": 5}, "health-check")
    pages = []
    for person in (cast.ines, cast.tom):
        client = client_of(person)
        page = client.get(reverse("trend_list", args=[cast.checkout.pk])).content.decode()
        assert "over the last 6 times at most" in page
        pages.append(re.findall(r"<h3.*?</table>", page, re.DOTALL))
    assert pages[0] == pages[1]
    us, overall, plate = [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", each)) for each in pages[0]]
    assert "3 January 2026 Stormy Sunny 4 places 3 March 2026 – Rainy –" in us
    assert "Cloudy Cloudy The same" in overall
    assert "8 April 2026 Not yet Yes 4 places" in plate
    assert not re.search(r"average|mean|total", " ".join(pages[0]), re.IGNORECASE)


def test_the_page_takes_as_many_queries_after_years(cast: Cast) -> None:
    members = members_of(cast.checkout)
    measure = Measure.define(cast.checkout, by=cast.ines, text="We ship.", id=uuid.uuid4())
    for _year in range(2):
        for _more in range(2):
            session = play.start(cast.checkout)
            Participant(cast.ines, session.pk).answer(measure.key, value=3)
            play.answer_pulse(session, cast.ines, 3)
            play.reveal(session, "pulse")
            Session.objects.filter(pk=session.pk).update(status="held")
            check(cast.checkout, play.noon(2026, 1, 8), {"plate": 1}, {"plate": 5}, "health-check")
        with CaptureQueriesContext(connection) as caught:
            drawn = Trends(cast.checkout, cast.ines, members)
            assert all([drawn.pulse, drawn.health, drawn.measures])
        assert len(caught) == 9
