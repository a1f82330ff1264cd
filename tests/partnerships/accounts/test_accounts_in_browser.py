"""From the invitation to the settings, at a real browser, on a phone and on a desk, in the light and in the dark."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import expect

from partnerships.models import Invitation, Person
from retros.models import Draft
from tests.browser import Watched, look, press, until_caught
from tests.cast import page_of
from tests.conftest import LiveServer
from tests.factories import PASSWORD, PartnershipFactory, PersonFactory
from tests.partnerships.accounts.ways_in import code_in
from tests.partnerships.accounts.ways_in import with_mail as with_mail

pytestmark = pytest.mark.one_database


def test_from_the_invitation_to_one_home(
    new_context: Callable[..., Any], live_server: LiveServer, watched: Watched
) -> None:
    watched.expect(422, 404)
    context = new_context()
    context.grant_permissions(["clipboard-write"])  # as a browser with a window gives it with the press
    ines = page_of(PersonFactory.create(name="Ines Okafor", email="ines@example.org"), context, live_server)
    ines.goto("/partnerships/new/")
    look(ines)
    press(ines, "Invite them")
    expect(ines.get_by_text("Write something, or leave the page.").first).to_be_visible()
    look(ines)
    ines.get_by_label("Product manager and designer").check()
    ines.get_by_label("What you work on together").fill("Checkout")
    ines.get_by_label("Your role").fill("Designer")
    ines.get_by_label("Their work email").fill("tom@example.org")
    press(ines, "Invite them")
    look(ines)
    press(ines, "Copy the link")
    expect(ines.get_by_text("Link copied")).to_be_visible()
    path = ines.get_by_label("Link", exact=True).input_value().removeprefix(settings.BASE_URL)

    tom = new_context(timezone_id="Europe/Stockholm").new_page()
    tom.goto(path)
    expect(tom.get_by_role("heading", level=1)).to_have_text("Ines Okafor invites you")
    look(tom)
    tom.get_by_role("link", name="Make an account").click()
    expect(tom.get_by_label("Time zone")).to_have_value("Europe/Stockholm")
    tom.get_by_label("Your name").fill("Tom Lindqvist")
    tom.get_by_label("Work email").fill("tom@example.org")
    tom.get_by_label("Password").fill("short")
    look(tom)
    press(tom, "Make an account")
    expect(tom.get_by_label("Your name")).to_have_value("Tom Lindqvist")
    look(tom)
    tom.get_by_label("Password").fill("four small boats")
    press(tom, "Make an account")
    look(tom)
    press(tom, "Accept the invitation")
    expect(tom.get_by_role("heading", level=1)).to_contain_text("Ines")

    ines.goto("/")
    assert ines.url == tom.url
    tom.goto(path)
    expect(tom.get_by_role("heading", level=1)).to_have_text("This link no longer works")
    look(tom)


def test_the_wrong_person_at_the_link(context: Any, live_server: LiveServer, watched: Watched) -> None:
    ines = PersonFactory.create(name="Ines Okafor")
    _invitation, token = Invitation.for_seat(PartnershipFactory.create(a=ines), email="tom@example.org", by=ines)
    page = page_of(PersonFactory.create(name="Mei Tan"), context, live_server)
    page.goto(f"/invitations/{token}/")
    expect(page.get_by_text("This invitation is for another address.")).to_be_visible()
    look(page)
    press(page, "Sign out")  # a script sends the form
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.goto(f"/invitations/{token}/")
    expect(page.get_by_role("link", name="Make an account")).to_be_visible()


def test_settings(new_context: Callable[..., Any], live_server: LiveServer) -> None:
    tom = PersonFactory.create(name="Tom Lindqvist", email="tom@example.org", timezone="Europe/Stockholm")
    page = page_of(tom, new_context(timezone_id="Asia/Tokyo"), live_server)
    page.goto("/settings/")
    look(page)
    press(page, "Use the time zone of this device")
    page.get_by_label("Dark").check()
    press(page, "Keep these settings")
    expect(page.get_by_text("Settings kept")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_label("Time zone")).to_have_value("Asia/Tokyo")
    expect(page.get_by_role("button", name="Use the time zone of this device")).to_be_hidden()
    page.get_by_role("link", name="Email addresses").click()
    look(page)
    page.goto("/settings/")
    page.get_by_role("link", name="Change the password").click()
    look(page)
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_label("New password", exact=True).fill("five small boats")
    page.get_by_label("New password, once more").fill("five small boats")
    press(page, "Change the password")
    expect(page.get_by_text("Password changed")).to_be_visible()


def test_a_browser_that_knows_a_place_by_its_old_name(new_context: Callable[..., Any], live_server: LiveServer) -> None:
    tom = PersonFactory.create(name="Tom Lindqvist", email="tom@example.org", timezone="Europe/Stockholm")
    page = page_of(tom, new_context(timezone_id="Asia/Calcutta"), live_server)
    page.goto("/settings/")
    press(page, "Use the time zone of this device")
    expect(page.get_by_label("Time zone")).to_have_value("Asia/Kolkata")
    for kept in ("Asia/Kolkata", "Asia/Calcutta"):
        Person.objects.update(timezone=kept)
        page.reload()
        expect(page.get_by_label("Time zone")).to_have_value(kept)
        expect(page.get_by_role("button", name="Use the time zone of this device")).to_be_hidden()


def test_a_change_of_the_address_is_undone_from_the_old_one(
    new_context: Callable[..., Any], live_server: LiveServer, watched: Watched, mailoutbox: list[Any]
) -> None:
    watched.expect(404)
    tom = PersonFactory.create(name="Tom Lindqvist", email="tom@example.org")
    EmailAddress.objects.create(user=tom, email="evil@evil.example", verified=True)
    page = page_of(tom, new_context(), live_server)
    page.goto("/account/email/")
    page.get_by_label("evil@evil.example").check()
    press(page, "Make it the main one")
    expect(page.get_by_role("heading", level=1)).to_have_text("Is it you?")
    look(page)
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Go on")
    expect(page.get_by_text("Main address changed")).to_be_visible()
    (mail,) = mailoutbox
    assert mail.to == ["tom@example.org"]
    link = next(line for line in mail.body.splitlines() if line.startswith("http")).removeprefix(settings.BASE_URL)

    owner = new_context().new_page()
    owner.goto(link)
    expect(owner.get_by_role("heading", level=1)).to_have_text("Was it not you?")
    look(owner)
    press(owner, "Undo it, and sign everybody out")
    expect(owner.get_by_role("heading", level=1)).to_have_text("It is undone")
    look(owner)
    tom.refresh_from_db()
    assert tom.email == "tom@example.org"
    owner.goto(link)
    expect(owner.get_by_role("heading", level=1)).to_have_text("This link no longer works")
    look(owner)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_who_has_no_password_confirms_by_a_code(context: Any, live_server: LiveServer, mailoutbox: list[Any]) -> None:
    ada = PersonFactory.create(name="Ada Osei", email="ada@example.org")
    ada.set_unusable_password()
    ada.save(update_fields=["password"])
    page = page_of(ada, context, live_server)
    page.goto("/settings/")
    page.get_by_role("link", name="Change the password").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Is it you?")
    look(page)
    press(page, "Email me the code")
    page.get_by_label("Code").fill("BBBB-BBBB")
    press(page, "Go on")
    expect(page.get_by_text("This is not the code we sent last.")).to_be_visible()
    look(page)
    page.get_by_label("Code").fill(code_in(mailoutbox[-1]))
    press(page, "Go on")
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose a password")
    look(page)


def test_a_code_that_is_pressed_twice_signs_in(
    page: Any, live_server: LiveServer, with_mail: None, mailoutbox: list[Any]
) -> None:
    PersonFactory.create(name="Tom Lindqvist", email="tom@example.org")
    page.goto(reverse("account_request_login_code"))
    page.get_by_label("Email").fill("tom@example.org")
    page.locator("main button[type=submit]").first.click()
    page.get_by_label("Code").fill(code_in(mailoutbox[-1]))
    sent: list[Any] = []
    page.route(f"**{reverse('account_confirm_login_code')}", lambda route: sent.append(route))
    # Playwright itself touches no page that is about to be left.
    page.keyboard.press("Enter")
    until_caught(page, sent)
    page.keyboard.press("Enter")
    page.wait_for_timeout(50)
    sent[-1].continue_()
    expect(page).to_have_url(f"{live_server.url}/")
    assert len(sent) == 1


def test_sign_out_everywhere(new_context: Callable[..., Any], live_server: LiveServer) -> None:
    tom = PersonFactory.create(name="Tom Lindqvist", email="tom@example.org")
    here, there = (page_of(tom, new_context(), live_server) for _device in range(2))
    for page in (here, there):
        page.goto("/settings/")
    press(here, "Sign out everywhere")
    expect(here.get_by_role("heading", level=1)).to_have_text("Sign in")
    look(here)
    there.reload()
    expect(there.get_by_role("heading", level=1)).to_have_text("Sign in")
    here.go_back()
    expect(here.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_signing_in_again_in_place_loses_nothing(context: Any, live_server: LiveServer, watched: Watched) -> None:
    watched.expect(401, 422)
    tom = PersonFactory.create(name="Tom Lindqvist", email="tom@example.org")
    partnership = PartnershipFactory.create(a=tom, b=PersonFactory.create(name="Ines"))
    page = page_of(tom, context, live_server)
    page.goto(f"/partnerships/{partnership.pk}/actions/new/")
    tom.end_sessions()
    box = page.locator("textarea[name=text]")
    box.press_sequentially("Ask before the plan is fixed")
    page.get_by_label("Work email").fill("tom@example.org")
    page.get_by_label("Password").fill("not this one")
    press(page, "Sign in")
    expect(page.get_by_text("This email and password don’t go together.")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Sign in")
    expect(page.get_by_text("Signed in. Press again.")).to_be_visible()
    expect(box).to_have_value("Ask before the plan is fixed")
    expect(page.locator("[data-saved]").first).to_have_text("Draft saved")
    assert Draft.objects.get(person=tom).text == "Ask before the plan is fixed"


@pytest.mark.parametrize("signed_out", [False, True])
def test_without_script(new_context: Callable[..., Any], live_server: LiveServer, watched: Watched, signed_out) -> None:
    """A plain form, its redirect, and a page that gives the text back when the session ended meanwhile."""
    watched.expect(401)
    tom = PersonFactory.create(name="Tom Lindqvist", email="tom@example.org")
    page = page_of(tom, new_context(java_script_enabled=False), live_server)
    page.goto("/settings/")
    page.get_by_label("Your name").fill("Tomas of the long name")
    if signed_out:
        tom.end_sessions()
    press(page, "Keep these settings")
    if not signed_out:
        expect(page.get_by_text("Settings kept")).to_be_visible()
        tom.refresh_from_db()
        assert tom.name == "Tomas of the long name"
        return
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in again. Your text is kept.")
    expect(page.locator("textarea").first).to_have_value("Tomas of the long name")
    page.get_by_role("link", name="Back to the page").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
