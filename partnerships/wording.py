"""The words of an agreement before they are rows: clauses, what a signature covers, two changes put together."""

from __future__ import annotations

import hashlib
import json
import unicodedata
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True)
class Wording:
    """One clause as it is being worded. `line` is its identity through all versions."""

    text: str
    heading: str = ""
    line: uuid.UUID = field(default_factory=uuid.uuid4)
    review_on: date | None = None


def digest_of(title: str, wordings: Iterable[Wording]) -> str:
    """SHA-256 of the NFC text that a signature covers: title, headings and clauses in their order."""
    parts = [title, *(part for w in wordings for part in (w.heading, w.text))]
    return hashlib.sha256(unicodedata.normalize("NFC", json.dumps(parts, ensure_ascii=False)).encode()).hexdigest()


def plain(text: Iterable[Wording]) -> str:
    """A text as one string, for places that show two of them side by side."""
    return "\n\n".join(f"{w.heading}\n{w.text}" if w.heading else w.text for w in text)


def rebase(base: Sequence[Wording], mine: Sequence[Wording], theirs: Sequence[Wording]) -> list[Wording]:
    """What `mine` changed against `base`, put onto `theirs`, clause by clause.

    A clause that both changed takes my words (the reader sees the difference before signing). A clause that `theirs`
    dropped comes back only if `mine` had changed it. The order is theirs; my new clauses follow the one they followed.
    """
    old = {w.line: w for w in base}
    my = {w.line: w for w in mine}
    changed = {
        w.line for w in mine if w.line not in old or (w.text, w.heading) != (old[w.line].text, old[w.line].heading)
    }
    dropped = set(old) - set(my)
    merged = [my[w.line] if w.line in changed else w for w in theirs if w.line not in dropped]
    for n, w in enumerate(mine):
        if w.line in changed and w.line not in {m.line for m in merged}:
            before = {m.line for m in mine[:n]}
            after = next((i for i in range(len(merged) - 1, -1, -1) if merged[i].line in before), -1)
            merged.insert(after + 1, w)
    order = [w.line for w in mine]
    if [line for line in (w.line for w in base) if line in my] != [line for line in order if line in old]:
        merged.sort(key=lambda w: order.index(w.line) if w.line in order else len(order))
    return merged
