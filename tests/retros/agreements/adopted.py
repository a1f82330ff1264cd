"""An agreement in force, and a retro at its close."""

from __future__ import annotations

from partnerships.models import Agreement, Version
from partnerships.wording import Wording
from retros.models import Session
from tests.cast import Cast
from tests.retros import play

ONE, TWO = Wording("Tom answers within a day."), Wording("Thursday is sketch hour.")


def in_force(agreement: Agreement, cast: Cast, *wordings: Wording) -> Version:
    agreement.reread()
    version = agreement.propose(wordings, by=cast.ines, reason="R", base=agreement.in_force)
    version.sign(by=cast.tom, digest=version.digest)
    agreement.reread()
    return version


def close_of(cast: Cast) -> Session:
    """A retro at its last step, in which nobody wrote anything."""
    session = play.start(cast.checkout)
    play.go_on(session, "look_back")
    for kind in ("pulse", "write"):
        play.reveal(session, kind)
        play.go_on(session, kind)
    play.go_on(session, "conclude")
    return session
