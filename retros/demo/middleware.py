from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from allauth.account.internal.flows.login import clear_authentication_records, record_authentication
from django.contrib.auth import login
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse

from partnerships.accounts.reauthentication import was_confirmed
from retros.demo.cast import HOST, is_on, person_at, player_at

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def is_at_home(request: HttpRequest) -> bool:
    """Whether whoever is signed in asks at an address of their own."""
    player = player_at(request.get_host())
    return player is not None and request.user.is_authenticated and request.user.email == player.email


class DemoMiddleware:
    """In the demo, who asks at `ines.localhost` is Ines, without a password. Refuses to exist in any other setting."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not is_on():
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if is_on() and not request.user.is_authenticated:
            if person := person_at(request.get_host()):
                login(request, person, backend=BACKEND)
            elif request.path == "/" and request.get_host().partition(":")[0] in {HOST, "127.0.0.1"}:
                return HttpResponseRedirect(reverse("demo"))
        if is_on() and is_at_home(request) and not was_confirmed(request):
            # No code reaches anybody here, so nobody is asked for one.
            clear_authentication_records(request)
            record_authentication(request, request.user, method="demo", reauthenticated=True)
        return self.get_response(request)
