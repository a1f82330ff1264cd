"""The pages in front of the app and around the account: reachable for everybody, in both themes, on every screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import Watched, faults
from tests.cast import make_cast
from tests.conftest import LiveServer
from tests.factories import PASSWORD

pytestmark = pytest.mark.one_database

# As somebody sees them who is not signed in. Those of an account, and those that only a stranger is shown, stand in
# tests/test_every_page_in_browser.py.
IN_FRONT = (
    "/account/inactive/",
    "/account/password/reset/",
    "/account/password/reset/done/",
    "/account/password/reset/key/done/",
    "/account/password/reset/key/1-none/",
)


def check(page: Page, address: str) -> list[str]:
    page.goto(address)
    return faults(page)


def test_what_is_looked_for_is_found(new_context: Callable[..., Any]) -> None:
    page = new_context().new_page()
    page.set_content(
        '<html lang="en"><title>A page</title><style>@media (min-width: 1000px) { i { position: absolute; left: -9em } '
        "} p { color: #333 } @media (prefers-color-scheme: dark) { body { background: #000 } }</style>"
        '<main><img src="data:," id="bare"><p>Dark on dark</p><i style="width: 400px; display: block">Wide</i>'
        '<p style="width: 50px; color: #fff; background: #000">A sentence in a narrow place</p></main>'
    )
    found = faults(page)
    assert found[0] == "about:blank 320: wider than the screen"
    phone, desk = ([line for line in found if line.startswith(f"about:blank {look}")] for look in ("390 d", "1280 l"))
    for lines in (phone, desk):
        assert any("image-alt: #bare Fix any" in line for line in lines)
        assert any(line.endswith("0 h1") for line in lines)
        assert any(line.endswith("squeezed to 50: A sentence in a narrow place") for line in lines)
    assert any("color-contrast: p" in line for line in phone)
    assert any(line.endswith("wider than the screen") for line in phone)
    assert not any("color-contrast" in line or line.endswith("wider than the screen") for line in desk)


def test_everybody_can_use_the_account_pages(
    new_context: Callable[..., Any], live_server: LiveServer, watched: Watched
) -> None:
    watched.expect(404)
    people = make_cast()
    page = new_context().new_page()
    found = [line for address in IN_FRONT for line in check(page, address)]

    page.goto("/account/login/")
    page.get_by_label("Work email").fill(people.ines.email)
    page.get_by_label("Password").fill("not this one")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    found += faults(page)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Account: Ines Okafor").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    found += faults(page)
    found += check(page, "/nothing-here/")
    assert found == []


def test_a_sign_in_by_code_from_the_first_press_to_the_home(
    new_context: Callable[..., Any], live_server: LiveServer, mailoutbox: list[Any], settings: Any
) -> None:
    settings.MAIL_IS_SENT = True
    people = make_cast()
    page = new_context().new_page()
    page.goto("/account/login/")
    page.get_by_role("link", name="Email me a code instead").click()
    page.get_by_label("Work email").fill(people.ines.email)
    page.get_by_role("button", name="Email me a code").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Enter your code")
    assert faults(page) == []
    (mail,) = mailoutbox
    assert mail.subject == "Your sign-in code"
    assert not any(word in mail.body.lower() for word in ("please", "!", "thank you for using", "example.com"))
    code = next(line.strip() for line in mail.body.splitlines() if line.strip() and " " not in line.strip())
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("button", name="Account: Ines Okafor")).to_be_visible()


def test_a_new_password_by_mail(
    new_context: Callable[..., Any], live_server: LiveServer, mailoutbox: list[Any], settings: Any
) -> None:
    settings.MAIL_IS_SENT = True
    people = make_cast()
    page = new_context().new_page()
    page.goto("/account/login/")
    page.get_by_role("link", name="Forgot it?").click()
    page.get_by_label("Work email").fill(people.ines.email)
    page.get_by_role("button", name="Email me the link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Look in your mail")
    (mail,) = mailoutbox
    assert mail.subject == "A new password"
    link = next(line for line in mail.body.splitlines() if line.startswith("http"))
    page.goto("/" + link.split("/", 3)[3])
    expect(page.get_by_role("heading", level=1)).to_have_text("A new password")
    assert faults(page) == []
    page.get_by_label("New password", exact=True).fill("short")
    page.get_by_label("New password, once more").fill("short")
    page.get_by_role("button", name="Keep this password").click()
    expect(page.locator(".err").first).to_be_visible()
    assert faults(page) == []
    for label in ("New password", "New password, once more"):
        page.get_by_label(label, exact=True).fill("a boat under the bridge")
    page.get_by_role("button", name="Keep this password").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your password is changed")
