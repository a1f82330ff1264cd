"""The one door per object: it loads through the viewer's membership, or there is nothing there (404)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.http import Http404

from retros.models import Action, Entry, Note, Prompt, Session, Step

if TYPE_CHECKING:
    from partnerships.models import Person


def get_session(person: Person, session_id: UUID) -> Session:
    """A session of a partnership of theirs, with its two people. Raises Http404 for everybody else."""
    sessions = Session.objects.of(person).select_related("partnership", "agreement").with_people().with_next()
    session = sessions.filter(pk=session_id).first()
    if session is None:
        raise Http404
    return session


def get_step(person: Person, session_id: UUID, position: int) -> Step:
    session = get_session(person, session_id)
    if position >= len(session.steps):
        raise Http404
    step = session.steps[position]
    step.session = session
    return step


def get_prompt(person: Person, session_id: UUID, prompt_id: UUID) -> Prompt:
    session = get_session(person, session_id)
    prompt = Prompt.objects.select_related("step").filter(pk=prompt_id, step__session=session).first()
    if prompt is None:
        raise Http404
    prompt.step.session = session
    return prompt


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


def get_action(person: Person, action_id: UUID, *, deleted: bool = False) -> Action:
    rows = Action.objects.visible_to(person)
    if deleted:
        rows |= Action.objects.deleted_for(person)
    action = rows.select_related("partnership").filter(pk=action_id).first()
    if action is None:
        raise Http404
    return action
