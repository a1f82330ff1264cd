"""Log lines for operators: JSON, UTC, listed fields, nothing that somebody wrote (docs/rules/reliability.md R22)."""

from __future__ import annotations

import json
import logging
import secrets
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from config.counters import count

FIELDS = ("route", "method", "status", "ms", "person", "reference", "kind", "count")
# Only these speak in sentences of fixed text; what others put into a message may hold a path or a person's words.
SPEAKERS = ("twofold", "uvicorn.error")
ROOT = Path(__file__).resolve().parent.parent

log = logging.getLogger("twofold.requests")


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {"time": at, "level": record.levelname.lower(), "from": record.name}
        if record.name.startswith(SPEAKERS):
            line["event"] = record.getMessage()
        for field in FIELDS:
            if (value := getattr(record, field, None)) is not None:
                line[field] = value
        if record.exc_info and record.exc_info[1] is not None:
            line |= _error(record.exc_info[1])
        return json.dumps(line, default=str)


def _error(error: BaseException) -> dict[str, object]:
    """Type and place. Never the message: the database's own quotes the row that it refused."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _ours(frame.filename)]
    places = [f"{Path(frame.filename).relative_to(ROOT)}:{frame.lineno} {frame.name}" for frame in frames]
    found: dict[str, object] = {"error": type(error).__qualname__, "at": places}
    if error.__cause__ is not None:
        found["cause"] = type(error.__cause__).__qualname__
    return found


def _ours(filename: str) -> bool:
    path = Path(filename)
    return path.is_relative_to(ROOT) and not path.is_relative_to(ROOT / ".venv")


class RequestLogMiddleware:
    """One line for each answer that a view gave. The route's pattern, never the path: paths can hold a key."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.reference = secrets.token_hex(6)  # type: ignore[attr-defined]
        before = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        if match is None and response.status_code < 400:
            return response  # a static file
        count(match.route if match else None, response.status_code)
        user = getattr(request, "user", None)
        level = logging.ERROR if response.status_code >= 500 else logging.INFO
        log.log(
            level,
            "answered",
            extra={
                "route": match.route if match else None,
                "method": request.method,
                "status": response.status_code,
                "ms": round((time.perf_counter() - before) * 1000, 1),
                "person": user.pk if user is not None and user.is_authenticated else None,
                "reference": request.reference,  # type: ignore[attr-defined]
            },
        )
        return response
