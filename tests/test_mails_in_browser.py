"""Mails as a mail program draws them: from themselves alone, readable on a phone and in the dark."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser import faults
from tests.mails import every_mail, html_of

pytestmark = pytest.mark.one_database

# One of each make: a button, a code, neither, and with further links.
MAKES = ("invited by the partner", "login_code 0", "admin_made to ada@example.org", "day_ahead")
LOOKS = ((390, "light"), (390, "dark"), (600, "light"), (600, "dark"))


def test_every_make_of_mail(browser: Any, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("partnerships.mail.at_once.post", lambda message, **how: message.send())
    found = every_mail()
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    backgrounds = set()
    for make in MAKES:
        (message,) = [message for name, message in found.items() if name == make or name.startswith(f"{make} of ")]
        page.set_content(html_of(message))
        assert faults(page, LOOKS) == [], make
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            backgrounds.add((scheme, page.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")))
    assert backgrounds == {("light", "rgb(244, 243, 238)"), ("dark", "rgb(17, 25, 25)")}
    assert asked == []
    page.close()
