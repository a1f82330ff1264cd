"""“Only me” on a folded card: set afterwards, lifted again, and neither once its author's side is open."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from retros.models import Entry, Session
from tests.cast import Cast
from tests.retros import play
from tests.world import HTMX

pytestmark = pytest.mark.one_database

TEXT = "I am tired of the Wednesday review"


@pytest.fixture
def session(cast: Cast) -> Session:
    session = play.start(cast.checkout)
    for kind in ("look_back", "pulse"):
        if kind == "pulse":
            play.reveal(session, kind)
        play.go_on(session, kind)
    return session


def stored(cast: Cast) -> Entry:
    return Entry.objects.visible_to(cast.ines).get()


def press(who: Client, card: Entry, only_me: str | None, *, status: int = 200, **changed: object) -> str:
    """Keeps the card as the editor would; without `only_me` like a page that does not know of it."""
    data = {"text": card.text, "version": card.version, **({"only_me": only_me} if only_me else {}), **changed}
    answer = who.post(reverse("entry_update", args=[card.step.session_id, card.pk]), data, headers=HTMX)
    assert answer.status_code == status, answer.content.decode()
    return answer.content.decode()


def folded(who: Client, session: Session) -> bool:
    """Whether the page says that Ines has folded a card."""
    page = who.get(reverse("step_detail", args=[session.pk, 2])).content.decode()
    assert TEXT not in page
    return "has folded 1 card" in page


def editor(who: Client, card: Entry) -> str:
    return who.get(reverse("entry_update", args=[card.step.session_id, card.pk])).content.decode()


def test_set_and_lifted_it_is_a_folded_card_less_and_more(
    cast: Cast, session: Session, ines: Client, tom: Client
) -> None:
    card = play.Participant(cast.ines, session.pk).fold(TEXT)
    assert folded(tom, session)
    assert 'class="badge"' not in press(ines, card, "no")
    assert 'class="badge"' in press(ines, card, "yes")
    assert stored(cast).only_me
    assert not folded(tom, session)
    press(ines, stored(cast), "no")
    assert not stored(cast).only_me
    assert folded(tom, session)
    play.reveal(session, "write")
    assert TEXT in tom.get(reverse("step_detail", args=[session.pk, 2])).content.decode()


def test_both_take_ones_own_ready_back(cast: Cast, session: Session, ines: Client) -> None:
    card, step = play.Participant(cast.ines, session.pk).fold(TEXT), play.step_of(session, "write")
    for only_me in ("yes", "no"):
        play.Participant(cast.ines, session.pk).ready()
        press(ines, stored(cast), only_me)
        assert not step.ready_set.exists(), only_me
    play.Participant(cast.ines, session.pk).ready()
    press(ines, stored(cast), "no")  # as it was
    assert step.ready_set.exists()
    assert card.pk == stored(cast).pk


def test_a_page_that_does_not_say_it_leaves_it(cast: Cast, session: Session, ines: Client) -> None:
    card = play.Participant(cast.ines, session.pk).fold(TEXT, only_me=True)
    press(ines, card, None, text="Other words")
    assert (stored(cast).text, stored(cast).only_me) == ("Other words", True)


def test_an_older_page_lifts_nothing(cast: Cast, session: Session, ines: Client) -> None:
    """In another tab it was made “only me” since: this one asks before it does anything else."""
    card = play.Participant(cast.ines, session.pk).fold(TEXT)
    press(ines, card, "yes")
    other_tab = stored(cast)
    press(ines, other_tab, "yes", text="Other words")
    press(ines, other_tab, "no", status=409)
    assert stored(cast).only_me


@pytest.mark.parametrize("only_me", [False, True])
@pytest.mark.parametrize("how", ["both", "own side"])
def test_once_the_side_is_open_it_stays_and_says_why(
    cast: Cast, session: Session, ines: Client, tom: Client, only_me: bool, how: str
) -> None:
    card = play.Participant(cast.ines, session.pk).fold(TEXT, only_me=only_me)
    assert re.search(r'name="only_me"\s+value="yes"', editor(ines, card))
    if how == "both":
        play.reveal(session, "write")
    else:
        play.Participant(cast.ines, session.pk).open_side()
    why = "stays so. To share it" if only_me else "can no longer be “only me”"
    page = editor(ines, card)
    assert why in page
    assert 'name="only_me"' not in page
    assert why in press(ines, stored(cast), "no" if only_me else "yes", status=409)
    assert stored(cast).only_me == only_me
    page = tom.get(reverse("step_detail", args=[session.pk, 2])).content.decode()
    assert (TEXT in page) != only_me


def test_nobody_else_sets_it(cast: Cast, session: Session, tom: Client) -> None:
    card = play.Participant(cast.ines, session.pk).fold(TEXT)
    press(tom, card, "yes", status=404)
    play.reveal(session, "write")
    press(tom, card, "yes", status=403)
    assert not stored(cast).only_me
