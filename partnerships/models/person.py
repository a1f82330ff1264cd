from __future__ import annotations

import uuid
import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import time
from itertools import islice
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from partnerships import limits, zones
from partnerships.content import clean_name, isolated
from partnerships.graphemes import graphemes
from partnerships.hours import Hours
from partnerships.models import second_factor
from partnerships.models.audit import Audit
from partnerships.models.delivery import Delivery
from partnerships.models.sign_in import SignIn
from partnerships.refusals import NotAllowed, Refusal
from partnerships.seen import check_seen


def check_timezone(name: str) -> None:
    """Raises ValidationError unless `name` is an IANA zone this machine knows."""
    if name not in zones.known():
        raise ValidationError(_("We do not know the time zone “%(name)s”."), params={"name": name})


class PersonManager(BaseUserManager["Person"]):
    def admins(self) -> models.QuerySet[Person]:
        return self.filter(is_staff=True, is_active=True)

    def matching(self, words: str) -> models.QuerySet[Person]:
        """Those whose name, address or role holds each of the words."""
        found = self.get_queryset()
        for word in words.split():
            found = found.filter(Q(name__icontains=word) | Q(email__icontains=word) | Q(role_label__icontains=word))
        return found

    def with_address(self, email: str) -> Person | None:
        """The account that mail to this address reaches, switched off or not."""
        person = self.filter(email__iexact=email.strip()).first()
        return person if person and person.owns(email) else None

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> Person:
        person = self.model(email=self.normalize_email(email).lower(), **fields)
        person.set_password(password)
        person.save(using=self._db, force_insert=True)
        return person

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> Person:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> Person:
        return self.get(email__iexact=username)


