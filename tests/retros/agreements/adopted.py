"""An agreement in force, and the close of a retro that adopts one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from partnerships.models import Agreement, Version
from partnerships.wording import Wording
from retros.models import Action, Session
from tests.cast import Cast
from tests.retros import play

ONE, TWO = Wording("Tom answers within a day."), Wording("Thursday is sketch hour.")


def in_force(agreement: Agreement, cast: Cast, *wordings: Wording) -> Version:
    agreement.reread()
    version = agreement.propose(wordings, by=cast.ines, reason="R", base=agreement.in_force)
    version.sign(by=cast.tom, digest=version.digest)
    agreement.reread()
    return version


@pytest.fixture
def tried(cast: Cast) -> Action:
    return play.agree(cast.checkout, "two weeks without the review", is_experiment=True, because="it is a habit")


@pytest.fixture
def session(cast: Cast, tried: Action) -> Session:
    Action.objects.update(created_at=timezone.now() - timedelta(days=60))
    return play.start(cast.checkout)


def close_of(cast: Cast) -> Session:
    session = play.start(cast.checkout)
    play.go_on(session, "look_back")
    for kind in ("pulse", "write"):
        play.reveal(session, kind)
        play.go_on(session, kind)
    play.go_on(session, "conclude")
    return session
