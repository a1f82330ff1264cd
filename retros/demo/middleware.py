from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.contrib.auth import login
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse

from retros.demo.cast import HOST, is_on, person_at

if TYPE_CHECKING:
    from django.http.response import HttpResponseBase

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


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
        return self.get_response(request)
