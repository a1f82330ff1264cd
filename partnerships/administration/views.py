"""The admin's pages about accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partnerships import links
from partnerships.access import for_admins, get_account, get_any_invitation, get_frame, get_person
from partnerships.administration.forms import AccountForm, ArrangeForm, DetailsForm, LeadForm, RoleForm, RolesForm
from partnerships.administration.issued import show_links_once
from partnerships.administration.partnerships import Partnerships, frame_of
from partnerships.administration.people import People, PersonPage
from partnerships.administration.record import Record
from partnerships.header import admin_menu
from partnerships.http import PersonRequest
from partnerships.links import Page, url_of
from partnerships.mail import letters
from partnerships.models import Invitation, SignInLink
from partnerships.seen import version_of

if TYPE_CHECKING:
    from partnerships.models import Person


@require_safe
@for_admins
def person_list(request: PersonRequest) -> HttpResponse:
    context = {**admin_menu("person_list"), "people": People(request.GET)}
    return render(request, "partnerships/administration/person_list.html", context)


@require_safe
@for_admins
def person_detail(request: PersonRequest, person_id: UUID) -> HttpResponse:
    context = {**admin_menu("person_list"), "page": PersonPage(get_person(person_id))}
    return render(request, "partnerships/administration/person_detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def person_invite(request: PersonRequest) -> HttpResponse:
    """An account for somebody; a partnership comes later."""
    form = AccountForm.of(request)
    if request.method == "POST":
        with form.on_page(at="email"):
            return _link_once(request, *Invitation.for_account(by=request.user, **form.checked()))
    context = {**admin_menu("person_list"), "form": form}
    return render(request, "partnerships/administration/person_invite.html", context, status=form.status)


@require_POST
@for_admins
def admin_invitation_update(request: PersonRequest, invitation_id: UUID) -> HttpResponse:
    """A fresh link to the same address, whoever sent the first."""
    return _link_once(request, *get_any_invitation(invitation_id).renew(by=request.user))


@require_POST
@for_admins
def admin_invitation_delete(request: PersonRequest, invitation_id: UUID) -> HttpResponse:
    invitation = get_any_invitation(invitation_id)
    invitation.revoke(by=request.user)
    messages.success(request, _("Invitation taken back. The link no longer works."))
    return _to_invitations(invitation)


@require_POST
@for_admins
def person_role_update(request: PersonRequest, person_id: UUID) -> HttpResponse:
    person = get_person(person_id)
    person.label_role(by=request.user, **RoleForm(request.POST).checked())
    return _done(request, person, _("Role kept"))


@require_POST
@for_admins
def person_admin_create(request: PersonRequest, person_id: UUID) -> HttpResponse:
    person = get_person(person_id)
    person.make_admin(by=request.user)
    return _done(request, person, _("%(name)s is an admin now") % {"name": person.full_name})


@require_POST
@for_admins
def person_admin_delete(request: PersonRequest, person_id: UUID) -> HttpResponse:
    person = get_person(person_id)
    person.end_admin(by=request.user)
    return _done(request, person, _("%(name)s is no longer an admin") % {"name": person.full_name})


@require_POST
@for_admins
def person_deactivate(request: PersonRequest, person_id: UUID) -> HttpResponse:
    person = get_person(person_id)
    person.deactivate(by=request.user)
    return _done(request, person, _("The account of %(name)s is switched off") % {"name": person.full_name})


@require_POST
@for_admins
def person_reactivate(request: PersonRequest, person_id: UUID) -> HttpResponse:
    person = get_person(person_id)
    person.reactivate(by=request.user)
    return _done(request, person, _("The account of %(name)s is switched on") % {"name": person.full_name})


@require_POST
@for_admins
def person_sessions_end(request: PersonRequest, person_id: UUID) -> HttpResponse:
    person = get_person(person_id)
    person.end_sessions_for(by=request.user)
    return _done(request, person, _("%(name)s is signed out everywhere") % {"name": person.full_name})


@require_POST
@for_admins
def person_factor_reset(request: PersonRequest, person_id: UUID) -> HttpResponse:
    person = get_person(person_id)
    person.reset_second_factor(by=request.user)
    return _done(request, person, _("The second factor of %(name)s is reset") % {"name": person.full_name})


@require_POST
@for_admins
def person_link_create(request: PersonRequest, person_id: UUID) -> HttpResponse:
    """The answer to the POST that made the link, and no redirect: a link kept for the next page would be at rest."""
    person = get_person(person_id)
    link, token = SignInLink.make(person, by=request.user)
    context = {**admin_menu("person_list"), "person": person, "made": link, "link": letters.sign_in_link(token)}
    return render(request, "partnerships/administration/person_link.html", context)


def _done(request: PersonRequest, person: Person, words: str) -> HttpResponse:
    """Back to the person, or home for an admin who has just ended that."""
    messages.success(request, words)
    own_end = person.pk == request.user.pk and not person.is_staff
    return redirect(url_of(Page.HOME) if own_end else reverse("person_detail", args=[person.pk]))


def _to_invitations(invitation: Invitation) -> HttpResponse:
    if invitation.partnership:
        return redirect("admin_partnership_detail", invitation.partnership.pk)
    return redirect("person_list")


def _link_once(request: PersonRequest, invitation: Invitation, token: str) -> HttpResponse:
    if not token:  # sent before: its link was shown, and is nowhere any more
        return _to_invitations(invitation)
    letters.send_invitation(invitation, token)
    return show_links_once(request, [(invitation, token)])


@require_safe
@for_admins
def admin_partnership_list(request: PersonRequest) -> HttpResponse:
    context = {**admin_menu("admin_partnership_list"), "partnerships": Partnerships(request.GET)}
    return render(request, "partnerships/administration/admin_partnership_list.html", context)


@require_safe
@for_admins
def admin_partnership_detail(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    row, dates = frame_of(get_frame(partnership_id)), links.url_of(links.Page.PAST_DATES, partnership_id)
    shown = {"label": row.partnership.label, "kind": row.partnership.kind}
    form = DetailsForm(initial={**shown, "version": version_of(row.partnership.details)})
    context = {**admin_menu("admin_partnership_list"), "row": row, "dates": dates, "form": form}
    return render(request, "partnerships/administration/admin_partnership_detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def admin_partnership_create(request: PersonRequest) -> HttpResponse:
    """Put two people together; whoever has no account is invited, and each link is shown once."""
    form = ArrangeForm.of(request)
    context = {**admin_menu("admin_partnership_list"), "form": form}
    if request.method == "POST":
        with form.on_page(at="email_b"):
            arranged = Invitation.arrange_partnership(by=request.user, **form.arranged())
            letters.send_arranged(arranged, by=request.user)
            if arranged.issued:
                return show_links_once(request, arranged.issued)
            messages.success(request, _("The partnership is there"))
            return redirect("admin_partnership_detail", arranged.partnership.pk)
    return render(request, "partnerships/administration/admin_partnership_create.html", context, status=form.status)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def admin_partnership_roles(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """What each of the two is in this partnership."""
    partnership = get_frame(partnership_id)
    row = frame_of(partnership)
    shown = {side.seat: side.role for side in row.seats}
    form = RolesForm.of(request, initial={**shown, "version": version_of(list(shown.values()))})
    if request.method == "POST":
        with form.on_page():
            partnership.label_roles(by=request.user, **form.roles())
            messages.success(request, _("Roles kept"))
            return redirect("admin_partnership_detail", partnership.pk)
    context = {**admin_menu("admin_partnership_list"), "row": row, "form": form}
    return render(request, "partnerships/administration/admin_partnership_roles.html", context, status=form.status)


@require_POST
@for_admins
def admin_partnership_update(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """Another label, another kind."""
    get_frame(partnership_id).describe(by=request.user, **DetailsForm(request.POST).checked())
    messages.success(request, _("Kept. The two can read that it was changed"))
    return redirect("admin_partnership_detail", partnership_id)


@require_POST
@for_admins
def lead_create(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    partnership = get_frame(partnership_id)
    person = get_account(LeadForm(request.POST).checked()["email"])
    partnership.assign_lead(person, by=request.user)
    messages.success(request, _("%(name)s leads this partnership now") % {"name": person.full_name})
    return redirect("admin_partnership_detail", partnership.pk)


@require_POST
@for_admins
def lead_delete(request: PersonRequest, partnership_id: UUID, person_id: UUID) -> HttpResponse:
    partnership, person = get_frame(partnership_id), get_person(person_id)
    partnership.end_lead(person, by=request.user)
    messages.success(request, _("%(name)s no longer leads this partnership") % {"name": person.full_name})
    return redirect("admin_partnership_detail", partnership.pk)


@require_safe
@for_admins
def audit_list(request: PersonRequest) -> HttpResponse:
    """Who did what to accounts, roles and dates."""
    return render(
        request,
        "partnerships/administration/audit_list.html",
        {**admin_menu("audit_list"), "record": Record(request.GET)},
    )
