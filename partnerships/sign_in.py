"""The browsers' sessions (`SESSION_ENGINE`): Django's own in the database, whose rows also know the person.

So a request learns with one question who asks, and every session of a person is found without opening all of them.
"""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends import db
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject

from partnerships.models import Person, SignIn


class SessionStore(db.SessionStore):
    person: Person | None = None  # of the row as it was read

    @classmethod
    def get_model_class(cls) -> type[SignIn]:
        return SignIn

    def load(self) -> dict[str, Any]:
        row: SignIn | None = self._get_session_from_db()  # type: ignore[attr-defined]  # Django's, unknown to its stubs
        self.person = row.person if row else None
        return self.decode(row.session_data) if row else {}

    def create_model_instance(self, data: dict[str, Any]) -> SignIn:
        row = cast(SignIn, super().create_model_instance(data))
        row.person_id = data.get(SESSION_KEY)
        return row


def person_of(request: HttpRequest) -> Person | AnonymousUser:
    """Who is signed in: Django's `get_user`, which need not ask for the person who came with the session.

    Only a sign-in that holds in every point is answered here. Django decides about all others, and ends them.
    """
    session = cast(SessionStore, request.session)
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
