"""Which class shows which kind of step."""

from __future__ import annotations

from partnerships.models import Person
from retros.models import Session, Step
from retros.room.frame import Frame
from retros.room.steps.agree import Agree
from retros.room.steps.board import Board
from retros.room.steps.close import Close
from retros.room.steps.conclude import Conclude
from retros.room.steps.look_back import LookBack
from retros.room.steps.pulse import Pulse
from retros.room.steps.questions import Questions

KINDS: dict[str, type[Frame]] = {
    Step.Kind.LOOK_BACK: LookBack,
    Step.Kind.PULSE: Pulse,
    Step.Kind.WRITE: Board,
    Step.Kind.QUESTIONS: Questions,
    Step.Kind.AGREE: Agree,
    Step.Kind.CONCLUDE: Conclude,
    Step.Kind.CLOSE: Close,
}


def room_at(session: Session, person: Person, position: int | None = None) -> Frame:
    """The room at one step of the session, as `person` sees it now; without a position where the two are."""
    at = session.position if position is None else position
    return KINDS[session.steps[at].kind](session, person, at)
