"""Beginnings of a sentence for who wants one: to say, and on a card. What comes after them is never ours."""

from __future__ import annotations

from django.utils.translation import gettext as _


def starters() -> list[str]:
    return [_("I notice"), _("It matters to me because"), _("What I need is")]
