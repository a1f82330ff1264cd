"""Whoever changes how somebody signs in does it inside of `watched`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from partnerships.mail import letters
from partnerships.models import Person
from partnerships.models.sign_in_change import SignInChange, WaysIn


@contextmanager
def watched(person: Person) -> Iterator[None]:
    """One transaction: what is done, its line of the record, and the mail with the link that takes it back."""
    with transaction.atomic():
        Person.objects.select_for_update(no_key=True).get(pk=person.pk)
        before = WaysIn.of(person)
        yield
        if noted := SignInChange.note(person, before):
            letters.send_sign_in_change(noted)
