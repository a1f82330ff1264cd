"""Cards and answers: fold, edit, move, put away, pick, put on the table."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from partnerships.http import PersonRequest, saves_draft
from retros.access import get_entry, get_prompt
from retros.models import Draft, Entry
from retros.room.answers import kept, room_again, with_version
from retros.room.forms import AnswerForm, CardEditForm, CardForm, DraftForm, TalkForm
from retros.room.late import kept_if_late
from retros.room.page import room_at


@require_POST
def entry_create(request: PersonRequest, session_id: UUID, prompt_id: UUID) -> HttpResponse:
    prompt = get_prompt(request.user, session_id, prompt_id)
    data = CardForm(request.POST).checked()
    entry = Entry.fold(prompt, by=request.user, **data)
    said = _("Card folded") if entry.is_folded else _("Card added")
    messages.success(request, said, extra_tags="heard")
    return room_again(request, session_id, prompt.step.position)


@require_POST
def answer_update(request: PersonRequest, session_id: UUID, prompt_id: UUID) -> HttpResponse:
    prompt = get_prompt(request.user, session_id, prompt_id)
    data = AnswerForm(request.POST, choices=prompt.choices).checked()
    with kept_if_late(prompt.step.session, prompt.pk, by=request.user, text=data["text"]):
        entry = Entry.answer(prompt, by=request.user, **data)
    return kept(request, session_id, prompt.step.position, entry.version)


@require_http_methods(["GET", "HEAD", "POST"])
def entry_update(request: PersonRequest, session_id: UUID, entry_id: UUID) -> HttpResponse:
    """Change a card of one's own: its words, its column, or put it away. GET: the form, in a dialog or as a page."""
    entry = get_entry(request.user, session_id, entry_id, deleted=request.method == "POST")
    entry.must_be_of(request.user)
    if request.method == "POST":
        data = CardEditForm(request.POST).checked()
        entry.edit(by=request.user, text=data["text"], version=data["version"], only_me=data["only_me"])
        if data["prompt"]:
            entry.move(get_prompt(request.user, session_id, data["prompt"]), by=request.user)
        return with_version(room_again(request, session_id, entry.step.position), entry.version)
    room = room_at(entry.step.session, request.user, entry.step.position)
    key = Draft.Box.EDIT.key(entry.pk)
    draft = Draft.of(request.user, [key]).get(key)
    context = {"room": room, "entry": entry, "draft": draft, "draft_key": key, "is_open": room.your_side_open}
    return render(request, "retros/room/entry_update.html", context)


@require_POST
def entry_delete(request: PersonRequest, session_id: UUID, entry_id: UUID) -> HttpResponse:
    entry = get_entry(request.user, session_id, entry_id, deleted=True)
    entry.soft_delete(by=request.user)
    undo = reverse("entry_restore", args=[session_id, entry_id])
    messages.info(request, _("Card deleted"), extra_tags=f"undo {undo}")
    return room_again(request, session_id, entry.step.position)


@require_POST
def entry_restore(request: PersonRequest, session_id: UUID, entry_id: UUID) -> HttpResponse:
    entry = get_entry(request.user, session_id, entry_id, deleted=True)
    entry.restore(by=request.user)
    return room_again(request, session_id, entry.step.position)


@require_POST
def entry_pick_create(request: PersonRequest, session_id: UUID, entry_id: UUID) -> HttpResponse:
    entry = get_entry(request.user, session_id, entry_id)
    entry.pick(by=request.user)
    return room_again(request, session_id, entry.step.position)


@require_POST
def entry_pick_delete(request: PersonRequest, session_id: UUID, entry_id: UUID) -> HttpResponse:
    entry = get_entry(request.user, session_id, entry_id)
    entry.unpick(by=request.user)
    return room_again(request, session_id, entry.step.position)


@require_POST
def entry_table(request: PersonRequest, session_id: UUID, entry_id: UUID) -> HttpResponse:
    entry = get_entry(request.user, session_id, entry_id)
    entry.put_on_table(by=request.user)
    return room_again(request, session_id, entry.step.position)


@require_POST
def entry_talk(request: PersonRequest, session_id: UUID, entry_id: UUID) -> HttpResponse:
    """Talked about, parked, or neither any more."""
    entry = get_entry(request.user, session_id, entry_id)
    entry.set_talk(TalkForm(request.POST).checked()["talk"], by=request.user)
    return room_again(request, session_id, entry.step.position)


@saves_draft
@require_POST
def draft_update(request: PersonRequest, key: str) -> JsonResponse:
    """Keep what is being typed into a box. Nobody but its author ever learns that it exists."""
    data = DraftForm(request.POST).checked()
    return JsonResponse({"version": Draft.keep(key, by=request.user, **data)})
