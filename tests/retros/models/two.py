"""Two people on one retro, in browsers of their own, who press at the same moment."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from select import select
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from partnerships.models import Person
from retros.models import Session
from tests.cast import client_of
from tests.conftest import LiveServer
from tests.retros.play import LOOK_BACK, WRITE, Pair, at, make_pair, reveal

TOKEN = "a" * 32


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def moved(self) -> bool:
        """Whether it sends the browser on to another page."""
        return "HX-Redirect" in self.headers or self.status == 302


class Browser:
    """One signed-in person on one connection that stays open, as a browser holds it."""

    def __init__(self, live_server: LiveServer, person: Person) -> None:
        client = client_of(person)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        self.person = person
        self.headers = {
            "Cookie": f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={TOKEN}",
            "X-CSRFToken": TOKEN,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        self.connection = http.client.HTTPConnection(urlsplit(live_server.url).netloc, timeout=60)

    def post(self, url: str, kind: str = "htmx", **data: object) -> Answer:
        """`kind`: as htmx presses, as a form without script (plain), or as a box saves itself (autosave)."""
        more = {"htmx": {"HX-Request": "true"}, "autosave": {"X-Requested-With": "autosave"}, "plain": {}}[kind]
        return self._ask("POST", url, urlencode(data), more)

    def will_post(self, url: str, kind: str = "htmx", **data: object) -> Callable[[], Answer]:
        return lambda: self.post(url, kind, **data)

    def get(self, url: str) -> Answer:
        return self._ask("GET", url, None, {})

    def _ask(self, method: str, url: str, body: str | None, more: dict[str, str]) -> Answer:
        if self.connection.sock and select([self.connection.sock], [], [], 0)[0]:
            self.connection.close()  # the server has closed it, since nothing came for a while: it is opened anew
        self.connection.request(method, url, body, {**self.headers, **more})
        answer = self.connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read().decode())


class Two:
    """The pair at two browsers, and a barrier before each press."""

    def __init__(self, live_server: LiveServer) -> None:
        self.pair: Pair = make_pair()
        self.ines, self.tom = (Browser(live_server, person) for person in (self.pair.ines, self.pair.tom))
        self.pool = ThreadPoolExecutor(2)

    def at_once(self, *presses: Callable[[], Answer]) -> list[Answer]:
        barrier = threading.Barrier(len(presses))

        def press(load: Callable[[], Answer]) -> Answer:
            barrier.wait(60)
            return load()

        return [future.result(120) for future in [self.pool.submit(press, load) for load in presses]]

    def both(self, name: str, *args: object, kind: str = "htmx", **data: object) -> list[Answer]:
        """The same button, by both. An argument that is a function is asked for each person."""

        def load(browser: Browser) -> Callable[[], Answer]:
            sent = {key: value(browser.person) if callable(value) else value for key, value in data.items()}
            return browser.will_post(reverse(name, args=args), kind, **sent)

        return self.at_once(load(self.ines), load(self.tom))

    def started(self, position: int = LOOK_BACK, *, revealed: bool = False) -> Session:
        with transaction.atomic():
            session = self.pair.started()
            at(session, position)
            ines, tom = self.pair.hands(session)
            if position == WRITE:
                ines.fold("From Ines")
                tom.fold("From Tom")
            if revealed:
                reveal(ines.session, position)
        return Session.objects.get(pk=session.pk)

    def versions(self, session: Session) -> int:
        session.refresh_from_db()
        return session.version_a + session.version_b
