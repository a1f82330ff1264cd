"""The words of mail that leaves at once: who, what, one link.

Nothing that somebody wrote for the other goes out by mail (docs/rules/visibility.md V17).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partnerships import limits, zones
from partnerships.content import isolated
from partnerships.links import Page, url_of
from partnerships.mail import at_once
from partnerships.mail.message import Letter, Link
from partnerships.models import Audit

if TYPE_CHECKING:
    from partnerships.models import Invitation, Partnership, Person
    from partnerships.models.invitation import Arranged
    from partnerships.models.sign_in_change import Noted


def send_invitation(invitation: Invitation, token: str, *, partner: Person | None = None) -> None:
    at_once.post(invited(invitation, token, arranged=invitation.is_arranged, partner=partner).message())


def invited(invitation: Invitation, token: str, *, arranged: bool, partner: Person | None = None) -> Letter:
    """The only place besides the inviter's own page that ever holds the link.

    `partner` is who sits in the other seat of what an admin arranged. The subject holds our own words alone: it may
    reach anybody.
    """
    pair, days = invitation.partnership, limits.INVITATION_LIFE.days
    known = {
        "by": invitation.invited_by.full_name if invitation.invited_by else _("Somebody"),
        "partner": partner.full_name if partner else "",
        "label": isolated(pair.label) if pair else "",
    }
    if pair is None:
        said = _(
            "%(by)s invites you to Twofold, where the two people of a working pair look at how they work together."
        )
    elif not arranged:
        said = _("%(by)s would like to hold retros with you, about working together on %(label)s.")
    elif partner:
        said = _("%(by)s set up a partnership for two: %(partner)s and you. You hold retros there, about working "
                 "together on %(label)s.")  # fmt: skip
    else:
        said = _("%(by)s set up a partnership for two: you, and the one you work with on %(label)s. You hold retros "
                 "there, just the two of you.")  # fmt: skip
    once = ngettext("The link works once, for %(days)d day.", "The link works once, for %(days)d days.", days)
    return Letter(
        to=invitation.email,
        subject=_("You are invited to Twofold"),
        lines=(said % known, *((_read_by_nobody_else(),) if pair else ())),
        button=Link(_("Open the invitation"), invitation_link(token)),
        after=(once % {"days": days}, _("Not for you? Leave it, and nothing happens.")),
    )


def send_arranged(arranged: Arranged, *, by: Person) -> None:
    """The links to those who are invited; those who sit there already hear of it."""
    if not arranged.is_new:
        return
    seats = [member.person for member in arranged.partnership.memberships.select_related("person")]
    for invitation, token in arranged.issued:
        send_invitation(invitation, token, partner=seats[0] if seats else None)
    for person in seats:
        if person.pk != by.pk:
            partner = next((other for other in seats if other != person), None)
            at_once.post(seated(arranged.partnership, person, by=by, partner=partner).message())


def seated(partnership: Partnership, person: Person, *, by: Person, partner: Person | None) -> Letter:
    """For somebody whom an admin put together with somebody else; None: that one is invited."""
    known = {"label": isolated(partnership.label), "partner": partner.full_name if partner else ""}
    if partner:
        said = _("You and %(partner)s can hold retros now, about working together on %(label)s.")
    else:
        said = _("You can hold retros now with the one you work with on %(label)s, who is invited.")
    return Letter(
        to=person.email,
        subject=_("%(by)s set up a partnership for you") % {"by": by.full_name},
        lines=(said % known, _read_by_nobody_else()),
        button=_to_the_pair(partnership),
    )


def send_nudge(partnership: Partnership, *, by: Person, date: datetime | None) -> None:
    """An admin reminds the two to find a date; or of the one that they have, which may have gone by."""
    both = [m.person for m in partnership.memberships.select_related("person").filter(left_at=None)]
    for person in both:
        if person.is_active:
            partner = next((other for other in both if other != person), None)
            at_once.post(_nudge(partnership, person, partner, by=by, date=date).message())


def _nudge(
    partnership: Partnership, person: Person, partner: Person | None, *, by: Person, date: datetime | None
) -> Letter:
    known = {
        "by": by.full_name,
        "partner": partner.full_name if partner else _("the other one"),
        "label": isolated(partnership.label),
        "when": date_format(date.astimezone(person.tz), "l j F Y, H:i") if date else "",
    }
    if date:
        subject = _("The date of your retro")
        said = _("%(by)s looks after the dates. The one that you and %(partner)s have for %(label)s is %(when)s. "
                 "Keep it, or find another one.")  # fmt: skip
    else:
        subject = _("Time to find a date for your retro")
        said = _("%(by)s looks after the dates and sees that none is planned for you and %(partner)s, %(label)s. "
                 "About an hour is enough.")  # fmt: skip
    return Letter(to=person.email, subject=subject, lines=(said % known,), button=_to_the_pair(partnership))


def send_sign_in_change(noted: Noted) -> None:
    """To the address that was the main one, with the link; to one that was removed, without."""
    change, token, act, lost = noted
    link = Link(_("It was not me"), f"{settings.BASE_URL}{reverse('sign_in_undo', args=[token])}")
    at_once.post(_sign_in_change(change.email, act, change.person, link).message())
    for email in lost:
        if email != change.email:
            at_once.post(_sign_in_change(email, act, change.person, None).message())


def _sign_in_change(to: str, act: Audit.Act, person: Person, link: Link | None) -> Letter:
    """Names nobody: whoever changed it may have changed the name as well, and another address reads it."""
    subject, said = {
        Audit.Act.ADDRESS_CHANGED: (
            _("Your main address changed"),
            _("Another address is the main one of your account now. You signed in with this one."),
        ),
        Audit.Act.ADDRESS_ADDED: (
            _("An address was added to your account"),
            _("One more address can sign in to your account."),
        ),
        Audit.Act.ADDRESS_REMOVED: (
            _("An address was removed from your account"),
            _("An address can no longer sign in to your account."),
        ),
        Audit.Act.PASSWORD_CHANGED: (_("Your account has a new password"), _("Your account has a new password.")),
        Audit.Act.APP_ADDED: (
            _("An authenticator app was set up for your account"),
            _("Signing in to your account asks for a code of an authenticator app now."),
        ),
        Audit.Act.APP_REMOVED: (
            _("The authenticator app of your account was removed"),
            _("Signing in to your account no longer asks for a code of the authenticator app."),
        ),
        Audit.Act.PASSKEY_ADDED: (
            _("A passkey was added to your account"),
            _("One more passkey can sign in to your account."),
        ),
        Audit.Act.PASSKEY_REMOVED: (
            _("A passkey was removed from your account"),
            _("A passkey can no longer sign in to your account."),
        ),
        Audit.Act.PROVIDER_LINKED: (
            _("Your account is linked with the sign-in of your organisation"),
            _("Somebody signed in to your account by the sign-in of your organisation, and it is linked with it now."),
        ),
        Audit.Act.PROVIDER_UNLINKED: (
            _("Your account is no longer linked with the sign-in of your organisation"),
            _("The sign-in of your organisation no longer opens your account, until you sign in by it again."),
        ),
        Audit.Act.CODES_RENEWED: (
            _("Your account has new recovery codes"),
            _("Your account has new recovery codes. The earlier ones no longer work."),
        ),
    }[act]
    if link is None:
        said = _("This address can no longer sign in to your account.")
    at = {
        "when": date_format(timezone.now().astimezone(person.tz), "j F Y, H:i"),
        "zone": zones.words(person.tz.key),
    }
    hours = limits.TAKE_BACK_WITHIN // timedelta(hours=1)
    asked = (
        _("Was it not you? Open the page within %(hours)d hours and press the button there. It signs everybody out, "
          "puts your addresses back as they were, removes an app, a passkey or a link that was added since, and emails "
          "you a link for a new password.") % {"hours": hours}
        if link else _("Was it not you? Tell your admin.")
    )  # fmt: skip
    happened = _("It happened on %(when)s (%(zone)s).") % at
    return Letter(to, subject, (f"{said} {happened}", _("Was it you? Then there is nothing to do."), asked), link)


def _read_by_nobody_else() -> str:
    return _("Nobody else reads what you two write there.")


def _to_the_pair(partnership: Partnership) -> Link:
    return Link(_("Open your partnership"), f"{settings.BASE_URL}{url_of(Page.PAIR, partnership.pk)}")


def invitation_link(token: str) -> str:
    """From the configured address, never from a request's own words about its host."""
    return f"{settings.BASE_URL}{reverse('invitation_detail', args=[token])}"


def sign_in_link(token: str) -> str:
    return f"{settings.BASE_URL}{reverse('sign_in_link', args=[token])}"


def feed_link(token: str) -> str:
    return f"{settings.BASE_URL}{url_of(Page.FEED, token)}"
