from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partnerships.access import (
    get_invitation,
    get_invitation_to_accept,
    get_open_invitation,
    get_own_invitation,
    get_partnership,
    get_waiting_invitation,
)
from partnerships.http import PersonRequest
from partnerships.joining.forms import InvitationForm, PartnershipForm
from partnerships.links import Page, url_of
from partnerships.mail import letters
from partnerships.models import Invitation
from partnerships.refusals import Refusal

if TYPE_CHECKING:
    from partnerships.models import Invitation, Partnership


@login_not_required
@require_safe
def invitation_detail(request: HttpRequest, token: str) -> HttpResponse:
    """Who invites. Looking uses nothing up; the browser's session remembers the invitation through the sign-up."""
    invitation = get_invitation(token)
    if invitation is None:
        return render(request, "partnerships/joining/invitation_gone.html", status=404)
    request.session["invitation"] = str(invitation.pk)
    return _show(request, invitation, reverse("invitation_accept", args=[token]))


@require_safe
def invitation_waiting(request: PersonRequest) -> HttpResponse:
    """The same page after the sign-up, when the token is nowhere any more."""
    invitation = get_waiting_invitation(request.session.get("invitation"))
    if invitation is None:
        return render(request, "partnerships/joining/invitation_gone.html", status=404)
    return _show(request, invitation, reverse("invitation_waiting_accept"))


@require_POST
def invitation_accept(request: PersonRequest, token: str) -> HttpResponse:
    return _accept(request, get_invitation_to_accept(request.user, token))


@require_POST
def invitation_waiting_accept(request: PersonRequest) -> HttpResponse:
    invitation = get_waiting_invitation(request.session.get("invitation"))
    if invitation is None:
        raise Refusal(_("This invitation was used, taken back or has run out. Ask for a new link."))
    return _accept(request, invitation)


@require_POST
def invitation_update(request: PersonRequest, invitation_id: UUID) -> HttpResponse:
    """A fresh link to the same address; the earlier one stops working."""
    return _send(request, *get_own_invitation(request.user, invitation_id).renew(by=request.user))


@require_POST
def invitation_delete(request: PersonRequest, invitation_id: UUID) -> HttpResponse:
    invitation = get_own_invitation(request.user, invitation_id)
    invitation.revoke(by=request.user)
    messages.success(request, _("Invitation taken back. The link no longer works."))
    return redirect("partnership_invite", invitation.partnership_id)


def _show(request: HttpRequest, invitation: Invitation, accept_url: str) -> HttpResponse:
    signed_in = request.user.is_authenticated
    context = {
        "invitation": invitation,
        "accept_url": accept_url,
        "is_mine": signed_in and invitation.is_for(request.user),  # type: ignore[arg-type]
    }
    return render(request, "partnerships/joining/invitation_detail.html", context)


def _accept(request: PersonRequest, invitation: Invitation) -> HttpResponse:
    membership = invitation.accept(by=request.user)
    request.session.pop("invitation", None)
    if membership is None:
        messages.success(request, _("You are the admin here now.") if invitation.makes_admin else _("Welcome"))
        return redirect(url_of(Page.HOME))
    return redirect(url_of(Page.PAIR, membership.partnership_id))


@require_http_methods(["GET", "HEAD", "POST"])
def partnership_create(request: PersonRequest) -> HttpResponse:
    form = PartnershipForm(request.POST if request.method == "POST" else None, by=request.user)
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "partnerships/joining/partnership_create.html", {"form": form}, status=status)
    return _send(request, *Invitation.begin_partnership(by=request.user, **form.cleaned_data))


@require_http_methods(["GET", "HEAD", "POST"])
def partnership_invite(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """What became of the invitation to the other seat; and a form for a first or another address."""
    partnership = get_partnership(request.user, partnership_id)
    form = InvitationForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _show_invite(request, partnership, get_open_invitation(partnership), form=form)
    return _send(request, *Invitation.for_seat(partnership, by=request.user, **form.cleaned_data))


def _send(request: PersonRequest, invitation: Invitation, token: str) -> HttpResponse:
    if not token:  # sent before: its link was shown, and is nowhere any more
        return redirect("partnership_invite", invitation.partnership_id)
    letters.send_invitation(invitation, token)
    return show_link_once(request, invitation, token)


def show_link_once(request: PersonRequest, invitation: Invitation, token: str) -> HttpResponse:
    """The answer to the POST that made the link, and no redirect: a link kept for the next page would be at rest."""
    return _show_invite(request, invitation.partnership, invitation, link=letters.invitation_link(token))


def _show_invite(
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
        "is_member": partnership is not None and any(m.person == request.user for m in partnership.memberships.all()),
    }
    status = 422 if form is not None and form.is_bound else 200
    return render(request, "partnerships/joining/partnership_invite.html", context, status=status)
