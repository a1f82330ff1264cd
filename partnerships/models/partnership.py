from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, ClassVar

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partnerships import limits, reactions
from partnerships.models.audit import Audit
from partnerships.models.delivery import Delivery
from partnerships.models.look import Look
from partnerships.models.person import Person
from partnerships.refusals import NotAllowed, Refusal
from partnerships.seen import check_seen


class Seat(models.TextChoices):
    """The two sides of the fold. A is left, B is right, for both viewers."""

    A = "a", "A"
    B = "b", "B"

    @property
    def other(self) -> Seat:
        return Seat.B if self is Seat.A else Seat.A


class PartnershipQuerySet(models.QuerySet["Partnership"]):
    def of(self, person: Person) -> PartnershipQuerySet:
        """Those the person is a member of. A lead or an admin is not."""
        return self.filter(memberships__person=person)

    def led_by(self, person: Person) -> PartnershipQuerySet:
        return self.filter(leads__person=person)

    def active(self) -> PartnershipQuerySet:
        return self.filter(archived_at=None)

    def matching(self, words: str, *, by_address: bool = True) -> PartnershipQuerySet:
        """Those whose label, or the name or (unless told otherwise) address of somebody in a seat, holds each word."""
        found = self
        for word in words.split():
            person = models.Q(person__name__icontains=word)
            if by_address:
                person |= models.Q(person__email__icontains=word)
            seated = Membership.objects.filter(person, partnership=models.OuterRef("pk"))
            found = found.filter(models.Q(label__icontains=word) | models.Exists(seated))
        return found

    def with_members(self) -> PartnershipQuerySet:
        return self.prefetch_related(who_sits_where())


NAME = ("person__name", "person__email", "person__erased_at")  # what it is made of
PLACE = ("person__timezone", "person__country")  # by which days and holidays somebody lives


def who_sits_where(*, names_only: bool = False) -> models.Prefetch[Any]:
    """The memberships of partnerships with their people, seat A first; `names_only`: all that a long list shows."""
    members = Membership.objects.select_related("person").order_by("seat")
    if names_only:
        members = members.only("partnership", "seat", "role_label", *NAME, *PLACE)
    return models.Prefetch("memberships", members)


