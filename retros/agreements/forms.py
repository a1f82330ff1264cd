"""The shape of a proposal that comes from a retro."""

from __future__ import annotations

from django import forms

from partnerships.forms import CheckedForm, ContentFormField
from retros.models import ClauseLink


class CardProposalForm(CheckedForm):
    """A proposal from a card or a learning: for a clause (`line`), or for a new one; or only that a clause came up.

    `version` is the one in force from which the page took the words to change.
    """

    client_id = forms.UUIDField()
    agreement = forms.UUIDField()
    line = forms.UUIDField(required=False)
    version = forms.UUIDField(required=False)
    text = ContentFormField(required=False)
    reason = ContentFormField(required=False)
    came_up = forms.BooleanField(required=False)


class LinkForm(CheckedForm):
    """The changes in which a clause asks for a look."""

    tags = forms.MultipleChoiceField(choices=ClauseLink.Tag.choices, required=False)


class LineForm(CheckedForm):
    """A clause, or (empty) the whole agreement."""

    line = forms.UUIDField(required=False)


class AdoptForm(CheckedForm):
    """The agreement of which an experiment becomes a clause."""

    not_typed = ("short",)  # the button that begins with three questions

    agreement = forms.UUIDField()
