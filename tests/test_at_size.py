"""No page asks the database more often because there are more pairs."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from partnerships.models import Partnership
from retros.administration.schedule import health
from tests.bench.pages import with_a_date
from tests.bench.size import fill
from tests.cast import client_of

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


def costs(partnerships: int) -> dict[str, int]:
    """The number of queries of each page, with so many pairs of a year: some in each state, since a page that lists
    nobody asks less.
    """
    fill(partnerships, 1)
    going_on = Partnership.objects.active()
    assert all(going_on.filter(in_state).exists() for in_state in health(timezone.now()).values())
    with connection.cursor() as cursor:  # as autovacuum does after such a change; the statistics may be those of none
        for model in apps.get_models():
            cursor.execute(f'ANALYZE "{model._meta.db_table}"')
    found = {}
    for name, (person, path) in next(with_a_date(partnerships)).items():
        client = client_of(person)
        client.get(path)  # the sign-in's own first look
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        found[name] = len(queries)
    return found


def test_no_page_costs_more_with_sixty_pairs_than_with_ten() -> None:
    with transaction.atomic():
        few = costs(10)
        transaction.set_rollback(True)
    dearer = {name: (few[name], queries) for name, queries in costs(60).items() if queries > few[name]}
    assert dearer == {}
