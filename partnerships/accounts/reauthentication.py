"""Who somebody without a password is, confirmed by a code that is mailed to the address they sign in with.

allauth asks for a password, and asks those who have none for nothing. Its parts for a mailed code do the work here.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.code_verification import AbstractCodeVerificationProcess
from allauth.account.internal.flows.login import get_authentication_records, record_authentication

if TYPE_CHECKING:
    from django.http import HttpRequest

    from partnerships.http import PersonRequest


SESSION_KEY = "reauthentication_code"
METHOD = "code"


class MailedCode(AbstractCodeVerificationProcess):
    """A code on its way, in the browser's session: for three minutes and three tries, as at a sign-in by code."""

    def __init__(self, request: PersonRequest, state: dict[str, Any]) -> None:
        self.request = request
        super().__init__(
            max_attempts=app_settings.LOGIN_BY_CODE_MAX_ATTEMPTS,
            timeout=app_settings.LOGIN_BY_CODE_TIMEOUT,
            state=state,
            user=request.user,
        )

    @classmethod
    def of(cls, request: PersonRequest) -> MailedCode:
        """The one that this browser waits for; else one that is not sent yet."""
        mailed = cls(request, request.session.get(SESSION_KEY, {}))
        return mailed if mailed.is_sent and mailed.is_valid() else cls(request, {})

    @property
    def is_sent(self) -> bool:
        return bool(self.state)

    def start(self) -> None:
        person = self.request.user
        self.state = {**self.initial_state(person, person.email), "code": get_adapter().generate_login_code()}
        self.send()
        self.persist()

    def finish(self) -> None:
        self.abort()
        record_authentication(self.request, self.request.user, method=METHOD, reauthenticated=True)

    def send(self) -> None:
        get_adapter().send_mail("account/email/login_code", self.state["email"], {"code": self.code})

    def persist(self) -> None:
        self.request.session[SESSION_KEY] = self.state

    def abort(self) -> None:
        self.request.session.pop(SESSION_KEY, None)


def was_confirmed(request: HttpRequest) -> bool:
    """Whether whoever is signed in said who they are a moment ago: once more, in whatever way, or at the provider."""
    until = time.time() - app_settings.REAUTHENTICATION_TIMEOUT
    records = get_authentication_records(request, request.user)
    counts = [r for r in records if r.get("reauthenticated") or r["method"] == "socialaccount"]
    return any(r["at"] > until for r in counts)
