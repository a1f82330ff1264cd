"""The usual people, written once by the verbs and then again as rows: nothing of them is missing or left behind."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from partnerships.models import Audit, Person
from tests.cast import make_cast, write_cast
from tests.rows import counted

pytestmark = pytest.mark.django_db


def test_the_cast_is_what_the_verbs_write() -> None:
    def written(write: object) -> dict[str, int]:
        with transaction.atomic():
            assert callable(write)
            write()
            rows = counted()
            transaction.set_rollback(True)
        return rows

    before = counted()
    assert written(make_cast) == written(write_cast)
    assert counted() == before


def test_every_cast_has_ids_and_times_of_its_own() -> None:
    with transaction.atomic():
        first = make_cast()
        acts = list(Audit.objects.order_by("at").values_list("act", "about"))
        transaction.set_rollback(True)
    began = timezone.now()
    second = make_cast()
    assert list(Audit.objects.order_by("at").values_list("act", "about")) == acts
    assert first.ines.pk != second.ines.pk
    assert first.checkout.pk != second.checkout.pk
    assert began - timedelta(seconds=1) < second.ines.joined_at <= timezone.now()
    assert second.checkout.since == timezone.localdate()
    assert (second.checkout.label, second.search.label) == ("Checkout", "Search")
    assert [person.name for person in Person.objects.filter(leads__partnership=second.checkout)] == ["Sara Lind"]
    assert second.ines.check_password("a long walk by the sea")
    connection.check_constraints()
