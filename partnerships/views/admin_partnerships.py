"""The admin's pages about partnerships: who, since when, who leads; never what the two write."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partnerships import mail
from partnerships.access import for_admins, get_account, get_frame, get_person
from partnerships.administration import Partnerships, admin_menu, frame_of
from partnerships.forms import ArrangeForm, LeadForm
from partnerships.http import PersonRequest
from partnerships.models import Invitation


@require_safe
@for_admins
def admin_partnership_list(request: PersonRequest) -> HttpResponse:
    context = {**admin_menu("admin_partnership_list"), "partnerships": Partnerships(request.GET)}
    return render(request, "partnerships/admin_partnership_list.html", context)


@require_safe
@for_admins
def admin_partnership_detail(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    context = {**admin_menu("admin_partnership_list"), "row": frame_of(get_frame(partnership_id))}
    return render(request, "partnerships/admin_partnership_detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def admin_partnership_create(request: PersonRequest) -> HttpResponse:
    """Put two people together; whoever has no account is invited, and each link is shown once."""
    form = ArrangeForm.of(request)
    context = {**admin_menu("admin_partnership_list"), "form": form, "mail_is_sent": settings.MAIL_IS_SENT}
    if request.method == "POST":
        with form.on_page(at="email_b"):
            arranged = Invitation.arrange_partnership(by=request.user, **form.arranged())
            mail.send_arranged(arranged, by=request.user)
            links = [(invitation, mail.invitation_link(token)) for invitation, token in arranged.issued]
            if links:
                return render(request, "partnerships/admin_links.html", {**context, "links": links})
            messages.success(request, _("The partnership is there"))
            return redirect("admin_partnership_detail", arranged.partnership.pk)
    return render(request, "partnerships/admin_partnership_create.html", context, status=form.status)


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
