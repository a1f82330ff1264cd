"""The kind words that one person got, in one place. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.formats import date_format
from django.utils.functional import cached_property

from retros.models import Draft, Entry, KindWord, Step
from retros.pair import Pair

if TYPE_CHECKING:
    from partnerships.models import Person

APPRECIATION = "appreciation"  # the key of the question of a wrap-up


@dataclass(frozen=True)
class Word:
    """One kind word: from whom, since when it is there, and what gave it; `given` was given between retros."""

    text: str
    by: Person
    at: datetime
    reader: Person
    where: str
    given: KindWord | None = None

    @property
    def day(self) -> str:
        return date_format(self.at.astimezone(self.reader.tz), "j F Y")


class Shelf:
    """What others said of this person in wrap-ups and between retros, of all their partnerships, the latest first."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.months: int = settings.RETENTION_MONTHS

    @cached_property
    def words(self) -> list[Word]:
        said = Entry.objects.visible_to(self.person).filter(
            prompt__key=APPRECIATION, step__kind=Step.Kind.CLOSE, opened_at__isnull=False
        )
        said = said.exclude(author=self.person).exclude(text="")
        said = said.select_related("author", "step__session__agreement", "step__session__partnership")
        given = KindWord.objects.visible_to(self.person).select_related("giver", "partnership")
        words = [
            Word(entry.text, entry.author, entry.opened_at, self.person, entry.step.session.title)
            for entry in said
            if entry.opened_at
        ]
        words += [Word(each.text, each.giver, each.created_at, self.person, "", each) for each in given]
        return sorted(words, key=lambda word: word.at, reverse=True)


class Giving(Pair):
    """The page of giving one."""

    @property
    def draft_key(self) -> str:
        return Draft.Box.WORD.key(self.partnership.pk)
