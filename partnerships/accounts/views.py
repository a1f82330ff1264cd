"""The pages of an account that are not quite allauth's own: what changes how somebody signs in, and its undoing."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import ConfirmLoginCodeForm, ResetPasswordForm, ResetPasswordKeyForm
from allauth.account.utils import perform_login
from allauth.account.views import BaseReauthenticateView, EmailView, LoginView, PasswordSetView
from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from partnerships.access import get_sign_in, get_sign_in_change, get_sign_in_link, sign_in_links_of
from partnerships.accounts.devices import devices_of
from partnerships.accounts.forms import PersonForm
from partnerships.accounts.oidc import refused
from partnerships.accounts.reauthentication import MailedCode, was_confirmed
from partnerships.accounts.sign_in_changes import Watched
from partnerships.http import BY_LINK, UNTOLD, PersonRequest, signs_out
from partnerships.links import Page, url_of
from partnerships.middleware import refuse
from partnerships.models import SignInLink
from partnerships.refusals import Invalid, NotAllowed, TooMany

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

    from partnerships.http import PersonRequest


log = logging.getLogger("twofold.oidc")


class EmailAddresses(Watched, EmailView):
    pass


class FirstPassword(PasswordSetView):
    def dispatch(self, request: PersonRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Who they are is confirmed before they type it: a form that waits for that is stored as it was sent."""
        if not request.user.has_usable_password() and not was_confirmed(request):
            way = get_adapter().get_reauthentication_methods(request.user)[0]
            return redirect(f"{way['url']}?next={request.path}")
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response


@method_decorator(require_http_methods(["GET", "HEAD", "POST"]), name="dispatch")  # allauth answers before it asks
class ReauthenticateByCode(BaseReauthenticateView):
    form_class = ConfirmLoginCodeForm
    template_name = "account/reauthenticate_by_code.html"

    def dispatch(self, request: PersonRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.mailed = MailedCode.of(request)
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response

    def post(self, request: PersonRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not self.mailed.is_sent or "send" in request.POST:
            return self.send(request)
        response: HttpResponse = super().post(request, *args, **kwargs)
        return response

    def send(self, request: PersonRequest) -> HttpResponse:
        if ratelimit.consume(request, action="request_login_code", key=request.user.email):
            self.mailed.start()
        else:
            messages.error(request, _("Too many codes. Wait an hour."))
        return self.again()

    def again(self) -> HttpResponse:
        return redirect(self.passthrough_next_url(self.request.path))

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "code": self.mailed.code}

    def form_valid(self, form: Any) -> HttpResponse:
        self.mailed.finish()
        response: HttpResponse = super().form_valid(form)
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        if not self.mailed.record_invalid_attempt():
            messages.error(self.request, _("Too many tries. Ask for a new code."))
            return self.again()
        response: HttpResponse = super().form_invalid(form)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "is_sent": self.mailed.is_sent}


