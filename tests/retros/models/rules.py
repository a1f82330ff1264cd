"""A small model of what the rules promise of one session, which the tests of the engine compare with the rows.

Written from docs/rules/visibility.md, not from the code: plain dictionaries, no database, no locks.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.retros.play import ALONE, LAST, LOOK_BACK


class Refused(Exception):
    """The model's no."""


class Outdated(Refused):
    """The model's “your text changed” and “this changed in between”."""


@dataclass
class Written:
    """A card, or an answer, as the rules know it."""

    author: str
    position: int
    prompt: str
    text: str
    is_card: bool = True
    only_me: bool = False
    version: int = 1
    is_open: bool = False
    is_deleted: bool = False
    earlier: list[str] = field(default_factory=list)
    picks: set[str] = field(default_factory=set)
    talk: str = ""
    note: str | None = None
    note_version: int = 0


class Model:
    """What the rules promise of one session of `a` and `b`. Verbs return whether the partner may notice anything."""

    def __init__(self) -> None:
        self.status = "scheduled"
        self.position = LOOK_BACK
        self.entries: dict[Any, Written] = {}
        self.sides: dict[int, set[str]] = defaultdict(set)  # whose side lies open
        self.ready: dict[int, dict[str, datetime]] = defaultdict(dict)
        self.next: dict[int, dict[str, datetime]] = defaultdict(dict)
        self.reopen: set[str] = set()
        self.step_began: dict[int, datetime] = {}
        self.seen: dict[str, datetime] = {}
        self.closed_at: datetime | None = None
        self.is_paused = False

    # what can be asked

    def revealed(self, position: int) -> bool:
        return self.sides[position] == {"a", "b"}

    def visible(self, who: str) -> dict[Any, str]:
        return {
            key: w.text
            for key, w in self.entries.items()
            if not w.is_deleted and (w.author == who or (w.is_open and not w.only_me))
        }

    def folded(self, who: str, position: int) -> int:
        """What the partner may count."""
        mine = (w for w in self.entries.values() if w.author == who and w.position == position and w.is_card)
        return sum(not w.is_open and not w.only_me and not w.is_deleted for w in mine)

    def shown(self, who: str, position: int) -> frozenset[tuple[Any, int]]:
        """Exactly what `who` would open here, as a page shows it."""
        return frozenset(
            (key, w.version)
            for key, w in self.entries.items()
            if w.author == who and w.position == position and w.is_card and not w.only_me and not w.is_deleted
        )

    def may_go_alone(self, who: str, now: datetime) -> bool:
        """Five minutes ready for what comes next here, or the other five minutes away."""
        wait = timedelta(minutes=5)
        alone_and_folded = self.position in ALONE and not self.revealed(self.position)
        mark = (self.ready if alone_and_folded else self.next)[self.position].get(who)
        other = self.seen.get(other_of(who)) or self.step_began.get(self.position, now)
        return (mark is not None and now - mark >= wait) or now - other >= wait

    # writing alone

    def fold(self, who: str, key: Any, position: int, prompt: str, text: str, only_me: bool) -> bool:
        self._open_session()
        written = Written(who, position, prompt, text, only_me=only_me)
        shared = self._touch(written)
        self.entries[key] = written
        return shared

    def answer(self, who: str, key: Any, position: int, prompt: str, text: str, only_me: bool, version: int) -> bool:
        self._open_session()
        old = self.entries.get(key)
        if old and who in self.sides[position]:
            only_me = old.only_me
        if old and (old.text, old.only_me) == (text, only_me):
            return False
        if version != (old.version if old else 0):
            raise Outdated
        if old is None:
            old = self.entries[key] = Written(who, position, prompt, text, is_card=False, only_me=only_me)
            return self._touch(old)
        # What was and stays “only me” is nobody's business; what becomes it, or was not, upsets the Ready.
        was_private, old.only_me = old.only_me, only_me
        shared = self._touch(old, private=was_private and only_me)
        self._reword(old, text)
        old.version += 1
        return shared

    def edit(self, who: str, key: Any, text: str, version: int, only_me: bool | None = None) -> bool:
        written = self._own(who, key)
        changes_reader = only_me is not None and only_me != written.only_me
        if written.text == text and not changes_reader:
            return False
        if written.version != version:
            raise Outdated
        if changes_reader and who in self.sides[written.position]:
            raise Refused
        # What comes to the folded cards or leaves them upsets the Ready.
        shared = self._touch(written, private=False if changes_reader else None)
        written.only_me = written.only_me if only_me is None else only_me
        self._reword(written, text)
        written.version += 1
        return shared

    def move(self, who: str, key: Any, prompt: str) -> bool:
        written = self._own(who, key)
        if written.prompt == prompt:
            return False
        shared = self._touch(written)
        written.prompt, written.version = prompt, written.version + 1
        return shared

    def delete(self, who: str, key: Any) -> bool:
        written = self._own(who, key)
        shared = self._touch(written)
        written.is_deleted, written.talk, written.version = True, "", written.version + 1
        return shared

    def restore(self, who: str, key: Any) -> bool:
        self._open_session()
        written = self.entries[key]
        written.is_deleted = False
        shared = self._touch(written)
        written.version += 1
        return shared

    # ready, reveal, next

    def press_ready(self, who: str, position: int, page: frozenset[tuple[Any, int]], now: datetime) -> bool:
        self._running()
        self._written_alone(position)
        if self.revealed(position):
            return False
        if page != self.shown(who, position):
            raise Outdated
        first = who not in self.ready[position]
        self.ready[position].setdefault(who, now)
        if len(self.ready[position]) == 2:
            for side in "ab":
                self._open(side, position)
            return True
        return first

    def press_unready(self, who: str, position: int) -> bool:
        self._running()
        self._written_alone(position)
        if who in self.sides[position]:
            raise Refused
        return self._withdraw(who, position)

    def press_open(self, who: str, position: int, page: frozenset[tuple[Any, int]], now: datetime) -> bool:
        self._running()
        self._written_alone(position)
        if who in self.sides[position]:
            return False
        if page != self.shown(who, position):
            raise Outdated
        self.ready[position].setdefault(who, now)
        for side in "ab" if len(self.ready[position]) == 2 else who:
            self._open(side, position)
        return True

    def press_next(self, who: str, position: int, now: datetime, *, alone: bool) -> bool:
        if self.status == "held":
            return False  # pressed twice, or too late: it is closed
        self._running()
        if position != self.position:
            return False
        if alone:
            if not self.may_go_alone(who, now):
                raise Refused
        elif position in ALONE and not self.revealed(position):
            raise Refused
        first = who not in self.next[position]
        self.next[position].setdefault(who, now)
        if len(self.next[position]) < 2 and not alone:
            return first
        if position == LAST:
            self.status, self.closed_at, self.is_paused = "held", now, False
        else:
            self.position += 1
            self.step_began.setdefault(self.position, now)
        return True

    def press_stay(self, who: str, position: int) -> bool:
        self._open_session()
        return self.next[position].pop(who, None) is not None

    # the course

    def start(self, now: datetime) -> bool:
        self._open_session()
        if self.status == "in_progress":
            return False
        self.status = "in_progress"
        self.step_began.setdefault(self.position, now)
        return True

    def pause(self) -> bool:
        self._running()
        self.is_paused = True
        return True

    def resume(self) -> bool:
        self._open_session()
        was, self.is_paused = self.is_paused, False
        return was

    def press_reopen(self, who: str, now: datetime) -> bool:
        if self.status == "in_progress":
            return False
        if self.status != "held" or self.closed_at is None or now - self.closed_at >= timedelta(hours=24):
            raise Refused
        first = who not in self.reopen
        self.reopen.add(who)
        if len(self.reopen) == 2:
            self.status, self.closed_at, self.reopen = "in_progress", None, set()
            self.next[LAST].clear()
            return True
        return first

    def discard(self) -> bool:
        if self.status == "cancelled":
            return False
        self._open_session()
        if any(self.sides.values()):
            raise Refused
        self.status, self.is_paused = "cancelled", False
        self.position, self.step_began = 0, {}
        for marks in (*self.ready.values(), *self.next.values()):
            marks.clear()
        return True

    # talking

    def pick(self, who: str, key: Any, *, take_back: bool) -> bool:
        picks = self._talked_about(key).picks
        if (who in picks) != take_back:
            return False
        (picks.discard if take_back else picks.add)(who)
        return True

    def table(self, key: Any) -> bool:
        written = self._talked_about(key)
        if written.talk == "on_table":
            return False
        for other in self.entries.values():
            if other.talk == "on_table" and other.position == written.position:
                other.talk = "talked" if other.note else ""
        written.talk = "on_table"
        return True

    def talk(self, key: Any, talk: str) -> bool:
        written = self._talked_about(key)
        was, written.talk = written.talk, talk
        return was != talk

    def note(self, key: Any, text: str, version: int) -> bool:
        written = self._talked_about(key)
        if (written.note or "") == text:
            return False
        if version != written.note_version:
            raise Outdated
        written.note, written.note_version = text, version + 1
        return True

    # inside

    def _open_session(self) -> None:
        if self.status not in {"scheduled", "in_progress"}:
            raise Refused

    def _running(self) -> None:
        if self.status != "in_progress":
            raise Refused

    def _written_alone(self, position: int) -> None:
        if position not in ALONE:
            raise Refused

    def _own(self, who: str, key: Any) -> Written:
        self._open_session()
        written = self.entries[key]
        if written.author != who or written.is_deleted or not written.is_card:
            raise Refused
        return written

    def _talked_about(self, key: Any) -> Written:
        self._open_session()
        written = self.entries[key]
        if not written.is_open or written.is_deleted or not written.is_card:
            raise Refused
        return written

    def _touch(self, written: Written, private: bool | None = None) -> bool:
        """Rules 3 and 4: what joins an open side lies open; folded work takes the Ready back, “only me” nothing."""
        private = written.only_me if private is None else private
        if written.author in self.sides[written.position]:
            written.is_open = written.is_open or not written.only_me
            return written.is_open
        return not private and self._withdraw(written.author, written.position)

    def _withdraw(self, who: str, position: int) -> bool:
        if who in self.sides[position]:
            return False
        return self.ready[position].pop(who, None) is not None

    def _open(self, who: str, position: int) -> None:
        if who in self.sides[position]:
            return
        self.sides[position].add(who)
        for written in self.entries.values():
            if written.author == who and written.position == position and not (written.is_deleted or written.only_me):
                written.is_open = True

    def _reword(self, written: Written, text: str) -> None:
        if written.is_open and written.text and written.text != text:
            written.earlier.append(written.text)
        written.text = text


def other_of(who: str) -> str:
    return "b" if who == "a" else "a"
