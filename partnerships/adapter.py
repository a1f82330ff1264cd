from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.adapter import DefaultAccountAdapter

from partnerships.access import get_waiting_invitation

if TYPE_CHECKING:
    from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    """Where the accounts' own flows meet our rules."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Closed, but for somebody who came by an open invitation."""
        return get_waiting_invitation(request.session.get("invitation")) is not None
