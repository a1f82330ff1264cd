"""Between any two questions of a request, somebody else commits something. The answer is a page, a way elsewhere or a
refusal with words, never a fault of ours, and shows nothing that is not for its reader; a verb stores all of it or
nothing. What a stream tells is the page before it or after it (tests/told.py).

A few places by default, which failed before or stand for their kind. `deep`: every page, press and step of the pair,
with one in EVERY of tests/changes.py by turns, at every moment that can matter (tests/between.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice, product

import pytest

from tests.between import Other, patience
from tests.retros.play import CONCLUDE, WRITE
from tests.routes import TABLE
from tests.scenes import Scene
from tests.told import Side
from tests.world import HTMX

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]

EVERY = 25  # 1 tries all of them: hours
PHASES = ("folded", "revealed", "closed")
READERS = ("ines", "sara", "ada")
SITTINGS = ("now", "folded sitting", "open sitting")


def test_some_changes_in_the_middle_of_a_page_a_press_or_a_stream(scene: Scene) -> None:
    wrong = []
    for who, name, change in OPENED:
        wrong += scene.wrong(who, name, change, scene.opening(who, name))
    for who, name, change in PUSHED:
        wrong += scene.wrong(who, name, change, scene.pressing(who, name), presses=True)
    for who, position, change in TOLD:
        wrong += Side(scene, who, "now", position, loaded=True).wrong(change)
    assert not wrong, "\n".join(wrong)


def test_the_other_connection_waits_as_before_once_it_is_done() -> None:
    """The pool gives it to the next test, which would fail of a lock that it had to wait for."""
    other, before = Other(), patience()
    assert other.does(patience) < before
    assert other.thread.submit(patience).result() == before
    other.close()


OPENED = [
    ("ines", "step_detail", "tom_is_erased"),
    ("ines", "step_detail", "a_sitting_goes"),  # as when a backup is restored
    ("ines", "invitation_detail", "ines session_end_all"),
]
PUSHED = [
    ("ines", "need_update", "what_was_agreed_goes"),
    ("ines", "release_create", "what_was_agreed_goes"),
    ("ines", "entry_note_update", "the_writing_goes"),
    ("ines", "sign_in_links", "ines session_end_all"),
]
TOLD = [
    ("ines", CONCLUDE, "tom learning_create"),
    ("ines", WRITE, "tom_is_erased"),
    ("tom", WRITE, "tom_is_erased"),
]


def in_turns(scene: Scene, names: Iterable[str], turn: int) -> Iterator[tuple[str, str]]:
    """Each of these routes with one in EVERY of the changes."""
    return islice(product(names, scene.changes), turn % EVERY, None, EVERY)


@pytest.mark.deep
@pytest.mark.parametrize("who", READERS)
@pytest.mark.parametrize("scene", PHASES, indirect=True)
def test_any_change_in_the_middle_of_any_page(scene: Scene, who: str) -> None:
    phase = scene.world.phase
    names = [name for name, row in TABLE.items() if row.expected(who, "GET", phase) == 200 and not row.public]
    asks = {name: scene.opening(who, name) for name in names}
    turns = in_turns(scene, names, 3 * PHASES.index(phase) + READERS.index(who))
    assert [wrong for name, change in turns for wrong in scene.wrong(who, name, change, asks[name])] == []


@pytest.mark.deep
@pytest.mark.parametrize("who", READERS)
@pytest.mark.parametrize("scene", PHASES, indirect=True)
def test_any_change_in_the_middle_of_any_press(scene: Scene, who: str) -> None:
    """By turns with script and without. No verb takes a sitting away, and no restored backup in the middle of one."""
    phase, wrong = scene.world.phase, []
    names = [name for name, row in TABLE.items() if row.expected(who, "POST", phase) in {200, 302} and not row.public]
    scripted = set(names[1::2])
    asks = {name: scene.pressing(who, name, **(HTMX if name in scripted else {})) for name in names}
    for name, change in in_turns(scene, names, 3 * PHASES.index(phase) + READERS.index(who) + 9):
        if change != "a_sitting_goes":
            wrong += scene.wrong(who, name, change, asks[name], presses=True, scripted=name in scripted)
    assert not wrong, "\n".join(wrong)


@pytest.mark.deep
@pytest.mark.parametrize("who", ["ines", "tom"])
@pytest.mark.parametrize("scene", ["folded", "revealed", "closed"], indirect=True)
def test_any_change_in_the_middle_of_what_any_stream_tells(scene: Scene, who: str) -> None:
    sides = [
        Side(scene, who, sitting, position, loaded=loaded)
        for sitting in SITTINGS
        for position in range(len(scene.world.sessions[sitting].steps))
        for loaded in (True, False)
    ]
    turns = islice(product(sides, scene.changes), len(scene.world.phase) % EVERY, None, EVERY)
    wrong = [fault for side, change in turns for fault in side.wrong(change)]
    assert not wrong, "\n".join(wrong)
