"""“What do you two need?”: the exercises, each with its questions, and the press that begins one."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from partnerships.access import get_partnership
from partnerships.http import PersonRequest
from retros.catalogue import Template
from retros.exercises.forms import BeginForm
from retros.models import creation
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
    form = BeginForm.of(request, exercise=template)
    if request.method == "POST":
        with form.on_page(at="topic" if template.asks_topic else None):
            session = creation.start_now(pair.partnership, by=request.user, template_key=template.key, **form.begin())
            return redirect("session_detail", session.pk)
    context = {**pair.context, "exercise": template, "form": form}
    return render(request, "retros/exercises/exercise_detail.html", context, status=form.status)


def _chosen(pair: Pair, key: str) -> Template:
    """Raises Http404 for what this kind of pair cannot choose."""
    found = next((each for each in catalogue().choices(pair.partnership.kind) if each.key == key), None)
    if found is None:
        raise Http404
    return found
