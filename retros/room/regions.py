"""What a browser shows of a room, as regions: elements that are drawn, named and exchanged one by one.

A region carries a digest of its HTML (`data-v`). A browser names the digests that it shows, and gets the regions that
it does not show; a page is all of them. It does not matter by which way the answer travels (docs/architecture.md).
"""

from __future__ import annotations

import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from hashlib import blake2s, sha256
from threading import Lock
from typing import NamedTuple
from uuid import uuid4

from cachetools import TTLCache
from django.conf import settings
from django.template.loader import get_template
from django.utils.safestring import SafeString
from django.utils.translation import get_language

DIGEST = 8  # letters
_MORPH = ' hx-swap-oob="morph"'
_ID = re.compile(r'<[^>]*? id="[^"]*"')  # of the region's element: the first of a template's own words

# A form within a region has a token and a key that differ in each answer, and so has a page its nonce. These stand for
# them until it is sent, and for the regions of a page in what is drawn around them: they are unknown outside of this
# process, so nobody can write them into a text.
TOKEN, KEY, NONCE, PLACE = (secrets.token_hex(16) for _each in range(4))


# The same in all processes, and unknown outside: of two texts of so short a digest whoever can compute it finds some.
_SECRET = sha256(f"regions {settings.SECRET_KEY}".encode()).digest()


def short(value: object) -> str:
    """A few letters that change when the value does. Nobody finds two values with the same ones."""
    return urlsafe_b64encode(blake2s(repr(value).encode(), digest_size=6, key=_SECRET).digest()).decode()


class Memory:
    """What was drawn lately in this process, by all that it was drawn from: nothing else can be in it.

    Bounded by bytes and by age, in seconds. Whoever asks names the whole input, so that two who ask for the same are
    shown the same, and no one is shown what their own input does not hold (docs/rules/visibility.md).
    """

    def __init__(self, size: int, age: float) -> None:
        self._kept: TTLCache[object, Region] = TTLCache(size, age, getsizeof=lambda region: 4 * len(region.html) + 500)
        self._lock = Lock()

    def region(self, template: str, **shows: object) -> Region:
        """The template with these values and no others. They are hashable; dates come as text."""
        return self._known(marked, template, shows)

    def fixed(self, template: str, **shows: object) -> Region:
        """The same for what is drawn with its step, and never exchanged by itself."""
        return self._known(unmarked, template, shows)

    def _known(self, make: Callable[[str], Region], template: str, shows: dict[str, object]) -> Region:
        key = (template, get_language(), *shows.items())
        with self._lock:
            try:
                return self._kept[key]
            except KeyError:
                pass
        made = make(draw(template, **shows))
        with self._lock:
            self._kept[key] = made
        return made

    def forget(self) -> None:
        """Of an erasure nothing may stay behind."""
        with self._lock:
            self._kept.clear()

    @property
    def size(self) -> float:
        """In bytes, about: an upper bound."""
        return float(self._kept.currsize)


memory = Memory(size=24 * 2**20, age=15 * 60)
region, fixed = memory.region, memory.fixed


class Region(NamedTuple):
    """One element of a page, as one viewer sees it now; empty when there is nothing of it."""

    html: SafeString  # with its digest
    digest: str
    place: int  # in `html`, for another attribute of its element

    @property
    def whole(self) -> SafeString:
        """For a page."""
        return self.html

    def news(self, shown: set[str]) -> str:
        """For a browser that shows these: itself, unless it is one of them."""
        return "" if self.digest in shown or not self.digest else self._with(_MORPH)

    @property
    def digests(self) -> list[str]:
        """Of all that a browser shows that has drawn it."""
        return [self.digest]

    def _with(self, attributes: str) -> str:
        return f"{self.html[: self.place]}{attributes}{self.html[self.place :]}"


class Rows(NamedTuple):
    """A list whose rows are regions, in order."""

    frame: Region  # the list without its rows
    rows: list[Region]

    @property
    def digest(self) -> str:
        return short((self.frame.digest, *(row.digest for row in self.rows)))

    @property
    def whole(self) -> SafeString:
        return self._with("", self.rows)

    def news(self, shown: set[str]) -> str:
        """The list with its order, and the rows that are not shown yet: the browser puts them together."""
        if self.digest in shown:
            return ""
        order = "".join(row.digest for row in self.rows)
        return self._with(f' data-order="{order}"{_MORPH}', [row for row in self.rows if row.digest not in shown])

    @property
    def digests(self) -> list[str]:
        return [self.digest, *(row.digest for row in self.rows)]

    def _with(self, attributes: str, rows: list[Region]) -> SafeString:
        opened = self.frame._with(attributes).replace(self.frame.digest, self.digest, 1)
        start, closing, tag = opened.rpartition("</")
        return _safe(start, *(row.html for row in rows), closing, tag)


def drawn(template: str, **shows: object) -> Region:
    """A region whose template may read what it likes of the values that it is given: drawn each time."""
    return marked(draw(template, **shows))


def draw(template: str, **shows: object) -> str:
    """Its HTML, to be `filled` before it is sent."""
    return get_template(template).render({**shows, "csrf_token": TOKEN, "fresh_key": KEY, "csp_nonce": NONCE})


def put(html: str, regions: Mapping[str, str]) -> str:
    """What was drawn around `PLACES`, with these regions there."""
    head, *more = html.split(PLACE)
    parts = (part.partition(";") for part in more)
    return "".join([head, *(f"{regions[name]}{rest}" for name, _end, rest in parts)])


class Places(NamedTuple):
    """Where the regions of a page go in what is drawn around them: letters that no escaping changes."""

    path: str
    banner: str
    step: str
    state: str
    said: str
    dock: str
    more: str


PLACES = Places(*(f"{PLACE}{name};" for name in Places._fields))


def unmarked(html: str) -> Region:
    return Region(_safe(html), "", 0)


def marked(html: str) -> Region:
    """What a template drew, with the digest of all of it at its element."""
    found = _ID.match(html)
    if found is None:
        return unmarked(html)
    digest = short(html)
    mark = f' data-v="{digest}"'
    return Region(_safe(html[: found.end()], mark, html[found.end() :]), digest, found.end() + len(mark))


def _safe(*parts: str) -> SafeString:
    """What templates drew, cut and joined, with attributes of our own between: the one place that marks a text safe."""
    return SafeString("".join(parts))


def named(text: str) -> set[str]:
    """The digests that a browser says it shows."""
    return {text[at : at + DIGEST] for at in range(0, len(text), DIGEST)}


def filled(html: str, token: str, nonce: str = "") -> str:
    """What is sent: its forms with the token, each with a key of its own, and its scripts with the nonce."""
    head, *more = html.replace(TOKEN, token).replace(NONCE, nonce).split(KEY)
    return head + "".join(f"{uuid4()}{part}" for part in more)
