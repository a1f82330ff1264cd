"""A signed-in browser without a screen: one connection that is kept, plain forms, no script."""

from __future__ import annotations

import select
import socket
from typing import NamedTuple
from urllib.parse import urlencode

from tests.served import CSRF_COOKIE, SESSION_COOKIE

PATIENCE = 120.0  # seconds
TOKEN = "c" * 32


class Page(NamedTuple):
    status: int
    head: bytes
    body: bytes

    def header(self, name: str) -> str:
        """Empty when it was not sent. `name` in lower case."""
        for line in self.head.split(b"\r\n"):
            key, _, value = line.partition(b":")
            if key.lower() == name.encode():
                return value.strip().decode()
        return ""


class Visitor:
    """Raises OSError when the connection is lost; the next request opens another one. `with` closes it."""

    def __init__(self, port: int, cookie: str) -> None:
        self.port = port
        self._cookies = f"{SESSION_COOKIE}={cookie}; {CSRF_COOKIE}={TOKEN}"
        self._socket: socket.socket | None = None

    def __enter__(self) -> Visitor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def get(self, path: str, *headers: str) -> Page:
        return self._ask(f"GET {path}", b"", *headers)

    def post(self, path: str, **fields: str | list[str]) -> Page:
        body = urlencode({"csrfmiddlewaretoken": TOKEN, **fields}, doseq=True).encode()
        kind = "Content-Type: application/x-www-form-urlencoded"
        return self._ask(f"POST {path}", body, kind, f"Content-Length: {len(body)}")

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _ask(self, what: str, body: bytes, *headers: str) -> Page:
        lines = (f"{what} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", f"Cookie: {self._cookies}", *headers, "", "")
        request = "\r\n".join(lines).encode() + body
        if self._socket is not None and _is_closed(self._socket):  # the server lets none wait for long
            self.close()
        try:
            if self._socket is None:
                self._socket = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
            self._socket.sendall(request)
            return self._read(self._socket)
        except OSError:
            self.close()
            raise

    def _read(self, connection: socket.socket) -> Page:
        received = b""
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._more(connection)
        page = Page(int(received[9:12]), received[:end], b"")
        parts, left = [received[end + 4 :]], int(page.header("content-length") or 0) - (len(received) - end - 4)
        while left > 0:
            parts.append(self._more(connection))
            left -= len(parts[-1])
        if page.header("connection").lower() == "close":
            self.close()
        return page._replace(body=b"".join(parts))

    @staticmethod
    def _more(connection: socket.socket) -> bytes:
        if not (more := connection.recv(262_144)):
            raise ConnectionError("The server closed the connection.")
        return more


def _is_closed(connection: socket.socket) -> bool:
    """Whether the other side has closed it. Nothing else can be there to read: every answer was read to its end."""
    return bool(select.select([connection], [], [], 0)[0])
