"""The demo: its year, its way in without a password, and that neither exists anywhere else."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from io import StringIO
from itertools import pairwise

import pytest
from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.core.management import CommandError, call_command
from django.http import HttpResponse
from django.test import Client, TestCase, override_settings
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from partnerships.models import Delivery, Partnership, Person
from retros.administration.schedule import health
from retros.administration.settled import kept_by_all
from retros.demo.cast import PLAYERS, person_at, player_at
from retros.demo.middleware import DemoMiddleware
from retros.demo.organisation import Drawn
from retros.demo.story import Clock, make_people, tell_story
from retros.history.trend import Trends, trends
from retros.models import Action, Jot, Session
from tests.cast import client_of
from tests.retros import play

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

DEMO = "retros.demo.middleware.DemoMiddleware"
SIGN_IN = "partnerships.middleware.SignInMiddleware"


@pytest.fixture
def demo_is_on() -> Iterator[None]:
    at = settings.MIDDLEWARE.index(SIGN_IN)
    chain = [*settings.MIDDLEWARE[:at], DEMO, *settings.MIDDLEWARE[at:]]
    with override_settings(DEMO=True, MIDDLEWARE=chain, ROOT_URLCONF="tests.retros.demo_urls"):
        yield


def person(key: str) -> Person:
    return Person.objects.get(email=f"{key}@demo.example")


def held(label: str) -> list[Session]:
    held = Session.objects.filter(partnership__label=label, status="held", kind=Session.Kind.RETRO)
    return list(held.order_by("start_utc"))


# --- nowhere but in the demo -------------------------------------------------------------------------------------


def test_the_command_refuses_without_the_setting() -> None:
    with pytest.raises(CommandError, match="TWOFOLD_DEMO=1"):
        call_command("demo")
    assert not Person.objects.exists()


def test_the_way_in_refuses_to_exist_without_the_setting() -> None:
    with pytest.raises(MiddlewareNotUsed):
        DemoMiddleware(lambda request: HttpResponse())


def test_it_is_in_no_other_chain_of_middleware() -> None:
    assert settings.DEMO is False
    assert DEMO not in settings.MIDDLEWARE


def test_without_the_setting_an_address_signs_nobody_in() -> None:
    make_people(Clock())
    at = settings.MIDDLEWARE.index(SIGN_IN)
    with override_settings(MIDDLEWARE=[*settings.MIDDLEWARE[:at], DEMO, *settings.MIDDLEWARE[at:]]):
        answer = Client(headers={"Host": "ines.localhost"}).get("/")
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))


def test_switched_off_afterwards_it_signs_nobody_in(demo_is_on: None) -> None:
    make_people(Clock())
    client = Client(headers={"Host": "ines.localhost"})
    client.get("/demo/")  # the chain is built while it is on
    client.cookies.clear()
    with override_settings(DEMO=False):
        assert client.get("/")["Location"].startswith(reverse("account_login"))


def test_without_the_setting_there_is_no_front_page() -> None:
    with pytest.raises(NoReverseMatch):
        reverse("demo")
    assert Client().get("/demo/").status_code == 404


@override_settings(ROOT_URLCONF="tests.retros.demo_urls")
def test_even_routed_the_front_page_is_not_there() -> None:
    assert Client().get("/demo/").status_code == 404


def test_nobody_of_the_cast_has_a_password() -> None:
    make_people(Clock())
    assert not any(p.has_usable_password() for p in Person.objects.all())


def test_what_began_less_than_an_hour_ago_was_not_held_yet() -> None:
    """It was closed in the future, when somebody began the demo in that hour."""
    now = timezone.now()
    drawn = Drawn(random.Random(1), now)
    assert {drawn.fate(now - timedelta(minutes=59))[0] for _each in range(100)} == {"scheduled"}


# --- in the demo ---------------------------------------------------------------------------------------------------


def test_each_is_signed_in_at_their_own_address(demo_is_on: None) -> None:
    make_people(Clock())
    for player in PLAYERS:
        answer = Client(headers={"Host": f"{player.key}.localhost:8000"}).get("/", follow=True)
        assert answer.status_code == 200
        assert answer.wsgi_request.user == person(player.key)


def test_nobody_is_asked_for_a_code_that_reaches_nobody(demo_is_on: None) -> None:
    make_people(Clock())
    client = Client(headers={"Host": "ines.localhost:8000"})
    client.get("/", follow=True)
    file = client.post(reverse("data_export"))
    assert file["Content-Disposition"] == 'attachment; filename="twofold.zip"'


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_the_bare_address_shows_the_cast(demo_is_on: None, host: str) -> None:
    make_people(Clock())
    answer = Client(headers={"Host": f"{host}:8000"}).get("/", follow=True)
    text = unescape(answer.content.decode())
    assert answer.redirect_chain == [("/demo/", 302)]
    for player in PLAYERS:
        assert f'href="http://{player.key}.localhost:8000/"' in text


@pytest.mark.parametrize("host", ["ines.example.org", "ines.localhost.example.org", "localhost", "inesx.localhost", ""])
def test_other_addresses_belong_to_nobody(host: str) -> None:
    make_people(Clock())
    assert player_at(host) is None
    assert person_at(host) is None


def test_somebody_suspended_is_not_signed_in(demo_is_on: None) -> None:
    make_people(Clock())
    Person.objects.update(is_active=False)
    assert Client(headers={"Host": "ines.localhost"}).get("/").status_code == 302


# --- the year ---------------------------------------------------------------------------------------------------------


class TestTheYear(TestCase):
    """Told once, looked at from several sides."""

    @classmethod
    def setUpTestData(cls) -> None:
        tell_story()

    def test_it_is_believable(self) -> None:
        retros = held("Checkout")
        assert [s.number for s in retros] == [1, 2, 3, 4, 5, 6]
        days = [s.held_on for s in retros if s.held_on]
        assert all(timedelta(weeks=8) <= b - a <= timedelta(weeks=9) for a, b in pairwise(days))
        today = timezone.localdate()
        assert timedelta(days=47) <= today - days[-1] <= timedelta(days=60)
        assert timedelta(days=355) <= today - days[0] <= timedelta(days=368)
        planned, *later = Session.objects.filter(partnership__label="Checkout").upcoming()
        assert {row.series_id for row in [*retros, *later]} == {planned.series_id}  # one rhythm, none left out
        assert planned.series_id is not None
        assert timedelta(days=2) <= planned.start_utc - timezone.now() <= timedelta(days=11)
        assert len(held("Search")) == 2

    def test_every_row_lies_in_the_past(self) -> None:
        now = timezone.now()
        for action in Action.objects.all():
            assert action.created_at < now
            assert action.closed_on is None or action.closed_on <= now.date()
        for session in held("Checkout"):
            assert session.started_at
            assert session.closed_at
            assert session.started_at < session.closed_at < now

    def test_the_year_does_not_mail_again(self) -> None:
        assert not Delivery.objects.waiting().filter(send_at__lt=timezone.now()).exists()

    def test_actions_have_had_outcomes(self) -> None:
        checkout = Action.objects.filter(partnership__label="Checkout")
        assert {a.helped for a in checkout.exclude(closed_as="")} >= {"helped", "no_difference", "not_tried"}
        assert checkout.filter(closed_as="").count() == 4
        assert checkout.filter(is_experiment=True, closed_as="").exists()

    def test_the_pulse_has_a_gap_and_both_see_it(self) -> None:
        checkout = Partnership.objects.with_members().get(label="Checkout")
        seen = [trends(checkout, person(key), list(checkout.memberships.all())) for key in ("ines", "tom")]
        assert seen[0] == seen[1]
        assert [trend.count for trend in seen[0]] == [6, 6]
        assert seen[0][1].words.count("no answer") == 1

    def test_each_page_of_what_they_remember_is_worth_a_look(self) -> None:
        """Three measures and the core of a health check as lines, what helped, kind words, a parked difference."""
        checkout = Partnership.objects.with_members().get(label="Checkout")
        ines, tom = client_of(person("ines")), client_of(person("tom"))
        lines = Trends(checkout, person("tom"), list(checkout.memberships.all()))
        assert [len(trend.rows) for trend in lines.measures] == [6, 6, 6]
        assert [len(trend.rows) for trend in lines.health] == [2] * 5
        assert any(row.apart and row.said[0] != row.said[1] for trend in lines.measures for row in trend.rows)
        for client in (ines, tom):
            shelf = client.get(reverse("shelf_detail")).text
            assert shelf.count('class="quote typed"') >= 6 + 2
            helped = reverse("helped_list", args=[checkout.pk])
            assert client.get(helped).text.count("Done · It helped") >= 7
            assert "one page either" in client.get(f"{helped}?outcome=no_difference").text
        parked = Action.objects.visible_to(person("ines")).exclude(decider="").get()
        assert parked.is_open
        assert "Decided by: <bdi>Sara" in tom.get(reverse("action_list", args=[checkout.pk])).text
        url, year = reverse("history_detail", args=[checkout.pk]), timezone.localdate().year
        history = "".join(ines.get(f"{url}?year={each}").text for each in (year, year - 1))
        for title in ("Health check", "X versus Y"):
            assert title in history
        assert len(Jot.objects.kept(person("ines"))) == 2

    def test_a_retro_is_open_with_folded_cards_on_both_sides(self) -> None:
        session = Session.objects.get(status="in_progress")
        assert session.partnership.label == "Search"
        step = session.current_step
        assert step.kind == "write"
        assert not step.is_revealed
        assert step.folded_cards(person("priya")) == 3
        assert step.folded_cards(person("daniel")) == 4
        assert play.step_of(session, "pulse").is_revealed
        assert session.started_at
        assert session.started_at < timezone.now()

    def test_each_of_the_two_has_a_home(self) -> None:
        for key, title in {"ines": "Ines and Tom", "daniel": "Priya and Daniel"}.items():
            client = client_of(person(key))
            assert title in client.get("/", follow=True).content.decode()

    def test_the_organisation_is_worth_a_look(self) -> None:
        """Forty pairs in several zones: held, moved, missed, paused, clashing, and without a date; led by two."""
        assert Partnership.objects.count() == 40
        assert Person.objects.filter(memberships__partnership__isnull=False).values("timezone").distinct().count() >= 5
        now = timezone.now()
        for key, condition in health(now).items():
            assert Partnership.objects.active().filter(condition).exists(), key
        assert Session.objects.filter(moved=True, status="held").exists()
        assert kept_by_all(now, now.date()).pairs > 30
        assert not Session.objects.filter(status="held", closed_at__gt=now).exists()
        client = client_of(person("ada"))
        assert "All 40 that match" in client.get(reverse("schedule")).text
        checks = client.get(reverse("schedule_checks")).text
        assert "Move " in checks
        assert "Two at once" in client.get(reverse("schedule_load")).text
        for key in ("sara", "omar"):
            assert Partnership.objects.filter(leads__person=person(key)).count() >= 15
            client.force_login(person(key))
            assert client.get(reverse("lead_list")).status_code == 200

    def test_whoever_is_not_of_the_cast_has_no_way_in(self) -> None:
        others = Person.objects.exclude(email__in=[player.email for player in PLAYERS])
        assert not any(p.has_usable_password() for p in others)
        assert all(person_at(f"{p.email.partition('@')[0]}.localhost") is None for p in others)

    def test_the_clock_is_the_real_one_again(self) -> None:
        assert timezone.now.__module__ == "django.utils.timezone"

    def test_a_second_run_changes_nothing(self) -> None:
        def rows() -> list[object]:
            models = (Person, Partnership, Session, Action)
            return [list(model.objects.order_by("pk").values()) for model in models]

        first, said = rows(), StringIO()
        with override_settings(DEMO=True):
            call_command("demo", stdout=said)
        assert rows() == first
        assert "http://ines.localhost" in said.getvalue()
