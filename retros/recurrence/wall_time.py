"""Wall times and instants: what the clocks of a zone show, and what they jump over."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from partnerships import zones
from partnerships.refusals import Refusal

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def to_utc(wall: datetime, zone: str) -> datetime:
    """The instant of a naive wall time; one that does not exist moves forward, one that comes twice is its first."""
    return wall.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)


def comes_twice(wall: datetime, zone: str) -> bool:
    """Whether the clocks show this wall time two times that day."""
    tz = ZoneInfo(zone)
    passes = [wall.replace(tzinfo=tz, fold=fold).utcoffset() for fold in (0, 1)]
    return passes[0] != passes[1] and to_utc(wall, zone).astimezone(tz).replace(tzinfo=None) == wall


class Misplaced(Refusal):
    """That time cannot be. `code` is for programs, `offers` for what to do instead, `suggestion` a time that can be."""

    def __init__(
        self, code: str, message: StrOrPromise, *, offers: tuple[str, ...] = (), suggestion: datetime | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.offers = offers
        self.suggestion = suggestion


def wall_to_utc(wall: datetime, zone: str) -> datetime:
    """The instant of a naive wall time that a person chose; one that comes twice is its first pass (fold 0).

    Raises Misplaced for a time that the clocks jump over, with the next one that exists.
    """
    if wall.year > 9000:  # the calendar of Python ends in 9999, and dates are counted on from here
        raise Refusal(_("That date lies too far away. Pick one that is closer."))
    try:
        instant = to_utc(wall, zone)
        back = instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    except OverflowError as error:
        raise Refusal(_("That date lies too far away. Pick one that is closer.")) from error
    if back != wall:
        raise Misplaced(
            "nonexistent_time",
            _("The clocks jump over %(wall)s in %(zone)s that day. The next time that exists is %(next)s.")
            % {"wall": f"{wall:%H:%M}", "zone": zone, "next": f"{back:%H:%M}"},
            suggestion=back,
        )
    return instant


def gone_by() -> Misplaced:
    return Misplaced("in_past", _("That time has already gone by. Pick one that is still to come."))


def in_words(moment: datetime, zone: str) -> str:
    """“9 February 2027, 14:00 (Europe/Berlin)”: for whoever reads it, whatever their own clock."""
    return with_zone(by_its_clock(moment, zone), zone)


def by_its_clock(moment: datetime, zone: str, form: str = "j F Y, H:i") -> str:
    """“9 February 2027, 14:00”, in that zone, which stands elsewhere."""
    local = moment.astimezone(ZoneInfo(zone))
    return date_format(local, form) + which_pass(local)


def with_zone(words: str, zone: str) -> str:
    """A time in words, and whose clock that is."""
    return _("%(when)s (%(zone)s)") % {"when": words, "zone": zones.words(zone)}


def which_pass(local: datetime) -> str:
    """“ CEST” behind a time that its clock shows twice that day, else nothing. `local` is in a ZoneInfo."""
    zone = local.tzinfo
    twice = isinstance(zone, ZoneInfo) and comes_twice(local.replace(tzinfo=None), zone.key)
    return f" {local.tzname()}" if twice else ""


def stored(wall: datetime) -> datetime:
    """A wall time as the database keeps it: as if it were UTC."""
    return wall.replace(tzinfo=UTC)
