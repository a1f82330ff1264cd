"""HTTP/1.1 to the letter. What proxies read in two ways is refused, and so is what takes too long to ask."""

from __future__ import annotations

import asyncio
import re
from http import HTTPStatus
from typing import Any

import h11
from django.utils.translation import gettext as _
from uvicorn.protocols.http.h11_impl import H11Protocol

from config.answers import CLOSE, Complete, Receive, Scope, Send, answer, completed, plain
from partnerships import limits
from retros.live.hub import hub

HEADER_SECONDS = 10
BARE_LINE_FEED = re.compile(rb"(?<!\r)\n")
FOLDED = re.compile(rb"\n[ \t]")


class StrictConnection(h11.Connection):
    """h11 takes a head that is too large if it comes in one piece, and some that others read in another way."""

    refusal = HTTPStatus.BAD_REQUEST  # the status for what it has raised

    def next_event(self) -> Any:
        """Raises RemoteProtocolError, as h11 does."""
        try:
            if self.their_state is h11.IDLE:
                check_head(self.trailing_data[0])
            return super().next_event()
        except h11.RemoteProtocolError as error:
            self.refusal = HTTPStatus(error.error_status_hint)
            raise


def check_head(received: bytes) -> None:
    """Looks at a request's head as far as it has arrived; `received` may go on with its body.

    Raises RemoteProtocolError for more than HEAD_BYTES, for a line that ends without CR (RFC 9112, 2.2), for a folded
    one (5.2), and for a length that is told in two ways (6.1).
    """
    head = received.partition(b"\r\n\r\n")[0]
    if len(head) > limits.HEAD_BYTES:
        raise h11.RemoteProtocolError("The head is too large.", error_status_hint=431)
    if BARE_LINE_FEED.search(head) or FOLDED.search(head):
        raise h11.RemoteProtocolError("A line of the head ends or goes on as none may.")
    names = {line.partition(b":")[0] for line in head.lower().split(b"\r\n")}
    if {b"content-length", b"transfer-encoding"} <= names:
        raise h11.RemoteProtocolError("The length of the body is told in two ways.")


class StrictProtocol(H11Protocol):
    """Closes a connection whose request has not said all of its headers in time; uvicorn itself would wait for ever.

    What uvicorn answers itself, this answers with the headers of every answer.
    """

    conn: StrictConnection
    late: asyncio.TimerHandle | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conn = StrictConnection(h11.SERVER, limits.HEAD_BYTES)
        self.most, self.limit_concurrency = self.limit_concurrency, None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.late = self.loop.call_later(HEADER_SECONDS, transport.close)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        whole = self.conn.their_state is not h11.IDLE
        if whole and self.late is not None:
            self.late.cancel()
            self.late = None
        elif not whole and self.late is None and self.timeout_keep_alive_task is None:
            self.late = self.loop.call_later(HEADER_SECONDS, self.transport.close)

    def handle_events(self) -> None:
        full = self.most is not None and max(len(self.connections), len(self.tasks)) >= self.most
        self.app = busy if full else self.config.loaded_app
        super().handle_events()

    def send_400_response(self, msg: str) -> None:
        """For what the connection refused, with the status that it named. Nothing when an answer is under way."""
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            text = _("We could not read that.").encode()
            status = self.conn.refusal
            headers = completed([*plain(text), CLOSE])
            for event in (
                h11.Response(status_code=status, headers=headers, reason=status.phrase.encode()),
                h11.Data(data=text),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def shutdown(self) -> None:
        """The server stops, and has asked this connection to end: a stream does when the hub ends it."""
        super().shutdown()
        ending = self.loop.create_task(hub.stop())
        self.tasks.add(ending)  # the server waits for these
        ending.add_done_callback(self.tasks.discard)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.late is not None:
            self.late.cancel()


async def busy(scope: Scope, receive: Receive, send: Send) -> None:
    """The application of a connection too many."""
    await answer(Complete(scope, send), 503, _("Busy. We try again."), (b"retry-after", b"2"), CLOSE)
