"""“What do you two need?”: the exercises, each with its questions, and the press that begins one."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partnerships.access import get_partnership
from partnerships.http import PersonRequest
from retros.access import get_topic
from retros.catalogue import Template
from retros.exercises.forms import BeginForm, IntervalForm
from retros.models import Session, creation
from retros.models.template import catalogue
from retros.pair import Pair


@require_safe
def exercise_list(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    pair = Pair(get_partnership(request.user, partnership_id), request.user)
    known, kind = catalogue(), pair.partnership.kind
    usual = {each.key for each in known.choices(kind) if known.is_usual(each, kind)}
    context = {**pair.context, "exercises": known.choices(kind), "usual": usual}
    return render(request, "retros/exercises/exercise_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def exercise_detail(request: PersonRequest, partnership_id: UUID, exercise: str) -> HttpResponse:
    """Its questions, and beginning it now."""
    pair = Pair(get_partnership(request.user, partnership_id), request.user)
    template = _chosen(pair, exercise)
    form = BeginForm.of(request, exercise=template, topic=_topic(request, pair))
    if request.method == "POST":
        with form.on_page(at="topic" if template.asks_topic else None):
            session = creation.start_now(pair.partnership, by=request.user, template_key=template.key, **form.begin())
            return redirect("session_detail", session.pk)
    context = {**pair.context, "exercise": template, "form": form}
    if template.kind == Session.Kind.HEALTH:
        context["interval"] = IntervalForm(initial={"every": pair.partnership.health_every})
    return render(request, "retros/exercises/exercise_detail.html", context, status=form.status)


@require_POST
def health_interval_update(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """How often the two want to be offered a health check."""
    partnership = get_partnership(request.user, partnership_id)
    partnership.offer_health_checks(IntervalForm(request.POST).checked()["every"], by=request.user)
    messages.success(request, _("Kept for you both"))
    return redirect("exercise_detail", partnership_id, "health-check")


def _topic(request: PersonRequest, pair: Pair) -> str:
    """What the address names as `?card=…`, `?clause=…` and so on, in its words."""
    kind = next((kind for kind in ("card", "learning", "decision", "clause") if kind in request.GET), "")
    return get_topic(request.user, pair.partnership, kind, request.GET[kind]) if kind else ""


def _chosen(pair: Pair, key: str) -> Template:
    """Raises Http404 for what this kind of pair cannot choose."""
    found = next((each for each in catalogue().choices(pair.partnership.kind) if each.key == key), None)
    if found is None:
        raise Http404
    return found
