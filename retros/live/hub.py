"""The streams of this process: who listens to which session, and what each is yet to be told.

Everything here runs on the event loop but `Hub.receive` and `Hub.let_others_go_first`, which any thread may call, and
the questions to the database, which run in two threads of the hub's own, so that streams never wait for pages
(docs/architecture.md).
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import ParamSpec, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import connection

from partnerships.models import Person
from partnerships.models.partnership import Seat
from retros import limits
from retros.live import rights
from retros.live.publish import receivers
from retros.live.rights import Right, StreamSeat
from retros.live.threads import in_thread

P = ParamSpec("P")
T = TypeVar("T")

PER_PERSON = 4
LIFE = 15 * 60  # seconds, give or take a tenth, so that streams of one moment do not end in one moment

log = logging.getLogger("twofold.live")


class Full(Exception):
    """No stream more in this process, or it is about to stop."""


class TooManyStreams(Exception):
    """No stream more for this person."""


class Stream:
    """One open stream. It keeps the newest versions only: a slow reader misses steps, never the last one."""

    def __init__(self, session_id: UUID, cookie: str, ends_at: float, asked: str = "", shown: str = "") -> None:
        self.session_id = session_id
        self.cookie = cookie
        self.asked = asked  # the step that its page shows
        self.shown = shown  # what its browser shows (retros/room/regions.py), as far as this stream knows
        self.ends_at = ends_at
        self.person_id: UUID | None = None
        self.right: Right | None = None
        self.versions = (0, 0)
        self.beat = False  # tell the version though it is the same
        self.resync = False  # tell that notifications may have been lost
        self.ended = False
        self.wake = asyncio.Event()

    @property
    def version(self) -> int:
        """Of the viewer's own seat. The other seat's is never told."""
        return self.versions[0 if self.right and self.right.seat is Seat.A else 1]

    @property
    def place(self) -> StreamSeat | None:
        return (self.session_id, self.person_id) if self.person_id else None

    def offer(self, versions: tuple[int, int]) -> None:
        a, b = zip(self.versions, versions, strict=True)
        self.versions = (max(a), max(b))
        self.wake.set()

    def end(self) -> None:
        self.ended = True
        self.wake.set()


# What a person would see of a session now at the step they ask for, for a browser that shows these already: what it is
# sent, and what it shows then; None when it had better ask by itself.
Push = Callable[[Person, UUID, str, str], tuple[str, str] | None]


class Hub:
    push: Push | None = None  # given by what draws the room, which stands above this package
    RECHECK = 4.0  # seconds
    HEARTBEAT = 15.0
    PRESENCE = 20.0
    OWN = 0.05  # until one's other tabs hear of one's own press: by then the partner's page shows it
    FIRST = 0.03  # that the answer to a press waits for them, at most
    GOODBYE = 2.0  # for open streams to say goodbye at the stop

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._threads: ThreadPoolExecutor | None = None
        self._drawers: ThreadPoolExecutor | None = None
        self._drawing = 0  # how much is drawn at this moment
        self._all_drawn = threading.Event()
        self._all_drawn.set()
        self._tasks: list[asyncio.Task[None]] = []
        self._streams: dict[UUID, set[Stream]] = {}
        self._count = 0
        self._left: dict[StreamSeat, float] = {}  # when the last stream of somebody here ended, in the loop's time
        self._started = 0.0
        self._failed = False

    # --- its life -----------------------------------------------------------------------------------------------

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="live")
        self._drawers = ThreadPoolExecutor(2, thread_name_prefix="draw")
        self._failed = False
        self._started = self._loop.time()
        receivers.add(self.receive)
        jobs = [
            self._every(self.RECHECK, self.recheck),
            self._every(self.HEARTBEAT, self.beat),
            self._every(self.PRESENCE, self.refresh),
        ]
        if connection.vendor == "postgresql":
            from retros.live.listener import listen  # imported here: SQLite does without psycopg, 9 MiB

            jobs.append(listen(self._deliver, self.resync))
        self._tasks = [self._loop.create_task(job) for job in jobs]

    async def stop(self) -> None:
        """End every stream and take no more. Stopping twice is stopping."""
        if self._loop is None or self._threads is None or self._drawers is None:
            return
        loop, self._loop = self._loop, None
        receivers.discard(self.receive)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for stream in self._all():
            stream.end()
        until = loop.time() + self.GOODBYE
        while self._count and loop.time() < until:
            await asyncio.sleep(0.02)
        for threads in (self._threads, self._drawers):
            threads.shutdown(wait=False, cancel_futures=True)
        self._left.clear()

    @property
    def count(self) -> int:
        """How many streams are open."""
        return self._count

    # --- streams ------------------------------------------------------------------------------------------------

    @contextmanager
    def open(self, session_id: UUID, cookie: str, asked: str = "", shown: str = "") -> Iterator[Stream]:
        """Subscribe. Whatever is published from here on reaches the stream, so its version is read after this."""
        if self._loop is None or self._count >= settings.STREAM_LIMIT:
            raise Full
        ends_at = self._loop.time() + LIFE * random.uniform(0.9, 1.1)  # noqa: S311
        stream = Stream(session_id, cookie, ends_at, asked, shown)
        self._streams.setdefault(session_id, set()).add(stream)
        self._count += 1
        try:
            yield stream
        finally:
            self._close(stream)

    async def admit(self, stream: Stream) -> bool:
        """Read right and version. False without right; raises TooManyStreams beyond four streams of one person."""
        found = await self._ask(rights.authorise, stream.session_id, stream.cookie)
        if found is None:
            return False
        person_id, right = found
        if sum(other.person_id == person_id for other in self._all()) >= PER_PERSON:
            raise TooManyStreams
        stream.person_id, stream.right = person_id, right
        stream.offer(right.versions)
        return True

    def has_arrived(self, stream: Stream) -> bool:
        """Whether this stream is the first of its person here after a time away.

        After a start everybody comes back at once, and nobody was away.
        """
        if self._loop is None or (place := stream.place) is None:
            return False
        here = sum(other.place == place for other in self._streams[stream.session_id])
        away = self._loop.time() - self._left.get(place, self._started)
        return here == 1 and away > limits.AWAY_AFTER.total_seconds()

    async def announce(self, stream: Stream) -> None:
        """Tell the partner. They see it by themselves within seconds, should this fail."""
        if stream.person_id is None:
            return
        try:
            await self._ask(rights.announce, stream.session_id, stream.person_id)
        except Exception:
            log.exception("An arrival was not told.")

    def _close(self, stream: Stream) -> None:
        others = self._streams[stream.session_id]
        others.discard(stream)
        if not others:
            del self._streams[stream.session_id]
        self._count -= 1
        if self._loop is not None and (place := stream.place):
            self._left[place] = self._loop.time()

    def _all(self) -> list[Stream]:
        return [stream for streams in self._streams.values() for stream in streams]

    async def news(self, stream: Stream) -> str | None:
        """What its browser does not show yet; None when it had better ask by itself."""
        if (loop := self._loop) is None or self.push is None:
            return None
        self._drawing += 1
        self._all_drawn.clear()
        push, at = self.push, (stream.session_id, stream.asked, stream.shown)
        try:
            found = await in_thread(self._drawers, rights.seen_by, stream.cookie, lambda person: push(person, *at))
        except Exception:
            log.exception("A change was not drawn for a stream; its browser asks.")
            return None
        finally:
            loop.call_soon(self._drawn)  # when it is sent: whoever waits would want the interpreter before that
        if found is None:
            return None
        told, stream.shown = found
        return told

    def _drawn(self) -> None:
        self._drawing -= 1
        if not self._drawing:
            self._all_drawn.set()

    def let_others_go_first(self) -> None:
        """After a press, in the thread of its answer: what the other one's page waits for is drawn first."""
        time.sleep(0.001)  # for the loop to hear of the commit
        self._all_drawn.wait(self.FIRST)

    # --- what is told -------------------------------------------------------------------------------------------

    def receive(self, payload: str) -> None:
        """From any thread, after the commit. Without a running loop (a command) nobody listens here."""
        if (loop := self._loop) is not None:
            with suppress(RuntimeError):  # the loop closed in between
                loop.call_soon_threadsafe(self._deliver, payload)

    def _deliver(self, payload: str) -> None:
        session_id, a, b, by = json.loads(payload)
        for stream in self._streams.get(UUID(session_id), ()):
            if self._loop and stream.right and stream.right.seat == by:
                self._loop.call_later(self.OWN, stream.offer, (a, b))
            else:
                stream.offer((a, b))

    async def resync(self) -> None:
        """Notifications may have been lost: let everybody look, and read every version."""
        for stream in self._all():
            stream.resync = True
            stream.wake.set()
        await self.recheck()

    async def beat(self) -> None:
        # The versions are at most RECHECK old: no question of its own.
        for stream in self._all():
            stream.beat = True
            stream.wake.set()

    async def recheck(self) -> None:
        """End the streams whose right or time is over; tell the others what a lost notification did not.

        Two questions for all streams of the process. When the database does not answer twice in a row, nobody's
        right is known, and every stream ends.
        """
        self._forget()
        streams = [stream for stream in self._all() if stream.right]
        if not streams:
            return
        try:
            known, alive = await self._ask(
                rights.recheck, {stream.session_id for stream in streams}, {stream.cookie for stream in streams}
            )
        except Exception:
            if self._failed:
                for stream in streams:
                    stream.end()
            self._failed = True
            raise
        self._failed = False
        for stream in streams:
            self._judge(stream, known, alive)

    def _judge(self, stream: Stream, known: dict[StreamSeat, Right], alive: set[str]) -> None:
        place, right = stream.place, stream.right
        now = known.get(place) if place else None
        out_of_time = self._loop is None or self._loop.time() > stream.ends_at
        if now is None or right is None or now.password != right.password or stream.cookie not in alive or out_of_time:
            stream.end()
        else:
            stream.offer(now.versions)

    async def refresh(self) -> None:
        if here := {stream.right.presence_id for stream in self._all() if stream.right}:
            await self._ask(rights.refresh, here)

    def _forget(self) -> None:
        """Who left long ago arrives anew anyway."""
        if self._loop is not None:
            before = self._loop.time() - limits.AWAY_AFTER.total_seconds()
            self._left = {place: at for place, at in self._left.items() if at > before}

    # --- inside -------------------------------------------------------------------------------------------------

    async def _ask(self, question: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._loop is None:
            raise Full
        return await in_thread(self._threads, question, *args, **kwargs)

    async def _every(self, seconds: float, job: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await job()
            except Exception:
                log.exception("The database did not answer the streams.")


hub = Hub()
