"""Bringing in cards and actions."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from partnerships.access import get_partnership
from partnerships.http import PersonRequest
from retros.bring_in.forms import BringForm, CardsForm
from retros.bring_in.verbs import BringIn


@require_http_methods(["GET", "HEAD", "POST"])
def card_import(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    pair = BringIn(get_partnership(request.user, partnership_id), request.user)
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = CardsForm(*sent, prompts=pair.prompts)
    if request.method == "POST":
        with form.on_page(at="text"):
            count = pair.put_in_cards(**form.brought())
            said = ngettext("%(count)d card folded, for you alone", "%(count)d cards folded, for you alone", count)
            messages.success(request, said % {"count": count})
            return redirect("step_detail", pair.board.session_id, pair.board.position)  # type: ignore[union-attr]
        form.show_rows()
    return render(request, "retros/bring_in/card_import.html", {**pair.context, "form": form}, status=form.status)


@require_http_methods(["GET", "HEAD", "POST"])
def action_import(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    pair = BringIn(get_partnership(request.user, partnership_id), request.user)
    form = BringForm(request.POST, request.FILES) if request.method == "POST" else BringForm()
    if request.method == "POST":
        with form.on_page(at="text"):
            count = pair.put_in_actions(**form.brought())
            said = ngettext("%(count)d action of yours added", "%(count)d actions of yours added", count)
            messages.success(request, said % {"count": count})
            return redirect("action_list", partnership_id)
        form.show_rows()
    return render(request, "retros/bring_in/action_import.html", {**pair.context, "form": form}, status=form.status)
