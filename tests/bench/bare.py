"""The floor of a page, in the same process: a view with equal rows, the same middleware, session and sign-in."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import include, path

from partnerships.http import PersonRequest
from retros.models import Entry

ROWS = """<!doctype html><title>Rows</title><ul>
{% for card in cards %}<li>{{ card.author.name }}: {{ card.text }}</li>
{% endfor %}</ul>"""


def rows(request: PersonRequest, session_id: UUID) -> HttpResponse:
    cards = Entry.objects.visible_to(request.user).filter(step__session=session_id).select_related("author")
    return HttpResponse(template().render({"cards": cards}, request))


@cache
def template() -> Any:
    return engines["django"].from_string(ROWS)


class CountQueries:
    """Says how many queries a page took, to whoever asks with the header `Bench-Queries`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "Bench-Queries" not in request.headers:
            return self.get_response(request)
        counted = 0

        def count(execute: Callable[..., Any], *query: Any) -> Any:
            nonlocal counted
            counted += 1
            return execute(*query)

        with connection.execute_wrapper(count):
            response = self.get_response(request)
        response["Bench-Queries"] = str(counted)
        return response


urlpatterns = [path("bare/<uuid:session_id>/", rows), path("", include("config.urls"))]
handler500 = "config.errors.server_error"