class Person(AbstractBaseUser, PermissionsMixin):
    """An account. Signs in by e-mail; what it may do comes from its memberships, its leads and `is_staff` (Admin)."""

    class Theme(models.TextChoices):
        SYSTEM = "system", _("As the device")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    class CalendarMode(models.TextChoices):
        INVITES = "invites", _("Invitations by mail")
        FEED = "feed", _("A private calendar feed")
        NONE = "none", _("Neither")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(_("Email"), unique=True)
    name = models.CharField(_("Name"), max_length=limits.NAME_LENGTH, blank=True)
    role_label = models.CharField(_("Role"), max_length=limits.NAME_LENGTH, blank=True)
    timezone = models.CharField(_("Time zone"), max_length=64, default="UTC", validators=[check_timezone])
    country = models.CharField(max_length=2, blank=True)  # whose public holidays count; empty: the installation's
    zone_before = models.CharField(max_length=64, blank=True)  # the time zone before the last change of it
    theme = models.CharField(_("Theme"), max_length=6, choices=Theme.choices, default=Theme.SYSTEM)
    shortcuts = models.BooleanField(_("Single-key shortcuts"), default=True)
    working_days = models.CharField(_("Working days"), max_length=7, default="12345")  # ISO numbers of weekdays
    quiet_from = models.TimeField(_("From"), default=time(20))
    quiet_to = models.TimeField(_("To"), default=time(8))
    calendar_mode = models.CharField(
        _("Calendar"), max_length=7, choices=CalendarMode.choices, default=CalendarMode.INVITES
    )
    paused_until = models.DateField(_("No reminders before"), null=True, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(_("Admin"), default=False)
    joined_at = models.DateTimeField(auto_now_add=True)
    erased_at = models.DateTimeField(null=True, editable=False)

    objects: ClassVar[PersonManager] = PersonManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = (models.UniqueConstraint(Lower("email"), name="person_email_ci"),)

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        """As it stands in a sentence; see `content.isolated`."""
        return isolated(self.bare_name)

    @property
    def first_name(self) -> str:
        """How the app addresses the partner: “Tom is ready”."""
        return isolated(self.bare_first_name)

    @property
    def bare_name(self) -> str:
        """As it is kept in rows and files."""
        if self.erased_at:
            return gettext("Former member")
        return self.name or self.email.partition("@")[0]

    @property
    def bare_first_name(self) -> str:
        """Of whoever has no account yet, all that is known."""
        return self.bare_name if self.erased_at or self._state.adding else self.bare_name.split()[0]

    @property
    def initials(self) -> str:
        words = [list(islice(graphemes(word), 2)) for word in self.bare_name.split()]
        first, second = words[0][:1], words[-1][:1] if len(words) > 1 else words[0][1:2]
        return "".join(first + second).upper()

    @property
    def lives_in(self) -> str:
        """The country whose public holidays are named to whoever plans with them; empty for none."""
        return self.country or settings.COUNTRY

    @property
    def tz(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.timezone)

    @property
    def hours(self) -> Hours:
        return Hours(self.tz, self.working_days, self.quiet_from, self.quiet_to, self.paused_until)

    def owns(self, email: str) -> bool:
        """Whether mail to this address reaches this person.

        With a mail server the address must be verified; without one nobody can verify any, and the address of the
        account has to do.
        """
        if not settings.MAIL_IS_SENT:
            return self.email.lower() == email.lower()
        from allauth.account.models import EmailAddress  # its models need ours first

        return bool(EmailAddress.objects.filter(user=self, email__iexact=email, verified=True).exists())

    def become_former(self) -> None:
        """Part of the erasure: nothing here says any more who it was, and nobody signs in as them."""
        emptied = [field for field in self._meta.concrete_fields if field.name not in {"id", "joined_at"}]
        for field in emptied:
            setattr(self, field.attname, field.get_default())
        self.email = f"{self.pk}@erased.invalid"
        self.is_active, self.erased_at = False, timezone.now()
        self.set_unusable_password()
        self.save(update_fields=[field.name for field in emptied])

    def end_sessions(self, *, by: Person | None = None) -> Audit:
        """Sign this person out on every device: by themselves, or `by` an admin. Open streams notice it."""
        with transaction.atomic():
            SignIn.objects.filter(person=self).delete()
            return Audit.record(Audit.Act.SESSIONS_ENDED, by=by or self, about=self)

    def end_session(self, sign_in: SignIn) -> None:
        """Sign this person out on one device. An open stream there notices it. They are told."""
        with transaction.atomic():
            sign_in.delete()
            Delivery.announce(Audit.record(Audit.Act.SESSION_ENDED, by=self, about=self), [self], about=self)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Raises NotAllowed once the account was erased: what was read before is not written after it.

        Whoever changes something of an account names it (`update_fields`). All of it as it was read would also undo
        what an admin did in between.
        """
        with transaction.atomic():
            if not self._state.adding and not self.erased_at:
                self.check_not_erased()
            super().save(*args, **kwargs)

    # --- what an admin does with an account ---------------------------------------------------------------------

    @contextmanager
    def administered(self, *, by: Person) -> Iterator[set[uuid.UUID]]:
        """Lock this account and every admin's, read them again, and do the work; gives the ids of all admins.

        Raises NotAllowed for whoever is no admin (any more).
        """
        with self.among_admins() as admins:
            if by.pk not in admins:
                raise NotAllowed(_("Only an admin can do this."))
            yield admins

    @contextmanager
    def among_admins(self) -> Iterator[set[uuid.UUID]]:
        """The same for a verb that nobody need be an admin for."""
        with transaction.atomic():
            concerned = Person.objects.filter(Q(pk=self.pk) | Q(is_staff=True)).order_by("pk")
            locked = list(concerned.select_for_update(no_key=True))
            self.refresh_from_db()
            yield {person.pk for person in locked if person.is_staff and person.is_active}

    def check_here(self) -> None:
        """For a verb that stores something of theirs, in its transaction: who switches them off or erases them waits.

        Raises Refusal when that is done already.
        """
        if not Person.objects.select_for_update(no_key=True).get(pk=self.pk).is_active:
            raise Refusal(_("This person can no longer sign in."))

    def check_not_erased(self) -> None:
        """The same for what may be stored of somebody who was switched off. Raises NotAllowed."""
        here = Person.objects.select_for_update(no_key=True).filter(pk=self.pk)
        if here.values_list("erased_at", flat=True).get() is not None:
            raise NotAllowed(_("This account was erased."))

    def check_admin(self) -> None:
        """For a verb of an admin, in its transaction. Raises NotAllowed for whoever is no admin (any more)."""
        if not Person.objects.admins().filter(pk=self.pk).exists():
            raise NotAllowed(_("Only an admin can do this."))

    def check_admin_here(self, *emails: str) -> None:
        """The same for what goes with them, such as an invitation: who erases them waits. Whoever has one of these
        addresses is locked, too, in the order of all who lock several.
        """
        held = Person.objects.filter(Q(pk=self.pk) | Q(email__in=emails))
        list(held.select_for_update(no_key=True).order_by("pk"))
        self.check_admin()

    def label_role(self, role_label: str, *, by: Person, version: int) -> None:
        """`version`: of the one that the page showed. Raises Stale when it was changed meanwhile."""
        with self.administered(by=by):
            check_seen(version, mine=[role_label], theirs=[self.role_label])
            self.role_label = clean_name(role_label)
            self.save(update_fields=["role_label"])

    def make_admin(self, *, by: Person) -> bool:
        """Both are told. Returns whether that is news."""
        with self.administered(by=by) as admins:
            if not self.is_active:
                raise Refusal(_("This account is switched off. Switch it on first."))
            return self._change("is_staff", True, Audit.Act.ADMIN_MADE, by, told={self, by}, known=self.pk in admins)

    def end_admin(self, *, by: Person) -> bool:
        """Both are told. Returns whether that is news.

        Raises Refusal for the last admin: nobody could make another one.
        """
        with self.administered(by=by) as admins:
            if admins == {self.pk}:
                raise Refusal(_("This is the only admin. Make somebody else one first."))
            return self._change("is_staff", False, Audit.Act.ADMIN_ENDED, by, told={self, by}, known=not self.is_staff)

    def be_admin_by_claim(self, is_admin: bool) -> None:
        """What the provider says at each sign-in, where the operator lets it decide. The only admin stays one."""
        with self.among_admins() as admins:
            if is_admin == self.is_staff or admins == {self.pk}:
                return
            act = Audit.Act.ADMIN_MADE if is_admin else Audit.Act.ADMIN_ENDED
            self._change("is_staff", is_admin, act, None, told={self}, known=False)

    def deactivate(self, *, by: Person) -> bool:
        """Switch the account off: signed out everywhere, no sign-in, no mail, and no link of theirs works any more.

        What they wrote with somebody stays with that one, and planned dates stay. The owner is told; the admins too,
        when dates of a partnership hang on it (docs/rules/scheduling.md S25). Returns whether that is news.
        """
        from partnerships.models.invitation import Invitation  # it imports the person

        with self.administered(by=by):
            if self.pk == by.pk:
                raise Refusal(_("This is your own account. Ask another admin to switch it off."))
            seated = self.memberships.filter(partnership__archived_at=None).exists()
            told = {self, *(Person.objects.admins() if seated else ())}
            if not self._change(
                "is_active", False, Audit.Act.PERSON_DEACTIVATED, by, told=told, known=not self.is_active
            ):
                return False
            Invitation.objects.unused().filter(invited_by=self).update(revoked_at=timezone.now())
            self.end_sessions(by=by)
            return True

    def reactivate(self, *, by: Person) -> bool:
        """Switch the account on again; the owner is told. Nobody is signed in by it. Returns whether that is news."""
        with self.administered(by=by):
            if self.erased_at:
                raise Refusal(_("This account was erased. Invite its owner again instead."))
            if not self.is_active:
                SignIn.objects.filter(person=self).delete()  # of somebody who was at it when the account went off
            return self._change("is_active", True, Audit.Act.PERSON_REACTIVATED, by, told={self}, known=self.is_active)

    def end_own_sessions(self) -> None:
        """Sign out on every device. They are told, since whoever has one device of theirs can do it."""
        with transaction.atomic():
            Delivery.announce(self.end_sessions(), [self], about=self)

    def end_sessions_for(self, *, by: Person) -> None:
        """An admin signs this person out on every device. They are told."""
        with self.administered(by=by):
            Delivery.announce(self.end_sessions(by=by), [self], about=self)

    def reset_second_factor(self, *, by: Person | None) -> None:
        """Remove every app, passkey and recovery code of theirs, and sign them out everywhere. They are told.

        `by` an admin, or None for whoever runs the installation. Raises Refusal for the admin's own account, and for
        one that has nothing to reset.
        """
        with self.administered(by=by) if by else transaction.atomic():
            if by and self.pk == by.pk:
                raise Refusal(_("This is your own account. Change it in your settings, or ask another admin."))
            if not second_factor.is_set_up(self):
                raise Refusal(_("There is no second factor on this account."))
            second_factor.remove(self)
            SignIn.objects.filter(person=self).delete()
            Delivery.announce(Audit.record(Audit.Act.FACTOR_RESET, by=by, about=self), [self], about=self)

    def _change(
        self, name: str, value: bool, act: Audit.Act, by: Person | None, *, told: set[Person], known: bool
    ) -> bool:
        if known:
            return False
        setattr(self, name, value)
        self.save(update_fields=[name])
        Delivery.announce(Audit.record(act, by=by, about=self), told, about=self)
        return True
