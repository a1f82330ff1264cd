"""Signing in by the organisation's own provider (OpenID Connect): whom it lets in, and as whom (docs/identity.md)."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.base import AuthProcess
from django.conf import settings
from django.core.exceptions import ValidationError
from django.shortcuts import render
from django.utils.translation import gettext as _

from partnerships import zones
from partnerships.accounts.sign_in_changes import watched
from partnerships.content import clean_name
from partnerships.models import Audit, CalendarFeed, Person, second_factor

if TYPE_CHECKING:
    from allauth.socialaccount.models import SocialLogin
    from django.http import HttpRequest, HttpResponse

log = logging.getLogger("twofold.oidc")


@dataclass(frozen=True)
class Claims:
    """What the provider says of somebody: those of the token, and over them those of its endpoint for a user."""

    said: dict[str, Any]

    @classmethod
    def taken_from(cls, account: SocialAccount) -> Claims:
        """They are used now and not kept: the row knows the provider's name for somebody, and nothing else."""
        said = account.extra_data
        account.extra_data = {}
        if account.pk:
            account.save(update_fields=["extra_data"])
        return cls({**said.get("id_token", {}), **said.get("userinfo", {})})

    @property
    def email(self) -> str:
        return str(self.said.get("email") or "").strip().lower()

    @property
    def is_verified(self) -> bool:
        """Some providers send the word instead of the value."""
        return bool(self.email) and self.said.get("email_verified") in (True, "true")

    @property
    def name(self) -> str:
        """Empty when there is none that may be one here."""
        try:
            return clean_name(str(self.said.get("name") or ""))
        except ValidationError:
            return ""

    @property
    def timezone(self) -> str:
        zone = self.said.get("zoneinfo")
        return zone if isinstance(zone, str) and zone in zones.known() else "UTC"

    def has(self, claim: str, value: str) -> bool:
        """Whether this claim is the value, or a list that holds it."""
        said = self.said.get(claim)
        return value in said if isinstance(said, list) else said == value


def refused(request: HttpRequest, message: str, *, about: Person | None = None) -> HttpResponse:
    """A page that says why, and a line of the record."""
    Audit.record(Audit.Act.SIGN_IN_REFUSED, by=None, about=about)
    return render(request, "account/oidc_refused.html", {"message": message}, status=403)


class ProviderAdapter(DefaultSocialAccountAdapter):
    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Raises ImmediateHttpResponse, with a page that says why, for everybody who is not let in."""
        sociallogin.claims = claims = Claims.taken_from(sociallogin.account)
        linked = None if sociallogin.account._state.adding else sociallogin.user
        self._check(claims, about=linked)
        if sociallogin.state.get("process") != AuthProcess.LOGIN:  # linking to who is signed in is not offered
            self._refuse(_("Signing in there did not work. Try again, or ask your admin."))
        person = linked or self._known(claims)
        if person is None:
            return
        if not person.is_active:
            self._refuse(_("This account is switched off. Ask your admin."), about=person)
        if linked is None:
            self._link(person, sociallogin)
        self._follow(person, claims)

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> Person:
        """Nothing yet: `save_user` reads the claims."""
        person: Person = sociallogin.user
        return person

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """By an invitation to that address; to anybody with a right address where the operator says so."""
        accounts = get_account_adapter()
        try:
            accounts.check_may_join(sociallogin.claims.email)
        except ValidationError as error:
            self._refuse(error.messages[0])
        if not settings.OIDC_SIGN_UP and accounts.waiting_invitation(request) is None:
            said = _("There is no account for %(email)s here. Ask whoever you work with to invite you.")
            self._refuse(said % {"email": sociallogin.claims.email})
        return True

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> Person:
        person: Person = sociallogin.user
        claims: Claims = sociallogin.claims
        person.email, person.name, person.timezone = claims.email, claims.name, claims.timezone
        sociallogin.email_addresses = [EmailAddress(email=claims.email, verified=True, primary=True)]
        super().save_user(request, sociallogin, form)
        EmailAddress.objects.filter(user=person, email=claims.email).update(verified=True)
        self._follow(person, claims)
        return person

    def on_authentication_error(self, request: HttpRequest, provider: Any, **said: Any) -> None:
        """Nobody is told more than that it did not work; the log holds the kind of what went wrong."""
        kind = type(said["exception"]).__qualname__ if said.get("exception") else str(said.get("error"))
        log.warning("sign-in by the provider failed", extra={"kind": kind})
        self._refuse(_("Signing in there did not work. Try again, or ask your admin."))

    def _check(self, claims: Claims, *, about: Person | None) -> None:
        if not claims.is_verified:
            said = _("%(provider)s does not say that your mail address is verified. Ask whoever looks after it.")
            self._refuse(said % {"provider": settings.OIDC_NAME}, about=about)
        try:
            get_account_adapter().check_domain(claims.email)
        except ValidationError as error:
            self._refuse(error.messages[0], about=about)

    def _known(self, claims: Claims) -> Person | None:
        """Whose verified address it is."""
        rows = EmailAddress.objects.filter(email__iexact=claims.email).select_related("user")
        row = rows.order_by("-verified").first()
        person: Person | None = row.user if row else Person.objects.filter(email__iexact=claims.email).first()
        if person and not person.owns(claims.email) and not (row and row.verified):
            said = _("There is an account with %(email)s that never confirmed this address. Sign in with its password "
                     "first, or ask your admin.")  # fmt: skip
            self._refuse(said % {"email": claims.email}, about=person)
        return person

    def _link(self, person: Person, sociallogin: SocialLogin) -> None:
        """From now on it is this identity alone that signs in there, whatever address another one has.

        Where no mail is sent nobody ever proved that the address is theirs, and the provider now does: what was set up
        before, maybe by somebody else, stops working.
        """
        account = sociallogin.account
        with watched(person):
            is_taken = SocialAccount.objects.filter(user=person, provider=account.provider).exists()
            if not is_taken:
                SocialAccount.objects.create(user=person, provider=account.provider, uid=account.uid)
                self._prove(person, sociallogin.claims.email)
        if is_taken:
            said = _("The account with this address belongs to somebody else at %(provider)s. Ask your admin.")
            self._refuse(said % {"provider": settings.OIDC_NAME}, about=person)
        sociallogin.user = person

    def _prove(self, person: Person, email: str) -> None:
        """The provider says that this address of theirs is theirs."""
        unproven = EmailAddress.objects.filter(user=person, email__iexact=email, verified=False)
        if unproven.update(verified=True) or not EmailAddress.objects.filter(user=person, email__iexact=email).exists():
            person.set_unusable_password()
            person.save(update_fields=["password"])
            second_factor.remove(person)
            CalendarFeed.revoke(by=person)

    def _follow(self, person: Person, claims: Claims) -> None:
        if settings.OIDC_ADMIN:
            person.be_admin_by_claim(claims.has(*settings.OIDC_ADMIN))

    def _refuse(self, message: str, *, about: Person | None = None) -> None:
        raise ImmediateHttpResponse(refused(self.request, message, about=about))
