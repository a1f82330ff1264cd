"""What a verb raises when it will not do what was asked. The middleware turns each into an answer.

docs/rules/reliability.md R15 has all of them. A refusal never loses text: htmx swaps the message into the form's own
notice and leaves the fields alone; a plain form gets a page that shows the message and everything that was typed, to be
mended and sent again, with the field that was left empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.forms import Form
    from django_stubs_ext import StrOrPromise


class Refusal(Exception):
    """Something a member asked for cannot be done as asked. `message` is for the person, in whole sentences; `field`
    names the field of the form that it is about, `form` is that form, when it is known.
    """

    status = 409

    def __init__(self, message: StrOrPromise, *, field: str = "", form: Form | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.form = form


class Invalid(Refusal):
    """The input itself is wrong: empty, too long, not text. 422."""

    status = 422


class NotAllowed(Refusal):
    """A member may know the object, but may not do this. 403."""

    status = 403


class TooMany(Refusal):
    """A rate limit. 429, with Retry-After."""

    status = 429

    def __init__(self, message: StrOrPromise = "", *, retry_after: int = 60) -> None:
        super().__init__(message or _("Wait a minute."))
        self.retry_after = retry_after


class Stale(Refusal):
    """Somebody (perhaps the same person in another tab) changed this in between. 409, both texts shown.

    `theirs` is the text that is stored now, `version` its version; `mine` is what was just sent.
    """

    def __init__(self, message: StrOrPromise, *, mine: str = "", theirs: str = "", version: int = 0) -> None:
        super().__init__(message)
        self.mine = mine
        self.theirs = theirs
        self.version = version

    @classmethod
    def by_both(cls, *, mine: str, theirs: str, version: int) -> Stale:
        """Of a text that both may write."""
        words = _("You both wrote here at the same time. Both texts are here; keep what you want.")
        return cls(words, mine=mine, theirs=theirs, version=version)

    @classmethod
    def kept_already(cls, *, mine: str, theirs: str, version: int = 0) -> Stale:
        """Of a form that was sent before, with other words."""
        words = _("This was kept already, with other words. Both texts are here.")
        return cls(words, mine=mine, theirs=theirs, version=version)
