"""Rows of partnerships: looked at line by line, then put in as a whole (docs/rules/scheduling.md S24).

Whoever has an account takes the seat; the others are invited. The dates are made by the next round of the worker, as
soon as both seats are taken. A pair with the same label that is there already stays as it is, so a file can be put in
twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from partnerships.mail import at_once, letters
from partnerships.models import Audit, Invitation, Membership, Partnership, Person
from partnerships.models.partnership import Seat
from partnerships.refusals import Refusal
from retros.administration.clashes import LOOKED_AHEAD
from retros.administration.import_clashes import RowClash, clashes_of
from retros.administration.import_rows import NEEDED, Error, ImportRow, Problem, RowNotice, Table, parse
from retros.dates.warnings import warnings
from retros.models import RuleVersion, Series

ADDRESSES_PER_QUERY = 5_000  # addresses in one question to the database
SHOWN = 50  # lines of each kind on the page of the look ahead

RowT = TypeVar("RowT")


@dataclass(frozen=True)
class Shown(Generic[RowT]):
    """The first lines of many, and how many more there are."""

    rows: Sequence[RowT]
    more: int

    @classmethod
    def of(cls, rows: Sequence[RowT]) -> Shown[RowT]:
        return cls(rows[:SHOWN], max(len(rows) - SHOWN, 0))


@dataclass(frozen=True)
class Import:
    """What the rows are, and what would become of them."""

    table: Table
    rows: list[ImportRow]
    people: dict[str, Person]
    now: datetime

    @cached_property
    def bad(self) -> list[ImportRow]:
        return [row for row in self.rows if not row.ok]

    @cached_property
    def new(self) -> list[ImportRow]:
        return [row for row in self.rows if row.ok and not row.is_there]

    @cached_property
    def wrong(self) -> list[ImportRow]:
        """The bad ones without those that the answer about the dates alone may set right."""
        asked = {Error.AMBIGUOUS_DATE}
        return [row for row in self.bad if {each.error for each in row.problems} != asked]

    @property
    def asked(self) -> int:
        return len(self.bad) - len(self.wrong)

    @property
    def right(self) -> int:
        return len(self.rows) - len(self.bad)

    @cached_property
    def clashes(self) -> list[RowClash]:
        return clashes_of(self.new, self.people, self.now)

    @cached_property
    def warned(self) -> list[tuple[ImportRow, list[str]]]:
        """What people would rather know of the dates of the next half year.

        Whoever has no account yet lives by the clock of the row.
        """
        found: list[tuple[ImportRow, list[str]]] = []
        for row in self.new:
            if row.rule:
                zone, slots = row.rule.timezone, row.rule.until(self.now + LOOKED_AHEAD)
                people = [self.people.get(email) or Person(name=email, timezone=zone) for email in row.emails]
                if words := warnings((slot.start_utc for slot in slots), people):
                    found.append((row, words))
        return found

    @property
    def warned_shown(self) -> Shown[tuple[ImportRow, list[str]]]:
        return Shown.of(self.warned)

    @property
    def wrong_shown(self) -> Shown[ImportRow]:
        return Shown.of(self.wrong)

    @property
    def new_shown(self) -> Shown[ImportRow]:
        return Shown.of(self.new)

    @property
    def clashes_shown(self) -> Shown[RowClash]:
        return Shown.of(self.clashes)

    @property
    def known(self) -> int:
        return self.right - len(self.new)

    @property
    def without_dates(self) -> int:
        return sum(row.rule is None for row in self.new)

    @property
    def invited(self) -> int:
        """How many people without an account are invited."""
        return len({email for row in self.new for email in row.emails if email not in self.people})

    @property
    def absent_leads(self) -> list[str]:
        """The addresses of leads who have no account, so that their partnerships would be put in without one."""
        return sorted({row.lead for row in self.new if row.lead and row.lead not in self.people})

    @property
    def has_question(self) -> bool:
        """Whether it waits for the answer to how its dates are read."""
        return any(each.error is Error.AMBIGUOUS_DATE for row in self.bad for each in row.problems)


@dataclass(frozen=True)
class PutIn:
    """What became of the rows, and the invitations with their tokens, which are never shown again."""

    new: int
    known: int
    bad: int
    issued: list[tuple[Invitation, str]]

    @property
    def words(self) -> str:
        known = {"new": self.new, "known": self.known, "bad": self.bad}
        return _("%(new)d partnerships put in. %(known)d were there already, %(bad)d lines were left out.") % known


def look(text: str, *, zone: str = "UTC", day_first: bool | None = None, now: datetime | None = None) -> Import:
    """Read it, and hold it against who and what is here. Writes nothing. Raises Invalid for no table of ours."""
    now = now or timezone.now()
    table = parse(text, now=now, zone=zone, day_first=day_first)
    people = _people({email for row in table.rows for email in (*row.emails, row.lead) if email})
    there = _there({email for row in table.rows if row.ok for email in row.emails})
    return Import(table, [_check(row, people, there) for row in table.rows], people, now)


def put_in(
    text: str, *, by: Person, skip_bad: bool = False, day_first: bool | None = None, now: datetime | None = None
) -> PutIn:
    """Put all rows in, or nothing: lines that are wrong stop it, unless they are to be left out.

    Two imports at once wait for each other. Raises Refusal for wrong lines that nobody left out, and for dates that can
    be read in two ways.
    """
    now = now or timezone.now()
    with transaction.atomic():
        list(Person.objects.admins().select_for_update(no_key=True).order_by("pk"))
        by.check_admin()
        found = look(text, zone=by.timezone, day_first=day_first, now=now)
        if found.has_question:
            raise Refusal(_("Say how the dates are to be read. Nothing was put in."))
        if found.bad and not skip_bad:
            raise Refusal(_("Some lines are wrong. Mend them, or say that they are left out. Nothing was put in."))
        issued = _create(found, by, now)
        _check_all_are_here(found)
    return PutIn(len(found.new), found.known, len(found.bad), issued)


def _check_all_are_here(found: Import) -> None:
    """Thousands of rows take a while, and nobody waits for them who switches an account off or erases their own.

    Raises Refusal when somebody is gone since they were looked at.
    """
    known = [str(person.pk) for person in found.people.values() if person.is_active]
    if sum(Person.objects.filter(pk__in=part, is_active=True).count() for part in _parts(known)) < len(known):
        raise Refusal(_("Somebody’s account was switched off or erased meanwhile. Nothing was put in. Look once more."))


def _check(row: ImportRow, people: dict[str, Person], there: dict[frozenset[str], set[str]]) -> ImportRow:
    if not row.ok:
        return row
    columns = [*zip(NEEDED, row.emails, strict=True), ("lead_email", row.lead)]
    if problems := [problem for column, email in columns for problem in _unwelcome(column, email, people)]:
        return ImportRow(row.line, problems=tuple(problems))
    labels = there.get(row.pair, set())
    if labels if not row.has_label else row.label.casefold() in labels:
        return replace(row, notices=(*row.notices, RowNotice.IS_THERE))
    if row.lead and row.lead not in people:
        return replace(row, notices=(*row.notices, RowNotice.LEAD_UNKNOWN))
    return row


def _unwelcome(column: str, email: str, people: dict[str, Person]) -> Iterator[Problem]:
    person = people.get(email)
    if person is not None and not person.is_active:
        yield Problem(Error.ACCOUNT_OFF, column, email)
    try:
        if email:
            get_adapter().check_domain(email)
    except ValidationError:
        yield Problem(Error.FOREIGN_DOMAIN, column, email)


def _people(emails: Iterable[str]) -> dict[str, Person]:
    """Whom mail to these addresses reaches (`Person.owns`), in one question for many."""

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


def _there(emails: Iterable[str]) -> dict[frozenset[str], set[str]]:
    """The labels, in small letters, of each two who sit in a partnership that goes on, or are invited into it.

    Of the partnerships in which one of these addresses is.
    """
    known: dict[frozenset[str], set[str]] = defaultdict(set)
    for part in _parts(emails):
        seated = Membership.objects.filter(person__email__in=part).values("partnership")
        invited = Invitation.objects.unused().filter(email__in=part).values("partnership")
        pairs = Partnership.objects.active().filter(Q(pk__in=seated) | Q(pk__in=invited))
        for pair in pairs.with_members().prefetch_related("invitations"):
            two = {member.person.email.lower() for member in pair.memberships.all()}
            two |= {i.email for i in pair.invitations.all() if not i.accepted_at and not i.revoked_at}
            known[frozenset(two)].add(pair.label.casefold())
    return known


def _parts(values: Iterable[str]) -> Iterator[Sequence[str]]:
    ordered = sorted(values)
    return (ordered[start : start + ADDRESSES_PER_QUERY] for start in range(0, len(ordered), ADDRESSES_PER_QUERY))


def _create(found: Import, by: Person, now: datetime) -> list[tuple[Invitation, str]]:
    """All rows of all lines, table by table. Returns the invitations with their tokens."""
    made = [(row, Partnership(kind=row.kind, label=row.label)) for row in found.new]
    Partnership.objects.bulk_create(partnership for _row, partnership in made)
    members, issued, told = [], [], []
    for row, partnership in made:
        sides = zip(Seat, row.emails, row.roles, reversed(row.emails), strict=True)
        for seat, email, role, other in sides:
            partner = found.people.get(other)
            if person := found.people.get(email):
                role = role or person.role_label
                members.append(Membership(partnership=partnership, person=person, seat=seat, role_label=role))
                told.append(letters.seated(partnership, person, by=by, partner=partner))
            else:
                invitation, token = Invitation.new(
                    partnership=partnership, seat=seat, email=email, role_label=role, invited_by=by
                )
                issued.append((invitation, token))
                told.append(letters.invited(invitation, token, arranged=True, partner=partner))
    Membership.objects.bulk_create(members)
    Invitation.objects.bulk_create(invitation for invitation, _token in issued)
    planned = [(row.rule, partnership) for row, partnership in made if row.rule]
    series = Series.objects.bulk_create(Series(partnership=partnership, work_at=now) for _rule, partnership in planned)
    RuleVersion.objects.bulk_create(
        RuleVersion(series=each, n=1, **asdict(rule))
        for each, (rule, _partnership) in zip(series, planned, strict=True)
    )
    begun = (Audit(act=Audit.Act.PARTNERSHIP_BEGUN, by_id=by.pk, partnership_id=p.pk) for _row, p in made)
    Audit.objects.bulk_create(begun)
    for row, partnership in made:
        if lead := found.people.get(row.lead):
            partnership.assign_lead(lead, by=by)
    at_once.send_many(told)
    return issued
