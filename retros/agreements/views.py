"""From the room into the agreements: the sittings that write them, and the cards that change them."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partnerships.access import get_agreement, get_clause, get_partnership
from partnerships.http import PersonRequest
from partnerships.models import Agreement
from retros.agreements.forms import LinkForm
from retros.agreements.page import clause_link_context, clauses_context
from retros.models import (
    ClauseLink,
    Session,
    creation,
)


@require_safe
def agreement_detail(request: PersonRequest, agreement_id: UUID) -> HttpResponse:
    """An agreement, and where its versions came from: the page shows both, so it belongs here."""
    context = clauses_context(get_agreement(request.user, agreement_id), request.user)
    return render(request, "retros/agreements/agreement_detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def clause_link_update(request: PersonRequest, agreement_id: UUID, line: UUID) -> HttpResponse:
    """Link a clause to changes: when one of the two tells of such a change, it asks for a look."""
    agreement = get_agreement(request.user, agreement_id)
    clause = get_clause(agreement, line)
    if request.method == "POST":
        ClauseLink.set_tags(agreement, line, LinkForm(request.POST).checked()["tags"], by=request.user)
        messages.success(request, _("Kept for you both"))
        return redirect("agreement_detail", agreement.pk)
    return render(
        request, "retros/agreements/clause_link_update.html", clause_link_context(agreement, clause, request.user)
    )


@require_POST
def dream_team_create(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """Begin the Dream Team exercise, or go on with it."""
    partnership = get_partnership(request.user, partnership_id)
    agreement = Agreement.begin(
        partnership, by=request.user, kind=Agreement.Kind.DREAM_TEAM, title=_("Our Dream Team agreement")
    )
    return redirect("session_detail", _begin(request, agreement).pk)


@require_POST
def agreement_session(request: PersonRequest, agreement_id: UUID) -> HttpResponse:
    """Write an agreement together: each alone first."""
    agreement = get_agreement(request.user, agreement_id)
    return redirect("session_detail", _begin(request, agreement).pk)


def _begin(request: PersonRequest, agreement: Agreement) -> Session:
    return creation.begin(agreement, by=request.user, short="short" in request.POST)
