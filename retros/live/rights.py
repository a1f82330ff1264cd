"""Who may hear of which session: short questions to the database, asked in threads of the hub.

Each of them gives its connection back, so an open stream holds none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, TypeVar
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db import close_old_connections, connection, connections, transaction
from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.utils import timezone

from partnerships.accounts.sign_in import person_of
from partnerships.models import Membership, Person, SignIn, second_factor
from partnerships.models.partnership import Seat
from partnerships.models.sign_in import SessionStore
from retros.models.presence import Presence

T = TypeVar("T")
StreamSeat = tuple[UUID, UUID]  # the session's id, the person's


class Right(NamedTuple):
    """What a person may hear of a session: the version of their own seat."""

    presence_id: int
    seat: Seat
    versions: tuple[int, int]
    password: str  # hashed; another one ends every stream that the old one opened


def authorise(session_id: UUID, cookie: str) -> tuple[UUID, Right] | None:
    """The person behind the cookie and their right; None for a stranger, and for a session that is not theirs."""
    with _briefly():
        if (person := _signed_in(cookie)) is None:
            return None
        right = _rights([session_id]).get((session_id, person.pk))
        return (person.pk, right) if right and right.password == person.password else None


def seen_by(cookie: str, look: Callable[[Person], T]) -> T | None:
    """What the person behind the cookie sees at this moment, all of it as of one; None for nobody.

    As for a page, the connection stays with the thread where the settings say so.
    """
    close_old_connections()
    try:
        with _one_moment():
            person = _signed_in(cookie)
            return look(person) if person else None
    finally:
        close_old_connections()


@contextmanager
def _one_moment() -> Iterator[None]:
    """What others commit meanwhile is not among what is read here: half before and half after it, a page never was.

    It is for reading. A transaction of Django's own would hold the one lock for writing that SQLite has; so a sign-in
    that holds no more is ended by the next page there, and not in here.
    """
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            yield
    else:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")


def _signed_in(cookie: str) -> Person | None:
    request = HttpRequest()
    request.session = session = SessionStore(cookie)
    person = person_of(request)
    if isinstance(person, AnonymousUser) or session.is_over(person, timezone.now()) or second_factor.is_missing(person):
        return None
    return person


def recheck(session_ids: Iterable[UUID], cookies: Iterable[str]) -> tuple[dict[StreamSeat, Right], set[str]]:
    """The rights of everybody in these sessions, and which of the cookies still sign somebody in."""
    with _briefly():
        alive = SignIn.objects.filter(session_key__in=list(cookies), expire_date__gt=timezone.now())
        return _rights(session_ids), set(alive.values_list("session_key", flat=True))


def refresh(presence_ids: Iterable[int]) -> None:
    """These people are in the room now. One statement for all of them."""
    with _briefly():
        Presence.objects.filter(pk__in=list(presence_ids)).seen()


def announce(session_id: UUID, person_id: UUID) -> None:
    """Tell the partner that somebody came (back) into the room."""
    with _briefly():
        presence = Presence.objects.select_related("session", "person").get(session=session_id, person=person_id)
        presence.session.arrived(presence.person)


def _rights(session_ids: Iterable[UUID]) -> dict[StreamSeat, Right]:
    member = Membership.objects.filter(partnership=OuterRef("session__partnership"), person=OuterRef("person"))
    rows = Presence.objects.filter(
        Exists(member),
        session__in=list(session_ids),
        session__partnership__archived_at=None,
        person__is_active=True,
    ).values_list(
        "session_id", "person_id", "pk", "seat", "session__version_a", "session__version_b", "person__password"
    )
    return {
        (session, person): Right(presence, Seat(seat), (a, b), password)
        for session, person, presence, seat, a, b, password in rows
    }


@contextmanager
def _briefly() -> Iterator[None]:
    try:
        yield
    finally:
        connections.close_all()  # those of this thread alone
