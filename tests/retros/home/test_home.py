"""The home of a pair: what comes next, what lies folded, who may look."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from partnerships.models import Invitation, Partnership, Person
from partnerships.models.partnership import Seat
from retros.dates import rhythm
from retros.models import Entry, Pause, Session
from retros.pair import long_time, short_date, together_since
from retros.recurrence.rule import PRESETS, Rule
from tests.cast import Cast, client_of
from tests.factories import PartnershipFactory
from tests.retros import play
from tests.retros.home.home_page import page

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

SENTINEL = "heliotrope in the margin"


def queries(person: Person, url: str) -> int:
    client = client_of(person)
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert client.get(url).status_code == 200
    return len(caught)


# --- where one lands ---------------------------------------------------------------------------------------------


def test_home_is_the_only_partnership(cast: Cast) -> None:
    answer = client_of(cast.ines).get("/")
    assert (answer.status_code, answer["Location"]) == (302, f"/partnerships/{cast.checkout.pk}/")


def test_home_lists_several_partnerships(cast: Cast) -> None:
    PartnershipFactory.create(label="Wallet", a=cast.mei, b=cast.ines)
    text = unescape(client_of(cast.ines).get("/").content.decode())
    assert "Ines and Tom" in text
    assert "Mei and Ines" in text
    assert "No retro planned" in text


@pytest.mark.parametrize("has_agreed", [False, True])
def test_a_pause_is_told_with_its_days_and_the_way_out_of_it(cast: Cast, has_agreed: bool) -> None:
    """Whoever of the two, or of the admins, set it; also to a pair that has done nothing else yet."""
    first = timezone.localdate()
    last = first + timedelta(days=300)
    series = rhythm.begin(
        cast.checkout, by=cast.ines, rule=Rule.starting(first + timedelta(days=3), PRESETS["weekly"], time(10), "UTC")
    )
    if has_agreed:
        play.agree(cast.checkout, "Sketch early")
    rhythm.pause(series, first, last, by=cast.ada)
    text = page(cast.tom, cast.checkout)
    assert str(Pause.objects.get()) in text
    assert f'href="{reverse("series_detail", args=[cast.checkout.pk])}' in text
    assert "Plan a rhythm" not in text
    assert "No date yet" not in text
    PartnershipFactory.create(label="Wallet", a=cast.mei, b=cast.tom)
    assert "The rhythm is paused" in client_of(cast.tom).get("/").content.decode()
    for reader in (cast.tom, cast.sara):
        history = client_of(reader).get(reverse("history_detail", args=[cast.checkout.pk])).text
        assert "Retro skipped" not in history  # all of them are still ahead
        assert str(Pause.objects.get()) in history


def test_home_without_a_partnership_offers_to_begin_one(cast: Cast) -> None:
    text = client_of(cast.mei).get("/").content.decode()
    assert reverse("partnership_create") in text


def test_several_partnerships_take_as_many_queries_as_two(cast: Cast) -> None:
    PartnershipFactory.create(label="Wallet", a=cast.mei, b=cast.ines)
    few = queries(cast.ines, "/")
    for n in range(9):
        partnership = PartnershipFactory.create(
            label=f"Team {n}", a=cast.ines, b=[cast.sara, cast.ada, cast.mei][n % 3]
        )
        play.agree(partnership)
        play.plan(partnership)
    assert queries(cast.ines, "/") == few


def test_the_header_switches_between_partnerships(cast: Cast) -> None:
    wallet = PartnershipFactory.create(label="Wallet", a=cast.mei, b=cast.ines)
    text = page(cast.ines, cast.checkout)
    assert reverse("partnership_detail", args=[wallet.pk]) in text
    assert "Mei, Wallet" in text


@pytest.mark.parametrize("name", ["sara", "mei", "ada", "priya"])
def test_nobody_else_has_this_page(cast: Cast, name: str) -> None:
    for url in ("partnership_detail", "action_list", "action_create", "session_create"):
        answer = client_of(getattr(cast, name)).get(reverse(url, args=[cast.checkout.pk]))
        assert answer.status_code == 404, url


def test_signed_out_it_asks_to_sign_in(cast: Cast) -> None:
    answer = Client().get(reverse("partnership_detail", args=[cast.checkout.pk]))
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))


# --- the next retro ----------------------------------------------------------------------------------------------


def test_without_a_retro_one_can_be_planned_or_started(cast: Cast) -> None:
    text = page(cast.ines, cast.checkout)
    assert "Your first retro" in text
    assert reverse("session_create", args=[cast.checkout.pk]) in text
    assert reverse("session_create_now", args=[cast.checkout.pk]) in text


def test_the_next_retro_stands_in_the_readers_time(cast: Cast) -> None:
    session = play.plan(cast.search, days=5, hour=14, zone="Europe/London")
    local = session.start_utc.astimezone(cast.priya.tz)
    text = page(cast.priya, cast.search)
    assert "Next retro, in 5 days" in text
    assert long_time(local, timezone.now().astimezone(cast.priya.tz).date()) in text
    assert "That is 15:00 for Daniel." in text  # Madrid is an hour ahead of London
    assert "That is 14:00 for Priya." in page(cast.daniel, cast.search)


def test_the_same_clock_is_told_once(cast: Cast) -> None:
    play.plan(cast.checkout)  # Paris and Berlin
    assert "That is" not in page(cast.ines, cast.checkout)


def test_notes_are_written_ahead_in_the_writing_step(cast: Cast) -> None:
    session = play.plan(cast.checkout)
    step = play.step_of(session, "write")
    assert reverse("step_detail", args=[session.pk, step.position]) in page(cast.tom, cast.checkout)


def test_something_can_be_jotted_down_for_the_next_retro(cast: Cast) -> None:
    play.plan(cast.checkout)
    assert reverse("jot_list", args=[cast.checkout.pk]) in page(cast.ines, cast.checkout)


def test_on_its_day_the_retro_can_be_started(cast: Cast) -> None:
    session = play.plan(cast.checkout)
    start = reverse("session_start", args=[session.pk])
    assert start not in page(cast.ines, cast.checkout)
    Session.objects.filter(pk=session.pk).update(start_utc=timezone.now())
    text = page(cast.ines, cast.checkout)
    assert start in text
    assert "Next retro, today" in text


def test_an_open_retro_leads_to_the_room(cast: Cast) -> None:
    play.plan(cast.checkout)
    session = play.start(cast.checkout)
    text = page(cast.tom, cast.checkout)
    assert "Open now, at “Last time”" in text
    assert reverse("session_detail", args=[session.pk]) in text
    assert "Also planned:" in text


def test_a_paused_retro_says_so(cast: Cast) -> None:
    play.start(cast.checkout).pause(by=cast.tom)
    assert "Paused." in page(cast.ines, cast.checkout)


@pytest.mark.both_databases
def test_before_the_reveal_the_partner_learns_a_number_and_nothing_else(cast: Cast) -> None:
    session = play.plan(cast.checkout)
    play.Participant(cast.ines, session.pk).fold(SENTINEL)
    play.Participant(cast.ines, session.pk).fold(SENTINEL, "bad")
    play.Participant(cast.ines, session.pk).fold(SENTINEL, only_me=True)
    own, others = page(cast.ines, cast.checkout), page(cast.tom, cast.checkout)
    assert "2 notes folded away. Nobody reads them before the retro." in own
    assert "2 notes folded away. You read them when you both open." in others
    assert SENTINEL not in others
    assert "Nothing written ahead. That’s fine, there’s time in the room." in own


def test_where_the_cards_lie_changes_nothing_for_the_partner(cast: Cast) -> None:
    session = play.plan(cast.checkout)
    card = play.Participant(cast.ines, session.pk).fold("one", "good")

    def seen() -> str:
        return re.sub(
            r'(csrfmiddlewaretoken|client_id)" value="[^"]*"|nonce="[^"]*"', "", page(cast.tom, cast.checkout)
        )

    before = seen()
    card.move(next(p for p in play.step_of(session, "write").prompts if p.column == "bad"), by=cast.ines)
    card.edit(by=cast.ines, text="something much longer than it was before", version=card.version)
    assert seen() == before


def test_held_retros_are_listed_the_latest_first(cast: Cast) -> None:
    play.hold(cast.checkout, on=play.noon(2026, 3, 3))
    play.hold(cast.checkout, on=play.noon(2026, 5, 5))
    text = page(cast.tom, cast.checkout)
    assert text.index("5 May 2026") < text.index("3 March 2026")
    assert text.index("Retro 2") < text.index("Retro 1")
    assert "No date yet" in text


def test_a_discarded_retro_is_not_shown(cast: Cast) -> None:
    play.plan(cast.checkout).discard(by=cast.ines)
    assert "Your first retro" in page(cast.tom, cast.checkout)


@pytest.mark.both_databases
def test_thirty_actions_and_retros_take_as_many_queries_as_three(cast: Cast) -> None:
    url = reverse("partnership_detail", args=[cast.checkout.pk])
    for n in range(3):
        play.hold(cast.checkout, on=play.noon(2025, n + 1, 3))
        play.agree(cast.checkout, f"Action {n}")
    few = queries(cast.ines, url)
    for n in range(6):
        play.hold(cast.checkout, on=play.noon(2026, n + 1, 3))
    for n in range(27):
        play.agree(cast.checkout, f"Another {n}", owners="ab"[n % 2])
    assert queries(cast.ines, url) == few


# --- one seat is free --------------------------------------------------------------------------------------------


def test_a_free_seat_shows_the_inviter_their_invitation(cast: Cast) -> None:
    alone = PartnershipFactory.create(label="Wallet", a=cast.mei)
    Invitation.for_seat(alone, email="leo@example.org", by=cast.mei)
    text = page(cast.mei, alone)
    assert "leo@example.org" in text
    assert reverse("partnership_invite", args=[alone.pk]) in text
    assert reverse("dream_team_create", args=[alone.pk]) in text
    assert reverse("session_create", args=[alone.pk]) in text


def test_a_free_seat_names_the_address_that_an_admin_invited(cast: Cast) -> None:
    pair = Invitation.arrange_partnership(
        by=cast.ada, emails=["mei@example.org", "leo@example.org"], kind="other", label="Wallet"
    ).partnership
    text = page(cast.mei, pair)
    assert "Waiting for leo@example.org." in text
    assert "Ada Osei sent the link" in text
    invite = reverse("partnership_invite", args=[pair.pk])
    shown = client_of(cast.mei).get(invite).text
    assert "Waiting for leo@example.org" in shown
    assert reverse("dream_team_create", args=[pair.pk]) in shown


def test_a_free_seat_without_a_link_asks_for_one(cast: Cast) -> None:
    alone = PartnershipFactory.create(label="Wallet", a=cast.mei)
    _invitation, _token = Invitation.for_seat(alone, email="leo@example.org", by=cast.mei)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    text = page(cast.mei, alone)
    assert "leo@example.org" not in text
    assert "Make a new link" in text


# --- an ended partnership ----------------------------------------------------------------------------------------


def test_an_ended_partnership_can_be_read_and_not_written(cast: Cast) -> None:
    play.hold(cast.checkout)
    action = play.agree(cast.checkout)
    Partnership.objects.update(archived_at=timezone.now())
    text = page(cast.ines, cast.checkout)
    assert "This partnership has ended." in text
    assert action.text in text
    assert "Retro 1" in text
    assert re.findall(r'<form[^>]*action="([^"]*)"', text) == [reverse("account_logout")]
    answer = client_of(cast.ines).post(reverse("action_done_create", args=[action.pk]))
    assert answer.status_code == 403


# --- words -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("since", "said"),
    [
        (date(2026, 11, 21), "Starting together."),
        (date(2026, 11, 20), "1 day in."),
        (date(2026, 11, 18), "3 days in."),
        (date(2025, 11, 17), "Working together for a year this week."),
        (date(2023, 11, 22), "Working together for 3 years this week."),
        (date(2025, 11, 25), "Working together since November 2025."),
        (date(2026, 3, 2), "Working together since March 2026."),
    ],
)
def test_how_long_the_two_work_together(since: date, said: str) -> None:
    assert together_since(since, date(2026, 11, 21)) == said


def test_a_leap_day_has_an_anniversary_every_year() -> None:
    assert together_since(date(2024, 2, 29), date(2026, 3, 2)) == "Working together since February 2024."
    assert together_since(date(2024, 2, 29), date(2027, 3, 3)) == "Working together for 3 years this week."


def test_another_year_is_named() -> None:
    assert short_date(date(2026, 12, 4), date(2026, 11, 21)) == "4 Dec"
    assert short_date(date(2027, 1, 4), date(2026, 11, 21)) == "4 Jan 2027"


def test_seats_stand_in_their_order_for_both(cast: Cast) -> None:
    play.plan(cast.checkout)
    for person in (cast.ines, cast.tom):
        fold = page(person, cast.checkout).partition('class="fold"')[2].partition("</section>")[0]
        assert re.findall(r'data-p="(.)"', fold) == [Seat.A, Seat.B]


# --- an open page follows --------------------------------------------------------------------------------------------


def look_again(person: Person, partnership: Partnership, shown: str) -> str | None:
    """What a browser that shows this mark is answered when it asks by itself: the new top, or None."""
    url = reverse("partnership_course", args=[partnership.pk])
    answer = client_of(person).get(url, {"shown": shown}, headers={"HX-Request": "true"})
    assert answer.status_code in {200, 204}
    return unescape(answer.content.decode()) if answer.status_code == 200 else None


def mark_of(html: str) -> str:
    found = re.search(r"\?shown=([\w-]+)", html)
    assert found is not None
    return found[1]


def test_an_open_home_hears_when_the_other_one_starts_the_retro(cast: Cast) -> None:
    play.plan(cast.checkout)
    shown = mark_of(page(cast.tom, cast.checkout))
    assert look_again(cast.tom, cast.checkout, shown) is None
    session = play.start(cast.checkout)
    text = look_again(cast.tom, cast.checkout, shown)
    assert text is not None
    assert "Go to the room" in text
    assert f"{session.title}: Open now, at “Last time”" in text
    play.go_on(session, "look_back")  # the next step shows, and is no news
    later = look_again(cast.tom, cast.checkout, mark_of(text))
    assert later is not None
    assert "Open now, at “Pulse check”" in later
    assert "toast" not in later


def test_an_open_home_hears_of_a_sitting_and_whose_turn_it_is(cast: Cast) -> None:
    shown = mark_of(page(cast.tom, cast.checkout))
    client_of(cast.ines).post(reverse("dream_team_create", args=[cast.checkout.pk]), {"short": "1"})
    text = look_again(cast.tom, cast.checkout, shown)
    assert text is not None
    assert "3 questions, each alone" in text
    assert "Answer the first question" in text
    assert "toast" in text
    step = Session.objects.get(kind=Session.Kind.DREAM_TEAM).current_step
    Entry.answer(step.prompts[0], by=cast.tom, version=0, text="In the morning")
    assert "Go on answering" in page(cast.tom, cast.checkout)
    assert "Answer the first question" in page(cast.ines, cast.checkout)


def test_an_open_home_hears_nothing_of_what_the_other_one_writes_alone(cast: Cast) -> None:
    session = play.plan(cast.checkout)
    shown = mark_of(page(cast.tom, cast.checkout))
    play.Participant(cast.ines, session.pk).fold(SENTINEL)
    assert look_again(cast.tom, cast.checkout, shown) is None


def test_whoever_has_no_script_is_led_from_its_address_to_home(cast: Cast) -> None:
    answer = client_of(cast.tom).get(reverse("partnership_course", args=[cast.checkout.pk]))
    assert answer["Location"] == reverse("partnership_detail", args=[cast.checkout.pk])


def look_again_at_all(person: Person, shown: str) -> str | None:
    """What a browser that shows the list of several partnerships with this mark is answered, or None."""
    answer = client_of(person).get("/", {"shown": shown}, headers={"HX-Request": "true"})
    assert answer.status_code in {200, 204}
    return unescape(answer.content.decode()) if answer.status_code == 200 else None


def test_an_open_list_of_several_pairs_follows_and_hears_what_was_started(cast: Cast) -> None:
    PartnershipFactory.create(label="Wallet", a=cast.mei, b=cast.ines)
    session = play.plan(cast.checkout)
    shown = mark_of(client_of(cast.ines).get("/").content.decode())
    assert look_again_at_all(cast.ines, shown) is None
    play.Participant(cast.tom, session.pk).fold(SENTINEL)  # what the other one writes alone is no news
    assert look_again_at_all(cast.ines, shown) is None
    session = play.start(cast.checkout)
    text = look_again_at_all(cast.ines, shown)
    assert text is not None
    news = re.search(r'<div class="toast" hx-swap-oob="beforeend:#toasts">.*?</div>', text, re.DOTALL)
    assert news is not None
    assert f"Ines and Tom: {session.title} is open now." in news[0]
    assert "Mei" not in news[0]
    later = mark_of(text)
    assert look_again_at_all(cast.ines, later) is None
    play.agree(cast.checkout)  # an action of the two changes the list, and is no news
    text = look_again_at_all(cast.ines, later)
    assert text is not None
    assert "toast" not in text.replace('class="toasts" id="toasts"', "")
