"""The admin's page about mail that could not be sent, and about the worker."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from partnerships.access import for_admins, get_failed_delivery
from partnerships.administration import admin_menu
from partnerships.http import PersonRequest
from partnerships.models import Delivery
from retros.mails import Mails, Worker


@require_safe
@for_admins
def mail_list(request: PersonRequest) -> HttpResponse:
    context = {**admin_menu("mail_list"), "mails": Mails(request.GET, request.user), "worker": Worker(request.user)}
    return render(request, "retros/mail_list.html", context)


@require_POST
@for_admins
def mail_retry(request: PersonRequest, delivery_id: UUID) -> HttpResponse:
    get_failed_delivery(delivery_id).retry()
    messages.success(request, _("It is sent again in the next round"))
    return redirect("mail_list")


@require_POST
@for_admins
def mail_retry_all(request: PersonRequest) -> HttpResponse:
    Delivery.retry_failed(by=request.user)
    messages.success(request, _("They are sent again in the next rounds"))
    return redirect("mail_list")
