"""A link with which somebody signs in who cannot: an admin makes it where no mail reaches anybody.

Whoever uses it chooses a new password, which ends every other sign-in. So the owner notices, whoever that was: their
password no longer works; and at their next sign-in they are told of every link, until they say that they know.
"""

from __future__ import annotations

import secrets
from typing import ClassVar

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partnerships import limits
from partnerships.models.audit import Audit
from partnerships.models.invitation import hash_token
from partnerships.models.person import Person
from partnerships.refusals import Refusal


class SignInLinkQuerySet(models.QuerySet["SignInLink"]):
    def open(self) -> SignInLinkQuerySet:
        """Whoever made it is still an admin."""
        of_admin = {"made_by__is_staff": True, "made_by__is_active": True}
        return self.filter(used_at=None, expires_at__gt=timezone.now(), person__is_active=True, **of_admin)

    def by_token(self, token: str) -> SignInLink | None:
        """None alike for a link that was used, has run out, is of nobody who may make one, or never was."""
        return self.open().select_related("person").filter(token_hash=hash_token(token)).first()

    def of(self, person: Person) -> SignInLinkQuerySet:
        return self.filter(person=person).select_related("made_by").order_by("-made_at")

    def untold(self, person: Person) -> SignInLinkQuerySet:
        """Those of which the owner has not said that they know."""
        return self.of(person).filter(known_at=None)


class SignInLink(models.Model):
    """256 bits, single use, 24 hours; only its hash is stored. The rows stay, so that the owner can read them later."""

    person = models.ForeignKey("partnerships.Person", models.CASCADE, related_name="+")
    made_by = models.ForeignKey("partnerships.Person", models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    known_at = models.DateTimeField(null=True)

    objects: ClassVar = SignInLinkQuerySet.as_manager()

    def __str__(self) -> str:
        return f"sign-in link of {self.person_id}"

    @classmethod
    def make(cls, person: Person, *, by: Person) -> tuple[SignInLink, str]:
        """An admin's link for somebody else, with its token, which is never shown again. An earlier one stops working.

        Raises NotAllowed for whoever is no admin; Refusal where mail is sent, for the admin's own account, and for one
        that is switched off.
        """
        if settings.MAIL_IS_SENT:
            raise Refusal(_("This installation sends mail: a link for a new password reaches them by it."))
        with person.administered(by=by):
            if person.pk == by.pk:
                raise Refusal(_("This is your own account. Change your password in your settings."))
            if not person.is_active:
                raise Refusal(_("This account is switched off. Switch it on first."))
            now, token = timezone.now(), secrets.token_urlsafe(32)
            cls.objects.open().filter(person=person).update(expires_at=now)
            link = cls.objects.create(
                person=person, made_by=by, token_hash=hash_token(token), expires_at=now + limits.SIGN_IN_LINK_LIFE
            )
            Audit.record(Audit.Act.SIGN_IN_LINK_MADE, by=by, about=person)
            return link, token

    def use(self) -> None:
        """Once, in the transaction that sets the new password: everybody is signed out. Raises Refusal afterwards."""
        with transaction.atomic():
            person = Person.objects.select_for_update(no_key=True).get(pk=self.person_id)
            if not SignInLink.objects.open().filter(pk=self.pk).update(used_at=timezone.now()):
                raise Refusal(_("This link was used or has run out."))
            Audit.record(Audit.Act.SIGN_IN_LINK_USED, by=None, about=person)
            person.end_sessions()

    @classmethod
    def know(cls, person: Person) -> None:
        """The owner says that they know of all of them."""
        cls.objects.untold(person).update(known_at=timezone.now())
