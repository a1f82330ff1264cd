"""The guide as blocks that a template draws; none of its text is taken as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from django.conf import settings
from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.token import Token

# Which pages belong to which part, by the names of their addresses.
_PAGES = {
    "a-retro": (
        "session_create session_start session_move session_skip session_met series_create series_detail series_change "
        "entry_update learning_update card_import history_detail trend_list measure_list measure_update exercise_list "
        "exercise_detail"
    ),
    "dream-team": (
        "agreement_list agreement_detail version_create version_detail version_update version_counter "
        "clause_link_update learning_clause"
    ),
    "contract": "agreement_create",
    "between-two-retros": (
        "home partnership_detail action_list action_create action_update action_import helped_list jot_list "
        "shelf_detail kind_word_create search"
    ),
    "what-your-lead-can-see": "release_list release_create release_detail need_create need_update lead_list",
}
PARTS = {page: part for part, pages in _PAGES.items() for page in pages.split()}


@dataclass(frozen=True)
class Styled:
    text: str
    kind: str = ""  # or "strong", "em"


@dataclass
class Block:
    """A heading or a paragraph of runs, or a list of such items."""

    kind: str  # "h1", "h2", "p", "ul", "ol"
    runs: list[Styled] = field(default_factory=list)
    items: list[list[Styled]] = field(default_factory=list)

    @property
    def anchor(self) -> str:
        return slugify("".join(run.text for run in self.runs))


@cache
def guide() -> list[Block]:
    return blocks((settings.BASE_DIR / "docs/guide.md").read_text(encoding="utf-8"))


def blocks(text: str) -> list[Block]:
    """Headings, paragraphs and plain lists. Raises ValueError for what the page does not draw."""
    found: list[Block] = []
    inside: Block | None = None  # a list
    for token in MarkdownIt().parse(text):
        if token.type in {"heading_open", "bullet_list_open", "ordered_list_open"}:
            found.append(Block(token.tag))
            inside = None if token.type == "heading_open" else found[-1]
        elif token.type == "paragraph_open" and inside is None:
            found.append(Block("p"))
        elif token.type == "inline" and inside is not None:
            inside.items.append(_runs(token.children or []))
        elif token.type == "inline":
            found[-1].runs = _runs(token.children or [])
        elif token.type.endswith("list_close"):
            inside = None
        elif not token.type.startswith(("paragraph_", "list_item_", "heading_")):
            raise ValueError(token.type)
    return found


def _runs(tokens: Sequence[Token]) -> list[Styled]:
    runs: list[Styled] = []
    kind = ""
    for token in tokens:
        if token.type in {"strong_open", "em_open", "strong_close", "em_close"}:
            kind = token.tag if token.nesting == 1 else ""
        elif token.type in {"text", "softbreak"}:
            runs.append(Styled(token.content or "\n", kind))
        else:
            raise ValueError(token.type)
    return [run for run in runs if run.text]
