"""What is told to one person: planned once, sent once (docs/rules/scheduling.md S20).

A delivery names what it is about (`subject_type`, `subject_id`) and holds none of its words: whoever sends it asks
for them at that moment.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from partnerships.models.audit import Audit
    from partnerships.models.person import Person

LEASE = timedelta(minutes=15)  # how long one worker has for one mail
LOSSES = 2  # claims without a known outcome: the second is the last, so that nobody gets a mail three times
REFUSALS = 6  # by the mail server, each after twice the wait of the one before
FIRST_WAIT = timedelta(minutes=5)


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def waiting(self) -> DeliveryQuerySet:
        return self.filter(status=Delivery.Status.PENDING)

    def due(self, now: datetime) -> DeliveryQuerySet:
        return self.waiting().filter(send_at__lte=now)

    def lost(self, now: datetime) -> DeliveryQuerySet:
        """Claimed by a worker that never said what became of it."""
        return self.filter(status=Delivery.Status.CLAIMED, claimed_at__lte=now - LEASE)

    def failed(self) -> DeliveryQuerySet:
        """For the admin: whom they could not be sent to, the latest first."""
        return self.filter(status=Delivery.Status.FAILED).select_related("person").order_by("-send_at")

    def notices_for(self, person: Person, now: datetime) -> DeliveryQuerySet:
        """What stands in the app for this person now."""
        shown = self.filter(person=person, channel=Delivery.Channel.IN_APP, dismissed_at=None)
        current = models.Q(expires_at=None) | models.Q(expires_at__gt=now)
        return shown.filter(current, status=Delivery.Status.SENT).order_by("send_at")

    def invitations(self) -> DeliveryQuerySet:
        """To a date: what a mail server took, what waits for one, and what it refused. What went to the log alone is
        none.
        """
        kept = [Delivery.Status.PENDING, Delivery.Status.CLAIMED, Delivery.Status.FAILED]
        out = models.Q(status=Delivery.Status.SENT, by_server=True)
        return self.filter(out | models.Q(status__in=kept), kind=Delivery.Kind.INVITE)

    def calendar_of(self, person: Person) -> dict[uuid.UUID, int]:
        """What mails put into this person's calendar and nothing took out since: the generation, by its subject. What
        went to the log alone is in no calendar.
        """
        out = self.filter(person=person, kind__in=Delivery.CALENDAR, status__in=Delivery.OUT).order_by("send_at")
        out = out.exclude(status=Delivery.Status.SENT, by_server=False)
        found: dict[uuid.UUID, int] = {}
        for subject_id, kind, key in out.values_list("subject_id", "kind", "for_key"):
            generation = int(key.partition(".")[0])
            if kind != Delivery.Kind.CANCEL:
                found[subject_id] = generation
            elif found.get(subject_id) == generation:
                del found[subject_id]
        return found


class Delivery(models.Model):
    class Kind(models.TextChoices):
        INVITE = "invite", _("Calendar invitation")
        UPDATE = "update", _("Calendar update")
        CANCEL = "cancel", _("Calendar cancellation")
        PREP_OPEN = "prep_open", _("A week before a retro: time to write ahead")
        DAY_AHEAD = "day_ahead", _("The working day before a retro")
        STARTING = "starting", _("Ten minutes before it starts")
        WRAP_UP = "wrap_up", _("The day after, when it is not closed")
        MISSED_NOTICE = "missed_notice", _("A retro did not take place")
        SITTING = "sitting", _("Questions for you both were begun, or wait for you")
        ACTION_DUE_SOON = "action_due_soon", _("Two days before an action of yours is due")
        ACTION_DUE = "action_due", _("The day an action of yours is due")
        NEWS = "news", _("A change of a role, an account or a partnership")
        EXPIRY = "expiry", _("Something is removed in a month")
        KIND_WORD = "kind_word", _("Somebody left you a kind word")

    class Channel(models.TextChoices):
        EMAIL = "email", _("By mail")
        IN_APP = "in_app", _("In the app")

    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting")
        CLAIMED = "claimed", _("Being sent")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        EXPIRED = "expired", _("Too late to send")
        CANCELLED = "cancelled", _("No longer needed")

    SHOWN: ClassVar = frozenset({Kind.KIND_WORD})  # stand in the app alone, whatever somebody chose
    CALENDAR: ClassVar = frozenset({Kind.INVITE, Kind.UPDATE, Kind.CANCEL})
    OUT: ClassVar = frozenset({Status.CLAIMED, Status.SENT})  # it is out, or may be
    # Each reminder with the channels it has, and whether it uses them when nobody said otherwise.
    REMINDERS: ClassVar[dict[str, dict[str, bool]]] = {
        Kind.PREP_OPEN: {Channel.EMAIL: True, Channel.IN_APP: False},
        Kind.DAY_AHEAD: {Channel.EMAIL: True, Channel.IN_APP: False},
        Kind.STARTING: {Channel.IN_APP: True},
        Kind.WRAP_UP: {Channel.EMAIL: True, Channel.IN_APP: True},
        Kind.MISSED_NOTICE: {Channel.EMAIL: True, Channel.IN_APP: True},
        Kind.SITTING: {Channel.EMAIL: True, Channel.IN_APP: True},
        Kind.ACTION_DUE_SOON: {Channel.EMAIL: True, Channel.IN_APP: False},
        Kind.ACTION_DUE: {Channel.EMAIL: True, Channel.IN_APP: True},
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey("partnerships.Person", models.CASCADE, related_name="+")
    kind = models.CharField(max_length=15, choices=Kind.choices)
    subject_type = models.CharField(max_length=24)
    subject_id = models.UUIDField()
    for_key = models.CharField(max_length=60, blank=True)  # what exactly was announced; another key is another mail
    channel = models.CharField(max_length=6, choices=Channel.choices, default=Channel.EMAIL)
    send_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.PENDING)
    claimed_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)  # claims that went well, or that nobody heard of again
    refusals = models.PositiveSmallIntegerField(default=0)  # claims that the mail server said no to
    error = models.CharField(max_length=60, blank=True)  # the kind of the last refusal, never its words
    message_id = models.CharField(max_length=320)
    sent_at = models.DateTimeField(null=True)
    by_server = models.BooleanField(default=False)  # a mail server took it; else it went to the log alone
    dismissed_at = models.DateTimeField(null=True)

    objects: ClassVar = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = (
            models.UniqueConstraint(
                fields=["person", "kind", "subject_type", "subject_id", "for_key", "channel"], name="delivery_once"
            ),
        )
        indexes = (
            models.Index(fields=["status", "send_at"], name="delivery_by_due"),
            models.Index(fields=["subject_id"], name="delivery_by_subject"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.status}"

    @classmethod
    def new(cls, **fields: Any) -> Delivery:
        """Unsaved, with the Message-ID that every attempt to send it carries."""
        delivery = cls(**fields)
        delivery.message_id = f"<{delivery.pk}@{mail_domain()}>"
        return delivery

    @classmethod
    def enqueue(
        cls,
        people: Iterable[Person],
        kind: str,
        *,
        about: models.Model,
        key: str,
        at: datetime,
        channels: Sequence[str] = (Channel.EMAIL,),
    ) -> None:
        """Each of them hears this once, whatever reminders they chose; in the transaction of what it tells of.

        What stands in the same transaction cannot be lost between the commit and the mail server.
        """
        subject = {"subject_type": about._meta.model_name, "subject_id": about.pk}
        queued = [
            cls.new(person=person, kind=kind, **subject, for_key=key, send_at=at, channel=channel)
            for person in people
            for channel in channels
        ]
        cls.objects.bulk_create(queued, ignore_conflicts=True)

    @classmethod
    def show(cls, people: Iterable[Person], kind: str, *, about: models.Model, at: datetime) -> None:
        """Each of them finds this in the app, from now on; in the transaction of what it tells of."""
        subject = {"subject_type": about._meta.model_name, "subject_id": about.pk}
        done = {"channel": cls.Channel.IN_APP, "status": cls.Status.SENT, "send_at": at, "sent_at": at}
        cls.objects.bulk_create([cls.new(person=person, kind=kind, **subject, **done) for person in people])

    @classmethod
    def announce(cls, line: Audit, people: Iterable[Person], *, about: models.Model) -> None:
        """Each of them hears what this line of the record says (`news.letter`)."""
        cls.enqueue(people, cls.Kind.NEWS, about=about, key=str(line.pk), at=line.at)

    # --- one worker's hold on it --------------------------------------------------------------------------------

    def claim(self, now: datetime) -> bool:
        """Take it for sending. Of many workers one gets it; after a lost lease, one more time."""
        mine = Delivery.objects.filter(pk=self.pk, status=self.status, claimed_at=self.claimed_at)
        if self.status == self.Status.CLAIMED and self.attempts >= LOSSES:
            mine.update(status=self.Status.FAILED, error="Lost")
            return False
        taken = mine.update(status=self.Status.CLAIMED, claimed_at=now, attempts=models.F("attempts") + 1)
        self.status, self.claimed_at = self.Status.CLAIMED, now
        return bool(taken)

    def mark_sent(self, now: datetime) -> None:
        sent = {"status": self.Status.SENT, "sent_at": now, "by_server": settings.MAIL_IS_SENT}
        self._held().update(**sent, error="")

    def mark_needless(self) -> None:
        """What it was about is no longer so."""
        self._held().update(status=self.Status.CANCELLED)

    def mark_refused(self, error: Exception, now: datetime) -> None:
        """The mail server said no: try again later, each time after twice the wait, then leave it to the admin."""
        self.refusals += 1
        again = self.refusals < REFUSALS
        self._held().update(
            status=self.Status.PENDING if again else self.Status.FAILED,
            send_at=now + FIRST_WAIT * 2 ** (self.refusals - 1) if again else self.send_at,
            attempts=models.F("attempts") - 1, refusals=self.refusals, claimed_at=None,
            error=type(error).__qualname__[:60],
        )  # fmt: skip

    def _held(self) -> models.QuerySet[Delivery]:
        return Delivery.objects.filter(pk=self.pk, status=self.Status.CLAIMED, claimed_at=self.claimed_at)

    # --- verbs of people ----------------------------------------------------------------------------------------

    def retry(self, *, now: datetime | None = None) -> None:
        """An admin tries a failed one again, at once. Pressing it twice sends it once."""
        failed = Delivery.objects.filter(pk=self.pk, status=self.Status.FAILED)
        failed.update(
            status=self.Status.PENDING, send_at=now or timezone.now(), attempts=0, refusals=0, claimed_at=None
        )

    @classmethod
    def retry_failed(cls, *, by: Person, now: datetime | None = None) -> int:
        """An admin tries all that failed again, at once. Returns how many."""
        by.check_admin()
        return cls.objects.filter(status=cls.Status.FAILED).update(
            status=cls.Status.PENDING, send_at=now or timezone.now(), attempts=0, refusals=0, claimed_at=None
        )

    def dismiss(self, *, by: Person, now: datetime | None = None) -> None:
        own = Delivery.objects.filter(pk=self.pk, person=by, channel=self.Channel.IN_APP, dismissed_at=None)
        own.update(dismissed_at=now or timezone.now())


def mail_domain() -> str:
    """What stands behind the @ of the ids of mails and calendar entries."""
    return urlsplit(settings.BASE_URL).hostname or "localhost"


class Preference(models.Model):
    """A person's own word about one kind of reminder on one channel, where it is another than the usual one."""

    person = models.ForeignKey("partnerships.Person", models.CASCADE, related_name="+")
    kind = models.CharField(max_length=15, choices=Delivery.Kind.choices)
    channel = models.CharField(max_length=6, choices=Delivery.Channel.choices)
    wanted = models.BooleanField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["person", "kind", "channel"], name="preference_once"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.channel} {self.wanted}"

    @classmethod
    def of(cls, person: Person) -> dict[tuple[str, str], bool]:
        """Every reminder on every channel it has, and whether this person wants it there."""
        reminders = Delivery.REMINDERS.items()
        usual = {(kind, channel): on for kind, channels in reminders for channel, on in channels.items()}
        own = cls.objects.filter(person=person).values_list("kind", "channel", "wanted")
        return usual | {(kind, channel): wanted for kind, channel, wanted in own}

    @classmethod
    def keep(cls, wanted: dict[tuple[str, str], bool], *, by: Person) -> None:
        Preference.objects.bulk_create(
            [Preference(person=by, kind=kind, channel=channel, wanted=on) for (kind, channel), on in wanted.items()],
            update_conflicts=True, unique_fields=["person", "kind", "channel"], update_fields=["wanted"],
        )  # fmt: skip

    @classmethod
    def unsubscribe(cls, person: Person) -> None:
        """No reminder by mail any more. Calendar mail goes on, and so does what stands in the app."""
        with transaction.atomic():
            person.check_not_erased()
            cls.keep({(kind, Delivery.Channel.EMAIL): False for kind in mailed_reminders()}, by=person)


def mailed_reminders() -> list[str]:
    return [kind for kind, channels in Delivery.REMINDERS.items() if Delivery.Channel.EMAIL in channels]
