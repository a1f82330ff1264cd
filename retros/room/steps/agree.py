"""The sentences of the two, and the agreement made of them."""

from __future__ import annotations

from django.utils.translation import gettext as _

from partnerships.models import Person, Version
from partnerships.wording import digest_of
from retros.agreements.verbs import text_with, to_sign
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
        if version.number and self._are_others:
            said = _(
                "Your sentences changed since. The agreement keeps the earlier ones until you have both signed these."
            )
        elif version.number:
            said = _("Your sentences are in the agreement. It is in force.")
        elif version.signed_by(self.person):
            said = _("You have signed these sentences. The agreement starts when %(name)s has, too.")
            if self._are_others:
                said = _("The words changed since you signed. They need both signatures once more.")
        else:
            said = _("%(name)s has signed these sentences. The agreement starts when you have, too.")
            if self._are_others:
                said = _("The words changed since %(name)s signed. They need both signatures once more.")
        return said % {"name": self.partner.name}

    @property
    def _are_others(self) -> bool:
        """Whether the sentences are no longer those of what waits or is in force, while they can still change."""
        agreement = self.session.agreement
        if agreement is None or self.session.is_closed:
            return False
        digest = digest_of(agreement.title, text_with(agreement, self.learnings))
        return all(v.digest != digest for v in [agreement.in_force, *agreement.proposals] if v is not None)
