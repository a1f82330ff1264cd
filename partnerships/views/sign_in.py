"""Signing in without leaving the page, and what to do about a page whose token is too old."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.views import LoginView
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from partnerships.middleware import refuse
from partnerships.refusals import Invalid, NotAllowed

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase


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
    response = refuse(request, NotAllowed(_("Press again.")))
    fresh = {"value": get_token(request), "person": str(request.user.pk or "")}
    return trigger_client_event(response, "twofold:fresh-token", fresh)
