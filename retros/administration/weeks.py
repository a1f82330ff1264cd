"""Weeks as the admin's pages name them."""

from __future__ import annotations

from datetime import date, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _

WEEK = timedelta(weeks=1)
WEEKS = 8  # that a filter offers, and that the load shows


def week_words(monday: date, today: date) -> str:
    """“This week, 16 November to 22 November 2026”."""
    known = {"first": date_format(monday, "j F"), "last": date_format(monday + timedelta(days=6), "j F Y")}
    weeks = (monday - monday_of(today)) // WEEK
    if weeks == 0:
        return _("This week, %(first)s to %(last)s") % known
    return _("Next week, %(first)s to %(last)s") % known if weeks == 1 else _("%(first)s to %(last)s") % known


def in_short(monday: date) -> str:
    known = {"first": date_format(monday, "j M"), "last": date_format(monday + timedelta(days=6), "j M")}
    return _("%(first)s to %(last)s") % known


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def weeks_ahead(today: date) -> list[date]:
    """The Mondays of this week and of the coming ones."""
    return [monday_of(today) + n * WEEK for n in range(WEEKS)]
