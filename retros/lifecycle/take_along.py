"""One partnership to take along, as one of its members may read it: Markdown, JSON, on paper; its actions as a table.

The same content makes the same bytes. What JSON holds is described by `docs/partnership.schema.json`.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from partnerships.cells import as_text
from partnerships.models import Audit, RateCounter
from retros.lifecycle.export import Data, cards_of, clock_of, partnership_data, readable
from retros.models import Action

if TYPE_CHECKING:
    from partnerships.models import Partnership, Person

FORMAT, VERSION = "twofold-partnership", 1
COLUMNS = (
    "owner", "action", "if", "because", "seen_by", "decider", "experiment", "added", "due", "closed_as", "closed_on",
    "helped", "from_session", "from_card",
)  # fmt: skip


class Form(models.TextChoices):
    MARKDOWN = "markdown", _("Markdown, to read")
    JSON = "json", _("JSON, for programs")
    PRINT = "print", _("On paper")
    ACTIONS = "actions", _("Actions, for a spreadsheet")


@dataclass(frozen=True)
class File:
    name: str
    content_type: str
    content: bytes


def take(partnership: Partnership, *, by: Person, form: Form) -> Data | File:
    """Hand it out to one of its members, and write that down: what is printed as data, else a file.

    Raises TooMany beyond the limit of an hour.
    """
    RateCounter.count_export(by)
    with transaction.atomic():
        Audit.record(Audit.Act.PARTNERSHIP_EXPORTED, by=by, about=partnership, partnership=partnership)
        if form == Form.ACTIONS:
            return File("actions.csv", "text/csv; charset=utf-8", actions_table(partnership, by).encode("utf-8-sig"))
        data = {"format": FORMAT, "version": VERSION, **partnership_data(partnership, by)}
        if form == Form.JSON:
            text = json.dumps(data, ensure_ascii=False, indent=2) + "\n"
            return File("partnership.json", "application/json", text.encode())
        said = {**clock_of(by), **data}
        if form == Form.MARKDOWN:
            text = "\n\n".join(["# Twofold", *readable(said, 2, by.tz)]) + "\n"
            return File("partnership.md", "text/markdown; charset=utf-8", text.encode())
        return said


def actions_table(partnership: Partnership, person: Person) -> str:
    """A line for each action under one of names, comma-separated. Days are the reader's, as ISO 8601 writes them."""
    rows = Action.objects.visible_to(person).filter(partnership=partnership).with_owners()
    actions = list(rows.select_related("session__agreement"))
    cards = cards_of(actions, person)
    table = io.StringIO()
    writer = csv.writer(table, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for action in actions:
        cells = [
            action.owner.bare_name, action.text, action.cue, action.because, action.seen_by, action.decider,
            "yes" if action.is_experiment else "", action.created_at.astimezone(person.tz).date().isoformat(),
            action.due.isoformat(), action.closed_as, action.closed_on.isoformat() if action.closed_on else "",
            action.helped, action.session.title if action.session else "", cards.get(action.from_entry_id, ""),
        ]  # fmt: skip
        writer.writerow([as_text(cell) for cell in cells])
    return table.getvalue()
