"""What is kept of a partnership, what it hands over, and its end."""

from __future__ import annotations

from uuid import UUID

from allauth.account.decorators import reauthentication_required
from csp.constants import NONE
from csp.decorators import csp
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partnerships.access import get_partnership
from partnerships.confirmed import ask_before_a_file
from partnerships.http import PersonRequest, is_autosave, signs_out
from retros.lifecycle import ending
from retros.lifecycle.erasure import erase
from retros.lifecycle.export import export, parts
from retros.lifecycle.forms import EndForm, EraseForm, TakeForm
from retros.lifecycle.page import RetentionPage, backups_in_words
from retros.lifecycle.take_along import File, Form, take
from retros.models import Handover, creation
from retros.models.session import FAREWELL
from retros.pair import Pair
from retros.room.forms import NoteForm


@require_http_methods(["GET", "HEAD", "POST"])
def partnership_end(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """Look at what ending means; then end it, or end it and leave for good."""
    partnership = get_partnership(request.user, partnership_id)
    if request.method == "POST":
        ending.end(partnership, by=request.user, leaving=EndForm(request.POST).checked()["leave"])
        messages.success(request, _("Your partnership has ended. You can both still read it"))
        return redirect("partnership_end", partnership.pk)
    page = RetentionPage(partnership, request.user)
    return render(request, "retros/lifecycle/partnership_end.html", {**page.context, "page": page})


@require_http_methods(["GET", "HEAD", "POST"])
def partnership_export(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """What can be taken along; then one of it. First the loader, then “Is it you?”."""
    pair = Pair(get_partnership(request.user, partnership_id), request.user)
    if request.method == "POST":
        return _taken(request, pair, TakeForm(request.POST).checked()["form"])
    return render(request, "retros/lifecycle/partnership_export.html", {**pair.context, "forms": Form.choices})


def _taken(request: PersonRequest, pair: Pair, form: Form) -> HttpResponse:
    if ask := ask_before_a_file(request, request.path):
        return ask
    taken = take(pair.partnership, by=request.user, form=form)
    if isinstance(taken, File):
        return _file(request, taken)  # type: ignore[call-arg, return-value]  # csp’s types know no arguments
    context = {**pair.context, "parts": parts(taken, 2, request.user.tz)}
    return render(request, "retros/lifecycle/partnership_print.html", context)


@csp({"default-src": [NONE], "sandbox": True})  # type: ignore[arg-type]  # its types know no arguments
def _file(_request: PersonRequest, file: File) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
    return HttpResponse(file.content, content_type=file.content_type, headers=headers)


@require_POST
def partnership_resume(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    partnership = get_partnership(request.user, partnership_id)
    ending.reopen(partnership, by=request.user)
    messages.success(request, _("You go on together. Plan your next retro"))
    return redirect("partnership_detail", partnership.pk)


@require_POST
def farewell_create(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """A last retro, now. While one is open, that one is it."""
    partnership = get_partnership(request.user, partnership_id)
    session = creation.start_now(partnership, by=request.user, template_key=FAREWELL)
    return redirect("session_detail", session.pk)


@require_POST
def handover_update(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    partnership = get_partnership(request.user, partnership_id)
    handover = Handover.write(partnership, by=request.user, **NoteForm(request.POST).checked())
    if is_autosave(request):
        return JsonResponse({"version": handover.version})
    messages.success(request, _("Handover kept for you both"))
    return redirect("partnership_end", partnership.pk)


@require_safe
def data_detail(request: PersonRequest) -> HttpResponse:
    return render(request, "retros/lifecycle/data_detail.html")


@require_POST
def data_export(request: PersonRequest) -> HttpResponse:
    if ask := ask_before_a_file(request, reverse("data_detail")):
        return ask
    file = File("twofold.zip", "application/zip", export(request.user))
    return _file(request, file)  # type: ignore[call-arg, return-value]  # csp’s types know no arguments


@signs_out
@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]
def data_erase(request: PersonRequest) -> HttpResponse:
    """First what goes and what stays, then, once that was ticked, all of it."""
    form = EraseForm.of(request)
    if request.method == "POST":
        with form.on_page(at="understood"):
            form.checked()
            erase(request.user)
            logout(request)
            return redirect("account_login")
    context = {"form": form, "backups": backups_in_words()}
    return render(request, "retros/lifecycle/data_erase.html", context, status=form.status)
