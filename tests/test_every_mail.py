"""Every mail has a text and an HTML part that say the same, with the same links, and nobody's words as markup."""

from __future__ import annotations

import ast
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import allauth.account
import pytest
from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from partnerships.accounts import mails as account_mails
from partnerships.mail.message import Letter
from partnerships.models import Delivery
from tests import mails
from tests.mails import HEBREW, LABEL, MARKUP, MEETING, every_mail, html_of

pytestmark = pytest.mark.one_database

ROOT = Path(settings.BASE_DIR)
URL = re.compile(r"https?://\S+")
# All that a mail is made of. Nothing here fetches anything.
ELEMENTS = {"html", "head", "meta", "title", "style", "body", "table", "tr", "td", "div", "h1", "p", "span", "a"}
ATTRIBUTES = {
    "lang", "charset", "name", "content", "class", "style", "role", "width", "cellpadding", "cellspacing", "border",
    "bgcolor", "align", "valign", "dir", "href",
}  # fmt: skip


class Read(HTMLParser):
    """What somebody reads: paragraphs, headings and buttons as they stand; and what it is made of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[tuple[str, str]] = []
        self.read: list[str] = []
        self._open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _value in attrs}
        if tag == "a":
            self.links.append((dict(attrs)["href"] or "", ""))
        if tag != "meta":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if not text or not self._open or self._open[-1] in {"style", "title"}:
            return
        if self._open[-1] == "a":
            self.links[-1] = (self.links[-1][0], text)
        self.read.append(text)


def plain(text: str) -> list[str]:
    """The lines of the text part, without the one that a mail program takes for the start of a signature."""
    return [line for line in text.splitlines() if line.strip() not in {"", "--"}]


@pytest.fixture
def all_mails(db: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, EmailMultiAlternatives]:
    monkeypatch.setattr("partnerships.mail.at_once.post", lambda message, **how: message.send())
    return every_mail()


def test_text_and_html_say_the_same(all_mails: dict[str, EmailMultiAlternatives]) -> None:
    for name, message in all_mails.items():
        read = Read(html_of(message))
        brand, subject, *rest = read.read
        assert (brand, subject) == ("Twofold", message.subject), name
        said = [line.removesuffix(":") for line in plain(str(message.body)) if not URL.match(line)]
        shown = [line.removesuffix(":") for line in rest if not URL.match(line)]
        assert sorted(said) == sorted([*shown, "Twofold"]), name
        assert shown, name


def test_the_links_are_the_same_and_the_button_leads_where_the_text_does(
    all_mails: dict[str, EmailMultiAlternatives],
) -> None:
    with_button = 0
    for name, message in all_mails.items():
        lines, links = plain(str(message.body)), Read(html_of(message)).links
        places = [n for n, line in enumerate(lines) if URL.fullmatch(line)]
        assert [lines[n] for n in places] == [url for url, _words in links], name
        assert URL.findall(str(message.body)) == [lines[n] for n in places], name
        assert {url for url, _words in links if not url.startswith(f"{settings.BASE_URL}/")} <= {MEETING}, name
        buttons = [(lines[n - 1].removesuffix(":"), lines[n]) for n in places[:1]]
        assert buttons == [(words, url) for url, words in links[:1]], name
        with_button += bool(links)
    assert with_button > len(all_mails) / 2


def test_nothing_that_people_wrote_is_markup(all_mails: dict[str, EmailMultiAlternatives]) -> None:
    seen = {MARKUP: 0, LABEL: 0, HEBREW: 0, MEETING: 0}
    for name, message in all_mails.items():
        html, read = html_of(message), Read(html_of(message))
        assert read.elements <= ELEMENTS, name
        assert read.attributes <= ATTRIBUTES, name
        assert not re.search(r"url\(|@import|src=|javascript:", html), name
        assert 'dir="auto"' not in html, name  # a sentence that begins with a Hebrew name is still ours
        for words in seen:
            assert ("&lt;" in html) >= (words in f"{message.subject}{message.body}" and "<" in words), name
            seen[words] += words in str(message.body)
        assert "&lt;" not in str(message.body), name
        assert "&amp;" not in str(message.body), name
    assert all(seen.values()), seen


def test_the_other_one_of_the_two_is_named_in_the_body(all_mails: dict[str, EmailMultiAlternatives]) -> None:
    """Not in the subject alone. What goes to Dana names Ines, what goes to Ines names Dana."""
    told = {
        name: message for name, message in all_mails.items()
        if (" of " in name and not name.startswith("expiry")) or name.startswith(("seated with", "no date", "a date"))
    }  # fmt: skip
    assert len(told) > 15
    for name, message in told.items():
        other = HEBREW if message.to == ["ines@example.org"] else "Ines"
        assert other in str(message.body), name


def test_a_name_from_right_to_left_takes_no_word_beside_it_along(
    all_mails: dict[str, EmailMultiAlternatives],
) -> None:
    said = [
        text for message in all_mails.values() for text in (str(message.subject), str(message.body), html_of(message))
    ]
    names = [name for text in said for name in re.findall(r".?[\u0590-\u05ff][\u0590-\u05ff ]*.?", text)]
    assert names
    assert {(name[0], name[-1]) for name in names} == {("\u2068", "\u2069")}


# --- none is forgotten ------------------------------------------------------------------------------------------------


def test_each_kind_of_delivery_that_is_mailed_is_here(all_mails: dict[str, EmailMultiAlternatives]) -> None:
    by_mail = {
        kind.value for kind in set(Delivery.Kind) - Delivery.SHOWN
        if Delivery.Channel.EMAIL in Delivery.REMINDERS.get(kind, {Delivery.Channel.EMAIL: True})
    }  # fmt: skip
    assert {name.partition(" of ")[0] for name in all_mails if " of " in name} | {"news"} == by_mail


def test_each_mail_of_the_accounts_is_here() -> None:
    """allauth's own, but for those that nobody asked for, which stay off."""
    folder = Path(allauth.account.__file__).parents[1] / "templates/account/email"
    theirs = {path.name.removesuffix("_subject.txt") for path in folder.glob("*_subject.txt")}
    off = {  # ACCOUNT_EMAIL_NOTIFICATIONS and ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS
        "email_changed", "email_confirm", "email_deleted", "password_changed", "password_reset", "password_set",
        "unknown_account",
    }  # fmt: skip
    assert set(mails.CONTEXTS) == set(account_mails.LETTERS) == theirs - off
    assert not settings.ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS
    assert not getattr(settings, "ACCOUNT_EMAIL_NOTIFICATIONS", False)


