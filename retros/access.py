"""The one door per object: it loads through the viewer's membership, or there is nothing there (404)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import F
from django.http import Http404

from partnerships.models import Version
from partnerships.models.partnership import Seat
from retros.models import Action, Bulk, Entry, Need, Note, Offer, Prompt, Release, Series, Session, Step

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from partnerships.models import Person
    from retros.models.release import Thing
    from retros.models.session import SessionQuerySet


OF_A_NEW_CARD = (  # what is drawn of it; the rest of its step, its prompt and its author is not read
    "step__position", "step__session", "step__opened_a_at", "step__opened_b_at", "prompt__key",
    "author__name", "author__erased_at", "text", "only_me", "talk", "came_with",
)  # fmt: skip


def get_session(person: Person, session_id: UUID) -> Session:
    """A session of a partnership of theirs. Raises Http404 for everybody else."""
    return _session(person, Session.objects.of(person), session_id)


def _session(person: Person, sessions: SessionQuerySet, session_id: UUID) -> Session:
    sessions = sessions.select_related("partnership").annotate(sits=F("partnership__memberships__seat"))
    session = sessions.filter(pk=session_id).first()
    if session is None:
        raise Http404
    session.seated[person.pk] = Seat(session.sits)  # type: ignore[attr-defined]
    return session


def get_series(person: Person, partnership_id: UUID) -> Series:
    """The rhythm of a partnership of theirs. Raises Http404 for everybody else, and while there is none."""
    series = Series.objects.filter(partnership__memberships__person=person, partnership=partnership_id).first()
    if series is None:
        raise Http404
    return series


def get_step(person: Person, session_id: UUID, position: int) -> Step:
    """A step of a session of theirs, which also knows when and where the two meet next. Raises Http404."""
    session = _session(person, Session.objects.of(person).with_next(), session_id)
    if position >= len(session.steps):
        raise Http404
    step = session.steps[position]
    step.session = session
    return step


def get_prompt(person: Person, session_id: UUID, prompt_id: UUID) -> Prompt:
    """A prompt of a session of theirs, with its step and session. Raises Http404."""
    prompts = Prompt.objects.filter(step__session__partnership__memberships__person=person, step__session=session_id)
    prompt = prompts.select_related("step__session").filter(pk=prompt_id).first()
    if prompt is None:
        raise Http404
    return prompt


def get_new_card(person: Person, session: Session) -> Entry | None:
    """The card whose coming to an open board was the last change of this session, with all that is drawn of it.

    None when the last change was another, and for a card that the person may not read.
    """
    cards = Entry.objects.visible_to(person).filter(step__session=session, came_with=session.changes)
    if (card := cards.select_related("step", "prompt", "author").only(*OF_A_NEW_CARD).first()) is not None:
        card.step.session = session
    return card


def get_entry(person: Person, session_id: UUID, entry_id: UUID, *, deleted: bool = False) -> Entry:
    """An entry that the person may read; with `deleted`, also one of their own that they put away. Raises Http404."""
    session = get_session(person, session_id)
    rows = Entry.objects.visible_to(person)
    if deleted:
        rows |= Entry.objects.deleted_by(person)
    entry = rows.select_related("step", "prompt").filter(pk=entry_id, step__session=session).first()
    if entry is None:
        raise Http404
    entry.step.session = session
    return entry


def get_note(person: Person, session_id: UUID, note_id: UUID, *, deleted: bool = False) -> Note:
    session = get_session(person, session_id)
    rows = Note.objects.visible_to(person)
    if deleted:
        rows |= Note.objects.deleted_for(person)
    note = rows.select_related("step").filter(pk=note_id, step__session=session).first()
    if note is None:
        raise Http404
    note.step.session = session
    return note


def get_release(person: Person, release_id: UUID) -> Release:
    """A release of a partnership of theirs, waiting, shown or withdrawn. A lead has no door here. Raises Http404."""
    releases = Release.objects.of(person).select_related("lead__person", "lead__partnership", "proposed_by")
    if (release := releases.filter(pk=release_id).first()) is None:
        raise Http404
    return release


def get_releasable(person: Person, kind: str, thing_id: UUID) -> Thing:
    """What one of the two may propose to show. Raises Http404."""
    doors: dict[str, QuerySet[Any]] = {
        Release.Kind.SUMMARY: Note.objects.visible_to(person).filter(kind=Note.Kind.SUMMARY).select_related("step"),
        Release.Kind.ACTION: Action.objects.visible_to(person),
        Release.Kind.OUTCOME: Action.objects.visible_to(person),
        Release.Kind.VERSION: Version.objects.filter(agreement__partnership__memberships__person=person),
        Release.Kind.NEED: Need.objects.visible_to(person),
    }
    thing: Thing | None = doors[kind].filter(pk=thing_id).first() if kind in doors else None
    if thing is None:
        raise Http404
    return thing


def get_need(person: Person, need_id: UUID) -> Need:
    need = Need.objects.visible_to(person).select_related("lead__person", "partnership").filter(pk=need_id).first()
    if need is None:
        raise Http404
    return need


def get_asked_need(person: Person, need_id: UUID) -> Need:
    """A need that the two released to this lead. Raises Http404 for everybody else."""
    need = Need.objects.asked_of(person).select_related("lead", "partnership").filter(pk=need_id).first()
    if need is None:
        raise Http404
    return need


def get_offer(person: Person, offer_id: UUID) -> Offer:
    """An offer made to a partnership of theirs. Raises Http404."""
    offers = Offer.objects.visible_to(person).select_related("lead__partnership", "session")
    if (offer := offers.filter(pk=offer_id).first()) is None:
        raise Http404
    return offer


def get_action(person: Person, action_id: UUID, *, deleted: bool = False) -> Action:
    rows = Action.objects.visible_to(person)
    if deleted:
        rows |= Action.objects.deleted_for(person)
    action = rows.select_related("partnership").filter(pk=action_id).first()
    if action is None:
        raise Http404
    return action


def get_bulk(bulk_id: UUID) -> Bulk:
    """What an admin did to many pairs, for any admin. Raises Http404."""
    bulk = Bulk.objects.select_related("by").filter(pk=bulk_id).first()
    if bulk is None:
        raise Http404
    return bulk
