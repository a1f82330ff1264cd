"""What somebody was still typing when the other one closed the session: it stays theirs, and stands on its page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from partnerships.refusals import Refusal
from retros.models import Draft, Session

if TYPE_CHECKING:
    from uuid import UUID

    from partnerships.models import Person


@contextmanager
def kept_if_late(session: Session, about: UUID, *, by: Person, text: str) -> Iterator[None]:
    """Around a verb that stores what saves itself. When it is refused because the session has ended, the text is kept
    for its author; the refusal passes on.
    """
    try:
        yield
    except Refusal:
        if not Session.objects.filter(pk=session.pk).unfinished().exists():
            Draft.keep_late(about, by=by, text=text)
        raise
