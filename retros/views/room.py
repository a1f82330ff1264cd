"""The room: its page, what the streams make a browser fetch, and the course of a session."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from partnerships.http import PersonRequest
from retros.access import get_new_card, get_session, get_step
from retros.board import Stamp, one_more
from retros.forms import MinutesForm, NextForm, PauseForm, ReadyForm
from retros.models import Entry
from retros.room import Room


@require_safe
def session_detail(request: PersonRequest, session_id: UUID) -> HttpResponse:
    """To the step where the two are."""
    session = get_session(request.user, session_id)
    return redirect("step_detail", session.pk, session.position)


@require_safe
def step_detail(request: PersonRequest, session_id: UUID, position: int) -> HttpResponse:
    step = get_step(request.user, session_id, position)
    step.session.see(request.user)
    return render(request, "retros/room.html", {"room": Room(step.session, request.user, position)})


@require_safe
def session_live(request: PersonRequest, session_id: UUID) -> HttpResponse:
    """What a push or a tick makes the browser fetch: the same door, the same partials."""
    asked, stamp = request.GET.get("step"), Stamp.parse(request.GET.get("room_key", ""))
    card = get_new_card(request.user, session_id) if request.htmx and stamp.columns else None
    if card and str(card.step.position) == asked and (alone := card_alone(request, card, stamp)):
        return alone
    session = get_session(request.user, session_id)
    shown = next((step.position for step in session.steps if str(step.position) == asked), session.position)
    session.see(request.user)
    return room_answer(request, Room(session, request.user, shown), stamp)


@require_safe
def session_version(request: PersonRequest, session_id: UUID) -> JsonResponse:
    """For browsers without a stream: the viewer's version, and nothing else."""
    session = get_session(request.user, session_id)
    return JsonResponse({"version": session.version_for(session.seat_of(request.user))})


def room_answer(request: PersonRequest, room: Room, stamp: Stamp) -> HttpResponse:
    """The answer to everything that happens in the room.

    A plain form goes back to the page. htmx gets the lists, the tray and the dock; the whole step, when what the
    browser shows is of another phase; the next step, when the two have moved on from the shown one. The browser says
    what it shows by its stamp; of an open board it gets what it does not show yet.
    """
    if not request.htmx:
        return redirect("step_detail", room.session.pk, room.step.position)
    if room.has_moved_on(stamp.key):
        return go(request, "session_detail", room.session.pk)
    changed = room.changes(stamp)
    same = room.rest and room.rest == stamp.rest and all(more for _column, _rows, more in changed)
    context = {
        "room": room, "stamp": room.stamp, "changed": changed, "redraw": stamp.key != room.key, "rest": not same,
        "oob": True,
    }  # fmt: skip
    return render(request, "retros/room.swap.html", context)


def card_answer(request: PersonRequest, entry: Entry) -> HttpResponse:
    """The answer to a new card."""
    alone = card_alone(request, entry, stamp_of(request)) if request.htmx else None
    return alone or room_again(request, entry.step.session_id, entry.step.position)


def card_alone(request: PersonRequest, entry: Entry, stamp: Stamp) -> HttpResponse | None:
    """A new card of an open board, to a browser that shows all the rest; None to one that does not."""
    if (grown := one_more(entry, request.user, stamp)) is None:
        return None
    column, stamp = grown
    context = {"column": column, "rows": column.rows, "more": True, "stamp": stamp, "oob": True}
    return render(request, "retros/card.swap.html", context)


def stamp_of(request: PersonRequest) -> Stamp:
    return Stamp.parse(request.POST.get("room_key", ""))


def go(request: PersonRequest, url_name: str, *args: object) -> HttpResponse:
    """To another page, also for htmx, which would otherwise follow a redirect in the background."""
    url = reverse(url_name, args=args)
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


def room_again(request: PersonRequest, session_id: UUID, position: int) -> HttpResponse:
    """Read the room afresh after a verb, and answer with it."""
    room = Room(get_session(request.user, session_id), request.user, position)
    return room_answer(request, room, stamp_of(request))


# --- the course of a session --------------------------------------------------------------------------------------


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
    session.plan_next(by=request.user, start=data["start"], id=data["client_id"])
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
    get_step(request.user, session_id, position).ready_for_next(by=request.user, alone="alone" in request.POST)
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
