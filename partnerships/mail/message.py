"""What a mail is made of, and its two parts: the only place that makes one.

Whoever has something to say fills in a `Letter`; text and HTML are drawn from it here, so they say the same. Nothing
in the HTML is fetched from anywhere, and no link says who opened it.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from partnerships.models import Organisation


@dataclass(frozen=True)
class Link:
    label: str
    url: str


@dataclass(frozen=True)
class Letter:
    """A mail to one address: paragraphs, a code or a button, paragraphs after it.

    `also` are further places to go to; `unsubscribe` is where reminders end, for those that can be ended.
    """

    to: str
    subject: str
    lines: tuple[str, ...]
    button: Link | None = None
    code: str = ""
    after: tuple[str, ...] = ()
    also: tuple[Link, ...] = ()
    unsubscribe: Link | None = None

    def message(self) -> EmailMultiAlternatives:
        message = EmailMultiAlternatives(" ".join(self.subject.split()), self.text, to=[self.to])
        message.extra_headers["Auto-Submitted"] = "auto-generated"
        message.attach_alternative(self.html, "text/html")
        if self.unsubscribe:
            message.extra_headers["List-Unsubscribe"] = f"<{self.unsubscribe.url}>"
            message.extra_headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        return message

    @property
    def text(self) -> str:
        button = (self.button,) if self.button else ()
        links = [f"{link.label}:\n{link.url}" for link in (*button, *self.also)]
        blocks = [*self.lines, self.code, *links[: len(button)], *self.after, *links[len(button) :]]
        foot = [f"-- \n{self.sender}"]
        if self.unsubscribe:
            foot.append(f"{self.unsubscribe.label}:\n{self.unsubscribe.url}")
        return "\n\n".join([block for block in blocks if block] + foot) + "\n"

    @cached_property
    def sender(self) -> str:
        """Who writes: Twofold, and of which organisation."""
        return " · ".join(filter(None, [_("Twofold"), Organisation.in_words()]))

    @property
    def html(self) -> str:
        return render_to_string("partnerships/mail/letter.html", {"letter": self})
