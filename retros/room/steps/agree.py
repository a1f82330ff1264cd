"""The sentences of the two, and the agreement made of them."""

from __future__ import annotations

from partnerships.models import Version
from retros.models import ClauseOrigin
from retros.room.steps.learns import Learns


class Agree(Learns):
    """What a Dream Team or a contract ends in: the pair's sentences, and the agreement made of them."""

    template = "retros/room/_agree.html"
    parts = ("learnings", "agree_state")

    @property
    def agreement_version(self) -> Version | None:
        """What this session put into its agreement, once it did."""
        origin = ClauseOrigin.objects.filter(session=self.session, line=None).select_related("version").first()
        return origin.version if origin else None
