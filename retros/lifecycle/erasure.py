"""Erase what is one person's own. STORES is the list of every place that holds something of a person.

What the two made together stays with the partner: agreements and their signatures, actions, notes, learnings, the
handover. The row of the person stays too, as “Former member”, without anything that says who it was.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from partnerships.models import (
    Audit,
    CalendarFeed,
    Delivery,
    Invitation,
    Lead,
    Membership,
    Partnership,
    Person,
    Preference,
    RateCounter,
    SignIn,
    SignInChange,
    SignInLink,
    second_factor,
)
from partnerships.models.partnership import Seat
from partnerships.refusals import Refusal
from retros.lifecycle import ending
from retros.models import BulkLine, Draft, Entry, EntryRevision, Jot, KindWord, Need, Note, Pick, Prompt, Release
from retros.models.template import catalogue
from retros.room.decisions import sentence_of
from retros.room.regions import memory
from retros.search import index

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

UNDER_WAY = timedelta(hours=1)  # what began before an erasure is long over by then


def erase(person: Person) -> None:
    """Everything in STORES, at once; their partnerships end, and the partners are told of that.

    Asked for by the person alone, so there is no other actor. Raises Refusal for the only admin.
    """
    with transaction.atomic():
        _check_an_admin_stays(person)
        person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
        for partnership in Partnership.objects.of(person).order_by("pk"):
            ending.end(partnership, by=person, leaving=True)
        for store in STORES:
            store(person)
        person.become_former()
        index.wipe(connection)
        transaction.on_commit(memory.forget)
        Audit.record(Audit.Act.ERASED, by=person, about=person)


def finish(now: datetime) -> None:
    """Once more, of whoever erased themselves within the last hour, what stores no verb waits for them with: a request
    or a round of the worker that was under way may have put something there since.
    """
    for person in Person.objects.filter(erased_at__gt=now - UNDER_WAY):
        with transaction.atomic():
            _told(person)
            _signing_in(person)


def _check_an_admin_stays(person: Person) -> None:
    """Of two admins who go at once, the later one is the only one by then. Raises Refusal."""
    if person.is_staff:
        with person.among_admins() as admins:
            if admins == {person.pk}:
                raise Refusal(_("You are the only admin here. Make somebody else an admin first."))


def _writing(person: Person) -> None:
    """Own cards and answers, with earlier words. A card with a shared note stays for it, without its words."""
    own = Entry.unrestricted.filter(author=person)
    EntryRevision.objects.filter(entry__author=person).delete()
    noted = Exists(Note.objects.filter(entry=OuterRef("pk")))
    own.filter(~noted).delete()
    own.update(text=_("Erased by its author."), value=None, tags=[])
    Draft.objects.filter(person=person).delete()
    Jot.objects.filter(person=person).delete()
    KindWord.objects.filter(receiver=person).delete()
    Pick.objects.filter(person=person).delete()


def _names(person: Person) -> None:
    """First names that were copied into the choices of questions and what was settled by them, and role labels."""
    steps = Prompt.objects.filter(step__session__partnership__memberships__person=person).exclude(choices=[])
    for prompt in steps.select_related("step__session"):
        _forget_name(prompt, person)
    Membership.objects.filter(person=person).update(role_label="")


def _forget_name(prompt: Prompt, person: Person) -> None:
    """The choices with the names of who is still known. What else a choice says stays as it was copied."""
    session = prompt.step.session
    template = catalogue([session.template_key]).templates.get(session.template_key)
    known = [p for step in template.steps for p in step.prompts] if template else []
    alike = [p for p in known if p.key == prompt.key or (prompt.named_by_id and p.kind == prompt.kind)]
    names = {
        presence.seat: _("Former member") if presence.person_id == person.pk else presence.person.bare_first_name
        for presence in session.presences.select_related("person")
    }
    written = dict(alike[0].choices) if alike and len(names) == len(Seat) else {}
    labels = {label: _without_name(label, person, written.get(value), names) for value, label in prompt.choices}
    for label, nameless in labels.items():
        if nameless != label:  # nobody wrote the sentence that the two settled by it
            settled = Note.objects.filter(pk=prompt.sentence_key, text=sentence_of(prompt, label))
            settled.update(text=sentence_of(prompt, nameless))
    prompt.choices = [[value, labels[label]] for value, label in prompt.choices]
    prompt.save(update_fields=["choices"])


def _without_name(label: str, person: Person, written: str | None, names: dict[str, str]) -> str:
    """A label of a choice: filled in again as its template has it `written`, where it is still that one; else without
    each word that is the first name.
    """
    if written and re.fullmatch(re.sub(r"\\{[ab]\\}", ".+", re.escape(written)), label):
        return written.format(**names)
    return re.sub(rf"(?<!\w){re.escape(person.bare_first_name)}(?!\w)", _("Former member"), label)


def _invitations(person: Person) -> None:
    """Addresses they were invited by; links they sent that are still unused, and could be renewed."""
    theirs = Q(accepted_by=person)
    for address in {person.email, *_addresses(person)}:
        theirs |= Q(email__iexact=address)
    concerned = Invitation.objects.filter(theirs | Q(invited_by=person))
    list(concerned.select_for_update(no_key=True).order_by("pk"))  # whoever renews one by now has made the new one
    concerned.filter(accepted_at=None, revoked_at=None).update(revoked_at=timezone.now())
    Invitation.objects.exclude(accepted_at=None, revoked_at=None).filter(theirs).update(email="", role_label="")


def _told(person: Person) -> None:
    """Mails and notices, what they want to be told, the address of their calendar."""
    for model in (Delivery, Preference, CalendarFeed):
        model.objects.filter(person=person).delete()


def _schedules(person: Person) -> None:
    """What admins did to their dates among those of many: the lines name them."""
    BulkLine.objects.filter(partnership__in=Partnership.objects.of(person)).delete()


def _roles(person: Person) -> None:
    """What they lead, with everything that was released to them, and what they ever answered as a lead."""
    leads = Lead.objects.filter(person=person)
    list(leads.select_for_update(no_key=True).order_by("pk"))  # nothing more hangs on them from here on
    Need.objects.filter(answered_by=person).update(answer="", answered_by=None)
    leads.delete()


def _shown(person: Person) -> None:
    """What a lead reads of an action says whose it is: it is withdrawn. The action stays."""
    Release.objects.filter(action__owner=person).delete()


def _signing_in(person: Person) -> None:
    """Addresses, apps and passkeys, every device, what could be taken back, and the counters of their limits."""

    EmailAddress.objects.filter(user=person).delete()
    SocialAccount.objects.filter(user=person).delete()
    second_factor.remove(person)
    SignIn.forget(person)
    SignInChange.objects.filter(person=person).delete()
    SignInLink.objects.filter(person=person).delete()
    RateCounter.objects.filter(key__endswith=str(person.pk)).delete()


def _addresses(person: Person) -> list[str]:

    return list(EmailAddress.objects.filter(user=person).values_list("email", flat=True))


STORES: tuple[Callable[[Person], None], ...] = (
    _writing, _names, _invitations, _told, _schedules, _roles, _shown, _signing_in
)  # fmt: skip
