"""What a lead does: look over the partnerships, offer something, answer."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partnerships.access import get_lead, get_reader
from partnerships.http import PersonRequest
from retros.access import get_asked_need, get_offer
from retros.forms import AcceptForm, OfferForm, WordsForm
from retros.history import asked, lead_header
from retros.leads import Led
from retros.models import Offer


@require_safe
def lead_list(request: PersonRequest) -> HttpResponse:
    """The partnerships that somebody leads."""
    names = ("state", "kind", "label", "period", "page")
    led = Led(request.user, **{name: request.GET[name] for name in names if name in request.GET})
    return render(request, "retros/lead_list.html", led.context)


@require_http_methods(["GET", "HEAD", "POST"])
def offer_create(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """Three times, or an exercise of the catalogue (?kind=exercise)."""
    lead = get_lead(request.user, partnership_id)
    form = OfferForm.of(request, lead=lead, kind=request.GET.get("kind", ""))
    if request.method == "POST":
        with form.on_page():
            Offer.make(lead, by=request.user, **form.offer())
            messages.success(request, _("Offered to both of them"))
            return redirect("history_detail", partnership_id)
    context = {**lead_header(), "partnership": lead.partnership, "form": form}
    return render(request, "retros/offer_create.html", context, status=form.status)


@require_http_methods(["GET", "HEAD", "POST"])
def need_answer(request: PersonRequest, need_id: UUID) -> HttpResponse:
    """Read what the two need, as they released it, and answer."""
    need = get_asked_need(request.user, need_id)
    form = WordsForm.of(request, initial={"text": need.answer})
    if request.method == "POST":
        with form.on_page(at="text"):
            need.reply(by=request.user, text=form.checked()["text"])
            messages.success(request, _("Answered. Both of them read it"))
            return redirect("history_detail", need.partnership_id)
    with get_reader(request.user, need.partnership_id).opening() as look:
        page = asked(need)
        look.shown = len(page)
        context = {**lead_header(), "need": need, "releases": page, "form": form}
        return render(request, "retros/need_answer.html", context, status=form.status)


@require_POST
def offer_accept(request: PersonRequest, offer_id: UUID) -> HttpResponse:
    """Take up what a lead offered."""
    offer = get_offer(request.user, offer_id)
    session = offer.accept(by=request.user, choice=AcceptForm(request.POST).checked()["choice"])
    messages.success(request, _("Planned") if offer.kind == Offer.Kind.TIMES else _("Begun"))
    return redirect("partnership_detail", session.partnership_id)


@require_POST
def offer_decline(request: PersonRequest, offer_id: UUID) -> HttpResponse:
    offer = get_offer(request.user, offer_id)
    offer.decline(by=request.user)
    messages.success(request, _("Not this time. Nobody is told a reason"))
    return redirect("partnership_detail", offer.lead.partnership_id)
