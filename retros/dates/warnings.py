"""What people would rather know of a date: a public holiday, or the middle of the night, for one of them.

Nothing is refused because of it (docs/rules/scheduling.md S26).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, time
from typing import TYPE_CHECKING

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from partnerships import public_holidays

if TYPE_CHECKING:
    from partnerships.models import Membership, Person
    from retros.models import Session

DAY_BEGINS, DAY_ENDS = time(7), time(21)  # a retro that begins outside of it is named
SHOWN = 4  # as many as are read


def warnings(moments: Iterable[datetime], people: Sequence[Person]) -> list[str]:
    """Whole sentences, in the order of these dates; at the end, how many more there are."""
    found = [words for moment in moments for person in people for words in _about(moment.astimezone(person.tz), person)]
    if len(found) > SHOWN:
        return [*found[:SHOWN], _("And %(n)d more of the kind.") % {"n": len(found) - SHOWN}]
    return found


def warnings_of(session: Session, members: Iterable[Membership]) -> list[str]:
    """The same of one date, which had no preview: said with what was done."""
    return warnings([session.start_utc], [member.person for member in members])


def holidays(moment: datetime, people: Iterable[Person]) -> list[str]:
    """Whole sentences about the day of a date that is planned already: a country is changed, and so are holidays.

    That it is night somewhere is no news in a list of dates, which has the time of both.
    """
    return [words for person in people if (words := _holiday(moment.astimezone(person.tz), person))]


def _about(local: datetime, person: Person) -> Iterable[str]:
    if not DAY_BEGINS <= local.time() < DAY_ENDS:
        yield _("%(day)s: it is %(time)s for %(name)s then.") % {**_known(local, person), "time": f"{local:%H:%M}"}
    if words := _holiday(local, person):
        yield words


def _holiday(local: datetime, person: Person) -> str:
    """Empty when there is none."""
    holiday = public_holidays.on(local.date(), person.lives_in)
    if not holiday:
        return ""
    country = public_holidays.name_of(person.lives_in)
    words = _("%(day)s is a public holiday for %(name)s: %(holiday)s, %(country)s.")
    return words % {**_known(local, person), "holiday": holiday, "country": country}


def _known(local: datetime, person: Person) -> dict[str, str]:
    return {"day": date_format(local, "D j F Y"), "name": person.first_name}
