"""Ten years of one pair: every page of what the two know asks the database a few times, however much there is."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from partnerships.models import Version
from retros.models import Action, Entry, Session
from tests.retros.model import Pair, make_pair
from tests.retros.pages import of_a_pair
from tests.retros.ten_years import ACTIONS, ENTRIES, SESSIONS, VERSIONS, live_ten_years

pytestmark = pytest.mark.django_db

MOST_QUERIES = 12


@pytest.fixture
def pair() -> Pair:
    pair = make_pair()
    live_ten_years(pair.partnership)
    return pair


def test_each_page_asks_the_database_a_few_times(pair: Pair) -> None:
    made = [rows.count() for rows in (Session.objects, Entry.unrestricted, Action.objects, Version.objects)]
    assert made == [SESSIONS, ENTRIES, ACTIONS, VERSIONS]
    client = Client()
    client.force_login(pair.tom)
    costs = {}
    for name, url in of_a_pair(pair.partnership).items():
        assert client.get(url).status_code == 200, name
        with CaptureQueriesContext(connection) as queries:
            client.get(url)
        costs[name] = len(queries)
    assert {name: queries for name, queries in costs.items() if queries > MOST_QUERIES} == {}
