"""Pages of the second factor: allauth's own, where what changes is watched, and where a look changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

import qrcode
from allauth.account.decorators import reauthentication_required
from allauth.account.mixins import NextRedirectMixin
from allauth.account.models import Login
from allauth.account.utils import get_next_redirect_url
from allauth.core.internal import ratelimit
from allauth.mfa import app_settings
from allauth.mfa.base import views as base
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.internal import auth as webauthn
from allauth.mfa.webauthn.internal.flows import perform_passwordless_login
from allauth.mfa.webauthn.views import (
    AddWebAuthnView,
    LoginWebAuthnView,
    ReauthenticateWebAuthnView,
    RemoveWebAuthnView,
)
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.views.decorators.http import require_http_methods, require_safe
from qrcode.image.svg import SvgPathFillImage

from partnerships.access import get_recovery_codes
from partnerships.accounts.second_factor import WANTED_PAGE, FactorAdapter, pending_secret, secret_to_type
from partnerships.accounts.sign_in_changes import Watched
from partnerships.models import second_factor
from partnerships.refusals import TooMany

if TYPE_CHECKING:
    from partnerships.http import PersonRequest

View = TypeVar("View", bound=Callable[..., HttpResponseBase])

form_methods = require_http_methods(["GET", "HEAD", "POST"])


class Factors(base.IndexView):
    """What there is, and what is missing."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        known = super().get_context_data(**kwargs)
        codes, person = known["authenticators"].get(Authenticator.Type.RECOVERY_CODES), self.request.user
        left = app_settings.RECOVERY_CODE_COUNT - codes.instance.data["used_mask"].bit_count() if codes else 0
        return {**known, "codes_left": left, "is_missing": second_factor.is_missing(person)}


class CodeAgain(base.ReauthenticateView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "kinds": second_factor.kinds_of(self.request.user)}


def where_there_are_passkeys(view: View) -> View:
    """Elsewhere there is no such page: no browser would do it (config/settings.py)."""

    @wraps(view)
    def hidden(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.PASSKEYS:
            raise Http404
        return view(request, *args, **kwargs)

    return cast("View", hidden)


class AskForFactor(base.AuthenticateView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kinds = second_factor.kinds_of(self.stage.login.user)
        return {**super().get_context_data(**kwargs), "kinds": kinds}


class AddPasskey(Watched, AddWebAuthnView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """One that signs in by itself, and is kept by the device."""
        known = super(AddWebAuthnView, self).get_context_data(**kwargs)
        return {**known, "js_data": {"creation_options": webauthn.begin_registration(self.request.user, True)}}


class RemovePasskey(Watched, RemoveWebAuthnView):
    success_url = reverse_lazy("mfa_index")


class SignInByPasskey(NextRedirectMixin, LoginWebAuthnView):
    """A page of its own, so that the sign-in needs no script."""

    template_name = "mfa/webauthn/login.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Raises TooMany: each look of a new browser is a session to keep, with its challenge."""
        if not ratelimit.consume(request, app="allauth.mfa", action="webauthn_begin", limit_get=True):
            raise TooMany
        return render(request, self.template_name, self.get_context_data())

    def form_valid(self, form: Any) -> HttpResponse:
        login = Login(user=form.cleaned_data["credential"].user, redirect_url=get_next_redirect_url(self.request))
        return cast("HttpResponse", perform_passwordless_login(self.request, form.cleaned_data["credential"], login))

    def form_invalid(self, form: Any) -> HttpResponse:
        return render(self.request, self.template_name, self.get_context_data(form=form), status=422)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        known = super().get_context_data(**kwargs)
        return {**known, "js_data": {"request_options": webauthn.begin_authentication(None)}}


class PasskeyAgain(ReauthenticateWebAuthnView):
    def form_invalid(self, form: Any) -> HttpResponse:
        messages.error(self.request, next(iter(form.errors.values()))[0])
        return redirect(self.passthrough_next_url(self.request.path))


class SetUpApp(Watched, ActivateTOTPView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Without allauth's image, which would be inlined: `app_image` draws it."""
        known = super(ActivateTOTPView, self).get_context_data(**kwargs)
        return {**known, "secret": secret_to_type(pending_secret(self.request))}


class RemoveApp(Watched, DeactivateTOTPView):
    pass


class RenewCodes(Watched, GenerateRecoveryCodesView):
    pass


factors = require_safe(Factors.as_view())
authenticate = form_methods(AskForFactor.as_view())
add_passkey = form_methods(where_there_are_passkeys(AddPasskey.as_view()))
remove_passkey = form_methods(where_there_are_passkeys(RemovePasskey.as_view()))
sign_in_by_passkey = login_not_required(form_methods(where_there_are_passkeys(SignInByPasskey.as_view())))
passkey_again = form_methods(where_there_are_passkeys(PasskeyAgain.as_view()))
reauthenticate = form_methods(CodeAgain.as_view())
set_up_app = form_methods(SetUpApp.as_view())
remove_app = form_methods(RemoveApp.as_view())
renew_codes = form_methods(RenewCodes.as_view())


@require_safe
@reauthentication_required(app="allauth.mfa")  # type: ignore[untyped-decorator]
def app_image(request: PersonRequest) -> HttpResponse:
    """What the app scans. White lies under it, in the dark too."""
    url = FactorAdapter().build_totp_url(request.user, pending_secret(request))
    image = qrcode.make(url, image_factory=SvgPathFillImage)
    return HttpResponse(image.to_string(), content_type="image/svg+xml")


@form_methods
@reauthentication_required(app="allauth.mfa")  # type: ignore[untyped-decorator]
def recovery_codes(request: PersonRequest) -> HttpResponse:
    """Those that are left. Who says that they are kept goes on to where they wanted to go."""
    codes = get_recovery_codes(request.user)
    if request.method == "POST":
        return redirect(request.session.pop(WANTED_PAGE, "mfa_index"))
    return render(request, "mfa/recovery_codes/index.html", {"codes": codes.get_unused_codes()})
