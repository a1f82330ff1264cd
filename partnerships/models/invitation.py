from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partnerships import limits
from partnerships.models.audit import Audit
from partnerships.models.partnership import Membership, Partnership, Seat
from partnerships.models.person import Person
from partnerships.models.rate import RateCounter
from partnerships.refusals import Refusal


def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def unused(self) -> InvitationQuerySet:
        """Neither accepted nor taken back. Some of them may have run out."""
        return self.filter(accepted_at=None, revoked_at=None)

    def open(self) -> InvitationQuerySet:
        return self.unused().filter(expires_at__gt=timezone.now())

    def for_accounts(self) -> InvitationQuerySet:
        """Unused ones to an account alone, of an address; the set-up link has none."""
        return self.unused().filter(partnership=None, makes_admin=False)

    def of_partnership(self, partnership: Partnership) -> Invitation | None:
        """The open one for the free seat: there is one link at a time."""
        return self.open().with_people().filter(partnership=partnership).first()

    def by_token(self, token: str) -> Invitation | None:
        """The open invitation with this token, or None: unknown, used, revoked and expired look alike."""
        return self.open().with_people().filter(token_hash=hash_token(token)).first()

    def accepted_with(self, token: str, *, by: Person) -> Invitation | None:
        return self.with_people().filter(token_hash=hash_token(token), accepted_by=by).first()

    def sent_as(
        self, client_id: uuid.UUID | None, *, by: Person, email: str, partnership: Partnership | None = None
    ) -> Invitation | None:
        """What a form with this id of its own has sent already. Raises Refusal when that was something else."""
        sent: Invitation | None = self.with_people().filter(pk=client_id).first() if client_id else None
        asked = by.pk, email, partnership.pk if partnership else None
        if sent and (sent.invited_by_id, sent.email, sent.partnership_id) != asked:
            raise Refusal(_("This form was sent already, for another address. Open it anew."))
        return sent

    def renewed(self, earlier: Invitation) -> Invitation | None:
        """The open one that took the place of this one."""
        same = self.open().filter(partnership=earlier.partnership_id, seat=earlier.seat, email=earlier.email)
        fresh: Invitation | None = same.order_by("-created_at").first()
        return fresh if fresh and earlier.revoked_at and fresh.created_at >= earlier.revoked_at else None

    def with_people(self) -> InvitationQuerySet:
        return self.select_related("partnership", "invited_by")


