"""Pages of the second factor: allauth's own, where what changes is watched, and where a look changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import qrcode
from allauth.account.decorators import reauthentication_required
from allauth.mfa import app_settings
from allauth.mfa.base import views as base
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe
from qrcode.image.svg import SvgPathFillImage

from partnerships.access import get_recovery_codes
from partnerships.accounts.second_factor import WANTED_PAGE, Adapter, pending_secret, secret_to_type
from partnerships.accounts.sign_in_changes import watched
from partnerships.models import second_factor

if TYPE_CHECKING:
    from partnerships.http import PersonRequest

form_methods = require_http_methods(["GET", "HEAD", "POST"])


class Factors(base.IndexView):
    """What there is, and what is missing."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        known = super().get_context_data(**kwargs)
        codes, person = known["authenticators"].get(Authenticator.Type.RECOVERY_CODES), self.request.user
        left = app_settings.RECOVERY_CODE_COUNT - codes.instance.data["used_mask"].bit_count() if codes else 0
        return {**known, "codes_left": left, "is_missing": second_factor.is_missing(person)}


class SetUpApp(ActivateTOTPView):
    def post(self, request: PersonRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with watched(request.user):
            response: HttpResponse = super().post(request, *args, **kwargs)
            return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Without allauth's image, which would be inlined: `app_image` draws it."""
        known = super(ActivateTOTPView, self).get_context_data(**kwargs)
        return {**known, "secret": secret_to_type(pending_secret(self.request))}


class RemoveApp(DeactivateTOTPView):
    def post(self, request: PersonRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with watched(request.user):
            response: HttpResponse = super().post(request, *args, **kwargs)
            return response


class RenewCodes(GenerateRecoveryCodesView):
    def post(self, request: PersonRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with watched(request.user):
            response: HttpResponse = super().post(request, *args, **kwargs)
            return response


factors = require_safe(Factors.as_view())
authenticate = form_methods(base.authenticate)
reauthenticate = form_methods(base.reauthenticate)
set_up_app = form_methods(SetUpApp.as_view())
remove_app = form_methods(RemoveApp.as_view())
renew_codes = form_methods(RenewCodes.as_view())


@require_safe
@reauthentication_required(app="allauth.mfa")  # type: ignore[untyped-decorator]
def app_image(request: PersonRequest) -> HttpResponse:
    """What the app scans. White lies under it, in the dark too."""
    url = Adapter().build_totp_url(request.user, pending_secret(request))
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
