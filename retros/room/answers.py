"""What the views of the room answer with, to a plain form and to htmx."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from partnerships.http import PersonRequest
from retros.access import get_session
from retros.models import Entry
from retros.room.board import Stamp, one_more
from retros.room.frame import Frame
from retros.room.page import room_at


def room_answer(request: PersonRequest, room: Frame, stamp: Stamp) -> HttpResponse:
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
    return render(request, "retros/room/room.swap.html", context)


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
    return render(request, "retros/room/card.swap.html", context)


def stamp_of(request: PersonRequest) -> Stamp:
    return Stamp.parse(request.POST.get("room_key", ""))


def go(request: PersonRequest, url_name: str, *args: object) -> HttpResponse:
    """To another page, also for htmx, which would otherwise follow a redirect in the background."""
    url = reverse(url_name, args=args)
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


def room_again(request: PersonRequest, session_id: UUID, position: int) -> HttpResponse:
    """Read the room afresh after a verb, and answer with it."""
    room = room_at(get_session(request.user, session_id), request.user, position)
    return room_answer(request, room, stamp_of(request))
