"""The sentences of the two, and the agreement made of them."""

from __future__ import annotations

from django.utils.translation import gettext as _

from partnerships.models import Person, Version
from retros.agreements.verbs import to_sign
from retros.models import ClauseOrigin, Session
from retros.room.steps.learns import Learns


class Agree(Learns):
    """What a Dream Team or a contract ends in: the pair's sentences, and the agreement made of them."""

    template = "retros/room/_agree.html"
    parts = ("learnings", "agree_state")

    def __init__(self, session: Session, person: Person, position: int) -> None:
        super().__init__(session, person, position)
        if session.is_running and self.can_write:
            self.dock.signs = to_sign(session, person)

    @property
    def agreement_version(self) -> Version | None:
        """What this session put into its agreement, once it did."""
        origins = ClauseOrigin.objects.filter(session=self.session, line=None, version__ended_at=None)
        origin = origins.select_related("version").prefetch_related("version__signatures").last()
        return origin.version if origin else None

    @property
    def agreement_state(self) -> str:
        """Whose signature is missing, in a sentence; empty before there is anything to sign."""
        version = self.agreement_version
        if version is None:
            return ""
        if version.number:
            return _("Your sentences are in the agreement. It is in force.")
        if version.signed_by(self.person):
            return _("You have signed these sentences. The agreement starts when %(name)s has, too.") % {
                "name": self.partner.name
            }
        return _("%(name)s has signed these sentences. The agreement starts when you have, too.") % {
            "name": self.partner.name
        }
