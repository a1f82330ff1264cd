"""A proxy that treats requests badly, between a browser and the running application.

    with Proxy(live_server.port) as proxy:
        proxy.fate = lambda method, path: CUT if method == "POST" else PASS

LOSE: the request never reaches the server. CUT: the server did it all, and the answer is lost on its way.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PASS, LOSE, CUT = "pass", "lose", "cut"
_OURS = {"connection", "content-length", "transfer-encoding", "keep-alive"}


class Proxy:
    """`fate(method, path)` says what becomes of a request; `delay` holds each one up, in seconds."""

    def __init__(self, port: int) -> None:
        self.upstream = port
        self.fate: Callable[[str, str], str] = lambda method, path: PASS
        self.delay = 0.0
        self.lost = 0
        self._open: set[socket.socket] = set()
        proxy = self

        class Handler(_Handler):
            owner = proxy

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        for ours in list(self._open):  # streams would go on for minutes
            with contextlib.suppress(OSError):
                ours.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    """Keeps connections open, as a real one does: on those a browser repeats a lost request by itself."""

    owner: Proxy
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fate = self.owner.fate(self.command, self.path)
        if "/live/" not in self.path:
            time.sleep(self.owner.delay)
        if fate == LOSE:
            return self._hang_up()
        with contextlib.suppress(OSError, http.client.HTTPException):  # one of the three has gone
            self._ask(body, fate)
        return None

    do_GET = do_POST = do_HEAD = _pass_on

    def _ask(self, body: bytes, fate: str) -> None:
        upstream = http.client.HTTPConnection("127.0.0.1", self.owner.upstream, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _OURS}
        upstream.request(self.command, self.path, body or None, {**headers, "Content-Length": str(len(body))})
        connection = upstream.sock  # it forgets it once the answer has come
        self.owner._open.add(connection)
        try:
            self._answer(upstream.getresponse(), fate)
        finally:
            self.owner._open.discard(connection)
            upstream.close()

    def _answer(self, answer: http.client.HTTPResponse, fate: str) -> None:
        streams = (answer.headers.get("Content-Type") or "").startswith("text/event-stream")
        body = b"" if streams else answer.read()
        if fate == CUT:
            return self._hang_up()
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in _OURS:
                self.send_header(name, value)
        if streams:
            self.close_connection = True
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        while streams and (part := answer.read1(4096)):
            self.wfile.write(part)
        return None

    def _hang_up(self) -> None:
        self.owner.lost += 1
        self.close_connection = True
