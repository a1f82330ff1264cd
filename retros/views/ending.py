"""What is kept of a partnership, what it hands over, and its end."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from partnerships.access import get_partnership
from partnerships.http import PersonRequest, is_autosave
from retros import ending
from retros.forms import EndForm, NoteForm
from retros.keeping import Keeping
from retros.models import Handover, Session
from retros.models.session import FAREWELL


@require_http_methods(["GET", "HEAD", "POST"])
def partnership_end(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """Look at what ending means; then end it, or end it and leave for good."""
    partnership = get_partnership(request.user, partnership_id)
    if request.method == "POST":
        ending.end(partnership, by=request.user, leaving=EndForm(request.POST).checked()["leave"])
        messages.success(request, _("Your partnership has ended. You can both still read it"))
        return redirect("partnership_end", partnership.pk)
    page = Keeping(partnership, request.user)
    return render(request, "retros/partnership_end.html", {**page.context, "page": page})


@require_POST
def partnership_resume(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    partnership = get_partnership(request.user, partnership_id)
    ending.take_up_again(partnership, by=request.user)
    messages.success(request, _("You go on together. Plan your next retro"))
    return redirect("partnership_detail", partnership.pk)


@require_POST
def farewell_create(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """A last retro, now. While one is open, that one is it."""
    partnership = get_partnership(request.user, partnership_id)
    session = Session.start_now(partnership, by=request.user, template_key=FAREWELL)
    return redirect("session_detail", session.pk)


@require_POST
def handover_update(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    partnership = get_partnership(request.user, partnership_id)
    handover = Handover.write(partnership, by=request.user, **NoteForm(request.POST).checked())
    if is_autosave(request):
        return JsonResponse({"version": handover.version})
    messages.success(request, _("Handover kept for you both"))
    return redirect("partnership_end", partnership.pk)
