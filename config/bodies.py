"""The bodies of requests: each is read whole, within its size and time, and all of them within one budget of bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.utils.translation import gettext as _

from config.answers import CLOSE, Header, Message, Receive, Scope, Send, answer
from partnerships import limits

SECONDS = 60  # for a whole body to arrive
DRAIN_BYTES = 64 * limits.BODY_BYTES  # how much of a refused body is read so that the browser sees the answer
DRAIN_SECONDS = 5


class Refused(Exception):
    """The request is not worked on. `status`, `sentence` and `headers` are the answer."""

    def __init__(self, status: int, sentence: str, *headers: Header) -> None:
        super().__init__(status)
        self.status = status
        self.sentence = sentence
        self.headers = headers

    async def answer(self, receive: Receive, send: Send) -> None:
        await answer(send, self.status, self.sentence, *self.headers)


class Unread(Refused):
    """Refused before its body had arrived."""

    async def answer(self, receive: Receive, send: Send) -> None:
        """Answers at once, then reads on for a moment: a connection closed in mid-upload hides the answer."""
        await answer(send, self.status, self.sentence, *self.headers, CLOSE, more=True)
        read = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                while read < DRAIN_BYTES:
                    message = await receive()
                    read += len(message.get("body", b""))
                    if message["type"] == "http.disconnect" or not message.get("more_body", False):
                        break
        await send({"type": "http.response.body", "body": b""})


class Gone(Exception):
    """The client went away before its request was whole."""


class Bodies:
    """All bodies that are held at this moment: those that arrive, and those whose page is not made yet.

    `held` is their size in bytes, never more than `budget`: before it would be, that one gives way which has held the
    most for the longest. So slow uploads, however many, do not crowd out what others send.
    """

    def __init__(self, budget: int = limits.BODIES_BYTES) -> None:
        self.budget = budget
        self.held = 0
        self.arriving: set[Body] = set()

    @contextmanager
    def one(self) -> Iterator[Body]:
        """The body of one request. Its bytes count until this is left."""
        body = Body(self)
        try:
            yield body
        finally:
            body.drop()

    def make_room(self, size: int, body: Body) -> None:
        """For `size` more bytes of `body`, which gives way itself where no other one can."""
        while self.held + size > self.budget and not body.gave_way:
            now = asyncio.get_running_loop().time()
            others = [each for each in self.arriving if each.size]
            max(others, key=lambda each: each.size * (now - each.began), default=body).give_way()


class Body:
    """The body of one request, as far as it has arrived. `size` is what it holds of the budget, in bytes."""

    def __init__(self, bodies: Bodies) -> None:
        self.bodies = bodies
        self.data = bytearray()
        self.size = 0
        self.gave_way = self.has_file = False
        self.began = asyncio.get_running_loop().time()
        self.patience = asyncio.timeout(SECONDS)

    async def read(self, scope: Scope, receive: Receive) -> bytes:
        """All of it. Raises Unread or Gone; never trusts the announced length alone."""
        headers = dict(scope["headers"])
        announced = headers.get(b"content-length", b"0")
        self.has_file = headers.get(b"content-type", b"").startswith(b"multipart/")
        if announced.isdigit() and int(announced) > limits.BODY_BYTES:
            raise self.too_large(more=True)
        self.bodies.arriving.add(self)
        try:
            async with self.patience:
                while self._take(await receive()):
                    pass
        except TimeoutError:
            raise (busy(more=True) if self.gave_way else too_late()) from None
        finally:
            self.bodies.arriving.discard(self)
        whole, self.data = bytes(self.data), bytearray()
        return whole

    def give_way(self) -> None:
        """Makes room at once; whoever reads it hears of it next."""
        self.gave_way = True
        self.drop()
        self.patience.reschedule(asyncio.get_running_loop().time())

    def drop(self) -> None:
        self.bodies.held -= self.size
        self.size, self.data = 0, bytearray()

    def _take(self, message: Message) -> bool:
        """Keeps what came, and says whether there is more to come."""
        if message["type"] == "http.disconnect":
            raise Gone
        part: bytes = message.get("body", b"")
        more = bool(message.get("more_body", False))
        if self.size + len(part) > limits.BODY_BYTES:
            raise self.too_large(more=more)
        self.bodies.make_room(len(part), self)
        if self.gave_way:
            raise busy(more=more)
        self.data += part
        self.size += len(part)
        self.bodies.held += len(part)
        return more

    def too_large(self, *, more: bool) -> Refused:
        """`more` of the body is still to come. A file is where it was: what helps is a smaller one."""
        file = _("Too large. A file has at most 1 MB. Go back, and leave out what is not needed.")
        return (Unread if more else Refused)(413, file if self.has_file else _("Too large. Your text is here."))


def too_late() -> Refused:
    return Unread(408, _("That took too long to arrive. Your text is here."))


def busy(*, more: bool) -> Refused:
    return (Unread if more else Refused)(503, _("Busy. We try again."), (b"retry-after", b"2"))
