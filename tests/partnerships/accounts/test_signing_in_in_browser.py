"""The ways to sign in, at a real browser."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import Watched, look, press
from tests.cast import Cast
from tests.conftest import LiveServer
from tests.factories import PASSWORD
from tests.partnerships.accounts.provider import Provider
from tests.partnerships.accounts.provider import provider as provider
from tests.partnerships.accounts.provider import served_provider as served_provider
from tests.partnerships.accounts.ways_in import Clock
from tests.partnerships.accounts.ways_in import clock as clock
from tests.partnerships.accounts.ways_in import passkeys as passkeys

pytestmark = pytest.mark.one_database

NewContext = Callable[..., Any]


def by_password(page: Page, email: str) -> None:
    page.goto("/account/login/")
    page.get_by_label("Work email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Sign in")


def test_an_app_that_is_asked_for(
    cast: Cast, new_context: NewContext, live_server: LiveServer, clock: Clock, settings: Any
) -> None:
    """Led to set it up, on to the page that was wanted; then in by its code, and by a recovery code."""
    settings.SECOND_FACTOR = "all"
    page = new_context().new_page()
    page.goto("/settings/reminders/")
    page.get_by_label("Work email").fill(cast.ines.email)
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Sign in")
    expect(page.get_by_text("Your organisation asks for a second factor.")).to_be_visible()
    look(page)
    page.get_by_role("link", name="Set up an app").click()
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Go on")
    image = page.get_by_role("img", name="The picture for the app.")
    expect(image).to_be_visible()
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    look(page)
    secret = page.locator("code").inner_text().replace(" ", "")
    page.get_by_label("Code that the app shows").fill(clock.code(secret))
    press(page, "Go on")
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    look(page)
    recovery = page.locator("li code").first.inner_text()
    press(page, "I have kept them")
    expect(page).to_have_url(f"{live_server.url}/settings/reminders/")

    clock.step += 1
    for code in (clock.code(secret), recovery):
        page = new_context().new_page()
        by_password(page, cast.ines.email)
        expect(page.get_by_role("heading", level=1)).to_have_text("One more thing")
        look(page)
        page.get_by_label("Code").fill(code)
        press(page, "Sign in")
        expect(page.get_by_role("button", name="Account: Ines Okafor")).to_be_visible()


def without_style(route: Any) -> None:
    route.fulfill(content_type="text/css", body="")


def test_by_the_provider(
    cast: Cast, new_context: NewContext, live_server: LiveServer, provider: Provider, settings: Any, watched: Watched
) -> None:
    """Known, and new; and what keeps others out, each with its sentence."""
    watched.expect(403, 404)  # those that are kept out; the provider has no icon
    settings.OIDC_SIGN_UP = True
    settings.MAIL_DOMAINS = frozenset({"example.org"})
    policy = copy.deepcopy(settings.CONTENT_SECURITY_POLICY)
    policy["DIRECTIVES"]["form-action"].append(provider.issuer)
    settings.CONTENT_SECURITY_POLICY = policy
    provider.says("known", email=cast.ines.email)
    provider.says("new", email="new@example.org", name="Nele Braun")
    provider.says("domain", email="new@example.com")
    provider.says("unverified", email=cast.tom.email, email_verified=False)
    provider.says("off", email=cast.daniel.email)
    cast.daniel.deactivate(by=cast.ada)
    for sub, said in (
        ("known", "Account: Ines Okafor"),
        ("new", "Account: Nele Braun"),
        ("domain", "Addresses of this domain cannot be used here."),
        ("unverified", "does not say that your mail address is verified."),
        ("off", "This account is switched off."),
    ):
        context = new_context()
        context.route(re.compile("^https://"), without_style)  # the provider's page asks for some
        page = context.new_page()
        page.goto("/settings/reminders/")
        press(page, "Use Example sign-in")
        page.locator("input[name=sub]").fill(sub)
        page.locator("input[name=sub]").press("Enter")
        expect(page.get_by_text(said)).to_be_attached()
        if said.startswith("Account: "):
            expect(page).to_have_url(f"{live_server.url}/settings/reminders/")
        else:
            expect(page.get_by_role("heading", level=1)).to_have_text("Not signed in")
            look(page)


def with_authenticator(context: Any) -> Page:
    """A page in a browser that keeps passkeys, and finds its owner's finger right."""
    page: Page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    can = ["hasResidentKey", "hasUserVerification", "isUserVerified", "automaticPresenceSimulation"]
    options = {"protocol": "ctap2", "transport": "internal", **dict.fromkeys(can, True)}
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return page


def test_a_passkey(
    cast: Cast, new_context: NewContext, live_server: LiveServer, passkeys: None, clock: Clock, settings: Any
) -> None:
    """Led to set one up; then in by it alone, and by it after the password; and by a recovery code without it."""
    settings.SECOND_FACTOR = "all"
    context = new_context(base_url=f"http://localhost:{live_server.port}")
    page = with_authenticator(context)
    by_password(page, cast.ines.email)
    expect(page.get_by_text("Your organisation asks for a second factor.")).to_be_visible()
    look(page)
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Go on")
    look(page)
    press(page, "Add a passkey")
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    recovery = page.locator("li code").first.inner_text()
    press(page, "I have kept them")
    page.goto("/account/second-factor/")
    expect(page.get_by_text("Chrome on Linux")).to_be_visible()
    look(page)

    def signed_out() -> None:
        context.clear_cookies()
        page.goto("/settings/devices/")

    signed_out()
    page.get_by_role("link", name="Use a passkey").click()
    look(page)
    press(page, "Use my passkey")
    expect(page.get_by_role("heading", level=1)).to_have_text("Where you are signed in")
    look(page)
    page.get_by_role("button", name="Sign out Chrome on Linux").click()  # the one whose cookie is gone
    expect(page.get_by_role("button", name="Sign out Chrome on Linux")).to_have_count(0)
    expect(page.get_by_text("Chrome on Linux")).to_be_visible()

    signed_out()
    page.get_by_label("Work email").fill(cast.ines.email)
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Sign in")
    expect(page.get_by_role("heading", level=1)).to_have_text("One more thing")
    look(page)
    press(page, "Use my passkey")
    expect(page.get_by_role("heading", level=1)).to_have_text("Where you are signed in")

    page.goto("/account/second-factor/codes/")  # who it is, by the passkey
    page.get_by_role("link", name="Use your passkey").click()
    look(page)
    press(page, "Use my passkey")
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    page.goto("/account/second-factor/passkey/")  # the same device once more
    press(page, "Add a passkey")
    expect(page.get_by_text("this device has a passkey of yours already")).to_be_visible()
    page.goto("/account/second-factor/")
    page.get_by_role("link", name="Remove it").click()
    look(page)

    elsewhere = new_context(base_url=f"http://localhost:{live_server.port}").new_page()
    elsewhere.add_init_script("navigator.credentials.get = () => Promise.reject(new Error('closed'))")
    elsewhere.goto("/account/passkey/")
    press(elsewhere, "Use my passkey")
    expect(elsewhere.get_by_text("Your browser found no passkey")).to_be_visible()
    by_password(elsewhere, cast.ines.email)
    elsewhere.get_by_label("Code").fill(recovery)
    press(elsewhere, "Sign in")
    expect(elsewhere.get_by_role("button", name="Account: Ines Okafor")).to_be_visible()
