"""An admin ends a partnership, or takes it up again."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from partnerships.access import for_admins, get_frame
from partnerships.http import PersonRequest
from retros import ending


@require_POST
@for_admins
def admin_partnership_end(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    ending.end(get_frame(partnership_id), by=request.user)
    messages.success(request, _("The partnership has ended. The two can still read it"))
    return redirect("admin_partnership_detail", partnership_id)


@require_POST
@for_admins
def admin_partnership_resume(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    ending.take_up_again(get_frame(partnership_id), by=request.user)
    messages.success(request, _("The partnership goes on. It needs a new date"))
    return redirect("admin_partnership_detail", partnership_id)
