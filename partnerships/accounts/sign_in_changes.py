"""Whoever changes how somebody signs in does it inside of `watched`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.views import View

from partnerships.mail import letters
from partnerships.models import Person
from partnerships.models.sign_in_change import SignInChange, WaysIn

if TYPE_CHECKING:
    from django.http import HttpResponse

    from partnerships.http import PersonRequest


@contextmanager
def watched(person: Person) -> Iterator[None]:
    """One transaction: what is done, its line of the record, and the mail with the link that takes it back."""
    with transaction.atomic():
        person.check_not_erased()
        before = WaysIn.of(person)
        yield
        if noted := SignInChange.note(person, before):
            letters.send_sign_in_change(noted)


class Watched(View):
    """Before a view whose press changes how somebody signs in."""

    def post(self, request: PersonRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with watched(request.user):
            response: HttpResponse = super().post(request, *args, **kwargs)  # type: ignore[misc]
            return response
