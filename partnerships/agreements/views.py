"""The agreements of a pair: read, propose, sign, look at again, export."""

from __future__ import annotations

from uuid import UUID

from csp.constants import NONE
from csp.decorators import csp
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partnerships.access import get_agreement, get_compared, get_partnership, get_version
from partnerships.agreements.export import export
from partnerships.agreements.forms import AgreementForm, LookForm, SignForm
from partnerships.agreements.listing import AgreementList
from partnerships.agreements.page import (
    agreement_context,
    proposal_context,
    update_context,
    version_context,
)
from partnerships.agreements.proposal_forms import counter_form, proposal_form
from partnerships.confirmed import ask_before_a_file
from partnerships.http import PersonRequest
from partnerships.links import Page, url_of
from partnerships.models import Agreement


@require_safe
def agreement_list(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    page = AgreementList(get_partnership(request.user, partnership_id), request.user)
    return render(request, "partnerships/agreements/agreement_list.html", {**page.pair.context, "page": page})


@require_http_methods(["GET", "HEAD", "POST"])
def agreement_create(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """Begin a contract, or the Dream Team agreement. What is to stand in it comes on the next page."""
    page = AgreementList(get_partnership(request.user, partnership_id), request.user)
    kind = request.GET.get("kind", "")
    form = AgreementForm.of(request, has_dream_team=page.has_dream_team, is_led=page.pair.is_led, kind=kind)
    if request.method == "POST":
        with form.on_page():
            data = form.checked()
            agreement = Agreement.begin(
                page.pair.partnership, by=request.user, kind=data["kind"], title=data["title"], id=data["client_id"]
            )
            return redirect(_first_page(agreement))
    context = {**page.pair.context, "page": page, "form": form}
    return render(request, "partnerships/agreements/agreement_create.html", context, status=form.status)


@require_http_methods(["GET", "HEAD", "POST"])
def version_create(request: PersonRequest, agreement_id: UUID) -> HttpResponse:
    """Propose other words: for one clause (?line=), one more (?add=1), or the whole text."""
    agreement = get_agreement(request.user, agreement_id)
    form = proposal_form(request, agreement)
    if form.is_pressed:
        with form.on_page():
            form.propose(by=request.user)
            messages.success(request, _("Proposed, and signed by you"))
            return redirect(url_of(Page.AGREEMENT, agreement.pk))
    context = proposal_context(form, request.user)
    return render(request, "partnerships/agreements/version_create.html", context, status=form.status)


@require_http_methods(["GET", "HEAD", "POST"])
def version_counter(request: PersonRequest, version_id: UUID) -> HttpResponse:
    """Suggest other words than those of a proposal."""
    version = get_version(request.user, version_id)
    form = counter_form(request, version)
    if form.is_pressed:
        with form.on_page():
            form.propose(by=request.user)
            messages.success(request, _("Proposed, and signed by you"))
            return redirect(url_of(Page.AGREEMENT, version.agreement_id))
    context = proposal_context(form, request.user)
    return render(request, "partnerships/agreements/version_create.html", context, status=form.status)


@require_safe
def version_detail(request: PersonRequest, version_id: UUID) -> HttpResponse:
    """Any version as it was written; with ?against= what changed from that one to this one, or else on its page."""
    version = get_version(request.user, version_id)
    newer, older = get_compared(version, request.GET.get("against", ""))
    if newer != version:
        return redirect(f"{reverse('version_detail', args=[newer.pk])}?against={version.pk}")
    context = version_context(version, request.user, other=older)
    return render(request, "partnerships/agreements/version_detail.html", context)


@require_POST
def version_sign(request: PersonRequest, version_id: UUID) -> HttpResponse:
    version = get_version(request.user, version_id)
    in_force = version.sign(by=request.user, digest=SignForm(request.POST).checked()["digest"])
    messages.success(request, _("Signed by you both. It is in force") if in_force else _("Signed"))
    return redirect(url_of(Page.AGREEMENT, version.agreement_id))


@require_POST
def version_unsign(request: PersonRequest, version_id: UUID) -> HttpResponse:
    version = get_version(request.user, version_id)
    version.unsign(by=request.user)
    messages.success(request, _("Your signature is taken back"))
    return redirect(url_of(Page.AGREEMENT, version.agreement_id))


@require_POST
def version_defer(request: PersonRequest, version_id: UUID) -> HttpResponse:
    version = get_version(request.user, version_id)
    version.defer(by=request.user)
    messages.success(request, _("It waits for your next retro"))
    return redirect(url_of(Page.AGREEMENT, version.agreement_id))


@require_POST
def version_withdraw(request: PersonRequest, version_id: UUID) -> HttpResponse:
    version = get_version(request.user, version_id)
    version.withdraw(by=request.user)
    messages.success(request, _("Taken back. It stays readable"))
    return redirect(url_of(Page.AGREEMENT, version.agreement_id))


@require_http_methods(["GET", "HEAD", "POST"])
def version_update(request: PersonRequest, version_id: UUID) -> HttpResponse:
    """Bring a proposal up to date: first look at the text that comes out of it, then sign that one."""
    version = get_version(request.user, version_id)
    if request.method == "POST":
        version.bring_up_to_date(by=request.user, digest=SignForm(request.POST).checked()["digest"])
        messages.success(request, _("Up to date, and signed by you"))
        return redirect(url_of(Page.AGREEMENT, version.agreement_id))
    return render(request, "partnerships/agreements/version_update.html", update_context(version, request.user))


@require_POST
def agreement_review(request: PersonRequest, agreement_id: UUID) -> HttpResponse:
    """“Still right”, until a day."""
    agreement = get_agreement(request.user, agreement_id)
    form = LookForm(request.POST)
    with form.refused_with(at="until"):
        agreement.still_true(by=request.user, **form.checked())
    messages.success(request, _("Still right. You look at it again on that day"))
    return redirect(url_of(Page.AGREEMENT, agreement.pk))


@require_POST
def agreement_close(request: PersonRequest, agreement_id: UUID) -> HttpResponse:
    agreement = get_agreement(request.user, agreement_id)
    agreement.close(by=request.user)
    messages.success(request, _("Closed. You can both read it, and open it again"))
    return redirect(url_of(Page.AGREEMENT, agreement.pk))


@require_POST
def agreement_reopen(request: PersonRequest, agreement_id: UUID) -> HttpResponse:
    agreement = get_agreement(request.user, agreement_id)
    agreement.reopen(by=request.user)
    messages.success(request, _("Open again"))
    return redirect(url_of(Page.AGREEMENT, agreement.pk))


@require_safe
def agreement_print(request: PersonRequest, agreement_id: UUID) -> HttpResponse:
    """The wording in force on paper."""
    agreement = get_agreement(request.user, agreement_id)
    return render(request, "partnerships/agreements/agreement_print.html", agreement_context(agreement, request.user))


@require_POST
def agreement_export(request: PersonRequest, agreement_id: UUID) -> HttpResponse:
    """The wording in force and its whole history, as a Markdown file. First the loader, then “Is it you?”."""
    agreement = get_agreement(request.user, agreement_id)
    if ask := ask_before_a_file(request, url_of(Page.AGREEMENT, agreement.pk)):
        return ask
    return _export(request, agreement)  # type: ignore[call-arg, return-value]  # csp’s types know no arguments


@csp({"default-src": [NONE], "sandbox": True})  # type: ignore[arg-type]  # its types know no arguments
def _export(request: PersonRequest, agreement: Agreement) -> HttpResponse:
    headers = {"Content-Disposition": 'attachment; filename="agreement.md"'}
    text = export(agreement, request.user)
    return HttpResponse(text, content_type="text/markdown; charset=utf-8", headers=headers)


def _first_page(agreement: Agreement) -> str:
    """Where a new agreement goes on: its first words, unless somebody wrote them in between."""
    if agreement.all_versions:
        return url_of(Page.AGREEMENT, agreement.pk)
    return reverse("version_create", args=[agreement.pk])
