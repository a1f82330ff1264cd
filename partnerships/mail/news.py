"""What somebody hears of a role, an account or a partnership, whatever reminders they chose: the words of a delivery.

The verb that did it announced it in its own transaction (`Delivery.announce`), so no kill loses the mail.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from partnerships.content import isolated
from partnerships.links import Page, url_of
from partnerships.mail.message import Letter, Link
from partnerships.models import Audit, Delivery, Partnership, Person


def letter(delivery: Delivery) -> Letter | None:
    """What a line of the record says (`Delivery.announce`), for one who is told of it.

    None for somebody who can no longer sign in: only that this is so is told to them.
    """
    line, reader = Audit.objects.get(pk=delivery.for_key), delivery.person
    if not reader.is_active and line.about_id != reader.pk:
        return None
    by, about = (Person.objects.filter(pk=pk).first() if pk else None for pk in (line.by_id, line.about_id))
    pair = Partnership.objects.filter(pk=delivery.subject_id).first()
    return NEWS[line.act](News(reader, by, about, pair, line.at))


@dataclass(frozen=True)
class News:
    """A line of the record with the rows that it names, for its reader. `at` is an instant in UTC."""

    reader: Person
    by: Person | None
    about: Person | None
    pair: Partnership | None
    at: datetime

    @property
    def names(self) -> dict[str, str]:
        return {
            "by": self.by.full_name if self.by else _("Whoever runs Twofold here"),
            "about": self.about.full_name if self.about else _("Somebody"),
            "first": self.about.first_name if self.about else _("Somebody"),
            "label": isolated(self.pair.label) if self.pair else "",
            "day": date_format(self.at.astimezone(self.reader.tz), "j F Y"),
        }

    def letter(self, subject: str, *lines: str, button: Link | None = None) -> Letter:
        said = tuple(line % self.names for line in lines)
        return Letter(to=self.reader.email, subject=subject % self.names, lines=said, button=button)


# --- roles and accounts -----------------------------------------------------------------------------------------------


def _admin_made(news: News) -> Letter:
    said = _("%(by)s made %(about)s an admin of Twofold. Admins see people, partnerships and dates, and never what is "
             "said.")  # fmt: skip
    return news.letter(_("%(about)s is an admin now"), said, _if_it_was_not(news))


def _admin_ended(news: News) -> Letter:
    said = _("%(by)s took the role of admin from %(about)s.")
    return news.letter(_("%(about)s is no longer an admin"), said, _if_it_was_not(news))


def _if_it_was_not(news: News) -> str:
    if news.reader == news.by:
        return _("Was it not you? Change your password, and tell another admin.")
    return _("Is that a surprise? Ask another admin.")


def _deactivated(news: News) -> Letter:
    """To the owner of the account, who goes nowhere from it, and to the admins."""
    if news.reader == news.about:
        said = _("%(by)s switched off your account. You are signed out everywhere, and nobody can sign in with it.")
        return news.letter(_("Your account is switched off"), said)
    return news.letter(
        _("The account of %(about)s is switched off"),
        _("%(by)s switched off the account of %(about)s. Their planned retros stay as they are, and need your "
          "attention: nobody is reminded or invited at that address any more."),
        button=_to(_("Open the account"), reverse("person_detail", args=[news.about.pk]) if news.about else "/"),
    )  # fmt: skip


def _reactivated(news: News) -> Letter:
    said = _("%(by)s switched on your account. You can sign in again.")
    return news.letter(_("Your account is switched on"), said, button=_to(_("Sign in"), "/"))


def _signed_out(news: News) -> Letter:
    subject, button = _("You were signed out everywhere"), _to(_("Sign in"), "/")
    if news.reader == news.by:
        return news.letter(subject, _("Every device was signed out, from your own settings."), _own(), button=button)
    return news.letter(subject, _("%(by)s signed you out on every device. You can sign in again."), button=button)


def _device_ended(news: News) -> Letter:
    said = _("One of the devices where you were signed in was signed out, from your own settings.")
    button = _to(_("Where you are signed in"), reverse("device_list"))
    return news.letter(_("You were signed out on a device"), said, _own(), button=button)


def _own() -> str:
    return _("Was it you? Then there is nothing to do. Was it not you? Change your password.")


def _factor_reset(news: News) -> Letter:
    said = _("%(by)s removed your authenticator app, your passkeys and your recovery codes, and signed you out on "
             "every device. Sign in, and set up a second factor again.")  # fmt: skip
    asked = _("Did you not ask for it? Tell your admins, and change your password.")
    return news.letter(_("Your second factor was reset"), said, asked, button=_to(_("Sign in"), "/"))


# --- partnerships -----------------------------------------------------------------------------------------------------


def _lead_assigned(news: News) -> Letter:
    return news.letter(
        _("%(about)s is now a lead of %(label)s"),
        _("%(by)s made %(about)s a lead of your partnership, %(label)s, on %(day)s."),
        _("%(first)s sees that you meet and when, how many actions there are, and the titles and dates of your "
          "agreements. Nothing that you two wrote is shown, unless both of you choose to show it."),
        button=_to_what_leads_see(news),
    )  # fmt: skip


def _lead_ended(news: News) -> Letter:
    return news.letter(
        _("%(about)s is no longer a lead of %(label)s"),
        _("%(about)s is no longer a lead of your partnership, %(label)s, since %(day)s."),
        _("They no longer see any of it, nor what you had shown. What was read was read."),
        button=_to_what_leads_see(news),
    )


def _ended(news: News) -> Letter:
    return news.letter(
        _("%(by)s ended your partnership, %(label)s"),
        _("%(by)s ended your partnership, %(label)s. Nobody can write in it any more, and the planned retros are "
          "cancelled."),
        _("You can still read all of it, and export what you can see. How long it is kept stands on the page."),
        button=_to_the_pair(news),
    )  # fmt: skip


def _taken_up(news: News) -> Letter:
    return news.letter(
        _("%(by)s took up your partnership again, %(label)s"),
        _("%(by)s took up your partnership again, %(label)s. You can both write in it. No retro is planned; plan the "
          "next one together."),
        button=_to_the_pair(news),
    )  # fmt: skip


def _to(label: str, path: str) -> Link:
    return Link(label, f"{settings.BASE_URL}{path}")


def _to_the_pair(news: News) -> Link:
    return _to(_("Open your partnership"), url_of(Page.PAIR, news.pair.pk) if news.pair else "/")


def _to_what_leads_see(news: News) -> Link:
    return _to(_("What your leads see"), url_of(Page.SHOWN_TO_LEADS, news.pair.pk) if news.pair else "/")


# The acts whose news people hear of, each with its words.
NEWS: dict[str, Callable[[News], Letter]] = {
    Audit.Act.ADMIN_MADE: _admin_made,
    Audit.Act.ADMIN_ENDED: _admin_ended,
    Audit.Act.PERSON_DEACTIVATED: _deactivated,
    Audit.Act.PERSON_REACTIVATED: _reactivated,
    Audit.Act.SESSIONS_ENDED: _signed_out,
    Audit.Act.SESSION_ENDED: _device_ended,
    Audit.Act.FACTOR_RESET: _factor_reset,
    Audit.Act.LEAD_ASSIGNED: _lead_assigned,
    Audit.Act.LEAD_ENDED: _lead_ended,
    Audit.Act.ARCHIVED: _ended,
    Audit.Act.UNARCHIVED: _taken_up,
}
