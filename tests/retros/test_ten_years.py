"""Ten years of one pair: every page of what the two know asks the database a few times, however much there is."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from partnerships.models import Delivery, Person, Version
from retros.dates import rhythm
from retros.models import Action, Entry, Session
from retros.recurrence.rule import PRESETS, Rule
from tests.factories import PersonFactory
from tests.retros.pages import of_a_pair
from tests.retros.play import Pair, make_pair
from tests.retros.ten_years import ACTIONS, ENTRIES, SESSIONS, VERSIONS, live_ten_years

pytestmark = pytest.mark.django_db

MOST_QUERIES = 12


@pytest.fixture
def pair(ada: Person) -> Pair:
    """With all that home tells of: a rhythm, a lead who was made one today, a notice."""
    pair = make_pair()
    live_ten_years(pair.partnership)
    made = [rows.count() for rows in (Session.objects, Entry.unrestricted, Action.objects, Version.objects)]
    assert made == [SESSIONS, ENTRIES, ACTIONS, VERSIONS]
    pair.partnership.assign_lead(PersonFactory.create(name="Sara Lindqvist"), by=ada)
    first = timezone.localdate() + timedelta(days=3)
    rhythm.begin(pair.partnership, by=pair.tom, rule=Rule.starting(first, PRESETS["monthly"], time(14), "UTC"))
    Delivery.objects.create(
        person=pair.tom, kind="day_ahead", subject_type="session", channel="in_app", status="sent",
        subject_id=Session.objects.filter(partnership=pair.partnership).upcoming()[0].pk, send_at=timezone.now(),
    )  # fmt: skip
    return pair


def test_each_page_asks_the_database_a_few_times(pair: Pair) -> None:
    client = Client()
    client.force_login(pair.tom)
    costs = {}
    for name, url in of_a_pair(pair.partnership).items():
        assert client.get(url).status_code == 200, name
        with CaptureQueriesContext(connection) as queries:
            client.get(url)
        costs[name] = len(queries)
    assert {name: queries for name, queries in costs.items() if queries > MOST_QUERIES} == {}
    home = client.get(reverse("partnership_detail", args=[pair.partnership.pk])).content.decode()
    for told in ("Your retro with Ines", "Every month", "Your lead: Sara Lindqvist", "made Sara Lindqvist your lead"):
        assert told in home
