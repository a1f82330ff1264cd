"""A page of a long list, with its filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

from partnerships.content import search_words

if TYPE_CHECKING:
    from collections.abc import Mapping


RowT = TypeVar("RowT")
PER_PAGE = 50


class Listing(Generic[RowT]):
    """One page of a list that is searched with `q`, narrowed with `state` and turned with `page`."""

    STATES: Mapping[str, Any]

    def __init__(self, asked: Mapping[str, str]) -> None:
        self.words = search_words(asked.get("q", ""))
        self.state = asked.get("state", "") if asked.get("state", "") in self.STATES else next(iter(self.STATES))
        self.number = asked.get("page", "1")

    def found(self) -> QuerySet[Any]:
        raise NotImplementedError

    def rows(self, items: list[Any]) -> list[RowT]:
        raise NotImplementedError

    def count(self) -> int:
        return self._found.count()

    def items(self, first: int, last: int) -> list[Any]:
        """Those that `found` finds from one place to another."""
        return list(self._found[first:last])

    @cached_property
    def _found(self) -> QuerySet[Any]:
        return self.found()

    @cached_property
    def page(self) -> Page[int]:
        """The places in the list that are on the page."""
        return Paginator(range(self.count()), PER_PAGE).get_page(self.number)

    @cached_property
    def listed(self) -> list[RowT]:
        places = self.page.object_list
        return self.rows(self.items(places[0], places[-1] + 1) if places else [])

    @property
    def states(self) -> list[tuple[str, str, bool]]:
        """The choices of the filter: key, words, and whether it is the one that is on."""
        return [(key, str(words), key == self.state) for key, words in self.STATES.items()]
