"""A file of partnerships: looked at line by line, then put in as a whole (docs/rules/scheduling.md S24).

Whoever has an account takes the seat; the others are invited. The dates are made by the next round of the worker, as
soon as both seats are taken. A pair with the same label that is there already stays as it is, so a file can be put in
twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from partnerships.mail import letters
from partnerships.models import Audit, Invitation, Membership, Partnership, Person
from partnerships.models.partnership import Seat
from partnerships.refusals import Refusal
from retros.administration.import_rows import Error, ImportRow, RowNotice, parse
from retros.models import RuleVersion, Series

if TYPE_CHECKING:
    Key = tuple[frozenset[str], str]


ADDRESSES_PER_QUERY = 5_000  # addresses in one question to the database
SHOWN = 50  # lines of each kind on the page of the look ahead


@dataclass(frozen=True)
class Shown:
    """The first lines of many, and how many more there are."""

    rows: Sequence[ImportRow]
    more: int

    @classmethod
    def of(cls, rows: Sequence[ImportRow]) -> Shown:
        return cls(rows[:SHOWN], max(len(rows) - SHOWN, 0))


@dataclass(frozen=True)
class Import:
    """What a file holds, and what would become of it."""

    rows: list[ImportRow]
    people: dict[str, Person]

    @cached_property
    def bad(self) -> list[ImportRow]:
        return [row for row in self.rows if not row.ok]

    @cached_property
    def new(self) -> list[ImportRow]:
        return [row for row in self.rows if row.ok and row.notice is not RowNotice.IS_THERE]

    @property
    def bad_shown(self) -> Shown:
        return Shown.of(self.bad)

    @property
    def new_shown(self) -> Shown:
        return Shown.of(self.new)

    @property
    def known(self) -> int:
        return len(self.rows) - len(self.bad) - len(self.new)

    @property
    def invited(self) -> int:
        """How many people without an account are invited."""
        return len({email for row in self.new for email in row.emails if email not in self.people})


def look(text: str, *, now: datetime | None = None) -> Import:
    """Read it, and hold it against who and what is here. Writes nothing. Raises Invalid for no table of ours."""
    rows = parse(text, now=now or timezone.now())
    people = _people({email for row in rows for email in row.emails if email})
    there = _there({row.label for row in rows if row.ok})
    return Import([_check(row, people, there) for row in rows], people)


def put_in(text: str, *, by: Person, skip_bad: bool = False, now: datetime | None = None) -> Counter[str]:
    """Put the whole file in, or nothing: lines that are wrong stop it, unless they are to be left out.

    Returns how many are `new`, were `known` and were left out as `bad`. Two imports at once wait for each other.
    """
    now = now or timezone.now()
    with transaction.atomic():
        list(Person.objects.admins().select_for_update(no_key=True).order_by("pk"))
        by.check_admin()
        found = look(text, now=now)
        if found.bad and not skip_bad:
            raise Refusal(_("Some lines are wrong. Mend them, or say that they are left out. Nothing was put in."))
        _create(found, by, now)
    return Counter(new=len(found.new), known=found.known, bad=len(found.bad))


def _check(row: ImportRow, people: dict[str, Person], there: set[Key]) -> ImportRow:
    if not row.ok:
        return row
    for email in row.emails:
        person = people.get(email)
        if person is not None and not person.is_active:
            return ImportRow(row.line, error=Error.ACCOUNT_OFF)
        try:
            get_adapter().check_domain(email)
        except ValidationError:
            return ImportRow(row.line, error=Error.FOREIGN_DOMAIN)
    return replace(row, notice=RowNotice.IS_THERE) if (row.pair, row.label.casefold()) in there else row


def _people(emails: Iterable[str]) -> dict[str, Person]:
    """Whom mail to these addresses reaches (`Person.owns`), in one question for many."""
    from allauth.account.models import EmailAddress  # its models need ours first

    found = {p.email.lower(): p for part in _parts(emails) for p in Person.objects.filter(email__in=part)}
    if not settings.MAIL_IS_SENT:
        return found
    verified = (
        EmailAddress.objects.filter(user__in=found.values(), verified=True)
        if len(found) < ADDRESSES_PER_QUERY
        else None
    )
    rows = verified if verified is not None else EmailAddress.objects.filter(verified=True)
    owned = {(user, email.lower()) for user, email in rows.values_list("user_id", "email")}
    return {email: person for email, person in found.items() if (person.pk, email) in owned}


def _there(labels: Iterable[str]) -> set[Key]:
    """Every pair that goes on under one of these labels, by who sits there or is invited."""
    known: set[Key] = set()
    for part in _parts(labels):
        pairs = Partnership.objects.active().filter(label__in=part).with_members().prefetch_related("invitations")
        for pair in pairs:
            two = {member.person.email.lower() for member in pair.memberships.all()}
            two |= {i.email for i in pair.invitations.all() if not i.accepted_at and not i.revoked_at}
            known.add((frozenset(two), pair.label.casefold()))
    return known


def _parts(values: Iterable[str]) -> Iterator[Sequence[str]]:
    ordered = sorted(values)
    return (ordered[start : start + ADDRESSES_PER_QUERY] for start in range(0, len(ordered), ADDRESSES_PER_QUERY))


def _create(found: Import, by: Person, now: datetime) -> None:
    """All rows of all lines, table by table."""
    made = [(row, Partnership(kind=Partnership.Kind.OTHER, label=row.label)) for row in found.new]
    Partnership.objects.bulk_create(partnership for _row, partnership in made)
    members, invitations, told = [], [], []
    for row, partnership in made:
        for seat, email, other in zip(Seat, row.emails, reversed(row.emails), strict=True):
            partner = found.people.get(other)
            if person := found.people.get(email):
                members.append(
                    Membership(partnership=partnership, person=person, seat=seat, role_label=person.role_label)
                )
                told.append(letters.seated(partnership, person, by=by, partner=partner))
            else:
                invitation, token = Invitation.new(partnership=partnership, seat=seat, email=email, invited_by=by)
                invitations.append(invitation)
                told.append(letters.invited(invitation, token, arranged=True, partner=partner))
    Membership.objects.bulk_create(members)
    Invitation.objects.bulk_create(invitations)
    series = Series.objects.bulk_create(Series(partnership=partnership, work_at=now) for _row, partnership in made)
    RuleVersion.objects.bulk_create(
        RuleVersion(series=each, n=1, **asdict(row.rule))
        for each, (row, _partnership) in zip(series, made, strict=True)
        if row.rule
    )
    begun = (Audit(act=Audit.Act.PARTNERSHIP_BEGUN, by_id=by.pk, partnership_id=p.pk) for _row, p in made)
    Audit.objects.bulk_create(begun)
    letters.send_many(told)
