"""The second factor: where allauth's parts for it meet our rules and words. Who needs one: models/second_factor.py."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from allauth.core import context
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import AuthenticateForm, BaseAuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY, generate_totp_secret
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.forms.utils import ErrorDict, ErrorList
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partnerships.accounts.devices import browser_in_words
from partnerships.http import own_origin
from partnerships.middleware import refuse, typed, wants_fragment
from partnerships.models import second_factor
from partnerships.refusals import NotAllowed

if TYPE_CHECKING:
    from cryptography.fernet import Fernet
    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase
    from django_stubs_ext import StrOrPromise

    from partnerships.models import Person

# Keys of a browser's session: where somebody wanted to go who had to set up a second factor first.
WANTED_PAGE = "after_second_factor"
# What somebody may open before they did: what it takes to set one up, or to leave.
SETTING_UP = ("mfa_", "account_", "reauthenticate_", "session_end_all")


WRONG_PASSKEY = gettext_lazy("This passkey did not work. Try again.")
WRONG_APP_CODE = gettext_lazy(
    "This code of the app did not work. Each works once, for half a minute: wait for the next one."
)
WRONG_RECOVERY_CODE = gettext_lazy(
    "This is none of your recovery codes, or it was used: each works once. Look again, or take another one."
)


class FactorAdapter(DefaultMFAAdapter):
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "cannot_generate_recovery_codes": gettext_lazy("Set up an app or a passkey first."),
        "incorrect_code": WRONG_PASSKEY,  # those who know of codes say more of them
    }

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Passkeys belong to the host; the name is what the browser shows."""
        return {**super().get_public_key_credential_rp_entity(), "name": "Twofold"}

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Raises ValidationError when the key is another one than when it was encrypted."""
        from cryptography.fernet import InvalidToken  # imported here as below

        try:
            return _cipher().decrypt(encrypted_text.encode()).decode()
        except InvalidToken as error:
            raise ValidationError(
                _("The secret key of this installation changed, so no code can be checked. Ask your admin to reset "
                  "your second factor.")
            ) from error  # fmt: skip


def _cipher() -> Fernet:
    """Its key is made from the secret key, and used for nothing else."""
    # Imported here: 8 MiB, for nobody but who sets an app up or signs in with one.
    from cryptography.fernet import Fernet
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    derived = HKDF(SHA256(), length=32, salt=None, info=b"twofold second factor").derive(settings.SECRET_KEY.encode())
    return Fernet(base64.urlsafe_b64encode(derived))


def pending_secret(request: HttpRequest) -> str:
    """The secret of the app that is being set up in this browser, in base 32; made when there is none yet.

    It is encrypted in the session too. A second tab shows the same one, so it does not matter which is scanned.
    """
    adapter = FactorAdapter()
    if kept := request.session.get(SECRET_SESSION_KEY):
        return adapter.decrypt(kept)
    secret = str(generate_totp_secret())
    request.session[SECRET_SESSION_KEY] = adapter.encrypt(secret)
    return secret


def secret_to_type(secret: str) -> str:
    """In groups of four, as one reads it from one screen and types it into another."""
    return " ".join(secret[n : n + 4] for n in range(0, len(secret), 4))


def use_up(person: Person, code: str) -> None:
    """Raises ValidationError when this code of the app was taken before. It is kept as long as it would work."""
    works_for = (2 * app_settings.TOTP_TOLERANCE + 1) * app_settings.TOTP_PERIOD  # seconds
    if not cache.add(f"app_code:{person.pk}:{normalize_user_code(code)}", "used", timeout=works_for):
        raise ValidationError(WRONG_APP_CODE, code="incorrect_code")


def what_is_wrong(code: str, *, has_app: bool) -> StrOrPromise:
    """With what was typed, going by its length: as a code of the app, or as a recovery code."""
    of_app, of_recovery = app_settings.TOTP_DIGITS, app_settings.RECOVERY_CODE_DIGITS
    length = len(normalize_user_code(code))
    if length == of_recovery:
        return WRONG_RECOVERY_CODE
    if not has_app:
        return _("A recovery code has %(digits)d digits. Look again.") % {"digits": of_recovery}
    if length == of_app:
        return WRONG_APP_CODE
    digits = {"app": of_app, "recovery": of_recovery}
    return _("A code of the app has %(app)d digits, a recovery code %(recovery)d. Look again.") % digits


@contextmanager
def _said_of(words: Callable[[], StrOrPromise]) -> Iterator[None]:
    """What allauth says of every code alike, in these words."""
    try:
        yield
    except ValidationError as error:
        if error.code != "incorrect_code":
            raise
        raise ValidationError(words(), code=error.code) from error


class SetUpAppForm(ActivateTOTPForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.user = kwargs.pop("user")
        super(ActivateTOTPForm, self).__init__(*args, **kwargs)
        self.secret = pending_secret(context.request)
        _plain_code_field(self)

    def clean_code(self) -> str:
        with _said_of(lambda: WRONG_APP_CODE):
            code = str(super().clean_code())
        use_up(self.user, code)
        return code


class _Code(BaseAuthenticateForm):
    """Of the app, or one of the recovery codes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain_code_field(self)

    def clean_code(self) -> str:
        with _said_of(self._what_is_wrong):
            code = str(super().clean_code())
        if self.authenticator.type == Authenticator.Type.TOTP:
            use_up(self.user, code)
        return code

    def _what_is_wrong(self) -> StrOrPromise:
        return what_is_wrong(self.cleaned_data["code"], has_app="totp" in second_factor.kinds_of(self.user))


