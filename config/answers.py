"""What every answer of the server carries, and the plain answers that no page makes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import cache
from typing import Any

from csp.constants import SELF, UNSAFE_INLINE
from csp.utils import build_policy
from django.conf import settings

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]

ALLOWED_FEATURES = ("publickey-credentials-get", "publickey-credentials-create", "clipboard-write")
REFUSED_FEATURES = (
    "accelerometer", "autoplay", "browsing-topics", "camera", "clipboard-read", "display-capture",
    "encrypted-media", "fullscreen", "gamepad", "geolocation", "gyroscope", "hid", "idle-detection", "local-fonts",
    "magnetometer", "microphone", "midi", "payment", "picture-in-picture", "screen-wake-lock", "serial",
    "storage-access", "usb", "window-management", "xr-spatial-tracking",
)  # fmt: skip
PERMISSIONS = ", ".join([f"{name}=()" for name in REFUSED_FEATURES] + [f"{name}=(self)" for name in ALLOWED_FEATURES])
OF_DEBUG = {name: [SELF, UNSAFE_INLINE] for name in ("script-src", "style-src")}
# Of an answer that does not say itself who may keep it.
KEPT_BY_NOBODY = [(b"cache-control", b"private, no-store"), (b"vary", b"Cookie, HX-Request")]
CLOSE = (b"connection", b"close")


class Complete:
    """The server's `send`, which adds to each answer the headers that it lacks, whoever made it.

    Middleware cannot promise that: an answer that is made before it never passes it.
    """

    def __init__(self, scope: Scope, send: Send) -> None:
        self.send = send
        self.begun = False
        # h11 takes bare line feeds at the end of chunks, where a proxy may see another end: nothing may follow.
        self.more = [CLOSE] if any(name == b"transfer-encoding" for name, _value in scope["headers"]) else []

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            message = {**message, "headers": completed([*message["headers"], *self.more])}
        await self.send(message)


def completed(given: Iterable[Header]) -> list[Header]:
    """These headers, and those of every answer that are not among them."""
    headers = list(given)
    names = {name.lower() for name, _value in headers}
    if b"cache-control" not in names:
        headers += [header for header in KEPT_BY_NOBODY if header[0] not in names]
    return headers + [header for header in of_every_answer() if header[0] not in names]


@cache
def of_every_answer() -> list[Header]:
    """As the settings say. A page has a policy of its own, with its nonce.

    In DEBUG a 404 or 500 has none, and gets one that lets in the style and script of Django's own.
    """
    headers = {
        "content-security-policy": build_policy(replace=OF_DEBUG if settings.DEBUG else {}),
        "cross-origin-embedder-policy": "require-corp",
        "cross-origin-opener-policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": PERMISSIONS,
        "referrer-policy": settings.SECURE_REFERRER_POLICY,
        "x-content-type-options": "nosniff",
        "x-frame-options": settings.X_FRAME_OPTIONS,
    }
    if settings.SECURE_HSTS_SECONDS:
        headers["strict-transport-security"] = f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains"
    return [(name.encode(), value.encode()) for name, value in headers.items()]


async def answer(send: Send, status: int, sentence: str, *headers: Header, more: bool = False) -> None:
    """A sentence as plain text: htmx puts it into the form's notice, a browser without script shows it as it is.

    With `more` the answer is sent, and its end is not: the caller sends it.
    """
    text = sentence.encode()
    await send({"type": "http.response.start", "status": status, "headers": [*plain(text), *headers]})
    await send({"type": "http.response.body", "body": text, "more_body": more})


def plain(text: bytes) -> list[Header]:
    return [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(text)).encode())]
