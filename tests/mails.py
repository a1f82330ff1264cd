"""Every mail that the product sends, made by the code that sends it, with names that try what a mail can get wrong.

A kind of mail that is missing here fails `tests/test_every_mail.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.test import override_settings
from django.utils import timezone

from partnerships.mail import letters, server
from partnerships.mail.news import NEWS
from partnerships.models import Agreement, Audit, Delivery, Invitation, Partnership, Person
from partnerships.models.sign_in_change import Noted, SignInChange
from retros.models import Expiry, Series, Session, creation
from retros.notifications.ics import InvitationVersion
from retros.notifications.reminders import start_key
from retros.notifications.wording import message_for
from tests.factories import PartnershipFactory, PersonFactory
from tests.retros import play

# Markup, quotes and an ampersand; letters that are read from right to left.
MARKUP, HEBREW, LABEL = 'Ines <b>"Okafor"</b> & Co', "דנה כהן", "Check<i>out & 'Cart'"
MEETING = "https://meet.example.org/a?b=c&d=<e>"
Kind = Delivery.Kind


@dataclass(frozen=True)
class People:
    ines: Person
    dana: Person
    ada: Person
    sara: Person
    pair: Partnership


def make_people() -> People:
    person = PersonFactory.create
    ines = person(name=MARKUP, email="ines@example.org", timezone="Europe/Paris")
    dana = person(name=HEBREW, email="dana@example.org", timezone="Asia/Jerusalem")
    ada = person(name="Ada Osei", email="ada@example.org", is_staff=True)
    sara = person(name="Sara <Lind>", email="sara@example.org")
    return People(ines, dana, ada, sara, PartnershipFactory.create(label=LABEL, a=ines, b=dana))


def every_mail() -> dict[str, EmailMultiAlternatives]:
    """By a name that says what it is. Needs a database; mails are sent to `mail.outbox` at once."""
    people, found = make_people(), {}
    for make in (_letters, _of_sign_in, _of_accounts, _news, _deliveries):
        mail.outbox.clear()
        for name, message in make(people):
            assert isinstance(message, EmailMultiAlternatives), name
            assert name not in found, name
            found[name] = message
    return found


Made = list[tuple[str, Any]]


def _letters(people: People) -> Made:
    """What leaves at once: invitations, and what admins arrange."""
    half = Partnership.begin(by=people.ines, kind="other", label=LABEL)
    letters.send_invitation(*Invitation.for_account(email="new@example.org", by=people.ada))
    letters.send_invitation(*Invitation.for_seat(half, email="new@example.org", by=people.ines))
    for emails in (("one@example.org", "two@example.org"), ("three@example.org", people.dana.email)):
        made = Invitation.arrange_partnership(by=people.ada, emails=emails, kind="other", label=LABEL)
        letters.send_arranged(made, by=people.ada)
    emails = (people.ines.email, people.dana.email)
    letters.send_arranged(
        Invitation.arrange_partnership(by=people.ada, emails=emails, kind="other", label=LABEL + "2"), by=people.ada
    )
    with override_settings(MAIL_IS_SENT=True):
        server.send_test(by=people.ada)
    letters.send_nudge(people.pair, by=people.ada, date=None)
    letters.send_nudge(people.pair, by=people.ada, date=timezone.now())
    names = (
        "invited to an account", "invited by the partner", "arranged, first", "arranged, second",
        "arranged with a partner", "seated, the other invited", "seated with a partner", "seated with a partner, too",
        "a test", "no date", "no date, too", "a date", "a date, too",
    )  # fmt: skip
    return list(zip(names, mail.outbox, strict=True))


def _of_sign_in(people: People) -> Made:
    names = []
    for act in (
        Audit.Act.ADDRESS_CHANGED, Audit.Act.ADDRESS_ADDED, Audit.Act.ADDRESS_REMOVED, Audit.Act.PASSWORD_CHANGED,
        Audit.Act.APP_ADDED, Audit.Act.APP_REMOVED, Audit.Act.PASSKEY_ADDED, Audit.Act.PASSKEY_REMOVED,
        Audit.Act.CODES_RENEWED, Audit.Act.PROVIDER_LINKED, Audit.Act.PROVIDER_UNLINKED,
    ):  # fmt: skip
        change = SignInChange(person=people.dana, email=people.dana.email)
        lost = ["gone@example.org"] if act == Audit.Act.ADDRESS_REMOVED else []
        letters.send_sign_in_change(Noted(change, f"token-{act}", act, lost))
        names += [act, *(f"{act}, to the lost one" for _each in lost)]
    return list(zip(names, mail.outbox, strict=True))


# What allauth gives to the templates of each of its mails (allauth.account.adapter and its flows).
CONTEXTS: dict[str, list[dict[str, Any]]] = {
    "account_already_exists": [{}],
    "email_confirmation": [{"code": "ABC-DEF"}, {"activate_url": f"{settings.BASE_URL}/confirm/x/"}],
    "email_confirmation_signup": [{"code": "ABC-DEF"}],
    "login_code": [{"code": "ABC-DEF"}],
    "password_reset_code": [{"code": "ABC-DEF"}],
    "password_reset_key": [{"password_reset_url": f"{settings.BASE_URL}/reset/x-y/"}],
}


def _of_accounts(_people: People) -> Made:
    names = []
    for name, contexts in CONTEXTS.items():
        for n, context in enumerate(contexts):
            get_adapter().send_mail(f"account/email/{name}", "a&b@example.org", context)
            names.append(f"{name} {n}")
    return list(zip(names, mail.outbox, strict=True))


def _news(people: People) -> Made:
    """Each act to the one it is about (or to a member), and to somebody else."""
    made = []
    for act in NEWS:
        about = people.sara if act.startswith("lead") else people.dana
        line = Audit.record(Audit.Act(act), by=people.ada, about=about, partnership=people.pair)
        for reader in (people.dana, people.ada):
            delivery = Delivery.new(
                person=reader, kind=Kind.NEWS, subject_id=people.pair.pk, for_key=str(line.pk), send_at=timezone.now()
            )
            made.append((f"{act} to {reader.email}", message_for(delivery, timezone.now())))
    return made


def _begun(people: People, kind: str) -> Session:
    agreement = Agreement.begin(people.pair, by=people.ines, kind=kind, title="Relaunch")
    return creation.begin(agreement, by=people.ines, short=True)


def _deliveries(people: People) -> Made:
    """Each kind to Dana, of a row as it has to be for that."""
    now = timezone.now()

    def to_her(kind: str, subject_id: Any, key: str = "") -> EmailMultiAlternatives | None:
        about = "action" if subject_id == action.pk else "session"
        fields = {"subject_type": about, "subject_id": subject_id, "for_key": key}
        delivery = Delivery.new(person=people.dana, kind=kind, send_at=now, **fields)
        return message_for(delivery, now)  # type: ignore[return-value]

    def retro(days: int, **fields: Any) -> Session:
        made = play.plan(people.pair, days=days)
        Session.objects.filter(pk=made.pk).update(series=series, **fields)
        return Session.objects.get(pk=made.pk)

    series = Series.objects.create(partnership=people.pair, meeting_url=MEETING)
    planned, again = retro(5), retro(6)
    Session.objects.filter(pk=again.pk).update(taken_back_at=again.ical_stamp)
    missed, gone_by, running = retro(7, status="missed"), retro(8), retro(9, status="in_progress")
    action = play.agree(people.pair, owners="b", due=now.astimezone(people.dana.tz).date())
    begun = [_begun(people, kind) for kind in Agreement.Kind]
    play.Participant(people.ines, begun[0].pk).ready(0)
    kept = Expiry.objects.create(partnership=people.pair, warned_at=now)
    kept.told.add(people.dana)
    key, before, due = InvitationVersion.of(planned).key, InvitationVersion.of(again).key, action.due.isoformat()
    made = [
        (Kind.INVITE, planned.pk, key), (Kind.UPDATE, planned.pk, key), (Kind.UPDATE, again.pk, before),
        (Kind.CANCEL, planned.pk, key), (Kind.PREP_OPEN, planned.pk, ""), (Kind.DAY_AHEAD, planned.pk, ""),
        (Kind.WRAP_UP, gone_by.pk, start_key(gone_by)), (Kind.WRAP_UP, running.pk, start_key(running)),
        (Kind.MISSED_NOTICE, missed.pk, ""), (Kind.ACTION_DUE_SOON, action.pk, due), (Kind.ACTION_DUE, action.pk, due),
        (Kind.EXPIRY, people.pair.pk, kept.key), *((Kind.SITTING, session.pk, "") for session in begun),
    ]  # fmt: skip
    return [(f"{kind} of {subject_id}", to_her(kind, subject_id, for_key)) for kind, subject_id, for_key in made]


def html_of(message: EmailMultiAlternatives) -> str:
    (html,) = [content for content, mimetype in message.alternatives if mimetype == "text/html"]
    return str(html)
