"""The list of the measures of a pair, and what the two do with it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from partnerships.access import get_partnership
from partnerships.http import PersonRequest
from retros.access import get_measure
from retros.measures.forms import MeasureEditForm, MeasureForm
from retros.measures.page import Measures
from retros.models import Measure
from retros.pair import Pair


@require_http_methods(["GET", "HEAD", "POST"])
def measure_list(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """All of them, and a box for another one."""
    pair = Measures(get_partnership(request.user, partnership_id), request.user)
    form = MeasureForm.of(request)
    if request.method == "POST":
        with form.on_page(at="text"):
            Measure.define(pair.partnership, by=request.user, **form.measure())
            messages.success(request, _("On your list, from the next retro on"))
            return redirect("measure_list", partnership_id)
    return render(request, "retros/measures/measure_list.html", {**pair.context, "form": form}, status=form.status)


@require_http_methods(["GET", "HEAD", "POST"])
def measure_update(request: PersonRequest, measure_id: UUID) -> HttpResponse:
    measure = get_measure(request.user, measure_id)
    form = MeasureEditForm.of(request, initial={"text": measure.text, "version": measure.version})
    if request.method == "POST":
        with form.on_page(at="text"):
            measure.edit(by=request.user, **form.checked())
            return redirect("measure_list", measure.partnership_id)
    pair = Pair(get_partnership(request.user, measure.partnership_id), request.user)
    context = {**pair.context, "measure": measure, "form": form}
    return render(request, "retros/measures/measure_update.html", context, status=form.status)


@require_POST
def measure_delete(request: PersonRequest, measure_id: UUID) -> HttpResponse:
    """Retire it: what was answered stays."""
    measure = get_measure(request.user, measure_id)
    measure.retire(by=request.user)
    messages.info(request, _("Asked no more"), extra_tags=f"undo {reverse('measure_restore', args=[measure_id])}")
    return redirect("measure_list", measure.partnership_id)


@require_POST
def measure_restore(request: PersonRequest, measure_id: UUID) -> HttpResponse:
    measure = get_measure(request.user, measure_id)
    measure.restore(by=request.user)
    return redirect("measure_list", measure.partnership_id)
