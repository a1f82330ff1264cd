"""Who would have to be in two retros at once, if rows of a file were put in: named before anything is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from partnerships.models import Partnership, Person
from retros.administration.clashes import LOOKED_AHEAD, Span, overlaps, spans_of
from retros.administration.import_rows import ImportRow
from retros.recurrence.rule import Rule
from retros.recurrence.wall_time import in_words


@dataclass(frozen=True)
class RowClash:
    """Somebody in two retros, and when the second begins by the clock of the file's row, for the first time."""

    email: str
    when: str
    both: tuple[str, str]


def clashes_of(rows: Iterable[ImportRow], people: Mapping[str, Person], now: datetime) -> list[RowClash]:
    """Of the next half year, each two retros once. `people`: those with an account, by their address."""
    by_email: dict[str, list[ImportRow]] = defaultdict(list)
    for row in rows:
        if row.rule:
            for email in row.emails:
                by_email[email].append(row)
    busy = spans_of([people[email].pk for email in by_email if email in people], now)
    found: list[tuple[str, Rule, Span, Span]] = []
    for email, own in by_email.items():
        known = busy.get(people[email].pk, []) if email in people else []
        if len(own) > 1 or known:
            found += [(email, *clash) for clash in _first_ones(own, known, now)]
    names = {_key(row): _("line %(line)d, %(label)s") % {"line": row.line, "label": row.label} for row in rows}
    concerned = {span.partnership_id for *_who, early, late in found for span in (early, late)}
    for pk, pair in Partnership.objects.in_bulk(concerned).items():
        names[pk] = _("%(label)s, which is here already") % {"label": pair.label}
    return [
        RowClash(email, in_words(late.start, rule.timezone), (names[early.partnership_id], names[late.partnership_id]))
        for email, rule, early, late in found
    ]


def _first_ones(rows: list[ImportRow], there: list[Span], now: datetime) -> Iterable[tuple[Rule, Span, Span]]:
    """Two at once, the rule of one of them first; not two that are here already, nor the same two again."""
    rules = {_key(row): row.rule for row in rows if row.rule}
    spans = [span for key, rule in rules.items() for span in _spans(rule, key, now + LOOKED_AHEAD)]
    known: set[frozenset[UUID]] = set()
    for early, late in overlaps(sorted([*there, *spans])):
        both = frozenset({early.partnership_id, late.partnership_id})
        rule = rules.get(late.partnership_id) or rules.get(early.partnership_id)
        if rule and both not in known:
            known.add(both)
            yield rule, early, late


def _spans(rule: Rule, key: UUID, until: datetime) -> list[Span]:
    length = timedelta(minutes=rule.duration_min)
    return [Span(slot.start_utc, slot.start_utc + length, key) for slot in rule.until(until)]


def _key(row: ImportRow) -> UUID:
    """In the place of the id that its partnership is going to have."""
    return UUID(int=row.line)