class Invitation(models.Model):
    """A link for one address: 256 bits, single use, seven days, only its hash is stored.

    For a seat in a partnership; or, with no partnership, for an account alone (`makes_admin`: the one-time set-up
    link of a fresh installation, which has no address either). GET never consumes it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partnership = models.ForeignKey(Partnership, models.CASCADE, null=True, related_name="invitations")
    seat = models.CharField(max_length=1, choices=Seat.choices, blank=True)
    role_label = models.CharField(max_length=limits.NAME_LENGTH, blank=True)
    email = models.EmailField(_("Email"), blank=True)
    makes_admin = models.BooleanField(default=False)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey("partnerships.Person", models.CASCADE, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey("partnerships.Person", models.SET_NULL, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True)

    objects: ClassVar = InvitationQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["partnership", "seat"],
                condition=models.Q(accepted_at=None, revoked_at=None, partnership__isnull=False),
                name="invitation_one_open_a_seat",
            ),
        )

    def __str__(self) -> str:
        return self.email or "set-up link"

    @classmethod
    def begin_partnership(
        cls,
        *,
        by: Person,
        email: str,
        kind: str,
        label: str,
        role_label: str = "",
        since: date | None = None,
        client_id: uuid.UUID | None = None,
    ) -> tuple[Invitation, str]:
        """A new partnership and the invitation to its other seat, both or neither.

        The same form sent twice invites once: the second time the token is empty, because it was shown already.
        """
        with transaction.atomic():
            partnership = Partnership.begin(
                by=by, kind=kind, label=label, role_label=role_label, since=since, client_id=client_id
            )
            Partnership.objects.select_for_update(no_key=True).get(pk=partnership.pk)
            earlier = cls.objects.filter(partnership=partnership).order_by("-created_at").first()
            if earlier:
                return earlier, ""
            cls._check_new(partnership, [by.email, email])
            return cls.for_seat(partnership, email=email, by=by)

    @classmethod
    def arrange_partnership(
        cls, *, by: Person, emails: Sequence[str], kind: str, label: str, since: date | None = None,
        client_id: uuid.UUID | None = None,
    ) -> Arranged:  # fmt: skip
        """An admin's new partnership of two: whoever has an account takes the seat at once, the others are invited.

        The same form sent twice arranges once. Raises Refusal for one and the same person, and for an account that is
        switched off.
        """
        with transaction.atomic():
            by.check_admin_here(*(email.strip().lower() for email in emails))
            partnership, made = Partnership.objects.get_or_create(
                pk=client_id or uuid.uuid4(),
                defaults={"kind": kind, "label": label, "since": since or timezone.localdate(timezone=by.tz)},
            )
            if not made:
                return Arranged(partnership, [], is_new=False)
            Audit.record(Audit.Act.PARTNERSHIP_BEGUN, by=by, partnership=partnership)
            pair = [(seat, email.strip().lower()) for seat, email in zip(Seat, emails, strict=True)]
            if pair[0][1] == pair[1][1]:
                raise Refusal(_("A partnership is two different people."))
            cls._check_new(partnership, [email for _seat, email in pair])
            issued = [cls._seat(partnership, seat, email, by) for seat, email in pair]
            return Arranged(partnership, [invited for invited in issued if invited], is_new=True)

    @classmethod
    def _check_new(cls, partnership: Partnership, emails: Sequence[str]) -> None:
        """Raises Refusal where these two have one with this name that goes on: the form was sent before, with another
        id, because its answer was lost and the page came anew.
        """
        same = Partnership.objects.filter(label=partnership.label, archived_at=None).exclude(pk=partnership.pk)
        for email in emails:
            invited = cls.objects.unused().filter(email__iexact=email).values("partnership")
            here = models.Q(memberships__person__email__iexact=email, memberships__left_at=None)
            same = same.filter(here | models.Q(pk__in=invited))
        if same.exists():
            raise Refusal(_("These two have a partnership with this name already."))

    @classmethod
    def _seat(cls, partnership: Partnership, seat: str, email: str, by: Person) -> tuple[Invitation, str] | None:
        person = Person.objects.with_address(email)
        if person is None:
            return cls._invite(by, partnership=partnership, seat=seat, email=email, invited_by=by)
        if not person.is_active:
            raise Refusal(_("The account of %(email)s is switched off.") % {"email": email})
        partnership.take_seat(person, seat, role_label=person.role_label)
        return None

    @classmethod
    def for_account(
        cls, *, email: str, by: Person, role_label: str = "", client_id: uuid.UUID | None = None
    ) -> tuple[Invitation, str]:
        """An admin invites somebody to have an account; a partnership comes later.

        An earlier open invitation to the same address stops working. The same form sent twice invites once: the second
        time the token is empty. Raises Refusal when there is such an account.
        """
        email = email.strip().lower()
        _count(by)
        with transaction.atomic():
            by.check_admin_here()
            if sent := cls.objects.sent_as(client_id, by=by, email=email):
                return sent, ""
            if Person.objects.filter(email__iexact=email).exists():
                raise Refusal(_("There is an account with this address already."))
            cls.objects.for_accounts().filter(email=email).update(revoked_at=timezone.now())
            return cls._invite(by, id=client_id, email=email, invited_by=by, role_label=role_label)

    @classmethod
    def for_seat(
        cls, partnership: Partnership, *, email: str, by: Person, role_label: str = "",
        client_id: uuid.UUID | None = None,
    ) -> tuple[Invitation, str]:  # fmt: skip
        """Invite somebody into the free seat. Returns the invitation and its token, which is never shown again: it is
        empty when the same form is sent a second time.

        An earlier open invitation to the same seat is revoked: one link at a time. Raises Refusal when no seat is
        free, or the address is the inviter's own or a member's; TooMany beyond the limit of an hour.
        """
        email = email.strip().lower()
        _count(by)
        with transaction.atomic():
            if Partnership.objects.select_for_update(no_key=True).get(pk=partnership.pk).is_archived:
                raise Refusal(_("This partnership has ended. You can read it, and no longer write in it."))
            if sent := cls.objects.sent_as(client_id, by=by, email=email, partnership=partnership):
                return sent, ""
            members = list(Membership.objects.filter(partnership=partnership).select_related("person"))
            if by.owns(email) or email in {m.person.email.lower() for m in members}:
                raise Refusal(_("That is the address of somebody who is already in this partnership."))
            free = [seat for seat in Seat if seat not in {m.seat for m in members}]
            if not free:
                raise Refusal(_("Both seats are taken. A partnership is exactly two people."))
            earlier = cls.objects.filter(partnership=partnership, seat=free[0])
            accepted = cls.objects.filter(partnership=partnership, accepted_at__isnull=False)
            if accepted.exists() and (accepted.filter(seat=free[0]).exists() or not earlier.exists()):
                # Whoever came into the seat of somebody who left would read what those two wrote.
                raise Refusal(_("Both seats were taken before. With somebody new, begin a new partnership."))
            earlier.unused().update(revoked_at=timezone.now())
            return cls._invite(
                by, id=client_id, partnership=partnership, seat=free[0], email=email, invited_by=by,
                role_label=role_label,
            )  # fmt: skip

    @classmethod
    def for_first_admin(cls) -> str:
        """The token of a set-up link, or nothing once there is an admin. An earlier unused one is revoked."""
        if Person.objects.filter(is_staff=True).exists():
            return ""
        with transaction.atomic():
            cls.objects.unused().filter(makes_admin=True).update(revoked_at=timezone.now())
            return cls._issue(makes_admin=True)[1]

    @classmethod
    def _invite(cls, by: Person, **fields: Any) -> tuple[Invitation, str]:
        """Issue one, and put down who did."""
        invitation, token = cls._issue(**fields)
        act = Audit.Act.INVITED if invitation.partnership else Audit.Act.PERSON_INVITED
        Audit.record(act, by=by, about=invitation, partnership=invitation.partnership)
        return invitation, token

    @classmethod
    def _issue(cls, **fields: Any) -> tuple[Invitation, str]:
        invitation, token = cls.new(**fields)
        invitation.save(force_insert=True)
        return invitation, token

    @classmethod
    def new(cls, **fields: Any) -> tuple[Invitation, str]:
        """Unsaved, with its token, which is nowhere else."""
        token = secrets.token_urlsafe(32)
        fields["id"] = fields.get("id") or uuid.uuid4()
        return cls(token_hash=hash_token(token), expires_at=timezone.now() + limits.INVITATION_LIFE, **fields), token

    def renew(self, *, by: Person) -> tuple[Invitation, str]:
        """A fresh link for the same seat or account, from the same inviter; this one stops working. Pressed again it is
        the same link, and the token is empty.

        Raises Refusal when it was used or taken back meanwhile, and when the partnership has ended.
        """
        if self.makes_admin:
            raise Refusal(_("This link cannot be renewed."))
        _count(by)
        with transaction.atomic():
            pair = self.partnership and Partnership.objects.select_for_update(no_key=True).get(pk=self.partnership.pk)
            if pair and pair.is_archived:
                raise Refusal(_("This partnership has ended. You can read it, and no longer write in it."))
            if not Invitation.objects.unused().filter(pk=self.pk).update(revoked_at=timezone.now()):
                self.refresh_from_db(fields=["revoked_at", "accepted_at"])
                if fresh := Invitation.objects.with_people().renewed(self):
                    return fresh, ""
                raise Refusal(_("This invitation was used, taken back or has run out. Ask for a new link."))
            return Invitation._invite(
                by, partnership=self.partnership, seat=self.seat, email=self.email, invited_by=self.invited_by,
                role_label=self.role_label,
            )  # fmt: skip

    def revoke(self, *, by: Person) -> None:
        """Raises Refusal once it was accepted."""
        with transaction.atomic():
            if Invitation.objects.unused().filter(pk=self.pk).update(revoked_at=timezone.now()):
                Audit.record(Audit.Act.INVITATION_REVOKED, by=by, about=self, partnership=self.partnership)
            elif Invitation.objects.filter(pk=self.pk, accepted_at__isnull=False).exists():
                raise Refusal(_("This invitation was accepted in between."))

    @property
    def is_open(self) -> bool:
        return not self.accepted_at and not self.revoked_at and self.expires_at > timezone.now()

    @property
    def is_arranged(self) -> bool:
        """Whether somebody who is none of the two invites: an admin who put the partnership together."""
        if self.partnership is None:
            return False
        return not Membership.objects.filter(partnership=self.partnership, person=self.invited_by).exists()

    def is_for(self, person: Person) -> bool:
        return not self.email or person.owns(self.email)

    def accept(self, *, by: Person) -> Membership | None:
        """Use the invitation, once, however many press at the same moment. Returns the membership for a seat.

        Pressed again by the same person it answers with the same membership. Raises Refusal when somebody else used
        it, when it was taken back or has run out, when it is for another address, or when the inviter presses it.
        """
        if not self.is_for(by):
            raise Refusal(_("This invitation is for another address."))
        with transaction.atomic():
            if self.partnership is not None:  # first, as everywhere: two orders of locks would block each other
                Partnership.objects.select_for_update(no_key=True).get(pk=self.partnership.pk)
            by.check_here()  # before the invitation, which an erasure takes after the person
            used = Invitation.objects.open().filter(pk=self.pk).update(accepted_at=timezone.now(), accepted_by=by)
            if not used and not Invitation.objects.filter(pk=self.pk, accepted_by=by).exists():
                raise Refusal(_("This invitation was used, taken back or has run out. Ask for a new link."))
            if self.makes_admin and used:
                self._make_first_admin(by)
            if self.partnership is None:
                if self.role_label and not by.role_label:
                    Person.objects.filter(pk=by.pk).update(role_label=self.role_label)
                return None
            if not used:
                return Membership.objects.filter(partnership=self.partnership, person=by).first()
            return self.partnership.take_seat(by, self.seat, role_label=self.role_label or by.role_label)

    def _make_first_admin(self, person: Person) -> None:
        if Person.objects.filter(is_staff=True).exists():
            raise Refusal(_("There is an admin already. Ask them for an invitation."))
        Person.objects.filter(pk=person.pk).update(is_staff=True)
        Audit.record(Audit.Act.ADMIN_MADE, by=person, about=person)


@dataclass(frozen=True)
class Arranged:
    """A partnership that an admin put together, and the invitations with their tokens, which are never shown again."""

    partnership: Partnership
    issued: list[tuple[Invitation, str]]
    is_new: bool


def _count(by: Person) -> None:
    """Raises TooMany beyond the limit of an hour."""
    RateCounter.hit_hourly("invite", by, limits.INVITATIONS_PER_HOUR)
