"""What belongs to every answer and every request, whatever page it is (docs/rules/reliability.md R16, R17)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING, cast
from urllib.parse import unquote_to_bytes

from django.contrib.auth import logout
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParser
from django.http.response import HttpResponseBase
from django.utils import timezone

from partnerships.http import own_origin

if TYPE_CHECKING:
    from partnerships.models.sign_in import SessionStore

GetResponse = Callable[[HttpRequest], HttpResponseBase]

LAST_SEEN_EVERY = timedelta(minutes=5)  # how exactly "last seen" is kept: each change is a write
# What an open tab asks for by itself is no sign of a person.
BY_ITSELF = frozenset({"partnership_course", "session_live", "session_version"})


class HeadersMiddleware:
    """Says of pages that nobody but their reader keeps them. Other headers: `config/answers.py`."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.get("Content-Type", "").startswith("text/html"):
            response["Cache-Control"] = "private, no-store"
            response["Vary"] = "Cookie, HX-Request"
        elif "Cache-Control" not in response:
            response["Cache-Control"] = "private, no-store"
        return response


class SameOriginMiddleware:
    """Refuses a changing request that the browser itself says comes from elsewhere.

    `Sec-Fetch-Site` also tells another port or a sibling name of the same site apart, which a Lax cookie does not. Over
    plain http there is none, and the origin alone says it. The refusal of a token comes too late for that: its page
    offers to send the form again, which would then be ours.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        changing = request.method not in {"GET", "HEAD", "OPTIONS", "TRACE"}
        if changing and (
            request.headers.get("Sec-Fetch-Site", "none") not in {"same-origin", "none"}
            or request.headers.get("Origin") not in {None, own_origin(request)}
        ):
            raise PermissionDenied
        return self.get_response(request)


class ReadableMiddleware:
    """Refuses a form that is not UTF-8 (400). Django would put question marks where somebody's words were.

    What is inside a file is for the form to read that takes one.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if any("\0" in cookie for cookie in request.COOKIES.values()):
            raise BadRequest("not text")  # a quoted cookie can hold one, and PostgreSQL takes none in a key
        if (request.content_params or {}).get("charset", "utf-8").lower() not in {"utf-8", "utf8"}:
            raise BadRequest("not UTF-8")  # in some of the others half a character passes for a whole one
        try:
            for text in _typed(request):
                text.decode("utf-8")
        except UnicodeDecodeError as error:
            raise BadRequest("not UTF-8") from error
        return self.get_response(request)


def _typed(request: HttpRequest) -> Iterator[bytes]:
    """What a form holds beside its files, as it was sent."""
    if request.content_type == "application/x-www-form-urlencoded":
        yield unquote_to_bytes(request.body)
    if request.content_type == "multipart/form-data":
        # By the parser that reads it for the views, in an encoding that gives every byte back.
        parser = MultiPartParser(request.META, BytesIO(request.body), request.upload_handlers, "latin-1")
        fields, _files = parser.parse()
        for _name, values in fields.lists():
            yield from (value.encode("latin-1") for value in values)


class SessionLimitsMiddleware:
    """Ends a session that was idle too long or is too old, before any view looks at it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> HttpResponse | None:
        if not request.user.is_authenticated:
            return None
        now, session = timezone.now(), cast("SessionStore", request.session)
        if session.is_over(request.user, now):
            logout(request)
            return None
        match, idle = request.resolver_match, now - session.moment("seen", now)
        # What is of the future is of a clock that was wrong, and would let a session live on.
        if "started" not in session or session.moment("started", now) > now:
            session["started"] = session["seen"] = now.isoformat()
        elif abs(idle) > LAST_SEEN_EVERY and (match is None or match.url_name not in BY_ITSELF):
            session["seen"] = now.isoformat()
        return None