class Partnership(models.Model):
    """Two people who work together, for as long as they do. A new partner means a new partnership."""

    class Kind(models.TextChoices):
        PM_DESIGNER = "pm_designer", _("Product manager and designer")
        EM_PM = "em_pm", _("Engineering manager and product manager")
        OTHER = "other", _("Another pair")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("Kind"), max_length=12, choices=Kind.choices)
    label = models.CharField(_("What you work on"), max_length=limits.NAME_LENGTH)
    since = models.DateField(_("Working together since"), default=timezone.localdate)
    archived_at = models.DateTimeField(null=True, editable=False)
    health_every = models.PositiveSmallIntegerField(default=0)  # retros from one health check to the next; 0: not asked
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = PartnershipQuerySet.as_manager()

    def __str__(self) -> str:
        return self.label

    seats_around: Sequence[Membership] = ()  # those of all partnerships of whoever loaded it, once they are known

    def seated(self, own: Sequence[Membership], *, around: list[Membership]) -> Partnership:
        """With these seats as its memberships: whoever loaded them need not ask again."""
        for seat in own:
            seat.partnership = self
        members = self.memberships.all()
        members._result_cache, members._prefetch_done = list(own), True  # type: ignore[attr-defined]
        self._prefetched_objects_cache = {"memberships": members}
        self.seats_around = around
        return self

    @classmethod
    def begin(
        cls,
        *,
        by: Person,
        kind: str,
        label: str,
        role_label: str = "",
        since: date | None = None,
        client_id: uuid.UUID | None = None,
    ) -> Partnership:
        """A partnership with its founder in seat A; the other seat waits for an invitation to be accepted.

        The same form sent twice carries the same `client_id` and begins one partnership.
        """
        with transaction.atomic():
            new_id = client_id or uuid.uuid4()
            partnership, made = cls.objects.get_or_create(
                pk=new_id, defaults={"kind": kind, "label": label, "since": since or timezone.localdate(timezone=by.tz)}
            )
            if not made:
                if cls.objects.of(by).filter(pk=new_id).exists():
                    return partnership
                return cls.begin(by=by, kind=kind, label=label, role_label=role_label, since=since)
            partnership.take_seat(by, Seat.A, role_label=role_label)
            Audit.record(Audit.Act.PARTNERSHIP_BEGUN, by=by, partnership=partnership)
        return partnership

    def take_seat(self, person: Person, seat: str, *, role_label: str = "") -> Membership:
        """Raises Refusal when the seat is taken, the partnership ended, or the person sits in it, leads it, or was
        switched off or erased meanwhile.
        """
        with transaction.atomic():
            if Partnership.objects.select_for_update(no_key=True).get(pk=self.pk).is_archived:
                raise Refusal(_("This partnership has ended. You can read it, and no longer write in it."))
            if Lead.objects.filter(partnership=self, person=person).exists():
                raise Refusal(_("A lead of this partnership cannot be one of its two members."))
            if Membership.objects.filter(models.Q(seat=seat) | models.Q(person=person), partnership=self).exists():
                raise Refusal(_("This seat is taken. A partnership is exactly two people."))
            person.check_here()
            Audit.record(Audit.Act.SEAT_TAKEN, by=person, about=person, partnership=self)
            membership = Membership.objects.create(partnership=self, person=person, seat=seat, role_label=role_label)
            for react in reactions.seat_taken:
                react(membership)
            return membership

    def assign_lead(self, person: Person, *, by: Person) -> bool:
        """Make somebody a lead; they start with nothing released, and both members are told. Once is as good as twice.

        Returns whether that is news. Raises NotAllowed unless `by` is an admin, Refusal for one of the two members:
        nobody leads the own partnership.
        """
        with self._administering(by):
            if Partnership.objects.filter(pk=self.pk, archived_at__isnull=False).exists():
                raise Refusal(_("This partnership has ended. Nobody new can lead it."))
            if Membership.objects.filter(partnership=self, person=person).exists():
                raise Refusal(_("One of the two members cannot lead the partnership."))
            person.check_here()  # of no member, whose erasure holds the person and wants the partnership
            _lead, is_new = Lead.objects.get_or_create(partnership=self, person=person, defaults={"assigned_by": by})
            if not is_new:
                return False
            line = Audit.record(Audit.Act.LEAD_ASSIGNED, by=by, about=person, partnership=self)
            Delivery.announce(line, self._reachable(), about=self)
            Look.objects.create(partnership=self, person=by, what=Look.What.LEAD_ASSIGNED, about=person)
            return True

    def end_lead(self, person: Person, *, by: Person) -> bool:
        """From the next request on they see nothing. What was released to them goes with it, and does not come back.

        Both members are told. Returns whether that is news. Raises NotAllowed unless `by` is an admin.
        """
        with self._administering(by):
            gone, _rows = Lead.objects.filter(partnership=self, person=person).delete()
            if not gone:
                return False
            line = Audit.record(Audit.Act.LEAD_ENDED, by=by, about=person, partnership=self)
            Delivery.announce(line, self._reachable(), about=self)
            Look.objects.create(partnership=self, person=by, what=Look.What.LEAD_ENDED, about=person)
            return True

    def label_roles(self, roles: Mapping[str, str], *, by: Person, version: int) -> None:
        """What each of the two is here, by seat; also somebody who is invited. `version`: of the roles that the page
        showed. Raises NotAllowed unless by an admin, Stale when somebody changed them meanwhile.
        """
        with self._administering(by):
            members = self.memberships.all()
            invited = self.invitations.filter(accepted_at=None, revoked_at=None)
            now = dict([*invited.values_list("seat", "role_label"), *members.values_list("seat", "role_label")])
            check_seen(version, mine=list(roles.values()), theirs=[now.get(seat, "") for seat in roles])
            for seat, role in roles.items():
                members.filter(seat=seat).update(role_label=role)
                invited.filter(seat=seat).update(role_label=role)

    @property
    def details(self) -> list[str]:
        """In words."""
        return [self.label, str(self.get_kind_display())]

    def describe(self, *, kind: str, label: str, by: Person, version: int) -> None:
        """An admin changes what it is called, and which sittings are offered first. The two read that it was done.

        `version`: of the `details` that the page showed. Raises Stale when somebody changed them meanwhile.
        """
        with self._administering(by):
            self.refresh_from_db(fields=["kind", "label"])
            check_seen(version, mine=[label, str(self.Kind(kind).label)], theirs=self.details)
            if (kind, label) != (self.kind, self.label):
                self.kind, self.label = kind, label
                self.save(update_fields=["kind", "label"])
                Audit.record(Audit.Act.PARTNERSHIP_CHANGED, by=by, partnership=self)
                Look.objects.create(partnership=self, person=by, what=Look.What.DETAILS)

    def remind(self, *, by: Person, now: datetime | None = None) -> None:
        """An admin reminds the two to find a date. Raises Refusal when somebody did within seven days."""
        with self._administering(by):
            if Partnership.reminded_lately([self.pk], now or timezone.now()):
                raise Refusal(_("They were reminded less than a week ago."))
            Look.objects.create(partnership=self, person=by, what=Look.What.REMINDED)

    @staticmethod
    def reminded_lately(partnerships: Collection[uuid.UUID], now: datetime) -> set[uuid.UUID]:
        """Those of them (by id) that nobody may remind again yet."""
        since, until = now - limits.REMIND_EVERY, now + limits.REMIND_EVERY  # beyond: of a clock that was wrong
        lately = Look.objects.filter(what=Look.What.REMINDED, at__gt=since, at__lt=until)
        return set(lately.filter(partnership__in=partnerships).values_list("partnership_id", flat=True))

    def offer_health_checks(self, every: int, *, by: Person) -> None:
        """One of the two says after how many retros a health check is offered; 0: never by itself."""
        with self.writing(by):
            Partnership.objects.filter(pk=self.pk).update(health_every=every)

    # --- the end ------------------------------------------------------------------------------------------------

    def archive(self, *, by: Person) -> bool:
        """End it: the two keep reading all of it, and nobody writes in it. One of the two may, or an admin.

        The others of the two are told, as they are when it is taken up again.

        Returns whether it was still going on.
        """
        with self._of_pair_or_admin(by) as member:
            going_on = Partnership.objects.filter(pk=self.pk, archived_at=None)
            if not going_on.update(archived_at=timezone.now()):
                return False
            self._record(Audit.Act.ARCHIVED, Look.What.ARCHIVED, by=by, member=member)
        self.refresh_from_db(fields=["archived_at"])
        return True

    def reopen(self, *, by: Person) -> bool:
        """Undo the end. Raises Refusal once one of the two has left: with somebody new it is another partnership."""
        with self._of_pair_or_admin(by) as member:
            seated = Membership.objects.filter(partnership=self)
            if seated.exclude(left_at=None).exists() or seated.filter(person__is_active=False).exists():
                raise Refusal(_("One of you has left. With somebody new, begin a new partnership."))
            if not Partnership.objects.filter(pk=self.pk, archived_at__isnull=False).update(archived_at=None):
                return False
            self._record(Audit.Act.UNARCHIVED, Look.What.REOPENED, by=by, member=member)
        self.refresh_from_db(fields=["archived_at"])
        return True

    def leave(self, *, by: Person) -> bool:
        """Leave for good. That ends it, so who left reads nothing that is later; the other one keeps all of it."""
        with transaction.atomic():
            self.archive(by=by)
            left = Membership.objects.filter(partnership=self, person=by, left_at=None).update(left_at=timezone.now())
            if left:
                Audit.record(Audit.Act.LEFT, by=by, about=by, partnership=self)
        return bool(left)

    def _record(self, act: Audit.Act, look: Look.What, *, by: Person, member: bool) -> None:
        others = self._reachable(memberships__left_at=None).exclude(pk=by.pk)
        Delivery.announce(Audit.record(act, by=by, partnership=self), others, about=self)
        if not member:
            Look.objects.create(partnership=self, person=by, what=look)

    def _reachable(self, **only: Any) -> models.QuerySet[Person]:
        """The two members, also one who left; not who can no longer sign in."""
        return Person.objects.filter(memberships__partnership=self, is_active=True, **only)

    @contextmanager
    def _of_pair_or_admin(self, by: Person) -> Iterator[bool]:
        """A write by one of the two (yields True) or by an admin. Raises NotAllowed for anybody else."""
        with transaction.atomic():
            Partnership.objects.select_for_update(no_key=True).get(pk=self.pk)
            member = Membership.objects.filter(partnership=self, person=by).exists()
            if not member and not Person.objects.filter(pk=by.pk, is_staff=True, is_active=True).exists():
                raise NotAllowed(_("Only the two of you and an admin can do this."))
            yield member

    @contextmanager
    def writing(self, by: Person, *, ended: bool = False) -> Iterator[None]:
        """A write by one of the two members; `ended`: also in a partnership that has ended.

        Raises NotAllowed for anybody else.
        """
        with transaction.atomic():
            Partnership.objects.select_for_update(no_key=True).get(pk=self.pk)
            members = Membership.objects.filter(partnership=self, person=by)
            if not (members if ended else members.filter(partnership__archived_at=None)).exists():
                raise NotAllowed(_("You can read this, and no longer write in it."))
            yield

    @contextmanager
    def _administering(self, by: Person) -> Iterator[None]:
        with transaction.atomic():
            Partnership.objects.select_for_update(no_key=True).get(pk=self.pk)
            by.check_admin()
            yield

    @property
    def is_full(self) -> bool:
        return len(self.memberships.all()) == len(Seat)

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None


