"""The browsers' sessions (`SESSION_ENGINE`): Django's own in the database, whose rows also know the person.

So a request learns with one question who asks, and every session of a person is found without opening all of them.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.base_session import AbstractBaseSession, BaseSessionManager
from django.db import OperationalError, models
from django.utils import timezone

from partnerships.compiled import CompiledQuery

if TYPE_CHECKING:
    from partnerships.models.person import Person

IDLE = timedelta(hours=12)
IDLE_ADMIN = timedelta(hours=8)
ABSOLUTE = timedelta(days=14)


class SignInManager(BaseSessionManager["SignIn"]):
    """Whoever reads a browser's session asks next who it is."""

    def get_queryset(self) -> models.QuerySet[SignIn]:
        return super().get_queryset().select_related("person")


class SignIn(AbstractBaseSession):
    """One browser's session, as Django keeps it, and the person whom it signed in: nobody yet in a stranger's."""

    # No constraint: keeping a session never fails, and never waits, for the row of a person.
    person = models.ForeignKey("partnerships.Person", models.CASCADE, null=True, related_name="+", db_constraint=False)

    objects: ClassVar[SignInManager] = SignInManager()

    @classmethod
    def of(cls, person: Person) -> models.QuerySet[SignIn]:
        """Those that still hold."""
        return cls.objects.filter(person=person, expire_date__gt=timezone.now())

    @property
    def public_id(self) -> str:
        """Names the row on a page: whoever has the key itself is signed in."""
        return hashlib.sha256(self.session_key.encode()).hexdigest()[:32]

    @classmethod
    def clear(cls, now: datetime) -> None:
        """Remove what has expired: one at a time, so that nobody waits for all of them."""
        over = cls.objects.filter(expire_date__lte=now)
        for key in list(over.values_list("pk", flat=True)):
            over.filter(pk=key).delete()

    @classmethod
    def forget(cls, person: Person) -> None:
        """All of theirs, and each browser's in which a sign-in of theirs was begun: nobody's yet, it names them."""
        cls.objects.filter(person=person).delete()
        ids = str(person.pk), person.pk.hex
        begun = cls.objects.filter(person=None)
        theirs = [row.pk for row in begun.iterator() if any(each in str(row.get_decoded()) for each in ids)]
        begun.filter(pk__in=theirs).delete()

    @classmethod
    def get_session_store_class(cls) -> type[SessionStore]:
        return SessionStore


class SessionStore(db.SessionStore):
    person: Person | None = None  # of the row as it was read

    @classmethod
    def get_model_class(cls) -> type[SignIn]:
        return SignIn

    def load(self) -> dict[str, Any]:
        row = next(iter(_sign_ins(self.session_key, timezone.now())), None) if self.session_key else None
        if row is None:
            self._session_key = None  # as Django does: a key that somebody made up names no new session
            return {}
        self.person = row.person
        return self.decode(row.session_data)

    def save(self, must_create: bool = False) -> None:
        """Whoever was signed out elsewhere in the middle of a request gets its answer, and nothing more is kept.

        Django would say of that answer, after all was done, that what was sent could not be read.
        """
        try:
            super().save(must_create)
        except UpdateError as error:
            if isinstance(error.__context__, OperationalError):
                raise error.__context__ from None  # the row may be there: the database was busy

    def is_over(self, person: Person, now: datetime) -> bool:
        """Whether the sign-in of this person was idle for too long, or is too old. Whoever answers to it asks."""
        idle = IDLE_ADMIN if person.is_staff else IDLE
        return now - self.moment("seen", now) > idle or now - self.moment("started", now) > ABSOLUTE

    def moment(self, key: str, now: datetime) -> datetime:
        """What stands under `key`; `now` before the second request of a sign-in."""
        return datetime.fromisoformat(self[key]) if key in self else now

    def create_model_instance(self, data: dict[str, Any]) -> SignIn:
        row = cast(SignIn, super().create_model_instance(data))
        row.person_id = data.get(SESSION_KEY)
        return row


_sign_ins = CompiledQuery(lambda key, now: SignIn.objects.filter(session_key=key, expire_date__gt=now), str, datetime)
