"""What can be found, and what somebody finds."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from partnerships.models import Partnership, Person
from retros.search import find
from retros.search.terms import terms_of

WORDS = (
    "Crème brûlée",
    "ПРИВЕТ мир",
    "Straße",
    "if-then",
    "会議の後で",
    "Ｆｕｌｌ １＋１",
    "σίγμας ΣΊΓΜΑΣ",
    "İstanbul",
    "👍🏽ok",
    "a_b%c\\d",
)


# Cn: letters that a later Unicode knows may be taken apart by one of the two alone.
def written(max_size: int = 80) -> st.SearchStrategy[str]:
    """What somebody may have written: no control characters but line breaks and tabs."""
    signs = st.characters(exclude_categories=("Cs", "Cn", "Cc"), include_characters="\n\t")
    return st.text(signs, max_size=max_size) | st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)


def found(person: Person, partnership: Partnership, typed: str, **more: Any) -> list[Any]:
    """The things behind the results, the newest first; those of an index alone."""
    return list(find.found(find.Wanted(partnership, person, terms_of(typed), **more)))
