"""What somebody in the room hears of what the other one did: a sentence for each thing, of what both see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partnerships.content import isolated
from partnerships.graphemes import shorten
from retros import limits
from retros.models.told import Told

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from retros.room.frame import Frame


BOTH = {Told.REVEALED, Told.CLOSED, Told.REOPENED, Told.MOVED}  # said to whoever did it, too
LEFT_THE_TABLE = {Told.TABLED, Told.TALKED, Told.PARKED}  # then what one typed there may be gone from the page

WORDS: dict[str, StrOrPromise] = {
    Told.STARTED: gettext_lazy("%(name)s started"),
    Told.TAKEN_BACK: gettext_lazy("%(name)s took the start back"),
    Told.PAUSED: gettext_lazy("%(name)s paused"),
    Told.BETWEEN_US: gettext_lazy("%(name)s paused, and asks what is happening between you"),
    Told.RESUMED: gettext_lazy("%(name)s goes on. The clock runs again"),
    Told.EXTENDED: gettext_lazy("%(name)s added 5 minutes"),
    Told.READY: gettext_lazy("%(name)s is ready"),
    Told.NOT_READY: gettext_lazy("%(name)s is not ready any more"),
    Told.OPENED: gettext_lazy("%(name)s’s side is open"),
    Told.REVEALED: gettext_lazy("%(cards)s"),
    Told.MOVED: gettext_lazy("Both of you: on to %(step)s"),
    Told.CARD: gettext_lazy("%(name)s added a card"),
    Told.CARD_CHANGED: gettext_lazy("%(name)s changed a card"),
    Told.CARD_DELETED: gettext_lazy("%(name)s deleted a card"),
    Told.PICKED: gettext_lazy("%(name)s picked a card"),
    Told.UNPICKED: gettext_lazy("%(name)s no longer picks a card"),
    Told.TABLED: gettext_lazy("%(name)s put a card on the table"),
    Told.TALKED: gettext_lazy("%(name)s is done talking about a card"),
    Told.PARKED: gettext_lazy("%(name)s parked a card"),
    Told.LEARNED: gettext_lazy("%(name)s added a sentence"),
    Told.SURPRISED: gettext_lazy("%(name)s was surprised"),
    Told.NOTE_DELETED: gettext_lazy("%(name)s deleted a sentence"),
    Told.DECISION: gettext_lazy("%(name)s named a decision"),
    Told.SETTLED: gettext_lazy("%(name)s agreed on the place of a decision"),
    Told.ACTION: gettext_lazy("%(name)s added an action"),
    Told.ACTION_DELETED: gettext_lazy("%(name)s deleted an action"),
    Told.REVIEWED: gettext_lazy("%(name)s said what became of an action"),
    Told.PROPOSED: gettext_lazy("%(name)s put something into your agreement, and signed"),
    Told.MENTIONED: gettext_lazy("%(name)s noted that a clause came up"),
    Told.STILL_RIGHT: gettext_lazy("%(name)s says that an agreement is still right"),
    Told.SIGNED: gettext_lazy("%(name)s signed what waits for your agreement"),
    Told.PLANNED: gettext_lazy("%(name)s planned the next retro"),
    Told.PLANNED_AGAIN: gettext_lazy("%(name)s moved the next retro"),
    Told.CLOSED: gettext_lazy("%(title)s is closed"),
    Told.ASKS_TO_REOPEN: gettext_lazy("%(name)s would like to reopen it"),
    Told.REOPENED: gettext_lazy("%(title)s is open again"),
}


class Sentence(NamedTuple):
    key: str
    words: str


def said(room: Frame) -> tuple[Sentence, ...]:
    """The last few things that the other one did, or both, the latest last; then that a draft is kept."""
    heard = [told for told in room.session.told if told["by"] != room.seat.value or told["what"] in BOTH]
    sentences = [Sentence(str(told["n"]), _sentence(told, room)) for told in heard]
    if heard and heard[-1]["what"] in LEFT_THE_TABLE and room.has_unsent:
        sentences.append(Sentence(f"{heard[-1]['n']}-kept", _("Your draft is kept.")))
    return tuple(sentences)


def _sentence(told: dict[str, Any], room: Frame) -> str:
    session = room.session
    step = next((step for step in session.steps if str(step.pk) == told["of"]), room.step)
    elsewhere = _("“%(step)s” is open to you both") % {"step": step.title}
    words = str(WORDS[told["what"]]) % {
        "name": room.partner.name, "title": session.title, "step": step.title,
        "cards": "" if told["what"] != Told.REVEALED else room.reveal_words if step is room.step else elsewhere,
    }  # fmt: skip
    about = shorten(room.words_of(told["of"]), limits.PREVIEW_LENGTH)
    return (
        _("%(said)s: %(about)s") % {"said": words, "about": isolated(about)}
        if about
        else _("%(said)s.") % {"said": words}
    )
