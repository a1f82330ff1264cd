"""The admin's pages about dates: all pairs by week, the month, who sits in how many, and many pairs at once."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from partnerships.access import for_admins
from partnerships.administration import admin_menu
from partnerships.http import PersonRequest
from retros import bulk
from retros.access import get_bulk
from retros.admin_forms import BulkForm, CommitForm
from retros.models import Bulk
from retros.schedule import Agenda, Checks, Load, Schedule


@require_safe
@for_admins
def schedule(request: PersonRequest) -> HttpResponse:
    """Every pair by its next date."""
    context = {**admin_menu("schedule"), "schedule": Schedule(request.GET, request.user), "acts": Bulk.Act.choices}
    return render(request, "retros/schedule.html", context)


@require_safe
@for_admins
def schedule_month(request: PersonRequest) -> HttpResponse:
    context = {**admin_menu("schedule"), "agenda": Agenda(request.GET, request.user)}
    return render(request, "retros/schedule_month.html", context)


@require_safe
@for_admins
def schedule_load(request: PersonRequest) -> HttpResponse:
    """How many retros those in several partnerships have in each of the coming weeks."""
    context = {**admin_menu("schedule"), "load": Load(request.GET, request.user)}
    return render(request, "retros/schedule_load.html", context)


@require_safe
@for_admins
def schedule_checks(request: PersonRequest) -> HttpResponse:
    context = {**admin_menu("schedule"), "checks": Checks(request.user)}
    return render(request, "retros/schedule_checks.html", context)


@require_safe
@for_admins
def bulk_preview(request: PersonRequest) -> HttpResponse:
    """What would happen to the chosen pairs. Nothing is done."""
    form = BulkForm(request.GET)
    context = {**admin_menu("schedule"), "form": form, "key": uuid.uuid4()}
    with form.on_page():
        context["preview"] = bulk.preview(form.wish(), by=request.user)
        context["act"] = Bulk.Act(form.cleaned_data["act"])
    return render(request, "retros/bulk_preview.html", context, status=form.status)


@require_POST
@for_admins
def bulk_create(request: PersonRequest) -> HttpResponse:
    """Do what the preview showed."""
    seen = CommitForm(request.POST).checked()
    done = bulk.commit(BulkForm(request.POST).wish(), by=request.user, **seen)
    return redirect("bulk_detail", done.pk)


@require_safe
@for_admins
def bulk_detail(request: PersonRequest, bulk_id: uuid.UUID) -> HttpResponse:
    """What was done, with the way back for ten minutes."""
    done = get_bulk(bulk_id)
    context = {**admin_menu("schedule"), "bulk": done, "can_be_undone": done.can_be_undone(timezone.now())}
    return render(request, "retros/bulk_detail.html", context)


@require_POST
@for_admins
def bulk_undo(request: PersonRequest, bulk_id: uuid.UUID) -> HttpResponse:
    bulk.undo(get_bulk(bulk_id), by=request.user)
    messages.success(request, _("Taken back"))
    return redirect("bulk_detail", bulk_id)
