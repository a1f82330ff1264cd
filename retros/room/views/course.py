"""The room: its page, what the streams make a browser fetch, and the course of a session."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partnerships.access import get_partnership
from partnerships.http import PersonRequest
from retros.access import get_session, get_step
from retros.agreements.verbs import sign_and_go_on
from retros.dates import one_date
from retros.models import Draft, Session, Step
from retros.pair import Pair, PlannedRetro
from retros.room.answers import go, room_again, room_answer, room_page, shown_position
from retros.room.forms import MinutesForm, NextForm, NextMoveForm, NextStepForm, PauseForm, ReadyForm
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
    """What a push or a tick makes the browser fetch: the same loader, the same partials."""
    session = get_session(request.user, session_id)
    session.see(request.user)
    return room_answer(request, room_at(session, request.user, shown_position(session, request.GET.get("step"))))


@require_safe
def session_version(request: PersonRequest, session_id: UUID) -> JsonResponse:
    """For browsers without a stream: the viewer's version, and nothing else."""
    session = get_session(request.user, session_id)
    return JsonResponse({"version": session.version_for(session.seat_of(request.user))})


@require_http_methods(["GET", "HEAD", "POST"])
def session_start(request: PersonRequest, session_id: UUID) -> HttpResponse:
    """Into the room; while another retro of the pair is open, into that one. Days early it asks once."""
    session = get_session(request.user, session_id)
    is_early = session.is_early(timezone.now())
    if is_early and "sure" not in request.POST:
        return _ask(request, session)
    if request.method == "POST":
        opened = session.start(by=request.user)
        _say(request, session, opened, is_early)
        return go(request, "session_detail", opened.pk)
    return go(request, "session_detail", session.pk)


def _ask(request: PersonRequest, session: Session) -> HttpResponse:
    """The page that asks; to a press, the way there."""
    if request.method == "POST":
        return go(request, "session_start", session.pk)
    pair = Pair(get_partnership(request.user, session.partnership_id), request.user)
    context = {**pair.context, "session": session, "planned": PlannedRetro(session, pair)}
    return render(request, "retros/room/session_start.html", context)


def _say(request: PersonRequest, session: Session, opened: Session, is_early: bool) -> None:
    """Which retro is open instead; of one that began early, the way back."""
    if opened != session:
        said = _("%(title)s is still open. Close it, then start the next one.") % {"title": opened.title}
        messages.info(request, said)
    elif is_early:
        undo = reverse("session_start_delete", args=[session.pk])
        messages.success(request, _("Started before its date"), extra_tags=f"undo {undo}")


@require_POST
def session_start_delete(request: PersonRequest, session_id: UUID) -> HttpResponse:
    """Take the start back: planned for its date again."""
    session = get_session(request.user, session_id)
    one_date.take_back_start(session, by=request.user)
    return go(request, "session_detail", session.pk)


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
    """Plan the next retro from this one's wrap-up."""
    session = get_session(request.user, session_id)
    form = NextForm(request.POST)
    data = form.checked()
    with form.refused_with(at="start"):
        one_date.plan_next(session, by=request.user, start=data["start"], zone=data["zone"], id=data["client_id"])
    return room_again(request, session_id, len(session.steps) - 1)


@require_POST
def session_next_move(request: PersonRequest, session_id: UUID) -> HttpResponse:
    """Another date for the next retro, from this one's wrap-up."""
    session = get_session(request.user, session_id)
    form = NextMoveForm(request.POST)
    with form.refused_with(at="start"):
        one_date.move_next(session, by=request.user, **form.checked())
    return room_again(request, session_id, len(session.steps) - 1)


@require_POST
def step_ready_create(request: PersonRequest, session_id: UUID, position: int) -> HttpResponse:
    step = get_step(request.user, session_id, position)
    step.ready(by=request.user, digest=ReadyForm(request.POST).checked()["digest"])
    _say_what_is_not_folded(request, step)
    return room_again(request, session_id, position)


def _say_what_is_not_folded(request: PersonRequest, step: Step) -> None:
    """What was typed as a card and not folded is not among those that open."""
    boxes = [Draft.Box.CARD.key(prompt.pk) for prompt in step.columns]
    if boxes and (drafts := len(Draft.of(request.user, boxes))):
        words = ngettext(
            "%(n)d card is still a draft and stays yours", "%(n)d cards are still drafts and stay yours", drafts
        )
        messages.info(request, words % {"n": drafts})


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
