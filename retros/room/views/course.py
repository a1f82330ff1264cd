"""The room: its page, what the streams make a browser fetch, and the course of a session."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from partnerships.http import PersonRequest
from retros.access import get_session, get_step
from retros.agreements.verbs import sign_and_go_on
from retros.dates import one_date
from retros.models import Step
from retros.room.answers import go, room_again, room_answer, room_page, shown_position
from retros.room.forms import MinutesForm, NextForm, NextStepForm, PauseForm, ReadyForm
from retros.room.page import room_at


@require_safe
def session_detail(request: PersonRequest, session_id: UUID) -> HttpResponse:
    """To the step where the two are."""
    session = get_session(request.user, session_id)
    return redirect("step_detail", session.pk, session.position)


@require_safe
def step_detail(request: PersonRequest, session_id: UUID, position: int) -> HttpResponse:
    step = get_step(request.user, session_id, position)
    step.session.see(request.user)
    return room_page(request, room_at(step.session, request.user, position))


@require_safe
def session_live(request: PersonRequest, session_id: UUID) -> HttpResponse:
    """What a push or a tick makes the browser fetch: the same door, the same partials."""
    session = get_session(request.user, session_id)
    session.see(request.user)
    return room_answer(request, room_at(session, request.user, shown_position(session, request.GET.get("step"))))


@require_safe
def session_version(request: PersonRequest, session_id: UUID) -> JsonResponse:
    """For browsers without a stream: the viewer's version, and nothing else."""
    session = get_session(request.user, session_id)
    return JsonResponse({"version": session.version_for(session.seat_of(request.user))})


@require_POST
def session_start(request: PersonRequest, session_id: UUID) -> HttpResponse:
    """Into the room; while another retro of the pair is open, into that one."""
    session = get_session(request.user, session_id)
    opened = session.start(by=request.user)
    if opened != session:
        said = _("%(title)s is still open. Close it, then start the next one.") % {"title": opened.title}
        messages.info(request, said)
    return go(request, "session_detail", opened.pk)


@require_POST
def session_pause(request: PersonRequest, session_id: UUID) -> HttpResponse:
    session = get_session(request.user, session_id)
    session.pause(by=request.user, reason=PauseForm(request.POST).checked()["reason"])
    return room_again(request, session_id, session.position)


@require_POST
def session_resume(request: PersonRequest, session_id: UUID) -> HttpResponse:
    session = get_session(request.user, session_id)
    session.resume(by=request.user)
    return room_again(request, session_id, session.position)


@require_POST
def session_discard(request: PersonRequest, session_id: UUID) -> HttpResponse:
    session = get_session(request.user, session_id)
    session.discard(by=request.user)
    return go(request, "partnership_detail", session.partnership_id)


@require_POST
def session_reopen(request: PersonRequest, session_id: UUID) -> HttpResponse:
    session = get_session(request.user, session_id)
    session.reopen(by=request.user)
    return go(request, "session_detail", session.pk)


@require_POST
def session_next(request: PersonRequest, session_id: UUID) -> HttpResponse:
    """Plan the next retro from this one's wrap-up, in this one's zone."""
    session = get_session(request.user, session_id)
    data = NextForm(request.POST).checked()
    one_date.plan_next(session, by=request.user, start=data["start"], id=data["client_id"])
    return room_again(request, session_id, len(session.steps) - 1)


@require_POST
def step_ready_create(request: PersonRequest, session_id: UUID, position: int) -> HttpResponse:
    step = get_step(request.user, session_id, position)
    step.ready(by=request.user, digest=ReadyForm(request.POST).checked()["digest"])
    return room_again(request, session_id, position)


@require_POST
def step_ready_delete(request: PersonRequest, session_id: UUID, position: int) -> HttpResponse:
    get_step(request.user, session_id, position).unready(by=request.user)
    return room_again(request, session_id, position)


@require_POST
def step_open(request: PersonRequest, session_id: UUID, position: int) -> HttpResponse:
    step = get_step(request.user, session_id, position)
    step.open_side(by=request.user, digest=ReadyForm(request.POST).checked()["digest"])
    return room_again(request, session_id, position)


@require_POST
def step_next_create(request: PersonRequest, session_id: UUID, position: int) -> HttpResponse:
    step, data = get_step(request.user, session_id, position), NextStepForm(request.POST).checked()
    alone = "alone" in request.POST
    if step.kind == Step.Kind.AGREE:
        sign_and_go_on(step, by=request.user, digest=data["signs"] or data["alone"], alone=alone)
    else:
        step.ready_for_next(by=request.user, alone=alone)
    return room_again(request, session_id, position)


@require_POST
def step_next_delete(request: PersonRequest, session_id: UUID, position: int) -> HttpResponse:
    get_step(request.user, session_id, position).stay(by=request.user)
    return room_again(request, session_id, position)


@require_POST
def step_extend(request: PersonRequest, session_id: UUID, position: int) -> HttpResponse:
    get_step(request.user, session_id, position).extend(
        5, by=request.user, known=MinutesForm(request.POST).checked()["known"]
    )
    return room_again(request, session_id, position)
