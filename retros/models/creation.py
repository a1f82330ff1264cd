"""New sessions, with their two people and the steps and prompts of their template."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from partnerships.content import content
from partnerships.models import Agreement, Invitation, Membership, Partnership, Person
from partnerships.models.partnership import Seat
from partnerships.refusals import NotAllowed, Refusal
from retros.models.measure import Measure, prompts_of
from retros.models.note import Note
from retros.models.presence import Presence
from retros.models.session import Session
from retros.models.step import Prompt, Ready, Step
from retros.models.template import catalogue
from retros.recurrence.wall_time import stored


def start_now(
    partnership: Partnership, *, by: Person, template_key: str = "", topic: str = "", id: uuid.UUID | None = None
) -> Session:
    """A retro, or another sitting that ends in no agreement, that begins at this moment.

    A `topic` becomes the note of its first step, which is of both. While one of its kind is running, that one is it:
    both may press at once. Raises Refusal when that one is about something else.
    """
    now = timezone.now()
    kind = catalogue([template_key]).template_for(Session.Kind.RETRO, partnership.kind, template_key).kind
    with transaction.atomic():
        Partnership.objects.select_for_update(no_key=True).get(pk=partnership.pk)
        running = Session.objects.filter(partnership=partnership, kind=kind).running().order_by("-started_at").first()
        session = running or Session.sent_before(id, partnership)
        if running and topic and not Note.objects.filter(step=running.steps[0], text=content(topic)).exists():
            raise Refusal(
                _("%(title)s is open already, about something else. Close it, then begin this one.")
                % {"title": running.title}
            )
        if session is None:
            session = _create(partnership, by=by, now=now, template_key=template_key, id=id, kind=kind)
            if topic:
                Note(step=session.steps[0], version=0, kind=Note.Kind.CAME_UP).write(content(topic), by)
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
            template = catalogue([""]).template_for(kind, partnership.kind)
            session = _create(
                partnership, by=by, now=now, template_key=f"{template.key}:short" if short else template.key,
                kind=kind, agreement=agreement,
            )  # fmt: skip
            session.start(by=by)
    return session


def welcome(membership: Membership) -> None:
    """Whoever takes a seat gets a side in each session that the other one made alone. Part of taking the seat, which
    holds the partnership's lock.

    A Ready that was given while the seat was kept for another address is taken back: it was not given for this one.
    """
    partnership, seat = membership.partnership, membership.seat
    sessions = list(Session.objects.filter(partnership=partnership).exclude(presences__seat=seat))
    if not sessions:
        return
    Presence.objects.bulk_create(Presence(session=s, person_id=membership.person_id, seat=seat) for s in sessions)
    invitations = list(Invitation.objects.filter(partnership=partnership, seat=seat).order_by("created_at"))
    taken = next((i.email for i in invitations if i.accepted_by_id == membership.person_id), "")
    for mark in Ready.objects.filter(step__session__in=sessions).select_related("step", "person"):
        kept_for = [i.email for i in invitations if i.created_at <= mark.at][-1:]
        if kept_for != [taken]:
            mark.step.withdraw_ready(mark.person)
    Session.refresh_rooms(partnership)


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
    check(partnership, [session], members)
    new(partnership, [session], members).insert()
    return session


def check(partnership: Partnership, sessions: Collection[Session], members: Collection[Membership]) -> None:
    """Raises Refusal for new sessions once the partnership has ended; while a seat is free, for a date of a rhythm and
    for a template that speaks of both by name.
    """
    if partnership.is_archived:
        raise Refusal(_("This partnership has ended. You can read it, and no longer write in it."))
    if len(members) < len(Seat):
        known = catalogue([session.template_key for session in sessions])
        for session in sessions:
            template = known.template_for(session.kind, partnership.kind, session.template_key)
            if session.series_id or template.names_both:
                raise Refusal(_("This needs two. The other seat is still free."))


class New(NamedTuple):
    """New sessions with all that belongs to them, not written yet."""

    sessions: Sequence[Session]
    presences: Sequence[Presence]
    steps: Sequence[Step]
    prompts: Sequence[Prompt]

    def insert(self) -> None:
        Session.objects.bulk_create(self.sessions)
        Presence.objects.bulk_create(self.presences)
        Step.objects.bulk_create(self.steps)
        Prompt.objects.bulk_create(self.prompts)


def new(partnership: Partnership, sessions: Sequence[Session], members: Collection[Membership]) -> New:
    """New sessions of a pair, with its `members` and the steps and prompts of their template: the one whose key they
    bring, else the usual one of their kind; a pulse also asks about the measures of the pair. Whoever calls has seen to
    `check`, and holds the partnership's lock.
    """
    if not sessions:
        return New([], [], [], [])
    names = {member.seat: member.person.bare_first_name for member in members}
    measures = list(Measure.objects.asked().filter(partnership=partnership))
    steps: list[Step] = []
    prompts: list[Prompt] = []
    known = catalogue([session.template_key for session in sessions])
    for session in sessions:
        template = known.template_for(session.kind, partnership.kind, session.template_key)
        session.partnership, session.kind, session.template_key = partnership, template.kind, template.key
        for position, step in enumerate(template.steps):
            steps.append(Step.copy(step, session=session, position=position))
            prompts += steps[-1].copies(step.prompts, names)
            if step.kind == Step.Kind.PULSE:
                prompts += prompts_of(measures, steps[-1].pk, len(step.prompts))
    presences = [Presence(session=s, person_id=m.person_id, seat=m.seat) for s in sessions for m in members]
    return New(sessions, presences, steps, prompts)
