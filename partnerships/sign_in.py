"""Who is signed in by a browser's session."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from partnerships.models import Person
    from partnerships.models.sign_in import SessionStore


def person_of(request: HttpRequest) -> Person | AnonymousUser:
    """Who is signed in: Django's `get_user`, which need not ask for the person who came with the session.

    Only a sign-in that holds in every point is answered here. Django decides about all others, and ends them.
    """
    session = cast("SessionStore", request.session)
    sent = session.get(HASH_SESSION_KEY, "")  # reads the row
    if (
        (person := session.person) is not None
        and person.is_active
        and str(person.pk) == session.get(SESSION_KEY)
        and session.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
        and constant_time_compare(sent, person.get_session_auth_hash())
    ):
        return person
    return get_user(request)


class PersonMiddleware(AuthenticationMiddleware):
    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: person_of(request))  # type: ignore[assignment]
