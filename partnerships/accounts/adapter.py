from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.stagekit import clear_login
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partnerships import limits
from partnerships.access import get_waiting_invitation
from partnerships.accounts import devices, mails
from partnerships.accounts.reauthentication import was_confirmed
from partnerships.accounts.sign_in_changes import watched
from partnerships.http import UNTOLD, is_own_path
from partnerships.mail import at_once
from partnerships.models import Audit, Person, RateCounter, SignInLink, second_factor
from partnerships.models.sign_in_change import WaysIn

if TYPE_CHECKING:
    from allauth.account.models import EmailAddress
    from django.contrib.auth.models import AnonymousUser
    from django.http import HttpRequest, HttpResponse

    from partnerships.models import Invitation


class AccountAdapter(DefaultAccountAdapter):
    """Where the accounts' own flows meet our rules and our words."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": gettext_lazy("This account is switched off. Ask your admin."),
        "cannot_remove_primary_email": gettext_lazy("This is the address you sign in with. Choose another one first."),
        "duplicate_email": gettext_lazy("This address is in your list already."),
        "email_password_mismatch": gettext_lazy(
            "This email and password don’t go together. Try again, or ask your admin."
        ),
        "email_taken": gettext_lazy("There is an account with this address. Sign in instead."),
        "enter_current_password": gettext_lazy("Type your current password."),
        "incorrect_code": gettext_lazy("This is not the code we sent last. Look again, or ask for a new one."),
        "incorrect_password": gettext_lazy("This is not your current password."),
        "invalid_or_expired_key": gettext_lazy("This link was used or has run out. Ask for a new one."),
        "invalid_login": gettext_lazy("We cannot sign you in with this. Try again, or ask your admin."),
        "invalid_password_reset": gettext_lazy("This link was used or has run out. Ask for a new one."),
        "max_email_addresses": gettext_lazy("You have %d addresses already, and that is the limit."),
        "rate_limited": gettext_lazy("Wait a minute."),
        "same_as_current": gettext_lazy("This is the same as before."),
        "too_many_login_attempts": gettext_lazy("Too many tries. Wait five minutes, then try again."),
        "unverified_primary_email": gettext_lazy("Confirm this address first."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Closed, but for somebody who came by an open invitation."""
        return not settings.OIDC_ONLY and self.waiting_invitation(request) is not None

    def is_safe_url(self, url: str) -> bool:
        """Whether a `next` is followed. allauth would take every port of every host that we answer to."""
        return is_own_path(url)

    def check_may_join(self, email: str) -> None:
        """Raises ValidationError when this address may have no account: of another domain, or not the invited one."""
        self.check_domain(email)
        invitation = self.waiting_invitation(self.request)
        if invitation and invitation.email and invitation.email.lower() != email.lower():
            raise ValidationError(
                _("The invitation was sent to another address. Use that one, or ask for a new invitation.")
            )

    def check_domain(self, email: str) -> None:
        if settings.MAIL_DOMAINS and email.rpartition("@")[2].lower() not in settings.MAIL_DOMAINS:
            raise ValidationError(_("Addresses of this domain cannot be used here. Ask your admin which ones can."))

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        return self._next_page(request) or str(super().get_signup_redirect_url(request))

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return self._next_page(request) or str(super().get_login_redirect_url(request))

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("person_update")

    def get_email_verification_redirect_url(self, email_address: EmailAddress) -> str:
        return self._next_page(self.request) or reverse("account_email")

    def get_reset_password_from_key_url(self, key: str) -> str:
        uid, _dash, rest = key.partition("-")
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": rest})
        return f"{settings.BASE_URL}{path}"

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return f"{settings.BASE_URL}{reverse('account_confirm_email', args=[emailconfirmation.key])}"

    def login(self, request: HttpRequest, user: Person) -> None:
        """All of it is stored before the account is let go: whoever ends its sessions, or erases it, finds this one."""
        with transaction.atomic():
            super().login(request, user)
            devices.note(request)
            Audit.record(Audit.Act.SIGNED_IN, by=user, about=user)
            if SignInLink.objects.untold(user).exists():
                request.session[UNTOLD] = True
            request.session.save()

    def pre_login(self, request: HttpRequest, user: Person, **login: Any) -> HttpResponse | None:
        """Ends a sign-in that was begun, such as by a mailed code, with an address that the account lost meanwhile.

        And every other one where the operator lets people in by their provider only.
        """
        if settings.OIDC_ONLY and "sociallogin" not in (login["signal_kwargs"] or {}):
            clear_login(request)
            messages.error(request, _("Sign in by %(provider)s here.") % {"provider": settings.OIDC_NAME})
            return redirect("account_login")
        if login["email"] and not WaysIn.of(user).has(login["email"]):
            clear_login(request)
            return redirect("account_login")
        response: HttpResponse | None = super().pre_login(request, user, **login)
        return response

    def set_password(self, user: Person, password: str) -> None:
        user.set_password(password)
        with watched(user):
            user.save(update_fields=["password"])

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """A browser that nobody is signed in at confirms only what the account has, and adds nothing to it."""
        if email_address.pk is None and not request.user.is_authenticated:
            return False
        with watched(email_address.user):
            return bool(super().confirm_email(request, email_address))

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Raises ReauthenticationRequired for somebody without a password, whom allauth would not ask for anything."""
        if not self.request.user.has_usable_password() and not was_confirmed(self.request):
            raise ReauthenticationRequired
        return bool(super().is_reauthentication_required(app=app, **kwargs))

    def get_reauthentication_methods(self, user: Person | AnonymousUser) -> list[dict[str, Any]]:
        """By password, or by their second factor; for somebody who has neither by a mailed code."""
        by_code = {"id": "reauthenticate_by_code", "description": _("Email me a code")}
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if user.is_authenticated and not methods:
            return [{**by_code, "url": reverse("reauthenticate_by_code")}]
        has_app = isinstance(user, Person) and "totp" in second_factor.kinds_of(user)
        words = {
            "mfa_reauthenticate": _("Use the app or a recovery code") if has_app else _("Use a recovery code"),
            "mfa_reauthenticate:webauthn": _("Use your passkey"),
        }
        return [{**way, "description": words.get(way["id"], way["description"])} for way in methods]

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """One more query for a known address and for an unknown one alike."""
        known = Person.objects.filter(email__iexact=str(credentials.get("email") or "")).first()
        Audit.record(Audit.Act.SIGN_IN_REFUSED, by=None, about=known)

    def send_confirmation_mail(self, request: HttpRequest, emailconfirmation: Any, signup: bool) -> None:
        """To an address that may be anybody's. Raises TooMany for somebody signed in beyond the limit of an hour."""
        if isinstance(request.user, Person):
            RateCounter.hit_hourly("address", request.user, limits.ADDRESS_MAILS_PER_HOUR)
        super().send_confirmation_mail(request, emailconfirmation, signup)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """In the background: the answer takes as long for an address we know as for one we do not."""
        at_once.post(mails.letter(template_prefix, email, context).message(), again=False)

    def _next_page(self, request: HttpRequest) -> str:
        """Somebody who came by an invitation is led back to it."""
        return reverse("invitation_waiting") if self.waiting_invitation(request) else ""

    def waiting_invitation(self, request: HttpRequest) -> Invitation | None:
        """The open one by which this browser came."""
        return get_waiting_invitation(request.session.get("invitation"))
