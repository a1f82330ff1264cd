"""From the room into the agreements: the sittings that write them, and the cards that change them."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partnerships.access import get_agreement, get_partnership
from partnerships.agreements import agreement_context
from partnerships.http import PersonRequest
from partnerships.models import Agreement
from retros.access import get_entry, get_note, get_session
from retros.clauses import ClauseChoice
from retros.forms import ClauseForm
from retros.models import ClauseOrigin, Entry, Note, Session, put_into_agreement, put_lines_into_agreement
from retros.views.room import go, room_again


@require_safe
def agreement_detail(request: PersonRequest, agreement_id: UUID) -> HttpResponse:
    """An agreement, and where its versions came from: the page shows both, so it belongs here."""
    agreement = get_agreement(request.user, agreement_id)
    context = {**agreement_context(agreement, request.user), "origins": ClauseOrigin.of(agreement, request.user)}
    return render(request, "retros/agreement_detail.html", context)


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
    return Session.begin(agreement, by=request.user, short="short" in request.POST)


@require_POST
def session_agree(request: PersonRequest, session_id: UUID) -> HttpResponse:
    """Make a version of the agreement out of the lines of this session, and sign it."""
    session = get_session(request.user, session_id)
    version = put_lines_into_agreement(session, by=request.user)
    return go(request, "agreement_detail", version.agreement_id)


@require_http_methods(["GET", "HEAD", "POST"])
def entry_clause(request: PersonRequest, session_id: UUID, entry_id: UUID) -> HttpResponse:
    """“Put it in our contract”: propose a clause from a card."""
    entry = get_entry(request.user, session_id, entry_id)
    return _clause(request, entry.step.session, entry.step.position, entry=entry)


@require_http_methods(["GET", "HEAD", "POST"])
def learning_clause(request: PersonRequest, session_id: UUID, note_id: UUID) -> HttpResponse:
    """The same from a learning."""
    note = get_note(request.user, session_id, note_id)
    return _clause(request, note.step.session, note.step.position, note=note)


def _clause(
    request: PersonRequest, session: Session, position: int, *, entry: Entry | None = None, note: Note | None = None
) -> HttpResponse:
    if request.method != "POST":
        choice = ClauseChoice(session, request.user, position, entry=entry, note=note)
        return render(request, "retros/clause_create.html", {"choice": choice})
    data = ClauseForm(request.POST).checked()
    put_into_agreement(
        session, get_agreement(request.user, data["agreement"]), by=request.user, text=data["text"],
        reason=data["reason"], line=data["line"], entry=entry, note=note, id=data["client_id"],
    )  # fmt: skip
    messages.success(request, _("Proposed and signed. It starts when you have both signed it."))
    return room_again(request, session.pk, position)
