"""The loaders, one per object: each loads through the viewer's membership, or there is nothing there (404).

Those for admins, at the end, ask nobody: their views have `@for_admins`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone

from partnerships.compiled import CompiledQuery
from partnerships.models import Clause, Person, Version
from partnerships.models.partnership import Seat
from retros.catalogue import templates
from retros.models import (
    Action,
    Bulk,
    ClauseOrigin,
    Entry,
    Jot,
    KindWord,
    Measure,
    Need,
    Note,
    Offer,
    OwnTemplate,
    Pause,
    Prompt,
    Release,
    Series,
    Session,
    Step,
)

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from partnerships.models import Partnership
    from retros.catalogue import Template
    from retros.models.release import Thing


OF_A_PROMPT = (  # what decides on an entry to it, and its own words; those of its step, and all dates, are not read
    "step__session__version_a", "step__session__version_b", "step__session__status", "step__session__told",
    "step__session__partnership", "step__position", "step__kind", "step__opened_a_at", "step__opened_b_at",
    "key", "kind", "title", "choices", "set_aside",
)  # fmt: skip


def _sessions_of(person: Person, session_id: UUID) -> QuerySet[Session]:
    proposes = Exists(ClauseOrigin.objects.filter(session=OuterRef("pk"), line__isnull=False))
    sits = F("partnership__memberships__seat")
    found = Session.objects.of(person).filter(pk=session_id).select_related("partnership").with_meeting_url()
    return found.annotate(sits=sits, proposes=proposes)


_sessions = CompiledQuery(_sessions_of, Person, UUID)


def _prompts_of(person: Person, session_id: UUID, prompt_id: UUID) -> QuerySet[Prompt]:
    prompts = Prompt.objects.filter(step__session__partnership__memberships__person=person, step__session=session_id)
    return prompts.filter(pk=prompt_id).select_related("step__session").only(*OF_A_PROMPT)


_prompts = CompiledQuery(_prompts_of, Person, UUID, UUID)


def get_session(person: Person, session_id: UUID) -> Session:
    """A session of a partnership of theirs. Raises Http404 for everybody else."""
    for session in _sessions(person, session_id):
        session.seated[person.pk] = Seat(session.sits)  # type: ignore[attr-defined]  # annotated
        return session
    raise Http404


def get_series(person: Person, partnership_id: UUID) -> Series:
    """The rhythm of a partnership of theirs. Raises Http404 for everybody else, and while there is none."""
    return get_object_or_404(Series, partnership__memberships__person=person, partnership=partnership_id)


def get_pause(person: Person, partnership_id: UUID, pause_id: int) -> Pause:
    """A pause of their rhythm. Raises Http404 for everybody else."""
    pauses = Pause.objects.filter(series__partnership__memberships__person=person)
    return get_object_or_404(pauses, series__partnership=partnership_id, pk=pause_id)


def get_step(person: Person, session_id: UUID, position: int) -> Step:
    """A step of a session of theirs. Raises Http404."""
    session = get_session(person, session_id)
    if position >= len(session.steps):
        raise Http404
    step = session.steps[position]
    step.session = session
    return step


def get_prompt(person: Person, session_id: UUID, prompt_id: UUID) -> Prompt:
    """A prompt of a session of theirs, with its step and session. Raises Http404."""
    for prompt in _prompts(person, session_id, prompt_id):
        return prompt
    raise Http404


def get_entry(person: Person, session_id: UUID, entry_id: UUID, *, deleted: bool = False) -> Entry:
    """An entry that the person may read; with `deleted`, also one of their own that they put away. Raises Http404."""
    session = get_session(person, session_id)
    rows = Entry.objects.visible_to(person)
    if deleted:
        rows |= Entry.objects.deleted_by(person)
    entry = get_object_or_404(rows.select_related("step", "prompt"), pk=entry_id, step__session=session)
    entry.step.session = session
    return entry


def get_note(person: Person, session_id: UUID, note_id: UUID, *, deleted: bool = False) -> Note:
    session = get_session(person, session_id)
    rows = Note.objects.visible_to(person)
    if deleted:
        rows |= Note.objects.deleted_for(person)
    note = get_object_or_404(rows.select_related("step"), pk=note_id, step__session=session)
    note.step.session = session
    return note


def get_release(person: Person, release_id: UUID) -> Release:
    """A release of a partnership of theirs, waiting, shown or withdrawn. A lead has no loader here. Raises Http404."""
    releases = Release.objects.of(person).select_related("lead__person", "lead__partnership", "proposed_by")
    return get_object_or_404(releases, pk=release_id)


def get_releasable(person: Person, kind: str, thing_id: UUID) -> Thing:
    """What one of the two may propose to show. Raises Http404."""
    readable: dict[str, QuerySet[Any]] = {
        Release.Kind.SUMMARY: Note.objects.visible_to(person).filter(kind=Note.Kind.SUMMARY).select_related("step"),
        Release.Kind.ACTION: Action.objects.visible_to(person),
        Release.Kind.OUTCOME: Action.objects.visible_to(person),
        Release.Kind.VERSION: Version.objects.filter(agreement__partnership__memberships__person=person),
        Release.Kind.NEED: Need.objects.visible_to(person),
    }
    if kind not in readable:
        raise Http404
    thing: Thing = get_object_or_404(readable[kind], pk=thing_id)
    return thing


def get_need(person: Person, need_id: UUID) -> Need:
    needs = Need.objects.visible_to(person).select_related("lead__person", "partnership")
    return get_object_or_404(needs, pk=need_id)


def get_asked_need(person: Person, need_id: UUID) -> Need:
    """A need that the two released to this lead. Raises Http404 for everybody else."""
    return get_object_or_404(Need.objects.asked_of(person).select_related("lead", "partnership"), pk=need_id)


def get_jot(person: Person, jot_id: UUID) -> Jot:
    """One of their own, dropped or not. Raises Http404 for everybody else."""
    return get_object_or_404(Jot.objects.of(person), pk=jot_id)


def get_kind_word(person: Person, word_id: UUID) -> KindWord:
    """One that they were given, dropped or not. Raises Http404 for everybody else, who gave it too."""
    return get_object_or_404(KindWord.objects.of(person), pk=word_id)


def get_topic(person: Person, partnership: Partnership, kind: str, thing_id: str) -> str:
    """The words of a thing that lies open for both: a card, what they learned, a decision that they named, a clause in
    force, by its line. Raises Http404.
    """
    cards = Entry.objects.visible_to(person).filter(is_card=True, opened_at__isnull=False)
    learned = Note.objects.visible_to(person).filter(kind=Note.Kind.LEARNED)
    in_pair = {"step__session__partnership": partnership, "step__session__partnership__memberships__person": person}
    readable: dict[str, QuerySet[Any, tuple[str]]] = {
        "card": cards.filter(step__session__partnership=partnership).values_list("text"),
        "learning": learned.filter(step__session__partnership=partnership).values_list("text"),
        "decision": Prompt.objects.filter(kind=Prompt.Kind.PLACE, **in_pair).values_list("title"),
        "clause": Clause.objects.in_force().filter(version__agreement__partnership=partnership).values_list("text"),
    }
    key = "line" if kind == "clause" else "pk"
    try:
        found = readable[kind].filter(**{key: UUID(thing_id)}).first()
    except (KeyError, ValueError):
        raise Http404 from None
    if found is None:
        raise Http404
    return str(found[0])


def get_measure(person: Person, measure_id: UUID) -> Measure:
    """One of a partnership of theirs, retired or not. Raises Http404 for everybody else."""
    return get_object_or_404(Measure.objects.visible_to(person).select_related("partnership"), pk=measure_id)


def get_offer(person: Person, offer_id: UUID) -> Offer:
    """An offer made to a partnership of theirs. Raises Http404."""
    offers = Offer.objects.visible_to(person).select_related("lead__partnership", "session")
    return get_object_or_404(offers, pk=offer_id)


def get_action(person: Person, action_id: UUID, *, deleted: bool = False) -> Action:
    rows = Action.objects.visible_to(person)
    if deleted:
        rows |= Action.objects.deleted_for(person)
    return get_object_or_404(rows.select_related("partnership"), pk=action_id)


# --- for admins -------------------------------------------------------------------------------------------------------


def get_missed(session_id: UUID) -> Session:
    """A retro of any pair that did not take place, for an admin: its dates and nothing in it. Raises Http404."""
    missed = Session.objects.filter(kind=Session.Kind.RETRO, status=Session.Status.MISSED)
    return get_object_or_404(missed.select_related("partnership"), pk=session_id)


def get_planned(session_id: UUID, *, or_skipped: bool = False) -> Session:
    """A retro to come of any pair, or one that is skipped by now, for an admin: its dates and nothing in it.

    Raises Http404.
    """
    now = timezone.now()
    ahead = Session.objects.filter(kind=Session.Kind.RETRO, start_utc__gt=now, partnership__archived_at=None)
    found = ahead.coming_outside(now)
    if or_skipped:
        found = found | ahead.filter(status=Session.Status.SKIPPED)
    return get_object_or_404(found.select_related("partnership"), pk=session_id)


def get_own_template(key: str) -> OwnTemplate:
    """A template of this installation, for an admin. Raises Http404 for one that ships."""
    return get_object_or_404(OwnTemplate, key=key)


def get_template(key: str) -> Template:
    """Any template, for an admin. Raises Http404."""
    return templates().get(key) or get_own_template(key).template


def get_bulk(bulk_id: UUID) -> Bulk:
    """What an admin did to many pairs, for any admin. Raises Http404."""
    return get_object_or_404(Bulk.objects.select_related("by"), pk=bulk_id)
