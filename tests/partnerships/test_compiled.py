"""Queries that are worded once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.db.models.signals import post_init, pre_init
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
    assert len(worded) == 2  # about two different ones, whose queries are compared
    assert not {person.pk for person in worded} & set(Person.objects.values_list("pk", flat=True))


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


def test_it_brings_related_rows_and_what_is_annotated() -> None:
    pair, other = PartnershipFactory.create(), PartnershipFactory.create()
    is_here = Exists(Membership.objects.filter(partnership=OuterRef("partnership"), seat="a"))
    query = CompiledQuery(
        lambda partnership: (
            Membership.objects.filter(partnership=partnership).select_related("person").annotate(is_here=is_here)
        ).order_by("seat"),
        UUID,
    )
    for each in (pair, other):
        expected = [(m.person.name, True) for m in each.memberships.order_by("seat")]
        with CaptureQueriesContext(connection) as queries:
            assert [(m.person.name, m.is_here) for m in query(each.pk)] == expected
        assert len(queries) == 1


def test_it_takes_moments_days_and_texts() -> None:
    now = datetime(2026, 3, 1, 9, tzinfo=UTC)
    begun = PartnershipFactory.create(since=date(2026, 2, 1), label="Checkout")
    type(begun).objects.filter(pk=begun.pk).update(created_at=now)
    query = CompiledQuery(
        lambda label, day, moment: Partnership.objects.filter(label=label, since__lte=day, created_at__lt=moment),
        str, date, datetime,
    )  # fmt: skip
    later = now + timedelta(seconds=1)
    assert query("Checkout", date(2026, 2, 1), later) == [begun]
    assert query("Search", date(2026, 2, 1), later) == []
    assert query("Checkout", date(2026, 1, 31), later) == []
    assert query("Checkout", date(2026, 2, 1), now) == []


def test_it_takes_numbers() -> None:
    """Each at its own place, beside a number and a yes that are always the same."""
    pair, other = PartnershipFactory.create(health_every=3), PartnershipFactory.create(health_every=1)
    mine, theirs = (each.memberships.get().pk for each in (pair, other))
    query = CompiledQuery(
        lambda *pks: Membership.objects.filter(
            pk__in=pks, partnership__health_every__gt=1, person__is_active=True
        ).order_by("pk"), int, int,
    )  # fmt: skip
    assert [found.pk for found in query(mine, theirs)] == [mine]
    assert [found.pk for found in query(mine, mine)] == [mine]
    assert query(theirs, theirs) == []


def test_what_is_reckoned_from_what_is_given_is_refused() -> None:
    """It would be the same for all who ask later."""
    query = CompiledQuery(
        lambda now: Partnership.objects.filter(created_at__lt=now, archived_at__gt=now - timedelta(days=1)), datetime
    )
    with pytest.raises(ValueError, match="Differs"):
        query(datetime(2026, 3, 1, 9, tzinfo=UTC))


def test_a_day_reckoned_from_a_moment_is_refused() -> None:
    query = CompiledQuery(
        lambda now: Partnership.objects.filter(created_at__lt=now, since__lte=(now - timedelta(hours=12)).date()),
        datetime,
    )
    with pytest.raises(ValueError, match="Differs"):
        query(datetime(2026, 3, 1, 9, tzinfo=UTC))


def test_it_gives_the_rows_of_a_list_of_values() -> None:
    """In the order of their names, annotated ones and all, each as it would be without."""
    pairs = [PartnershipFactory.create(), PartnershipFactory.create()]
    is_here = Exists(Membership.objects.filter(partnership=OuterRef("pk"), seat="a"))

    def make(day: date) -> QuerySet[Partnership, tuple[object, ...]]:
        found = Partnership.objects.filter(since__gte=day).annotate(is_here=is_here).order_by("pk")
        return found.values_list("is_here", "created_at", "pk", "label")

    rows = CompiledQuery(make, date)(date(2000, 1, 1))
    assert rows == [(True, each.created_at, each.pk, each.label) for each in sorted(pairs, key=lambda pair: pair.pk)]
    assert CompiledQuery(make, date)(date(2100, 1, 1)) == []


def test_what_was_not_read_is_read_when_it_is_asked_for() -> None:
    pair = PartnershipFactory.create(label="Checkout")
    query = CompiledQuery(lambda pk: Partnership.objects.filter(pk=pk).only("created_at"), UUID)
    (found,) = query(pair.pk)
    assert found.get_deferred_fields() == Partnership.objects.only("created_at").get(pk=pair.pk).get_deferred_fields()
    assert (found._state.adding, found._state.db) == (False, "default")
    with CaptureQueriesContext(connection) as queries:
        assert (found.label, found.created_at) == ("Checkout", pair.created_at)
    assert len(queries) == 1
    found.label = "Search"
    found.save()
    pair.refresh_from_db()
    assert pair.label == "Search"


def test_no_model_does_more_when_it_is_loaded() -> None:
    """`CompiledQuery` makes its objects without asking the model."""
    models = [model for model in apps.get_models() if model._meta.app_label in {"partnerships", "retros"}]
    assert Person in models
    for model in models:
        its_own = {name for each in model.__mro__ if each not in {Model, object} for name in vars(each)}
        assert not {"__init__", "from_db"} & its_own, model
    assert not pre_init.receivers
    assert not post_init.receivers
