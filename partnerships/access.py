"""The loaders, one per object: each loads through the viewer's membership, or there is nothing there (404).

Those behind a link load by its token. Those for admins, at the end, ask nobody: their views have `@for_admins`.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec
from uuid import UUID

from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _

from partnerships import limits
from partnerships.header import seats_of
from partnerships.models import (
    Agreement,
    CalendarFeed,
    Clause,
    Delivery,
    Invitation,
    Lead,
    Partnership,
    Person,
    RateCounter,
    SignIn,
    SignInChange,
    SignInLink,
    Version,
)
from partnerships.reader import Reader
from partnerships.refusals import Refusal
from partnerships.unsubscribe import unsubscriber

if TYPE_CHECKING:
    from collections.abc import Callable

    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
    from django.http import HttpResponse

    from partnerships.http import PersonRequest

P = ParamSpec("P")


def get_partnership(person: Person, partnership_id: UUID) -> Partnership:
    """A partnership of which the person is a member. Raises Http404 for everybody else.

    In one query, with its two people and all that the header of its page says.
    """
    seats = seats_of(person, timezone.now())
    own = [seat for seat in seats if seat.partnership_id == partnership_id]
    if not own:
        raise Http404
    return own[0].partnership.seated(own, around=seats)


def get_reader(person: Person, partnership_id: UUID) -> Reader:
    """One of the two members, or a lead, as a reader of the partnership. Raises Http404 for everybody else."""
    reader = Reader.of(person, partnership_id)
    if reader is None:
        raise Http404
    return reader


def get_lead(person: Person, partnership_id: UUID) -> Lead:
    """The person's own lead of a partnership, with its two people. Raises Http404 for everybody else."""
    reader = get_reader(person, partnership_id)
    if reader.lead is None:
        raise Http404
    return reader.lead


def get_lead_of(partnership: Partnership, lead_person_id: UUID) -> Lead:
    """One of the leads of a partnership whose member asks. Raises Http404."""
    lead = get_object_or_404(Lead.objects.of(partnership), person=lead_person_id)
    lead.partnership = partnership
    return lead


def get_sign_in(person: Person, public_id: str) -> SignIn:
    """One of their own, by the id that pages show. Raises Http404."""
    found = next((row for row in SignIn.of(person) if row.public_id == public_id), None)
    if found is None:
        raise Http404
    return found


def get_recovery_codes(person: Person) -> RecoveryCodes:
    """Their own, as allauth reads them. Raises Http404 when there are none."""
    from allauth.mfa.models import Authenticator  # its models need ours first

    kind = Authenticator.Type.RECOVERY_CODES
    codes: RecoveryCodes = get_object_or_404(Authenticator, user=person, type=kind).wrap()
    return codes


def get_invitation(token: str) -> Invitation | None:
    """The open invitation behind a link; None when it was used, taken back, has run out or never was."""
    return Invitation.objects.by_token(token)


def get_invitation_to_accept(person: Person, token: str) -> Invitation:
    """The invitation behind a link, also when this very person accepted it a moment ago. Raises Http404."""
    invitation = Invitation.objects.by_token(token) or Invitation.objects.accepted_with(token, by=person)
    if invitation is None:
        raise Http404
    return invitation


def get_open_invitation(partnership: Partnership) -> Invitation | None:
    """The one that waits for the free seat of a partnership whose member asks."""
    return Invitation.objects.of_partnership(partnership)


def get_sign_in_change(token: str) -> SignInChange | None:
    """The change that a mailed link takes back; None when it was used, has run out or never was."""
    return SignInChange.objects.by_token(token)


def get_sign_in_link(token: str) -> SignInLink | None:
    """The link that an admin made; None when it was used, has run out or never was."""
    return SignInLink.objects.by_token(token)


def sign_in_links_of(person: Person) -> list[SignInLink]:
    """Every link that admins made for this person, the last one first."""
    return list(SignInLink.objects.of(person))


def get_waiting_invitation(invitation_id: str | None) -> Invitation | None:
    """The open invitation that a browser's session remembers: its id, because the token is nowhere stored."""
    if invitation_id is None:
        return None
    return Invitation.objects.open().with_people().filter(pk=invitation_id).first()


def get_own_invitation(person: Person, invitation_id: UUID) -> Invitation:
    """An invitation to the other seat that one of the two sent, whatever became of it. Raises Http404, to an admin for
    theirs, too.
    """
    invitations = Invitation.objects.filter(partnership__memberships__person=person, invited_by=person)
    return get_object_or_404(invitations.select_related("partnership"), pk=invitation_id)


