"""What a stream tells to one browser, while somebody else commits something between any two questions of it: the page
before it or after it, or nothing; and with the next version the browser shows what its page would.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.conf import settings
from django.urls import reverse

from retros.live import rights
from retros.room.answers import push
from retros.room.regions import named
from tests.retros.regions import ids_in, shown_in
from tests.scenes import Scene
from tests.world import MARK


class Picture(NamedTuple):
    digests: str
    words: set[str]  # the marks in it


class Side:
    """What a stream tells to one browser that has a step of a sitting open, in the world as it was made."""

    def __init__(self, scene: Scene, who: str, sitting: str, position: int, *, loaded: bool) -> None:
        self.scene, self.who = scene, who
        self.session, self.position = scene.world.sessions[sitting], position
        page = scene.client(who).get(reverse("step_detail", args=[self.session.pk, position]))
        self.cookie = scene.clients[who].cookies[settings.SESSION_COOKIE_NAME].value
        self.shown = shown_in(page.text) if loaded else ""

    def __call__(self) -> tuple[str, str] | None:
        self.scene.client(self.who)
        return self.news(self.shown)

    def news(self, shown: str) -> tuple[str, str] | None:
        at = (self.session.pk, str(self.position), shown)
        return rights.seen_by(self.cookie, lambda person: push(person, *at))

    def picture(self) -> Picture:
        """The page as it is now; nothing where it leads elsewhere."""
        told = json.loads(found[0]) if (found := self.news("")) else {"shown": "", "html": ""}
        return Picture(told["shown"], set(MARK.findall(told["html"])))

    def pictures(self, change: str) -> tuple[Picture, Picture]:
        """Before the change and after it."""
        self.scene.client(self.who)
        before = self.picture()
        self.scene.other.does(self.scene.writes(change).again)
        return before, self.picture()

    def wrong(self, change: str) -> Iterator[str]:
        """What is wrong with what is told, wherever in the middle of it this change comes."""
        for fault in self._wrong(change):
            yield f"{self.who} at {self.position} of {self.session.title}, {change}: {fault}"

    def _wrong(self, change: str) -> Iterator[str]:
        pictures: tuple[Picture, Picture] | None = None
        for found in self.scene.met(self, change):
            after = self.picture().digests
            following = self.news(found[1] if found else "")
            pictures = pictures or self.pictures(change)
            if found:
                yield from self._faults(json.loads(found[0]), pictures)
            if found and after:
                yield from self._left(json.loads(found[0]), following, after)

    def _faults(self, told: dict[str, Any], pictures: tuple[Picture, Picture]) -> Iterator[str]:
        if told["shown"] not in {picture.digests for picture in pictures}:
            yield "a page that never was"
        if twice := [name for name, count in Counter(ids_in(told["html"])).items() if count > 1]:
            yield f"twice: {twice}"
        if words := set(MARK.findall(told["html"])).difference(*(picture.words for picture in pictures)):
            yield f"shows {words}"

    def _left(self, told: dict[str, Any], following: tuple[str, str] | None, after: str) -> Iterator[str]:
        """Of the next version, by which the browser shows all of it."""
        last = json.loads(following[0]) if following else {"shown": "", "html": ""}
        here = named(self.shown) | named(shown_in(told["html"])) | named(shown_in(last["html"]))
        if last["shown"] != after:
            yield "the next version tells something else than the page"
        elif self.shown and not named(after) <= here:
            yield "the next version leaves something out"
