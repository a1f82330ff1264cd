from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from partnerships.access import for_admins
from partnerships.administration import admin_menu
from partnerships.http import PersonRequest
from partnerships.record import Record


@require_safe
@for_admins
def audit_list(request: PersonRequest) -> HttpResponse:
    """Who did what to accounts, roles and dates."""
    return render(request, "partnerships/audit_list.html", {**admin_menu("audit_list"), "record": Record(request.GET)})
