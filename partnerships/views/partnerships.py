from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from partnerships import mail
from partnerships.access import get_open_invitation, get_partnership
from partnerships.forms import InvitationForm, PartnershipForm
from partnerships.http import PersonRequest
from partnerships.models import Invitation

if TYPE_CHECKING:
    from partnerships.models import Partnership


@require_http_methods(["GET", "HEAD", "POST"])
def partnership_create(request: PersonRequest) -> HttpResponse:
    form = PartnershipForm(request.POST if request.method == "POST" else None, by=request.user)
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "partnerships/partnership_create.html", {"form": form}, status=status)
    invitation, token = Invitation.begin_partnership(by=request.user, **form.cleaned_data)
    if not token:  # the same form a second time: its link was shown, and is nowhere any more
        return redirect("partnership_invite", invitation.partnership_id)
    mail.send_invitation(invitation, token)
    return show_link_once(request, invitation, token)


@require_http_methods(["GET", "HEAD", "POST"])
def partnership_invite(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """What became of the invitation to the other seat; and a form for a first or another address."""
    partnership = get_partnership(request.user, partnership_id)
    form = InvitationForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _show(request, partnership, get_open_invitation(partnership), form=form)
    invitation, token = Invitation.for_seat(partnership, email=form.cleaned_data["email"], by=request.user)
    mail.send_invitation(invitation, token)
    return show_link_once(request, invitation, token)


def show_link_once(request: PersonRequest, invitation: Invitation, token: str) -> HttpResponse:
    """The answer to the POST that made the link, and no redirect: a link kept for the next page would be at rest."""
    return _show(request, invitation.partnership, invitation, link=mail.invitation_link(token))


def _show(
    request: PersonRequest,
    partnership: Partnership | None,
    invitation: Invitation | None,
    *,
    link: str = "",
    form: InvitationForm | None = None,
) -> HttpResponse:
    context = {
        "partnership": partnership,
        "invitation": invitation,
        "link": link,
        "form": form or InvitationForm(),
        "mail_is_sent": settings.MAIL_IS_SENT,
    }
    status = 422 if form is not None and form.is_bound else 200
    return render(request, "partnerships/partnership_invite.html", context, status=status)
