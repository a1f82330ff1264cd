"""Who is signed in by a browser's session."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject

if TYPE_CHECKING:
    from partnerships.models import Person
    from partnerships.models.sign_in import SessionStore


def person_of(request: HttpRequest) -> Person | AnonymousUser:
    """Who is signed in: Django's `get_user`, which need not ask for the person who came with the session.

    Only a sign-in that holds in every point is answered here. Django decides about the others, and ends them. A row
    that does not name the person in it is ended here: nobody who signs that person out everywhere would find it.
    """
    session = cast("SessionStore", request.session)
    if SESSION_KEY not in session:
        return AnonymousUser()
    person = session.person
    if person is None or str(person.pk) != session[SESSION_KEY]:
        session.flush()
        return AnonymousUser()
    if (
        person.is_active
        and session.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
        and constant_time_compare(session.get(HASH_SESSION_KEY, ""), person.get_session_auth_hash())
    ):
        return person
    return get_user(request)


class PersonMiddleware(AuthenticationMiddleware):
    """Django's, which asks `person_of`."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: person_of(request))  # type: ignore[assignment]
