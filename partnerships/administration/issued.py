"""Links of invitations that were just made. Each is shown once: it is nowhere at rest."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from django.shortcuts import render
from django.utils.translation import gettext as _

from partnerships.cells import as_text
from partnerships.header import admin_menu
from partnerships.mail import letters

if TYPE_CHECKING:
    from django.http import HttpResponse

    from partnerships.http import PersonRequest
    from partnerships.models import Invitation, Partnership

ONE_BY_ONE = 50  # of many, with a button each; all of them are in the file


@dataclass(frozen=True)
class IssuedLinks:
    """To be copied one by one or all at once, or kept as a file."""

    issued: Sequence[tuple[Invitation, str]]

    def __len__(self) -> int:
        return len(self.issued)

    @property
    def shown(self) -> list[tuple[Invitation, str]]:
        return [(invitation, letters.invitation_link(token)) for invitation, token in self.issued[:ONE_BY_ONE]]

    @property
    def partnership(self) -> Partnership | None:
        """The one that all of them are into, if it is one."""
        into = {invitation.partnership for invitation, _token in self.issued}
        return into.pop() if len(into) == 1 else None

    @property
    def are_to_accounts(self) -> bool:
        return all(invitation.partnership is None for invitation, _token in self.issued)

    @property
    def more(self) -> int:
        return max(len(self.issued) - ONE_BY_ONE, 0)

    @property
    def text(self) -> str:
        """One line for each, with tabs: it can be pasted into a spreadsheet."""
        return self._written("\t")

    @property
    def file(self) -> str:
        """The same as a file, in an address of its own: no request has to carry the links back to us."""
        return "data:text/csv;charset=utf-8," + quote("\ufeff" + self._written(","))

    def _written(self, separator: str) -> str:
        lines = io.StringIO()
        writer = csv.writer(lines, delimiter=separator, lineterminator="\n")
        writer.writerow([_("Address"), _("Partnership"), _("Link")])
        for invitation, token in self.issued:
            label = invitation.partnership.label if invitation.partnership else ""
            writer.writerow([as_text(invitation.email), as_text(label), letters.invitation_link(token)])
        return lines.getvalue()


def show_links_once(request: PersonRequest, issued: Sequence[tuple[Invitation, str]]) -> HttpResponse:
    """The answer to the POST that made the links, and no redirect: a link kept for the next page would be at rest."""
    links = IssuedLinks(issued)
    place = "person_list" if links.are_to_accounts else "admin_partnership_list"
    context = {**admin_menu(place), "links": links}
    return render(request, "partnerships/administration/admin_links.html", context)
