"""New sessions, with their two people and the steps and prompts of their template."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from partnerships.models import Agreement, Membership, Partnership, Person
from partnerships.models.partnership import Seat
from partnerships.refusals import NotAllowed, Refusal
from retros.catalogue import template_for
from retros.models.presence import Presence
from retros.models.session import Session
from retros.models.step import Prompt, Step
from retros.recurrence.wall_time import stored


def start_now(partnership: Partnership, *, by: Person, template_key: str = "", id: uuid.UUID | None = None) -> Session:
    """A retro that begins at this moment. While one is running, that one is it: both may press at once."""
    now = timezone.now()
    with transaction.atomic():
        Partnership.objects.select_for_update(no_key=True).get(pk=partnership.pk)
        retros = Session.objects.filter(partnership=partnership, kind=Session.Kind.RETRO)
        running = retros.running().order_by("-started_at").first()
        session = running or Session.sent_before(id, partnership)
        if session is None:
            session = _create(partnership, by=by, now=now, template_key=template_key, id=id)
            session.start(by=by)
    return session


def begin(agreement: Agreement, *, by: Person, short: bool = False) -> Session:
    """Begin to write an agreement: each alone, over days if they like. One such sitting at a time is open."""
    now = timezone.now()
    kind = Session.Kind.DREAM_TEAM if agreement.kind == Agreement.Kind.DREAM_TEAM else Session.Kind.CONTRACT
    partnership = agreement.partnership
    with transaction.atomic():
        Partnership.objects.select_for_update(no_key=True).get(pk=partnership.pk)
        session = Session.objects.filter(agreement=agreement, kind=kind).running().first()
        if session is None:
            template = template_for(kind, partnership.kind)
            session = _create(
                partnership, by=by, now=now, template_key=f"{template.key}:short" if short else template.key,
                kind=kind, agreement=agreement,
            )  # fmt: skip
            session.start(by=by)
    return session


def _create(
    partnership: Partnership, *, by: Person, now: datetime, template_key: str = "",
    id: uuid.UUID | None = None, kind: str = Session.Kind.RETRO, agreement: Agreement | None = None,
) -> Session:  # fmt: skip
    """One that begins now, by the clock of whoever began it."""
    if not Membership.objects.filter(partnership=partnership, person=by).exists():
        raise NotAllowed(_("This is not your partnership."))
    local = now.astimezone(by.tz).replace(tzinfo=None, second=0, microsecond=0)
    session = Session(
        id=id or uuid.uuid4(), kind=kind, start_local=stored(local), timezone=by.timezone, start_utc=now,
        agreement=agreement, unplanned=True, template_key=template_key,
    )  # fmt: skip
    partnership.refresh_from_db(fields=["archived_at"])
    members = list(Membership.objects.filter(partnership=partnership).select_related("person"))
    check_two(partnership, members)
    return insert(partnership, [session], members)[0]


def check_two(partnership: Partnership, members: Collection[Membership]) -> None:
    """Raises Refusal while a seat is free, and once the partnership has ended."""
    if len(members) < len(Seat):
        raise Refusal(_("A retro needs two. The other seat is still free."))
    if partnership.is_archived:
        raise Refusal(_("This partnership has ended. You can read it, and no longer write in it."))


def insert(partnership: Partnership, sessions: list[Session], members: Collection[Membership]) -> list[Session]:
    """Write new sessions of a pair, with its two `members` and the steps and prompts of their template: the one whose
    key they bring, else the usual one of their kind.
    """
    if not sessions:
        return []
    names = {member.seat: member.person.first_name for member in members}
    steps: list[Step] = []
    prompts: list[Prompt] = []
    for session in sessions:
        template = template_for(session.kind, partnership.kind, session.template_key)
        session.partnership, session.kind, session.template_key = partnership, template.kind, template.key
        for position, step in enumerate(template.steps):
            steps.append(Step.copy(step, session=session, position=position))
            prompts += steps[-1].copies(step.prompts, names)
    Session.objects.bulk_create(sessions)
    Presence.objects.bulk_create(
        Presence(session=session, person_id=m.person_id, seat=m.seat) for session in sessions for m in members
    )
    Step.objects.bulk_create(steps)
    Prompt.objects.bulk_create(prompts)
    return sessions
