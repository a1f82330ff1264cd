"""What the form is called that changes a sentence of the two: after what the sentence is where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext as _

from retros.models import Note, Session, Step
from retros.room.questions import surprise_words

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class FormTitles(NamedTuple):
    heading: StrOrPromise
    label: StrOrPromise


def form_titles(note: Note) -> FormTitles:
    session = note.step.session
    if note.kind == Note.Kind.SURPRISED and note.entry:
        name = next(s.person.first_name for s in session.sides.values() if s.person_id != note.entry.author_id)
        return FormTitles(_("Edit sentence"), surprise_words(note.entry.prompt, name))
    if note.step.kind == Step.Kind.AGREE:
        return FormTitles(_("Edit sentence"), _("One sentence you can both keep to"))
    if session.kind == Session.Kind.DIFFERENCE:
        return FormTitles(_("Edit decision"), _("What did you decide?"))
    return FormTitles(_("Edit learning"), _("What we learned"))
