"""What somebody is told, where, and when not."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from partnerships.access import get_notice, get_subscriber
from partnerships.http import PersonRequest
from partnerships.links import Page, url_of
from partnerships.mail.forms import FeedForm, ReminderForm
from partnerships.mail.letters import feed_link
from partnerships.models import CalendarFeed, Preference


@require_http_methods(["GET", "HEAD", "POST"])
def reminder_update(request: PersonRequest) -> HttpResponse:
    form = ReminderForm.of(request, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.keep()
        messages.success(request, _("Settings kept"))
        return redirect("reminder_update")
    return _show(request, form)


@require_POST
def feed_create(request: PersonRequest) -> HttpResponse:
    """The answer shows the address, once, and is no redirect: an address kept for the next page would be at rest."""
    token = CalendarFeed.issue(by=request.user, seen=FeedForm(request.POST).checked()["seen"])
    if not token:
        messages.info(request, _("Your feed has its address already. It was shown once"))
        return redirect("reminder_update")
    return _show(request, ReminderForm(instance=request.user), link=feed_link(token))


@require_POST
def feed_delete(request: PersonRequest) -> HttpResponse:
    CalendarFeed.revoke(by=request.user)
    messages.success(request, _("Your feed is closed. Its address no longer works"))
    return redirect("reminder_update")


@require_POST
def notice_dismiss(request: PersonRequest, delivery_id: UUID) -> HttpResponse:
    get_notice(request.user, delivery_id).dismiss(by=request.user)
    return redirect(url_of(Page.HOME))


@csrf_exempt  # it comes from a mail program, without a cookie; the address itself is signed
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """One press, no sign-in, no redirect (RFC 8058). A look, such as a link scanner’s, changes nothing."""
    person = get_subscriber(token)
    if request.method == "POST":
        Preference.unsubscribe(person)
    return render(request, "partnerships/mail/unsubscribe.html", {"done": request.method == "POST"})


def _show(request: PersonRequest, form: ReminderForm, *, link: str = "") -> HttpResponse:
    context = {"form": form, "link": link, "feed": CalendarFeed.of(request.user)}
    status = 422 if form.errors else 200
    return render(request, "partnerships/mail/reminder_update.html", context, status=status)