def functions_that_call(name: str) -> set[tuple[str, str]]:
    """Each place of the product that calls it: file and function."""
    found = set()
    for path in [*ROOT.glob("partnerships/**/*.py"), *ROOT.glob("retros/**/*.py")]:
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef):
                calls = (node for node in ast.walk(function) if isinstance(node, ast.Call))
                if any(isinstance(call.func, ast.Name) and call.func.id == name for call in calls):
                    found.add((str(path.relative_to(ROOT)), function.name))
    return found


def test_each_place_that_writes_a_letter_is_tried_here(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    written = set()

    class Kept(Letter):
        def __init__(self, *args: Any, **fields: Any) -> None:
            code = sys._getframe(1).f_code
            written.add((str(Path(code.co_filename).relative_to(ROOT)), code.co_name))
            super().__init__(*args, **fields)

    for module in list(sys.modules.values()):
        if getattr(module, "Letter", None) is Letter and module.__name__.startswith(("partnerships.", "retros.")):
            monkeypatch.setattr(module, "Letter", Kept)
    monkeypatch.setattr("partnerships.mail.at_once.post", lambda message, **how: message.send())
    every_mail()
    assert written == functions_that_call("Letter")


def test_mails_are_made_in_one_place() -> None:
    found = [*functions_that_call("EmailMultiAlternatives"), *functions_that_call("EmailMessage")]
    assert found == [("partnerships/mail/message.py", "message")]