def get_agreement(person: Person, agreement_id: UUID) -> Agreement:
    """An agreement of a partnership of theirs, with its two people. Raises Http404 for everybody else."""
    return get_object_or_404(Agreement.objects.of(person).with_members(), pk=agreement_id)


def get_clause(agreement: Agreement, line: UUID) -> Clause:
    """A clause of the version in force. Raises Http404 when there is none with this identity."""
    clause = agreement.in_force and agreement.in_force.clauses.filter(line=line).first()
    if not clause:
        raise Http404
    return clause


def get_version(person: Person, version_id: UUID) -> Version:
    """A version or a proposal of an agreement of theirs. Raises Http404 for everybody else."""
    agreement = get_object_or_404(Agreement.objects.of(person).with_members(), versions=version_id)
    return next(version for version in agreement.all_versions if version.pk == version_id)


def get_compared(version: Version, against: str) -> tuple[Version, Version | None]:
    """A version and another one (`against`, an id) of its agreement, the newer first: so a change is read forwards.

    The other one is None without `against`. Raises Http404 when there is no such version.
    """
    if not against:
        return version, None
    other = next((v for v in version.agreement.all_versions if str(v.pk) == against), None)
    if other is None:
        raise Http404
    older, newer = sorted((other, version), key=lambda v: (v.is_waiting, v.in_force_at or v.proposed_at))
    return newer, older


def get_notice(person: Person, delivery_id: UUID) -> Delivery:
    """A notice of their own. Raises Http404 for everybody else."""
    return get_object_or_404(Delivery, pk=delivery_id, person=person, channel=Delivery.Channel.IN_APP)


def get_feed_owner(token: str) -> Person:
    """Whose dates stand behind a feed's address. Raises Http404, or TooMany: a program that asks every minute."""
    person = CalendarFeed.owner(token)
    if person is None:
        raise Http404
    RateCounter.hit_hourly("feed", person, limits.FEED_READS_PER_HOUR)
    return person


def get_subscriber(token: str) -> Person:
    """Whose mails a link stops. Raises Http404 for one that was not made here."""
    person = unsubscriber(token)
    if person is None:
        raise Http404
    return person


# --- for admins -------------------------------------------------------------------------------------------------------


def for_admins(
    view: Callable[Concatenate[PersonRequest, P], HttpResponse],
) -> Callable[Concatenate[PersonRequest, P], HttpResponse]:
    """A page of the admins. To everybody else there is no such page (404)."""

    @wraps(view)
    def inner(request: PersonRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.user.is_staff:
            raise Http404
        return view(request, *args, **kwargs)

    return inner


def get_person(person_id: UUID) -> Person:
    """Any account, for an admin. Raises Http404."""
    person = Person.objects.filter(pk=person_id).first()
    if person is None:
        raise Http404
    return person


def get_account(email: str) -> Person:
    """The active account with this address, for an admin who typed it. Raises Refusal."""
    person = Person.objects.with_address(email)
    if person is None or not person.is_active:
        raise Refusal(_("There is no active account with this address. Invite them first."))
    return person


def get_frame(partnership_id: UUID) -> Partnership:
    """Any partnership, for an admin: the frame of it and nothing that the two wrote. Raises Http404."""
    partnership = Partnership.objects.filter(pk=partnership_id).first()
    if partnership is None:
        raise Http404
    return partnership


def has_partnerships() -> bool:
    """Whether anybody was ever put together here, for an admin."""
    return Partnership.objects.exists()


def get_delivery_to_retry(delivery_id: UUID) -> Delivery:
    """A mail that could not be sent, or is being sent since somebody tried again, for an admin. Raises Http404."""
    status = Delivery.Status
    again = Q(channel=Delivery.Channel.EMAIL, status__in=[status.PENDING, *Delivery.OUT])
    delivery = Delivery.objects.filter(Q(status=status.FAILED) | again, pk=delivery_id).first()
    if delivery is None:
        raise Http404
    return delivery


def get_any_invitation(invitation_id: UUID) -> Invitation:
    """Any invitation but the set-up link, for an admin, whatever became of it. Raises Http404."""
    invitation = Invitation.objects.with_people().filter(pk=invitation_id, makes_admin=False).first()
    if invitation is None:
        raise Http404
    return invitation
