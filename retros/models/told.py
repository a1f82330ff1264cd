"""What happened in a room, for whoever did not see it happen."""

from __future__ import annotations

from typing import Any

from django.db import models

from retros import limits


class Told(models.TextChoices):
    """What happened in a room that both may know of, and that is said to whom did not see it happen."""

    STARTED = "started"
    TAKEN_BACK = "taken_back"
    PAUSED = "paused"
    BETWEEN_US = "between_us"
    RESUMED = "resumed"
    EXTENDED = "extended"
    READY = "ready"
    NOT_READY = "not_ready"
    OPENED = "opened"
    REVEALED = "revealed"
    MOVED = "moved"
    CARD = "card"
    CARD_CHANGED = "card_changed"
    CARD_DELETED = "card_deleted"
    PICKED = "picked"
    UNPICKED = "unpicked"
    TABLED = "tabled"
    TALKED = "talked"
    PARKED = "parked"
    LEARNED = "learned"
    SURPRISED = "surprised"
    NOTE_DELETED = "note_deleted"
    DECISION = "decision"
    SETTLED = "settled"
    ACTION = "action"
    ACTION_DELETED = "action_deleted"
    REVIEWED = "reviewed"
    PROPOSED = "proposed"
    MENTIONED = "mentioned"
    STILL_RIGHT = "still_right"
    SIGNED = "signed"
    PLANNED = "planned"
    PLANNED_AGAIN = "planned_again"
    CLOSED = "closed"
    ASKS_TO_REOPEN = "asks_to_reopen"
    REOPENED = "reopened"


def last_told(stored: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of what each seat did the last `TOLD_KEPT`, the earliest first; what is new has its number `n` here."""
    first = stored[-1]["n"] + 1 if stored else 1
    last: list[dict[str, Any]] = []
    for each in reversed([*stored, *({"n": n, **each} for n, each in enumerate(new, first))]):
        if sum(later["by"] == each["by"] for later in last) < limits.TOLD_KEPT:
            last.insert(0, each)
    return last
