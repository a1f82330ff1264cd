"""Queries that are worded once."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import Q, QuerySet
from django.test.utils import CaptureQueriesContext

from partnerships.compiled import CompiledQuery
from partnerships.models import Membership, Partnership, Person
from tests.factories import PartnershipFactory

pytestmark = pytest.mark.django_db


def test_it_finds_what_the_query_finds_for_any_rows() -> None:
    pairs = [PartnershipFactory.create(), PartnershipFactory.create()]
    query = CompiledQuery(
        lambda pair, person: Membership.objects.filter(partnership=pair).exclude(person=person).order_by("seat"),
        Partnership,
        Person,
    )
    for pair in pairs:
        for member in pair.memberships.all():
            expected = list(pair.memberships.exclude(person=member.person))
            assert query(pair, member.person) == expected
            assert [found.seat for found in query(pair, member.person)] == [row.seat for row in expected]


def test_it_is_worded_once() -> None:
    worded: list[Person] = []

    def make(person: Person) -> QuerySet[Person]:
        worded.append(person)
        return Person.objects.filter(Q(pk=person.pk) | Q(memberships__person=person)).distinct()

    query = CompiledQuery(make, Person)
    pair = PartnershipFactory.create()
    for member in pair.memberships.all():
        assert query(member.person) == [member.person]
    assert len(worded) == 1
    assert worded[0].pk not in set(Person.objects.values_list("pk", flat=True))


def test_it_asks_once_for_each_call() -> None:
    pair = PartnershipFactory.create()
    query = CompiledQuery(lambda pair: Membership.objects.filter(partnership=pair), Partnership)
    with CaptureQueriesContext(connection) as queries:
        query(pair)
    assert len(queries) == 1


def test_a_row_that_plays_no_part_is_refused() -> None:
    query = CompiledQuery(lambda person, pair: Membership.objects.filter(partnership=pair), Person, Partnership)
    with pytest.raises(ValueError, match="Person"):
        query(Person(pk=uuid4()), PartnershipFactory.create())
