"""Rows as the tests need them. `tests.cast` puts the usual people into their usual places."""

from __future__ import annotations

from typing import Any

import factory
from allauth.account.models import EmailAddress
from factory.django import DjangoModelFactory

from partnerships.models import Partnership, Person
from partnerships.models.partnership import Seat

PASSWORD = "a long walk by the sea"


class PersonFactory(DjangoModelFactory[Person]):
    """Signs in with PASSWORD; the address is verified."""

    class Meta:
        model = Person
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Person {n}")
    email = factory.LazyAttribute(lambda person: person.name.lower().replace(" ", ".") + "@example.org")

    @classmethod
    def _create(cls, model_class: type[Person], *args: Any, **kwargs: Any) -> Person:
        verified = kwargs.pop("verified", True)
        person = Person.objects.create_user(password=kwargs.pop("password", PASSWORD), **kwargs)
        EmailAddress.objects.create(user=person, email=person.email, primary=True, verified=verified)
        return person


class PartnershipFactory(DjangoModelFactory[Partnership]):
    """`a` and `b` take their seats; without `b` the second one stays free."""

    class Meta:
        model = Partnership

    kind = Partnership.Kind.PM_DESIGNER
    label = "Checkout"

    @classmethod
    def _create(cls, model_class: type[Partnership], *args: Any, **kwargs: Any) -> Partnership:
        people = {Seat.A: kwargs.pop("a", None) or PersonFactory.create(), Seat.B: kwargs.pop("b", None)}
        roles = {Seat.A: kwargs.pop("role_a", ""), Seat.B: kwargs.pop("role_b", "")}
        partnership: Partnership = super()._create(model_class, *args, **kwargs)
        for seat, person in people.items():
            if person is not None:
                partnership.take_seat(person, seat, role_label=roles[seat])
        return partnership
