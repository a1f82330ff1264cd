"""The page of the measures of a pair."""

from __future__ import annotations

from django.utils.functional import cached_property

from retros import limits
from retros.models import Measure
from retros.pair import Pair


class Measures(Pair):
    """The list of both, and what they retired."""

    @cached_property
    def _all(self) -> list[Measure]:
        return list(Measure.objects.visible_to(self.person).filter(partnership=self.partnership))

    @property
    def asked(self) -> list[Measure]:
        return [measure for measure in self._all if measure.retired_at is None]

    @property
    def retired(self) -> list[Measure]:
        return [measure for measure in self._all if measure.retired_at is not None]

    @property
    def has_room(self) -> bool:
        return self.is_open and len(self.asked) < limits.MEASURES
