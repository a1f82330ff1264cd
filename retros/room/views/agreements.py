"""Presses in the room that change an agreement."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from partnerships.access import get_agreement, get_partnership, get_version
from partnerships.agreements.forms import SignForm
from partnerships.agreements.page import next_look
from partnerships.http import PersonRequest
from retros.access import get_action, get_entry, get_note, get_session, get_step
from retros.agreements.forms import AdoptForm, CardProposalForm, LineForm
from retros.agreements.page import ClauseChoice
from retros.agreements.verbs import adopt, mention, put_into_agreement, reaffirm, sign_here
from retros.models import Entry, Note, Session, Step
from retros.pair import Pair
from retros.room.answers import go, room_again


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
        line = request.GET.get("line", "")
        choice = ClauseChoice(session, request.user, position, line=line, entry=entry, note=note)
        pair = Pair(get_partnership(request.user, session.partnership_id), request.user)
        return render(request, "retros/room/clause_create.html", {**pair.context, "choice": choice})
    data = CardProposalForm(request.POST).checked()
    agreement = get_agreement(request.user, data["agreement"])
    if data["came_up"] and entry:
        mention(session, agreement, by=request.user, line=data["line"], entry=entry)
        messages.success(request, _("Noted. A clause that comes up twice asks for a look"))
        return go(request, "step_detail", session.pk, position)
    put_into_agreement(
        session, agreement, by=request.user, text=data["text"], reason=data["reason"], line=data["line"],
        changed=data["version"], entry=entry, note=note, id=data["client_id"],
    )  # fmt: skip
    messages.success(request, _("Proposed, and signed by you"))
    return go(request, "step_detail", session.pk, position)


@require_POST
def look_create(request: PersonRequest, session_id: UUID, agreement_id: UUID) -> HttpResponse:
    """“Still right”, at wrap-up: a clause, or the whole agreement, until the next look."""
    session = get_session(request.user, session_id)
    agreement = get_agreement(request.user, agreement_id)
    until = next_look(timezone.localdate(timezone=request.user.tz))
    reaffirm(session, agreement, by=request.user, until=until, **LineForm(request.POST).checked())
    messages.success(request, _("Still right. You look at it again in three months"))
    return room_again(request, session_id, len(session.steps) - 1)


@require_POST
def proposal_sign(request: PersonRequest, session_id: UUID, position: int, version_id: UUID) -> HttpResponse:
    """Sign other words for a clause where they are seen."""
    step = get_step(request.user, session_id, position)
    version = get_version(request.user, version_id)
    in_force = sign_here(step.session, version, by=request.user, digest=SignForm(request.POST).checked()["digest"])
    messages.success(request, _("Signed by you both. It is in force") if in_force else _("Signed"))
    return room_again(request, session_id, position)


@require_POST
def review_clause(request: PersonRequest, session_id: UUID, action_id: UUID) -> HttpResponse:
    """Make an experiment that helped a clause, from “Last time”."""
    session = get_session(request.user, session_id)
    position = session.position_of(Step.Kind.LOOK_BACK)
    agreement = get_agreement(request.user, AdoptForm(request.POST).checked()["agreement"])
    adopt(get_action(request.user, action_id), agreement, by=request.user, session=session)
    messages.success(request, _("Proposed, and signed by you"))
    return room_again(request, session_id, position)


@require_POST
def action_clause(request: PersonRequest, action_id: UUID) -> HttpResponse:
    """The same from the experiment's own page."""
    action = get_action(request.user, action_id)
    agreement = get_agreement(request.user, AdoptForm(request.POST).checked()["agreement"])
    adopt(action, agreement, by=request.user)
    messages.success(request, _("Proposed, and signed by you"))
    return redirect("agreement_detail", agreement.pk)
