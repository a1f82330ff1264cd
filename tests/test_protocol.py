"""Requests that a proxy and we might read in two ways, byte by byte, at the running application."""

from __future__ import annotations

import socket

import pytest

from config.protocol import check_head
from partnerships import limits
from tests.conftest import LiveServer

pytestmark = [pytest.mark.one_database, pytest.mark.browser]

GET = b"GET /account/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
POST = b"POST /account/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
END = b"Connection: close\r\n\r\n"
BARE = GET + b"X-One: 1\nConnection: close\r\n\r\n"


def answers(server: LiveServer, sent: bytes) -> list[int]:
    """The status of each answer, until the server closes. `sent` goes in one piece."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(sent)
        told = b""
        try:
            while part := connection.recv(65536):
                told += part
        except ConnectionResetError:  # it closed before it had read all
            pass
    return [int(part[:3]) for part in told.split(b"HTTP/1.1 ")[1:]]


REFUSED = {
    "bare line feeds alone": (GET + END).replace(b"\r\n", b"\n"),
    "one bare line feed": BARE,
    "a bare line feed at the end": GET + b"Connection: close\r\n\n",
    "a bare carriage return": GET + b"X-One: 1\rX-Two: 2\r\n" + END,
    "a folded line": GET + b"X-One: 1\r\n 2\r\n" + END,
    "a line folded by a tab": GET + b"X-One: 1\r\n\t2\r\n" + END,
    "a folded line at the end": GET + b"Connection: close\r\n \r\n\r\n",
    "both lengths": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n" + END + b"0\r\n\r\n",
    "both lengths, the other way round": POST
    + b"transfer-encoding: chunked\r\ncontent-LENGTH: 5\r\n"
    + END
    + b"0\r\n\r\n",
    "two lengths": POST + b"Content-Length: 5\r\nContent-Length: 6\r\n" + END + b"hello!",
    "a space before the colon": POST + b"Content-Length : 5\r\n" + END + b"hello",
}


def test_what_can_be_read_in_two_ways_is_refused(live_server: LiveServer) -> None:
    found = {name: answers(live_server, sent) for name, sent in REFUSED.items()}
    assert {name: statuses for name, statuses in found.items() if statuses != [400]} == {}


def test_a_head_beyond_its_limit_is_refused_also_in_one_piece(live_server: LiveServer) -> None:
    heads = {
        "many headers": GET + b"".join(b"X-%d: %s\r\n" % (n, b"y" * 1000) for n in range(40)) + END,
        "a long address": GET.replace(b"login/", b"login/?" + b"y" * 20_000) + END,
        "a head that does not end": GET + b"X-Long: " + b"y" * 20_000,
    }
    found = {name: answers(live_server, head) for name, head in heads.items()}
    assert {name: statuses for name, statuses in found.items() if statuses != [431]} == {}


def test_a_head_up_to_its_limit_is_taken(live_server: LiveServer) -> None:
    rest = limits.HEAD_BYTES - len(GET + b"X-Long: \r\n" + END)
    assert answers(live_server, GET + b"X-Long: " + b"y" * rest + b"\r\n" + END) == [200]


def test_the_next_request_of_a_connection_is_looked_at_too(live_server: LiveServer) -> None:
    assert answers(live_server, GET + b"\r\n" + BARE) == [200, 400]
    # The rest of a body that nobody asked for is thrown away, and the head after it is a head like others.
    unread = b"GET /live/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n\r\n"
    assert answers(live_server, unread + b"hello" + BARE) == [404, 400]


def test_a_body_may_hold_what_a_head_may_not(live_server: LiveServer) -> None:
    body = b"login=a\n b\r\n\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n" + b"x" * 20_000
    head = POST + b"Content-Type: text/plain\r\nContent-Length: %d\r\n" % len(body)
    assert answers(live_server, head + END + body) == [403]  # no token


def test_nothing_is_read_after_a_body_in_chunks(live_server: LiveServer) -> None:
    """Its end is read leniently: “0”, a line feed, and what a proxy takes for a part of it would be a request."""
    chunked = POST + b"Transfer-Encoding: chunked\r\n\r\n"
    assert answers(live_server, chunked + b"5\r\nhello\r\n0\r\n\n" + GET + END) == [403]
    assert answers(live_server, chunked + b"5\r\nhello\r\n0\r\n\r\n" + GET + END) == [403]


def test_a_broken_body_is_refused(live_server: LiveServer) -> None:
    assert answers(live_server, POST + b"Transfer-Encoding: chunked\r\n\r\nfive\r\nhello\r\n") == [400]


def test_a_good_head_is_good_however_far_it_has_come() -> None:
    whole = POST + b"Content-Length: 5\r\nX-One: a \t b\r\n" + END + b"a\nb \r\n c\r\n"
    for size in range(len(whole) + 1):
        check_head(whole[:size])
