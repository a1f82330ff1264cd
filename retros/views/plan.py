"""Plan a retro, start one now, move one."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from partnerships.access import get_partnership
from partnerships.http import PersonRequest
from retros.access import get_session
from retros.date_forms import MoveForm
from retros.forms import PlanForm
from retros.home import Pair, PlannedRetro, proposal
from retros.models import Session


@require_http_methods(["GET", "HEAD", "POST"])
def session_create(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """Plan a retro for a day and a time."""
    pair = Pair(get_partnership(request.user, partnership_id), request.user)
    form = PlanForm.of(request, pair=pair, initial=proposal(pair))
    if request.method == "POST":
        with form.on_page(at="time"):
            when = form.wall_time()
            session = Session.plan(pair.partnership, by=request.user, id=form.cleaned_data["client_id"], **when)
            return _planned(request, session, pair)
    return render(request, "retros/session_form.html", {**pair.context, "form": form}, status=form.status)


@require_http_methods(["POST"])
def session_create_now(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """Start a retro at this moment. While one is open, that one is it."""
    partnership = get_partnership(request.user, partnership_id)
    session = Session.start_now(partnership, by=request.user)
    return redirect("session_detail", session.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def session_move(request: PersonRequest, session_id: UUID) -> HttpResponse:
    session = get_session(request.user, session_id)
    pair = Pair(get_partnership(request.user, session.partnership_id), request.user)
    wall = session.wall_start
    initial = {"day": wall.date(), "time": wall.time(), "zone": session.timezone, "version": session.dates_version}
    form = MoveForm.of(request, pair=pair, initial=initial)
    if request.method == "POST":
        with form.on_page(at="time"):
            session.move(by=request.user, **form.move())
            return _planned(request, session, pair)
    context = {**pair.context, "form": form, "session": session, "planned": PlannedRetro(session, pair)}
    return render(request, "retros/session_move.html", context, status=form.status)


def _planned(request: PersonRequest, session: Session, pair: Pair) -> HttpResponse:
    """Home again, with the date in words."""
    messages.success(request, _("Planned for %(when)s") % {"when": PlannedRetro(session, pair).when})
    return redirect("partnership_detail", pair.partnership.pk)
