"""Forms as browsers send them, and what they changed taken back."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.test import Client

FORM = "application/x-www-form-urlencoded"


def send(client: Client, url: str, data: Any, headers: dict[str, str] | None = None) -> Any:
    """A form as a browser sends it; what it changed is taken back, in the database and in the cookies."""
    pairs = data.items() if isinstance(data, dict) else data
    return send_bytes(client, url, urlencode([(k, str(v)) for k, v in pairs]).encode(), FORM, headers)


def send_bytes(client: Client, url: str, body: bytes, kind: str, headers: dict[str, str] | None = None) -> Any:
    cookies = client.cookies.output()
    with transaction.atomic():
        answer = client.post(url, body, content_type=kind, headers=headers or {})
        transaction.set_rollback(True)
    client.cookies.load(cookies.replace("Set-Cookie: ", ""))
    return answer
