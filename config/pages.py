"""Django's pages: the body is awaited, one of a few threads makes the page, and then it is sent.

So neither a slow upload nor a slow reader holds a thread, and streams never wait for pages.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import cast

from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.core.signals import request_started
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

from config.answers import Message, Receive, Scope, Send
from config.bodies import Bodies, Gone, Refused, busy
from retros.live.threads import in_thread

AT_ONCE = 3  # pages in work; more threads than cores make each page slower and none faster
WAITING = 200  # pages that wait for their turn; beyond it a quick "busy" is kinder than a slow answer


class Pages(ASGIHandler):
    """Django's handler, with a whole request in one of a few threads that stay: one hop, and SQLite stays open in each.

    Answers 413, 408 or 503 to what it does not let in.
    """

    def __init__(self) -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)
        self.threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="page")
        self.asked = 0  # pages in work, and those that wait for it
        self.bodies = Bodies()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            with self.bodies.one() as body:
                messages = await self.made(scope, await body.read(scope, receive))
        except Gone:
            return
        except Refused as refused:
            await refused.answer(receive, send)
            return
        for message in messages:
            await send(message)

    async def made(self, scope: Scope, body: bytes) -> list[Message]:
        """The page, when its turn has come. Raises Refused when too many wait."""
        if self.asked >= AT_ONCE + WAITING:
            raise busy(more=False)
        self.asked += 1
        try:
            return await in_thread(self.threads, self.page, scope, body)
        finally:
            self.asked -= 1

    def page(self, scope: Scope, body: bytes) -> list[Message]:
        set_script_prefix(get_script_prefix(scope))
        request_started.send(sender=self.__class__, scope=scope)
        request, refused = self.create_request(scope, BytesIO(body))
        response = cast(HttpResponseBase, self.get_response(request) if request else refused)
        try:
            return written(response)
        finally:
            response.close()


def written(response: HttpResponseBase) -> list[Message]:
    """What is sent for an answer, all of it: headers with their cookies, then the body."""
    headers = [(name.encode("ascii"), value.encode("latin1")) for name, value in response.items()]
    cookies = [(b"Set-Cookie", each.output(header="").strip().encode("ascii")) for each in response.cookies.values()]
    content = b"".join(response) if response.streaming else response.content  # type: ignore[attr-defined]
    return [
        {"type": "http.response.start", "status": response.status_code, "headers": headers + cookies},
        {"type": "http.response.body", "body": content},
    ]
