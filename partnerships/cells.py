"""Cells of the tables that we write: none of them is a formula to a spreadsheet. Pure."""

from __future__ import annotations

import re

# What makes a formula of a cell, full-width signs too. `'` before it says that it is text; a `'` that was typed before
# such a sign gets another one, so that the two can be told apart.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")


def as_text(cell: str) -> str:
    """The cell as it is written into a table."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def as_typed(cell: str) -> str:
    """What `as_text` was given."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