class CodeForm(_Code, AuthenticateForm):
    pass


class CodeAgainForm(_Code, ReauthenticateForm):
    pass


def _plain_code_field(form: forms.Form) -> None:
    widget = form.fields["code"].widget
    widget.attrs.pop("placeholder", None)
    widget.attrs["inputmode"] = "numeric"


class _Passkey:
    """What a browser sends of a passkey is taken apart by libraries that expect it to be right.

    They take one that was used at any port or sub-domain of this host: another site there could pass it on.
    """

    data: Mapping[str, str]
    cleaned_data: dict[str | None, Any]
    is_bound: bool

    def full_clean(self) -> None:
        try:
            if self.is_bound and _origin_in(self.data.get("credential", "")) != own_origin(context.request):
                raise ValueError
            super().full_clean()  # type: ignore[misc]
        except (TypeError, ValueError, LookupError, AttributeError, RecursionError, struct.error):
            self._errors = ErrorDict({NON_FIELD_ERRORS: ErrorList([str(WRONG_PASSKEY)])})
            self.data = {}  # the page would take it apart once more to show it

    def add_error(self, field: str | None, error: Any) -> None:
        """All of it is said of the form: nobody sees its fields."""
        super().add_error(None, error)  # type: ignore[misc]
        self.cleaned_data.pop(field, None)


def _origin_in(credential: str) -> object:
    """Of the page in which the passkey was used, as the browser says, and the key signs. Raises as `_Passkey` knows."""
    said: str = json.loads(credential)["response"]["clientDataJSON"]
    return json.loads(base64.urlsafe_b64decode(said + "=="))["origin"]


class AddPasskeyForm(_Passkey, AddWebAuthnForm):
    def clean_name(self) -> str:
        return browser_in_words(context.request.headers.get("User-Agent", ""))


class PasskeyForm(_Passkey, LoginWebAuthnForm):
    pass


class PasskeySecondForm(_Passkey, AuthenticateWebAuthnForm):
    pass


class PasskeyAgainForm(_Passkey, ReauthenticateWebAuthnForm):
    pass


class SecondFactorMiddleware:
    """Leads whoever must have a second factor, and has none, to set one up before anything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> HttpResponse | None:
        match = request.resolver_match
        if not getattr(view, "login_required", True) or (match and str(match.url_name).startswith(SETTING_UP)):
            return None
        if not request.user.is_authenticated or not second_factor.is_missing(request.user):
            return None
        if wants_fragment(request) or (request.method != "GET" and typed(request)):
            return refuse(request, NotAllowed(_("Set up a second factor first: reload the page. Your text is kept.")))
        if request.method == "GET":
            request.session[WANTED_PAGE] = request.get_full_path()
        return redirect("mfa_index")