email_addresses = EmailAddresses.as_view()
first_password = FirstPassword.as_view()
reauthenticate_by_code = ReauthenticateByCode.as_view()


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_undo(request: HttpRequest, token: str) -> HttpResponse:
    """What the link undoes, and a button. A look, such as a link scanner’s, changes nothing."""
    change = get_sign_in_change(token)
    if change is None:
        return render(request, "account/sign_in_undo_gone.html", status=404)
    if request.method == "POST":
        change.take_back()
        if request.user == change.person:
            logout(request)
        _start_reset(request, change.email)
    context = {"change": change, "is_done": request.method == "POST"}
    return render(request, "account/sign_in_undo.html", context)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_link(request: HttpRequest, token: str) -> HttpResponse:
    """A link that an admin made: choose a new password, and be signed in. A look uses nothing up."""
    link = get_sign_in_link(token)
    if link is None:
        return render(request, "account/sign_in_link_gone.html", status=404)
    form = ResetPasswordKeyForm(request.POST if request.method == "POST" else None, user=link.person)
    if form.is_valid():
        with transaction.atomic():
            link.use()
            form.save()
        response: HttpResponse = perform_login(request, link.person, redirect_url=url_of(Page.HOME))
        request.session[BY_LINK] = True
        return response
    context = {"form": form, "person": link.person}
    return render(request, "account/sign_in_link.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_links(request: PersonRequest) -> HttpResponse:
    """Every link that admins made for oneself. Who came by one is told of them again at the next sign-in."""
    if request.method == "POST":
        request.session.pop(UNTOLD, None)
        if BY_LINK not in request.session:
            SignInLink.know(request.user)
        messages.success(request, _("Kept. The list stays here, in your settings"))
        return redirect("sign_in_links")
    context = {"links": sign_in_links_of(request.user), "untold": UNTOLD in request.session}
    return render(request, "partnerships/accounts/sign_in_links.html", context)


def _start_reset(request: HttpRequest, email: str) -> None:
    """As if they had asked for a link to choose a new password."""
    form = ResetPasswordForm({"email": email})
    if form.is_valid():
        form.save(request)


@login_not_required
@require_POST
def oidc_begin(request: HttpRequest, provider_id: str) -> HttpResponse:
    """To the provider, whose addresses are asked of the operator's address for it: of nobody else's."""
    if not ratelimit.consume(request, action="login"):
        raise TooMany
    return _with_provider(request, "login", provider_id)


@login_not_required
@require_safe
def oidc_come_back(request: HttpRequest, provider_id: str) -> HttpResponse:
    return _with_provider(request, "callback", provider_id)


def _with_provider(request: HttpRequest, view: str, provider_id: str) -> HttpResponse:
    """allauth's own view of this name. The provider may be away, or say what none should."""
    # Imported here: both need requests, 4 MiB, and without a provider nobody does.
    from allauth.socialaccount.providers.openid_connect import views
    from requests import RequestException

    try:
        response: HttpResponse = getattr(views, view)(request, provider_id)
    except (RequestException, KeyError, ValueError, TypeError, ImproperlyConfigured) as error:
        log.error("the sign-in of the provider is not there", extra={"kind": type(error).__qualname__})
        said = _("%(provider)s does not answer as it should. Try again in a moment, or ask your admin.")
        return refused(request, said % {"provider": settings.OIDC_NAME})
    return response


class SignInHere(LoginView):
    """allauth's own sign-in, with its limits and its stages, answered by fragments."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated:  # in another tab, meanwhile
            return signed_in(request)
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        if not self.request.user.is_authenticated:  # one more stage, on a page of its own
            return HttpResponseClientRedirect(response.headers["Location"])
        return signed_in(self.request)

    def form_invalid(self, form: Any) -> HttpResponse:
        return refuse(self.request, Invalid(next(iter(form.errors.values()))[0]))


sign_in_here = login_not_required(require_POST(SignInHere.as_view()))


def signed_in(request: HttpRequest) -> HttpResponse:
    """Signing in made a new token: every form of the page gets it. The page reloads if somebody else signed in."""
    fresh = {"value": get_token(request), "person": str(request.user.pk)}
    return trigger_client_event(render(request, "signed_in.html"), "twofold:fresh-token", fresh)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A page from before a sign-in in another tab recovers at the next press."""
    response = refuse(request, NotAllowed(_("Press again.")), may_repeat=True)
    fresh = {"value": get_token(request), "person": str(request.user.pk or "")}
    return trigger_client_event(response, "twofold:fresh-token", fresh)


@require_http_methods(["GET", "HEAD", "POST"])
def person_update(request: PersonRequest) -> HttpResponse:
    form = PersonForm(request.POST if request.method == "POST" else None, instance=request.user)
    if form.is_valid():
        form.keep()
        messages.success(request, _("Settings kept"))
        return redirect("person_update")
    return render(
        request, "partnerships/accounts/person_update.html", {"form": form}, status=422 if form.is_bound else 200
    )


@signs_out
@require_POST
def session_end_all(request: PersonRequest) -> HttpResponse:
    request.user.end_own_sessions()
    logout(request)
    return redirect("account_login")


@require_safe
def device_list(request: PersonRequest) -> HttpResponse:
    context = {"devices": devices_of(request.user, session_key=request.session.session_key)}
    return render(request, "partnerships/accounts/device_list.html", context)


@signs_out
@require_POST
def device_end(request: PersonRequest, device_id: str) -> HttpResponse:
    sign_in = get_sign_in(request.user, device_id)
    is_this = sign_in.session_key == request.session.session_key
    request.user.end_session(sign_in)
    if is_this:
        logout(request)
        return redirect("account_login")
    messages.success(request, _("Signed out there"))
    return redirect("device_list")
