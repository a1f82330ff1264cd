"""What goes out by itself, as the admins see it: what kind to whom, and what became of it; no words, no links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partnerships.administration.listing import Listing
from partnerships.mail import at_once
from partnerships.models import Delivery, Person
from retros.backup import make
from retros.models import Tick

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True)
class MailRow:
    delivery: Delivery
    reader: Person

    @property
    def when(self) -> str:
        """Of one that waits: when it is its turn."""
        if self.delivery.status != Delivery.Status.PENDING:
            return ""
        return date_format(self.delivery.send_at.astimezone(self.reader.tz), "j F Y, H:i")

    @property
    def can_be_retried(self) -> bool:
        return self.delivery.status == Delivery.Status.FAILED


class Mails(Listing[MailRow]):
    """The mails that could not be sent, or those that wait."""

    STATES: Mapping[str, Any] = {
        Delivery.Status.FAILED: gettext_lazy("Failed"),
        Delivery.Status.PENDING: gettext_lazy("Waiting"),
    }

    def __init__(self, asked: Mapping[str, str], reader: Person) -> None:
        super().__init__(asked)
        self.reader, self.now = reader, timezone.now()

    def found(self) -> QuerySet[Delivery]:
        found = Delivery.objects.filter(status=self.state, channel=Delivery.Channel.EMAIL)
        found = found.exclude(kind=Delivery.Kind.SITTING)  # it would tell who of the two was waited for
        if self.words:
            found = found.filter(person__in=Person.objects.matching(self.words).values("pk"))
        return found.select_related("person").order_by("-send_at", "pk")

    def rows(self, items: list[Any]) -> list[MailRow]:
        return [MailRow(delivery, self.reader) for delivery in items]


class WorkerStatus:
    """When the worker last finished a round."""

    def __init__(self, reader: Person) -> None:
        self.last: datetime | None = Tick.last()
        self.is_late = Tick.is_late(timezone.now())
        self.reader = reader

    @property
    def words(self) -> str:
        if self.last is None:
            return _("The worker has not run yet. Until it does, nobody is reminded and nothing is planned ahead.")
        known = {"when": date_format(self.last.astimezone(self.reader.tz), "j F Y, H:i")}
        if self.is_late:
            return _("The worker last ran on %(when)s. Nobody is reminded until it runs again.") % known
        return _("The worker last ran on %(when)s.") % known


class AtOnceStatus:
    """That the mail server did not take an invitation or a code, which are in no list."""

    def __init__(self, reader: Person) -> None:
        self.last = at_once.last_refused()
        self.is_late = self.last is not None
        self.reader = reader

    @property
    def words(self) -> str:
        if self.last is None:
            return ""
        known = {"when": date_format(self.last.at.astimezone(self.reader.tz), "j F Y, H:i"), "error": self.last.error}
        return _("On %(when)s the mail server did not take a mail that leaves at once, such as an invitation or a "
                 "code: %(error)s. An invitation that it put off is tried again for an hour. If it does not arrive, "
                 "make a new link.") % known  # fmt: skip


class BackupStatus:
    """When the last backup was made, where a folder is set for them."""

    def __init__(self, reader: Person) -> None:
        now = timezone.now()
        self.last = make.last_backup(now)
        self.is_late = make.is_late(now)
        self.reader = reader

    @property
    def words(self) -> str:
        if self.last is not None:
            known = {"when": date_format(self.last.astimezone(self.reader.tz), "j F Y, H:i")}
            return _("The last backup was made on %(when)s.") % known
        if self.is_late:
            return _("No backup was made yet. Whoever runs the installation finds the reason in the log.")
        return _("Nothing is backed up here by itself. Whoever runs the installation can set TWOFOLD_BACKUP_DIR.")
