from __future__ import annotations

import uuid
import zoneinfo
from datetime import date, time
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.sessions.models import Session as BrowserSession
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone as clock
from django.utils.translation import gettext_lazy as _

from partnerships import limits
from partnerships.hours import Hours
from partnerships.models.audit import Audit


def check_timezone(name: str) -> None:
    """Raises ValidationError unless `name` is an IANA zone this machine knows."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("“%(name)s” is no time zone we know."), params={"name": name})


class PersonManager(BaseUserManager["Person"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> Person:
        person = self.model(email=self.normalize_email(email).lower(), **fields)
        person.set_password(password)
        person.save(using=self._db)
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

    objects: ClassVar[PersonManager] = PersonManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = (models.UniqueConstraint(Lower("email"), name="person_email_ci"),)

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        return self.name or self.email.partition("@")[0]

    @property
    def first_name(self) -> str:
        """How the app addresses the partner: “Tom is ready”."""
        return self.full_name.split()[0]

    @property
    def initials(self) -> str:
        words = self.full_name.split()
        return (words[0][:1] + (words[-1][:1] if len(words) > 1 else words[0][1:2])).upper()

    @property
    def tz(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.timezone)

    @property
    def hours(self) -> Hours:
        return Hours(self.tz, self.working_days, self.quiet_from, self.quiet_to)

    def is_paused(self, day: date) -> bool:
        """Whether the person asked for no reminders on that day of theirs."""
        return self.paused_until is not None and day < self.paused_until

    def owns(self, email: str) -> bool:
        """Whether mail to this address reaches this person.

        With a mail server the address must be verified; without one nobody can verify any, and the address of the
        account has to do.
        """
        if not settings.MAIL_IS_SENT:
            return self.email.lower() == email.lower()
        from allauth.account.models import EmailAddress  # its models need ours first

        return bool(EmailAddress.objects.filter(user=self, email__iexact=email, verified=True).exists())

    def end_sessions(self, *, by: Person | None = None) -> None:
        """Sign this person out on every device: by themselves, or `by` an admin. Open streams notice it."""
        Audit.record(Audit.Act.SESSIONS_ENDED, by=by or self, about=self)
        for session in BrowserSession.objects.filter(expire_date__gt=clock.now()).iterator():
            if session.get_decoded().get(SESSION_KEY) == str(self.pk):
                session.delete()
