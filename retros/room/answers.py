"""What the views of the room answer with, to a plain form and to htmx; and what a stream tells."""

from __future__ import annotations

import json
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.messages import get_messages
from django.http import Http404, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django_htmx.http import HttpResponseClientRefresh

from partnerships.http import UNTOLD, PersonRequest, is_autosave, to_page
from partnerships.models import Person
from retros.access import get_session
from retros.live.hub import hub
from retros.models import Session
from retros.room.frame import Frame
from retros.room.page import room_at
from retros.room.regions import PLACES, draw, filled, fixed, named, put

PAGE = "retros/room/room.html"


class ReaderShown(NamedTuple):
    """What a page shows of who reads it."""

    pk: UUID
    theme: str
    shortcuts: bool
    is_authenticated: bool = True


class RequestShown(NamedTuple):
    """What a page shows of who asks for it, when there is nothing to say to them besides."""

    user: ReaderShown


def room_page(request: PersonRequest, room: Frame) -> HttpResponse:
    """The whole page. What is around its regions is remembered as they are, but for what is said once."""
    person, regions = request.user, room.whole
    shows: dict[str, Any] = {"room": room.page, "regions": PLACES}
    if (said := list(get_messages(request))) or UNTOLD in request.session:
        html = draw(PAGE, request=request, messages=said, **shows)
    else:
        html = fixed(PAGE, request=RequestShown(ReaderShown(person.pk, person.theme, person.shortcuts)), **shows).html
    return HttpResponse(filled(put(html, regions), get_token(request), str(request.csp_nonce)))


def room_answer(request: PersonRequest, room: Frame) -> HttpResponse:
    """The answer to everything that happens in the room.

    A plain form goes back to the page. A browser that names the regions which it shows gets those that it does not show
    yet; the next step, when the two have moved on from the one on which it followed them. One that shows a later
    version than there is was open while a backup was restored: it would take all that comes for old, and loads anew.
    """
    if not request.htmx:
        return redirect("step_detail", room.session.pk, room.step.position)
    sent = request.POST or request.GET
    if _version(sent.get("at", "")) > room.version:
        return HttpResponseClientRefresh()
    shown = named(sent.get("shown", ""))
    if room.has_moved_on(shown):
        return go(request, "session_detail", room.session.pk)
    toasts = render_to_string("_toasts.html", {"room": room}, request)
    return HttpResponse(filled(room.news(shown), get_token(request)) + toasts)


def _version(sent: str) -> int:
    """0 for what is no version."""
    return int(sent) if sent.isdecimal() and len(sent) < 10 else 0


def room_again(request: PersonRequest, session_id: UUID, position: int) -> HttpResponse:
    """Read the room afresh after a verb, and answer with it."""
    hub.let_others_go_first()
    return room_answer(request, room_at(get_session(request.user, session_id), request.user, position))


def with_version(answer: HttpResponse, version: int) -> HttpResponse:
    """What was edited has this version now: whoever sent its form again meanwhile goes on from there."""
    answer["Twofold-Version"] = str(version)
    return answer


def kept(request: PersonRequest, session_id: UUID, position: int, version: int) -> HttpResponse:
    """After a verb of a box that saves itself: then its version, else the room."""
    return JsonResponse({"version": version}) if is_autosave(request) else room_again(request, session_id, position)


def go(request: PersonRequest, url_name: str, *args: object) -> HttpResponse:
    """To another page, by its name."""
    return to_page(request, reverse(url_name, args=args))


def push(person: Person, session_id: UUID, asked: str, shown: str) -> tuple[str, str] | None:
    """What an ordinary GET of the person would answer now to a browser that shows these, through the same loader.

    As JSON: the version that the browser shows from then on, the digests of all that it has to show then, and the HTML
    of what is new; and those digests again. None when the browser had better ask by itself: it goes to another page.
    """
    try:
        session = get_session(person, session_id)
    except Http404:
        return None
    room = room_at(session, person, shown_position(session, asked))
    if room.has_moved_on(named(shown)):
        return None
    digests = "".join(room.digests)
    told = {"version": room.version, "shown": digests, "html": filled(room.news(named(shown)), "")}
    return json.dumps(told), digests + room.followed


def shown_position(session: Session, asked: str | None) -> int:
    """Of the step that a browser asks for; of the shared one, when there is no such step."""
    return next((step.position for step in session.steps if str(step.position) == asked), session.position)
