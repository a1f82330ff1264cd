"""Changes of how somebody signs in. Each can be taken back for 72 hours by whoever reads the mail to the old address.

Links work like an undo: each restores what was before its change, and takes every later change and its link with it,
never an earlier one. Whoever takes an account over step by step gains nothing by further steps.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, NamedTuple

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partnerships import limits
from partnerships.models.audit import Audit
from partnerships.models.invitation import hash_token
from partnerships.models.person import Person
from partnerships.refusals import Refusal

# What a key is, by the word before its number, with the acts of adding and removing one. When several changed at once,
# the first of these is told.
KEYS = {
    "oidc": (Audit.Act.PROVIDER_LINKED, Audit.Act.PROVIDER_UNLINKED),
    "totp": (Audit.Act.APP_ADDED, Audit.Act.APP_REMOVED),
    "webauthn": (Audit.Act.PASSKEY_ADDED, Audit.Act.PASSKEY_REMOVED),
    "recovery_codes": (Audit.Act.CODES_RENEWED, Audit.Act.CODES_RENEWED),
}


@dataclass(frozen=True)
class WaysIn:
    """How a person can sign in, at one moment."""

    main: str
    addresses: dict[str, bool]  # every one, the main one too, and whether it is verified
    password: str  # as it is stored
    keys: frozenset[str] = frozenset()  # what else signs them in, or is asked for: "totp:3", "oidc:5"

    @classmethod
    def of(cls, person: Person) -> WaysIn:
        from allauth.account.models import EmailAddress  # its models need ours first

        main, password = Person.objects.values_list("email", "password").get(pk=person.pk)
        rows = EmailAddress.objects.filter(user=person).values_list("email", "verified")
        main = main.lower()  # as allauth keeps its rows
        return cls(main, {main: False, **dict(rows)}, password, frozenset(_keys(person)))

    def has(self, email: str) -> bool:
        return email.lower() in self.addresses

    def gained_since(self, before: WaysIn) -> set[str]:
        """Beside the main one, whose own verification is no news."""
        gained = {e for e, verified in self.addresses.items() if not before.has(e) or verified > before.addresses[e]}
        return gained - {self.main}

    def lost_since(self, before: WaysIn) -> set[str]:
        return before.addresses.keys() - self.addresses.keys()

    def act_since(self, before: WaysIn) -> Audit.Act | None:
        if self.main != before.main:
            return Audit.Act.ADDRESS_CHANGED
        if self.gained_since(before):
            return Audit.Act.ADDRESS_ADDED
        if self.lost_since(before):
            return Audit.Act.ADDRESS_REMOVED
        for kind, (added, removed) in KEYS.items():
            if any(key.startswith(kind) for key in self.keys - before.keys):
                return added
            if any(key.startswith(kind) for key in before.keys - self.keys):
                return removed
        return Audit.Act.PASSWORD_CHANGED if self.password != before.password else None


class SignInChangeQuerySet(models.QuerySet["SignInChange"]):
    def open(self) -> SignInChangeQuerySet:
        return self.filter(expires_at__gt=timezone.now(), person__is_active=True)

    def by_token(self, token: str) -> SignInChange | None:
        """None alike for a link that was used, has run out, or never was."""
        return self.open().select_related("person").filter(token_hash=hash_token(token)).first()


class SignInChange(models.Model):
    """What was before a change, and the hash of the token that restores it: 256 bits, single use."""

    person = models.ForeignKey("partnerships.Person", models.CASCADE, related_name="+")
    email = models.EmailField()  # the main address before, to which the link was mailed
    addresses = models.JSONField()  # WaysIn.addresses, before
    keys = models.JSONField(default=list)  # WaysIn.keys, before
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()

    objects: ClassVar = SignInChangeQuerySet.as_manager()

    def __str__(self) -> str:
        return f"change of {self.person_id}"

    @classmethod
    def note(cls, person: Person, before: WaysIn) -> Noted | None:
        """Put down what changed since; part of the transaction that changed it. None when nothing did.

        While the link of an earlier change of the same main address works, what was before that one is kept: an
        address that came a moment ago does not outlast the undoing of what it was used for.
        """
        now = WaysIn.of(person)
        act = now.act_since(before)
        if act is None:
            return None
        token = secrets.token_urlsafe(32)
        earlier = cls.objects.open().filter(person=person, email=before.main).order_by("pk").last()
        change = cls.objects.create(
            person=person,
            email=before.main,
            addresses=earlier.addresses if earlier else before.addresses,
            keys=earlier.keys if earlier else sorted(before.keys),
            token_hash=hash_token(token),
            expires_at=timezone.now() + limits.TAKE_BACK_WITHIN,
        )
        Audit.record(act, by=person, about=person)
        return Noted(change, token, act, sorted(e for e in now.lost_since(before) if before.addresses[e]))

    @classmethod
    def clear(cls, now: datetime) -> None:
        """Remove what can no longer be taken back."""
        cls.objects.filter(expires_at__lte=now).delete()

    def take_back(self) -> None:
        """The addresses are as they were; everybody is signed out, and no password works: a new one is to be chosen.

        An app, a passkey or a link with the provider that was added since is gone; one that was removed since stays so,
        and is set up anew.
        Asked for by whoever has the link, so there is no other actor. Raises Refusal when it was used or has run out
        meanwhile, and when its address is another account's by now.
        """
        with transaction.atomic():
            person = Person.objects.select_for_update(no_key=True).get(pk=self.person_id)
            if not SignInChange.objects.open().filter(pk=self.pk).exists():
                raise Refusal(_("This link was used or has run out."))
            self._restore(person)
            person.end_sessions()
            Audit.record(Audit.Act.TAKEN_BACK, by=person, about=person)
            later = models.Q(pk__gte=self.pk) | models.Q(email=self.email)
            SignInChange.objects.filter(later, person=person).delete()

    def _restore(self, person: Person) -> None:
        from allauth.account.models import EmailAddress  # its models need ours first

        if _is_elsewhere(self.email, person):
            raise Refusal(_("This address belongs to another account now. Ask your admin."))
        own = EmailAddress.objects.filter(user=person)
        own.exclude(email__in=list(self.addresses)).delete()
        own.update(primary=False)
        for email, verified in self.addresses.items():
            is_main = email == self.email
            if is_main or not _is_elsewhere(email, person):
                kept = {"verified": verified or is_main, "primary": is_main}
                EmailAddress.objects.update_or_create(user=person, email=email, defaults=kept)
        _remove_keys(person, _keys(person) - set(self.keys))
        person.email = self.email
        person.set_unusable_password()
        person.save(update_fields=["email", "password"])


class Noted(NamedTuple):
    """A change with the token of its link, which is nowhere else."""

    change: SignInChange
    token: str
    act: Audit.Act
    lost: list[str]  # verified addresses that are no longer the person's


def _is_elsewhere(email: str, person: Person) -> bool:
    from allauth.account.models import EmailAddress  # its models need ours first

    verified = EmailAddress.objects.filter(email__iexact=email, verified=True).exclude(user=person)
    return verified.exists() or Person.objects.filter(email__iexact=email).exclude(pk=person.pk).exists()


def _keys(person: Person) -> set[str]:
    from allauth.mfa.models import Authenticator  # its models need ours first
    from allauth.socialaccount.models import SocialAccount

    factors = Authenticator.objects.filter(user=person).values_list("type", "pk")
    linked = SocialAccount.objects.filter(user=person).values_list("pk", flat=True)
    return {*(f"{kind}:{pk}" for kind, pk in factors), *(f"oidc:{pk}" for pk in linked)}


def _remove_keys(person: Person, keys: set[str]) -> None:
    from allauth.mfa.models import Authenticator  # its models need ours first
    from allauth.socialaccount.models import SocialAccount

    named = [key.partition(":") for key in keys]
    Authenticator.objects.filter(user=person, pk__in=[pk for kind, _colon, pk in named if kind != "oidc"]).delete()
    SocialAccount.objects.filter(user=person, pk__in=[pk for kind, _colon, pk in named if kind == "oidc"]).delete()
