"""What has been: the timeline of a partnership, and a whole retro on one page."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from partnerships.access import get_partnership, get_reader
from partnerships.header import Header
from partnerships.http import PersonRequest
from retros.access import get_session
from retros.history.one_retro import PrintView
from retros.history.timeline import History
from retros.history.trend import Trends


@require_safe
def history_detail(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """One year, for one of the two or for a lead."""
    reader = get_reader(request.user, partnership_id)
    with reader.opening() as look:
        page = History(reader, year=request.GET.get("year", ""), kind=request.GET.get("kind", ""))
        look.shown = len(page.released)
        return render(request, "retros/history/history_detail.html", page.context)


@require_safe
def trend_list(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """What the two rate again and again, as lines."""
    pair = Header(get_partnership(request.user, partnership_id), request.user, place="history_detail")
    trends = Trends(pair.partnership, request.user, pair.members)
    return render(request, "retros/history/trend_list.html", {**pair.context, "trends": trends})


@require_safe
def session_print(request: PersonRequest, session_id: UUID) -> HttpResponse:
    """A retro as it was, all on one page."""
    reading = PrintView(get_session(request.user, session_id), request.user)
    return render(request, "retros/history/session_print.html", {"reading": reading})
