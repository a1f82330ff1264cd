"""How many retros each person has in the coming weeks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy

from partnerships.administration.listing import Listing
from partnerships.models import Person
from retros.administration.clashes import Span, in_several, overlaps, spans_of
from retros.administration.weeks import monday_of, weeks_ahead


@dataclass(frozen=True)
class LoadRow:
    """One person and how many retros they have in each of the coming weeks, by its Monday."""

    person: Person
    partnerships: int
    weeks: list[tuple[date, int]]
    has_clash: bool


class Load(Listing[LoadRow]):
    """Everybody who is in several partnerships, by name, with their coming weeks; no order of who has more."""

    STATES: Mapping[str, Any] = {"all": gettext_lazy("All")}

    def __init__(self, asked: Mapping[str, str], reader: Person) -> None:
        super().__init__(asked)
        self.reader, self.now = reader, timezone.now()
        today = self.now.astimezone(reader.tz).date()
        self.mondays = weeks_ahead(today)

    def found(self) -> QuerySet[Person]:
        return in_several(Person.objects.matching(self.words)).order_by("name", "email")

    def rows(self, items: list[Any]) -> list[LoadRow]:
        spans = spans_of([person.pk for person in items], self.now)
        return [LoadRow(p, p.partnerships, self._weeks(p, spans[p.pk]), any(overlaps(spans[p.pk]))) for p in items]

    def _weeks(self, person: Person, spans: list[Span]) -> list[tuple[date, int]]:
        count = Counter(monday_of(span.start.astimezone(person.tz).date()) for span in spans)
        return [(monday, count[monday]) for monday in self.mondays]
