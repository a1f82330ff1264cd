"""Pairs in a rhythm, and what an admin wishes for several of them at once."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django.utils import timezone

from partnerships.models import Partnership, Person
from retros.administration.bulk_acts import BulkRequest
from retros.dates import rhythm
from retros.models import Series, Session
from retros.recurrence.rule import PRESETS, Rule


def wish(act: str, *pairs: Partnership, **more: Any) -> BulkRequest:
    if act in {"plan", "rhythm"}:
        more = {"cadence": "every_2_months", **more}
    return BulkRequest(act, tuple(pair.pk for pair in pairs), **more)


def in_rhythm(pair: Partnership, by: Person, *, cadence: str = "every_2_weeks", days: int = 14) -> Series:
    first = timezone.localdate() + timedelta(days=days)
    return rhythm.begin(pair, by=by, rule=Rule.starting(first, PRESETS[cadence], time(14), "Europe/Berlin"))


def starts(pair: Partnership) -> list[datetime]:
    return [session.start_utc for session in Session.objects.filter(partnership=pair).upcoming()]