class Membership(models.Model):
    """A person in a seat. Two seats and two different people: the database holds that promise."""

    partnership = models.ForeignKey(Partnership, models.CASCADE, related_name="memberships")
    person = models.ForeignKey("partnerships.Person", models.PROTECT, related_name="memberships")
    seat = models.CharField(max_length=1, choices=Seat.choices)
    role_label = models.CharField(max_length=limits.NAME_LENGTH, blank=True)
    joined_at = models.DateTimeField(auto_now_add=True)
    left_at = models.DateTimeField(null=True)  # left for good, which ended the partnership

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["partnership", "seat"], name="membership_one_person_a_seat"),
            models.UniqueConstraint(fields=["partnership", "person"], name="membership_one_seat_a_person"),
            models.CheckConstraint(condition=models.Q(seat__in=Seat.values), name="membership_two_seats"),
        )

    def __str__(self) -> str:
        return f"{self.person} ({self.seat})"


class LeadQuerySet(models.QuerySet["Lead"]):
    def of(self, partnership: Partnership) -> LeadQuerySet:
        return self.filter(partnership=partnership).select_related("person").order_by("since")

    def with_pair(self) -> LeadQuerySet:
        members = Membership.objects.select_related("person").order_by("seat")
        return self.select_related("partnership").prefetch_related(models.Prefetch("partnership__memberships", members))


class Lead(models.Model):
    """A person whom an admin assigned to a partnership. Sees the frame and what was released, nothing more.

    The row is the assignment: what was released hangs on it and goes with it.
    """

    partnership = models.ForeignKey(Partnership, models.CASCADE, related_name="leads")
    person = models.ForeignKey("partnerships.Person", models.CASCADE, related_name="leads")
    assigned_by = models.ForeignKey("partnerships.Person", models.SET_NULL, null=True, related_name="+")
    since = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = LeadQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["partnership", "person"], name="lead_once"),)

    def __str__(self) -> str:
        return str(self.person)

    @contextmanager
    def opening(self, what: str = Look.What.HISTORY) -> Iterator[Look]:
        """One transaction of one look: what is read inside is served only if the line for the pair is written.

        Raises Lead.DoesNotExist when the assignment has ended. Whoever ends it waits until this look is served.
        """
        with transaction.atomic():
            Lead.objects.select_for_update(no_key=True).get(pk=self.pk)
            look = Look(partnership_id=self.partnership_id, person_id=self.person_id, what=what)
            yield look
            look.save(force_insert=True)
            Audit.record(Audit.Act.LOOKED, by=self.person, about=self.partnership, partnership=self.partnership)
