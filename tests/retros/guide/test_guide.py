"""The guide in the app says what docs/guide.md says, and each “?” leads to a part of it."""

from __future__ import annotations

import html
import re

import pytest
from django.conf import settings
from django.urls import get_resolver

from retros.guide.text import PARTS, blocks, guide
from retros.models import Session
from retros.room.dock import GUIDE
from tests.routes import TABLE
from tests.world import World, routes

pytestmark = pytest.mark.one_database


def plain(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.django_db
def test_the_page_says_what_the_document_says(world: World) -> None:
    page = world.client("ines").get("/guide/").text
    (article,) = re.findall(r"<article[^>]*>(.*)</article>", page, re.DOTALL)
    shown = plain(
        html.unescape(re.sub(r"</?(?:strong|em)>", "", re.sub(r"</?(?!strong|em)[a-z][^>]*>", "\n", article)))
    )
    written = (settings.BASE_DIR / "docs/guide.md").read_text(encoding="utf-8")
    assert shown == plain(re.sub(r"(?m)^(?:#+|- )|\*+", "", written))
    assert "<strong>Last time</strong> (6 minutes)" in page
    assert '<a class="brand" href="/">' in page


@pytest.mark.django_db
def test_it_has_the_header_of_the_pair(world: World) -> None:
    ines, history = world.client("ines"), world.url("history_detail")
    home = ines.get(world.url("partnership_detail")).text
    for name in ("guide_detail", "shelf_detail"):
        (link,) = set(re.findall(rf'href="({world.url(name)}\?from=[^"]*)"', home))
        assert f'href="{history}"' in ines.get(link).text.partition("<main")[0]


@pytest.mark.django_db
def test_a_question_mark_leads_to_the_part_of_the_page(world: World) -> None:
    link = '<a class="btn quiet small" href="/guide/#{}" aria-label="Guide to this page">?</a>'
    assert link.format("between-two-retros") in world.client("ines").get(world.url("action_list")).text
    assert "/guide/#" not in world.client("ines").get(world.url("person_update")).text
    assert 'href="/guide/#a-retro" target="_blank"' in world.client("ines").get(world.url("step_detail")).text


@pytest.mark.django_db
def test_every_page_of_a_pair_has_one(world: World) -> None:
    """But those that are printed, and those with which a partnership is begun, ended or taken along."""
    ines = world.client("ines")
    without = set()
    for name, row in TABLE.items():
        if row.get[:3] != "200" or row.other_get == 200:
            continue  # no page, or one of everybody
        answer = ines.get(world.url(name))
        is_page = answer.status_code == 200 and not answer.streaming and "<main" in answer.text
        if is_page and "/guide/#" not in answer.text:
            without.add(name)
    printed, joined = {"agreement_print", "session_print"}, {"partnership_invite"}
    assert without == {*printed, *joined, "partnership_end", "partnership_export"}


def test_each_part_and_each_page_of_it_exists() -> None:
    assert get_resolver()
    assert set(PARTS) <= set(routes())
    assert set(GUIDE) == set(Session.Kind)
    assert {*PARTS.values(), *GUIDE.values()} <= {block.anchor for block in guide() if block.kind == "h2"}


@pytest.mark.parametrize("text", ["a `code`", "[a link](x)", "> said", "***", "| a | b |\n|---|---|\n| `c` | d |"])
def test_what_the_page_does_not_draw_is_not_lost_in_silence(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        blocks(text)


def test_html_in_it_is_text() -> None:
    (block,) = blocks("1 < 2 and **so** *on*")
    assert [(run.text, run.kind) for run in block.runs] == [
        ("1 < 2 and ", ""), ("so", "strong"), (" ", ""), ("on", "em"),
    ]  # fmt: skip
