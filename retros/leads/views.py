"""What a lead does: look over the partnerships, offer something, answer."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partnerships.access import get_lead, get_lead_of, get_partnership, get_reader
from partnerships.header import Header, both_of, lead_menu
from partnerships.http import PersonRequest
from retros.access import get_asked_need, get_need, get_offer, get_releasable, get_release
from retros.fields import WordsForm
from retros.history.timeline import asked
from retros.leads import offers
from retros.leads.forms import AcceptForm, NeedForm, OfferForm, ReleaseForm
from retros.leads.overview import LeadOverview
from retros.leads.releases import Choices, LeadsPage, ReleasePreview
from retros.models import Need, Offer, Release
from retros.room.forms import ReadyForm


@require_safe
def lead_list(request: PersonRequest) -> HttpResponse:
    """The partnerships that somebody leads."""
    names = ("state", "kind", "label", "period", "page")
    led = LeadOverview(request.user, **{name: request.GET[name] for name in names if name in request.GET})
    return render(request, "retros/leads/lead_list.html", led.context)


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
    context = {**lead_menu(), "partnership": lead.partnership, "names": both_of(lead.partnership), "form": form}
    return render(request, "retros/leads/offer_create.html", context, status=form.status)


@require_http_methods(["GET", "HEAD", "POST"])
def need_answer(request: PersonRequest, need_id: UUID) -> HttpResponse:
    """Read what the two need, as they released it, and answer."""
    need = get_asked_need(request.user, need_id)
    form = WordsForm.of(request, initial={"text": need.answer, "version": need.answer_version})
    if request.method == "POST":
        with form.on_page(at="text"):
            need.reply(by=request.user, **form.checked())
            messages.success(request, _("Answered. Both of them read it"))
            return redirect("history_detail", need.partnership_id)
    with get_reader(request.user, need.partnership_id).opening() as look:
        page = asked(need)
        look.shown = len(page)
        context = {**lead_menu(), "need": need, "names": both_of(need.partnership), "releases": page, "form": form}
        return render(request, "retros/leads/need_answer.html", context, status=form.status)


@require_POST
def offer_accept(request: PersonRequest, offer_id: UUID) -> HttpResponse:
    """Take up what a lead offered."""
    offer = get_offer(request.user, offer_id)
    session = offers.accept(offer, by=request.user, choice=AcceptForm(request.POST).checked()["choice"])
    messages.success(request, _("Planned") if offer.kind == Offer.Kind.TIMES else _("Begun"))
    return redirect("partnership_detail", session.partnership_id)


@require_POST
def offer_decline(request: PersonRequest, offer_id: UUID) -> HttpResponse:
    offer = get_offer(request.user, offer_id)
    offer.decline(by=request.user)
    messages.success(request, _("Not this time. Nobody is told a reason"))
    return redirect("partnership_detail", offer.lead.partnership_id)


@require_safe
def release_list(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """“What our leads see”, and when they looked."""
    partnership = get_partnership(request.user, partnership_id)
    page = LeadsPage(partnership, request.user, page=request.GET.get("page", "1"))
    return render(request, "retros/leads/release_list.html", {**page.pair.context, "page": page})


@require_http_methods(["GET", "HEAD", "POST"])
def release_create(request: PersonRequest, partnership_id: UUID, lead_id: UUID) -> HttpResponse:
    """What can be shown to a lead; with ?kind= and ?thing= the exact page that the lead would read."""
    partnership = get_partnership(request.user, partnership_id)
    lead = get_lead_of(partnership, lead_id)
    form = ReleaseForm(request.POST if request.method == "POST" else request.GET)
    context = {**Header(partnership, request.user).context, "lead": lead}
    if request.method != "POST" and not form.is_chosen:
        return render(request, "retros/leads/release_choose.html", {**context, "choices": Choices(lead, request.user)})
    data = form.checked()
    thing = get_releasable(request.user, data["kind"], data["thing"])
    if request.method == "POST":
        release = Release.propose(lead, data["kind"], thing, by=request.user, digest=data["digest"])
        shown = _("Shown to %(name)s") % {"name": lead.person.first_name}
        messages.success(request, shown if release.is_shown else _("Proposed. It is shown when both of you agree"))
        return redirect("release_list", partnership_id)
    context["preview"] = ReleasePreview.of(lead, data["kind"], thing)
    return render(request, "retros/leads/release_create.html", context)


@require_safe
def release_detail(request: PersonRequest, release_id: UUID) -> HttpResponse:
    """The exact page that the lead reads, or would read."""
    release = get_release(request.user, release_id)
    pair = Header(get_partnership(request.user, release.lead.partnership_id), request.user)
    context = {**pair.context, "release": release, "yours": release.proposed_by_id == request.user.pk}
    return render(request, "retros/leads/release_detail.html", context)


@require_POST
def release_confirm(request: PersonRequest, release_id: UUID) -> HttpResponse:
    """“Yes, show it”: to the words that this very page showed."""
    release = get_release(request.user, release_id)
    shown = release.confirm(by=request.user, digest=ReadyForm(request.POST).checked()["digest"])
    messages.success(request, _("Shown from now on") if shown else _("It waits for the other one of you"))
    return redirect("release_list", release.lead.partnership_id)


@require_POST
def release_withdraw(request: PersonRequest, release_id: UUID) -> HttpResponse:
    """No, or not any more."""
    release = get_release(request.user, release_id)
    release.withdraw(by=request.user)
    messages.success(request, _("Not shown. What was read was read"))
    return redirect("release_list", release.lead.partnership_id)


@require_http_methods(["GET", "HEAD", "POST"])
def need_create(request: PersonRequest, partnership_id: UUID, lead_id: UUID) -> HttpResponse:
    """What you two need from a lead. Nobody else reads it before both of you show it."""
    partnership = get_partnership(request.user, partnership_id)
    lead = get_lead_of(partnership, lead_id)
    form = NeedForm.of(request)
    if request.method == "POST":
        with form.on_page(at="text"):
            data = form.checked()
            Need.write(lead, by=request.user, text=data["text"], id=data["client_id"])
            messages.success(request, _("Kept. Only you two read it so far"))
            return redirect("release_list", partnership_id)
    context = {**Header(partnership, request.user).context, "lead": lead, "form": form}
    return render(request, "retros/leads/need_create.html", context, status=form.status)


@require_http_methods(["GET", "HEAD", "POST"])
def need_update(request: PersonRequest, need_id: UUID) -> HttpResponse:
    """Other words; what was shown already stays as it was."""
    need = get_need(request.user, need_id)
    form = WordsForm.of(request, initial={"text": need.text, "version": need.version})
    if request.method == "POST":
        with form.on_page(at="text"):
            need.edit(by=request.user, text=form.checked()["text"], version=form.checked()["version"])
            messages.success(request, _("Kept. Only you two read it so far"))
            return redirect("release_list", need.partnership_id)
    pair = Header(get_partnership(request.user, need.partnership_id), request.user)
    return render(
        request, "retros/leads/need_update.html", {**pair.context, "need": need, "form": form}, status=form.status
    )
