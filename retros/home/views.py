"""Where somebody lands: their partnership, the list of several, the admin's pages, or the invitation to begin."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from partnerships.access import get_partnership
from partnerships.http import PersonRequest
from retros.actions.forms import ActionPageForm
from retros.home.page import Home
from retros.home.pairs import Pairs


@require_safe
def home(request: PersonRequest) -> HttpResponse:
    pairs = Pairs(request.user)
    if pairs.only:
        return redirect("partnership_detail", pairs.only.pk)
    if not pairs.all and pairs.leads_others:
        return redirect("lead_list")
    if request.user.is_staff and not pairs.all:
        return redirect("schedule")
    if not pairs.all:
        return render(request, "retros/home/home.html")
    shown = request.GET.get("shown", "")
    if request.htmx and shown == pairs.mark:
        return HttpResponse(status=204)
    context = {"pairs": pairs, "news": pairs.news_for(shown)}
    return render(request, "retros/home/partnership_list.html", context)


@require_safe
def together(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """The one lasting address of a pair: to what is next."""
    session = Home(get_partnership(request.user, partnership_id), request.user).room
    return redirect("session_detail", session.pk) if session else redirect("partnership_detail", partnership_id)


@require_safe
def partnership_detail(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """The home of a pair."""
    pair = Home(get_partnership(request.user, partnership_id), request.user)
    form = ActionPageForm(pair=pair)
    return render(request, "retros/home/partnership_detail.html", {**pair.context, "form": form, "place": "home"})


@require_safe
def partnership_course(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """The top of home, for a page that shows an older one; 204 when it shows this one."""
    pair = Home(get_partnership(request.user, partnership_id), request.user)
    if not request.htmx:
        return redirect("partnership_detail", partnership_id)
    shown = request.GET.get("shown", "")
    if shown == pair.course_mark:
        return HttpResponse(status=204)
    news = pair.news_for(shown)
    return render(request, "retros/home/partnership_course.html", {**pair.context, "news": news})
