"""What the two write together: notes, learnings, actions of the day, and what became of the last ones."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from partnerships.content import isolated
from partnerships.graphemes import shorten
from partnerships.http import PersonRequest
from retros.access import get_action, get_entry, get_note, get_prompt, get_session, get_step
from retros.actions.forms import ActionForm
from retros.models import Action, Note, Step
from retros.room.answers import kept, room_again, with_version
from retros.room.decisions import name_decision, settle_decision
from retros.room.forms import LearningForm, NoteForm, PlaceForm, ReviewForm
from retros.room.late import kept_if_late
from retros.room.sentences import form_titles

SHOWN = 60  # letters of an action in the toast that names it


@require_POST
def note_update(request: PersonRequest, session_id: UUID, position: int) -> HttpResponse:
    """The shared note of a step."""
    step, data = get_step(request.user, session_id, position), NoteForm(request.POST).checked()
    with kept_if_late(step.session, step.pk, by=request.user, text=data["text"]):
        note = Note.came_up(step, by=request.user, **data)
    return kept(request, session_id, position, note.version)


@require_POST
def summary_update(request: PersonRequest, session_id: UUID, position: int) -> HttpResponse:
    """The summary, for somebody outside."""
    step, data = get_step(request.user, session_id, position), NoteForm(request.POST).checked()
    with kept_if_late(step.session, step.pk, by=request.user, text=data["text"]):
        note = Note.summarise(step, by=request.user, **data)
    return kept(request, session_id, position, note.version)


@require_POST
def entry_note_update(request: PersonRequest, session_id: UUID, entry_id: UUID) -> HttpResponse:
    """The shared note of a card: what came up."""
    entry, data = get_entry(request.user, session_id, entry_id), NoteForm(request.POST).checked()
    with kept_if_late(entry.step.session, entry.pk, by=request.user, text=data["text"]):
        note = Note.came_up(entry.step, entry=entry, by=request.user, **data)
    return kept(request, session_id, entry.step.position, note.version)


@require_POST
def learning_create(request: PersonRequest, session_id: UUID, position: int) -> HttpResponse:
    step = get_step(request.user, session_id, position)
    data = LearningForm(request.POST).checked()
    Note.learn(step, by=request.user, text=data["text"], id=data["client_id"])
    messages.success(request, _("Sentence added"), extra_tags="heard")
    return room_again(request, session_id, position)


@require_POST
def surprise_create(request: PersonRequest, session_id: UUID, entry_id: UUID) -> HttpResponse:
    """“This surprised me”, about an answer of the other one."""
    entry = get_entry(request.user, session_id, entry_id)
    data = LearningForm(request.POST).checked()
    Note.surprise(entry, by=request.user, text=data["text"], id=data["client_id"])
    messages.success(request, _("Sentence added"), extra_tags="heard")
    return room_again(request, session_id, entry.step.position)


@require_POST
def sentence_update(request: PersonRequest, session_id: UUID, prompt_id: UUID) -> HttpResponse:
    """The sentence that comes out of a question, under both answers."""
    prompt, data = get_prompt(request.user, session_id, prompt_id), NoteForm(request.POST).checked()
    with kept_if_late(prompt.step.session, prompt.pk, by=request.user, text=data["text"]):
        note = Note.agree_on(prompt, by=request.user, **data)
    return kept(request, session_id, prompt.step.position, note.version)


@require_POST
def decision_create(request: PersonRequest, session_id: UUID, position: int) -> HttpResponse:
    """Name one more decision, for both to place."""
    step = get_step(request.user, session_id, position)
    data = LearningForm(request.POST).checked()
    name_decision(step, by=request.user, title=data["text"], id=data["client_id"])
    messages.success(request, _("Decision added"), extra_tags="heard")
    return room_again(request, session_id, position)


@require_POST
def decision_settle(request: PersonRequest, session_id: UUID, prompt_id: UUID) -> HttpResponse:
    """Agree on the place of a decision: it becomes one of the sentences."""
    prompt = get_prompt(request.user, session_id, prompt_id)
    settle_decision(prompt, by=request.user, **PlaceForm(request.POST).checked())
    return room_again(request, session_id, prompt.step.position)


@require_http_methods(["GET", "HEAD", "POST"])
def learning_update(request: PersonRequest, session_id: UUID, note_id: UUID) -> HttpResponse:
    note = get_note(request.user, session_id, note_id, deleted=request.method == "POST")
    if request.method == "POST":
        note.edit(by=request.user, **NoteForm(request.POST).checked())
        return with_version(room_again(request, session_id, note.step.position), note.version)
    context = {"note": note, "session": note.step.session, "titles": form_titles(note)}
    return render(request, "retros/room/learning_update.html", context)


@require_POST
def learning_delete(request: PersonRequest, session_id: UUID, note_id: UUID) -> HttpResponse:
    note = get_note(request.user, session_id, note_id, deleted=True)
    note.soft_delete(by=request.user)
    undo = reverse("learning_restore", args=[session_id, note_id])
    messages.info(request, _("Sentence deleted"), extra_tags=f"undo {undo}")
    return room_again(request, session_id, note.step.position)


@require_POST
def learning_restore(request: PersonRequest, session_id: UUID, note_id: UUID) -> HttpResponse:
    note = get_note(request.user, session_id, note_id, deleted=True)
    note.restore(by=request.user)
    return room_again(request, session_id, note.step.position)


@require_POST
def room_action_create(request: PersonRequest, session_id: UUID, position: int) -> HttpResponse:
    """Agree on an action or an experiment, perhaps from a card."""
    step = get_step(request.user, session_id, position)
    form = ActionForm.in_room(request.POST, step.session)
    data = form.agreed()
    if data["entry"]:
        data["entry"] = get_entry(request.user, session_id, data["entry"])
    with form.refused_with():
        made = Action.agree(step.session.partnership, session=step.session, by=request.user, **data)
    said = _("Action added for both of you: %(text)s") if len(made) > 1 else _("Action added: %(text)s")
    undo = reverse("room_action_delete", args=[session_id, position, made[0].pk])
    messages.success(request, said % {"text": isolated(shorten(made[0].text, SHOWN))}, extra_tags=f"undo {undo}")
    return room_again(request, session_id, position)


@require_POST
def room_action_delete(request: PersonRequest, session_id: UUID, position: int, action_id: UUID) -> HttpResponse:
    """Take back what was added a moment ago: of both, both."""
    step = get_step(request.user, session_id, position)
    action = get_action(request.user, action_id, deleted=True)
    action.soft_delete(by=request.user, session=step.session, both=True)
    undo = reverse("room_action_restore", args=[session_id, position, action_id])
    messages.info(request, _("Action deleted"), extra_tags=f"undo {undo}")
    return room_again(request, session_id, position)


@require_POST
def room_action_restore(request: PersonRequest, session_id: UUID, position: int, action_id: UUID) -> HttpResponse:
    step = get_step(request.user, session_id, position)
    action = get_action(request.user, action_id, deleted=True)
    action.restore(by=request.user, session=step.session, both=True)
    return room_again(request, session_id, position)


@require_POST
def review_update(request: PersonRequest, session_id: UUID, action_id: UUID) -> HttpResponse:
    """What became of an action: done, still going, didn’t fit; and whether it helped."""
    session = get_session(request.user, session_id)
    position = session.position_of(Step.Kind.LOOK_BACK)
    action, data = get_action(request.user, action_id), ReviewForm(request.POST).checked()
    with kept_if_late(session, action.pk, by=request.user, text=data["remark"]):
        version = action.review(session, by=request.user, **data)
    return kept(request, session_id, position, version)
