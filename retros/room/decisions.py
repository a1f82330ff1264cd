"""Who decides what: the rows of the table, and the place that the two agree on for each."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from partnerships import limits as shared_limits
from partnerships.content import clean_line
from partnerships.refusals import Invalid, Refusal
from retros import limits
from retros.models.draft import Draft
from retros.models.note import Note
from retros.models.session import key_is_taken
from retros.models.step import Prompt, Step
from retros.models.told import Told

if TYPE_CHECKING:
    from partnerships.models import Person


def name_decision(step: Step, *, by: Person, title: str, id: uuid.UUID) -> Prompt:
    """Add a decision to the table while both still write. Its name is for both at once; where each puts it is not.

    `id` is the client's own: the same press twice adds one. Raises Invalid without a name, Refusal once anything here
    is open or when there are too many.
    """
    try:
        title = clean_line(title, limit=shared_limits.TITLE_LENGTH)
    except ValidationError as error:
        raise Invalid(error.messages[0]) from error
    if not title:
        raise Invalid(_("Say which decision it is."))
    with step.session.writing(by=by) as change:
        if twin := Prompt.objects.filter(pk=id).first():
            if twin.step_id != step.pk:
                raise key_is_taken()
            return twin
        step.refresh_from_db()
        rows = list(Prompt.objects.filter(step=step))
        places = [row for row in rows if row.kind == Prompt.Kind.PLACE]
        if not places:
            raise Refusal(_("There is no table of decisions in this step."))
        if step.is_opened:
            raise Refusal(_("Something is open here already. Talk about this decision, and write your sentence."))
        if sum(row.named_by_id is not None for row in rows) >= limits.DECISIONS:
            raise Refusal(_("These are a lot of decisions. Keep to those that you argue about."))
        change.tell(Told.DECISION, id)
        Draft.take(Draft.Box.DECISION.key(step.pk), by=by, client_id=id)
        return Prompt.objects.create(
            id=id, step=step, position=max(row.position for row in rows) + 1, key=f"decide_{id.hex}",
            kind=Prompt.Kind.PLACE, title=title, choices=places[0].choices, named_by=by,
        )  # fmt: skip


def settle_decision(prompt: Prompt, *, by: Person, value: int) -> Note:
    """Agree on the place of a decision: it becomes one of our sentences. Another place later changes that sentence.

    Words that the two changed by hand stay: then there is nothing to settle. Raises Refusal before the reveal.
    """
    label = dict(prompt.choices).get(str(value))
    if prompt.kind != Prompt.Kind.PLACE or label is None:
        raise Invalid(_("That is not one of the choices."))
    session = prompt.step.session
    sentences = {sentence_of(prompt, words) for _value, words in prompt.choices}
    with session.writing(by=by, step=prompt.step) as change:
        if not prompt.step.is_revealed:
            raise Refusal(_("Open this step first, together. Both of you press “I’m ready”."))
        note = Note.objects.filter(pk=prompt.sentence_key).first()
        if note is None:
            note = Note(id=prompt.sentence_key, step=session.steps[-1], kind=Note.Kind.LEARNED, version=0)
        elif note.text not in sentences and note.deleted_at is None:
            raise Refusal(_("You changed this sentence by hand. Change it where it stands."))
        if note.text != sentence_of(prompt, label) or note.deleted_at is not None:
            note.deleted_at = None
            note.write(sentence_of(prompt, label), by)
            change.tell(Told.SETTLED, prompt.pk)
    return note


def sentence_of(prompt: Prompt, label: str) -> str:
    """What a decision reads as, once the two have settled it."""
    return _("%(decision)s: %(place)s.") % {"decision": prompt.title, "place": label}
