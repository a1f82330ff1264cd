"""What people would rather know of a date: a public holiday, or the middle of the night, for one of them.

Nothing is refused because of it (docs/rules/scheduling.md S26).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, time
from typing import TYPE_CHECKING

from django.utils.formats import date_format
from django.utils.text import get_text_list
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
    """What stands beside a date that is planned already, a line for each country: one may be changed since.

    That it is night somewhere is no news in a list of dates, which has the time of both.
    """
    names: dict[tuple[str, str], list[str]] = defaultdict(list)
    for person in people:
        if holiday := public_holidays.on(moment.astimezone(person.tz).date(), person.lives_in):
            names[holiday, public_holidays.name_of(person.lives_in)].append(person.first_name)
    words = _("Public holiday for %(names)s: %(holiday)s, %(country)s.")
    return [
        words % {"names": get_text_list(of, _("and")), "holiday": holiday, "country": country}
        for (holiday, country), of in names.items()
    ]


def _about(local: datetime, person: Person) -> Iterable[str]:
    known = {"day": date_format(local, "D j F Y"), "time": date_format(local, "H:i"), "name": person.first_name}
    if not DAY_BEGINS <= local.time() < DAY_ENDS:
        yield _("%(day)s: it is %(time)s for %(name)s then.") % known
    if holiday := public_holidays.on(local.date(), person.lives_in):
        words = _("%(day)s is a public holiday for %(name)s: %(holiday)s, %(country)s.")
        yield words % {**known, "holiday": holiday, "country": public_holidays.name_of(person.lives_in)}
