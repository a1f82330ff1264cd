"""Templates of sittings as an admin sees them. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from partnerships.models import Partnership
from retros.catalogue import SHORT, Catalogue, Template, templates
from retros.models import Session
from retros.models.template import catalogue

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Usual:
    """A kind of pair, and whether it gets this template where nobody chooses."""

    kind: str
    label: StrOrPromise
    is_chosen: bool


class TemplatePage:
    """One template, of whomever."""

    def __init__(self, template: Template, known: Catalogue | None = None) -> None:
        self.template = template
        self._catalogue = known or catalogue()

    @property
    def is_own(self) -> bool:
        return self.template.key not in templates()

    @property
    def is_retired(self) -> bool:
        return self.template.key in self._catalogue.retired

    @property
    def kind(self) -> str:
        return str(Session.Kind(self.template.kind).label)

    @property
    def fits(self) -> list[StrOrPromise]:
        """The kinds of pair that it is for; empty for any."""
        return [label for kind, label in Partnership.Kind.choices if kind in self.template.for_kinds]

    @cached_property
    def usual(self) -> list[Usual]:
        fitting = [each for each in Partnership.Kind.choices if each[0] in (self.template.for_kinds or [each[0]])]
        return [
            Usual(kind, label, self._catalogue.template_for(self.template.kind, kind) == self.template)
            for kind, label in fitting
        ]

    @property
    def usual_for(self) -> list[StrOrPromise]:
        chosen = [each.label for each in self.usual if each.is_chosen]
        return [_("every kind of pair")] if len(chosen) == len(Partnership.Kind) else chosen


class Templates:
    """All of them: this installation's own first, then those that ship."""

    @cached_property
    def _pages(self) -> list[TemplatePage]:
        known = catalogue()
        return [TemplatePage(each, known) for key, each in known.templates.items() if not key.endswith(SHORT)]

    @property
    def own(self) -> list[TemplatePage]:
        return [page for page in self._pages if page.is_own and not page.is_retired]

    @property
    def retired(self) -> list[TemplatePage]:
        return [page for page in self._pages if page.is_retired]

    @property
    def built_in(self) -> list[TemplatePage]:
        return [page for page in self._pages if not page.is_own]
