"""The settings keep the header of where one came from, and the colour that one has there."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.cast import Cast, client_of
from tests.factories import PartnershipFactory

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

OWN = ("person_update", "reminder_update", "account_email", "account_change_password", "data_detail")


def client(person: Any) -> Client:
    return client_of(person)


def way_to_settings(text: str) -> str:
    """Where both links to the settings lead."""
    (link,) = set(re.findall(r'href="(/settings/(?:\?[^"]*)?)"', text.split("<main")[0]))
    return str(link)


def bar(text: str) -> str:
    return text.split("<main")[0].split("<header")[1]


def test_of_a_pair_on_every_page_of_ones_own(cast: Cast) -> None:
    PartnershipFactory.create(label="Billing", a=cast.mei, b=cast.tom)
    browser = client(cast.tom)
    home = browser.get(reverse("partnership_detail", args=[cast.checkout.pk])).text
    actions = reverse("action_list", args=[cast.checkout.pk])
    text = browser.get(way_to_settings(home)).text
    assert actions in bar(text)
    for name in OWN:
        text = browser.get(reverse(name)).text
        assert actions in bar(text), name
        assert '<span class="av" data-p="b"' in bar(text), name
        assert f'from={cast.checkout.pk}"' in bar(text), name
    answer = browser.post(reverse("person_update"), {"name": ""})
    assert answer.status_code == 422
    assert actions in bar(answer.text)


def test_of_another_pair_after_one_was_there(cast: Cast) -> None:
    other = PartnershipFactory.create(label="Billing", a=cast.tom, b=cast.mei)
    browser = client(cast.tom)
    for pair, seat in ((cast.checkout, "b"), (other, "a"), (cast.checkout, "b")):
        browser.get(way_to_settings(browser.get(reverse("partnership_detail", args=[pair.pk])).text))
        text = bar(browser.get(reverse("reminder_update")).text)
        assert reverse("action_list", args=[pair.pk]) in text
        assert f'<span class="av" data-p="{seat}"' in text


def test_who_has_one_partnership_comes_from_there(cast: Cast) -> None:
    assert reverse("action_list", args=[cast.checkout.pk]) in bar(client(cast.ines).get("/settings/").text)


def test_who_has_several_and_came_from_none_of_them(cast: Cast) -> None:
    PartnershipFactory.create(label="Billing", a=cast.mei, b=cast.tom)
    assert "/actions/" not in bar(client(cast.tom).get("/settings/").text)


def test_of_the_admins_and_of_leads(cast: Cast) -> None:
    for person, place, entry in ((cast.ada, "schedule", "audit_list"), (cast.sara, "lead_list", "lead_list")):
        browser = client(person)
        browser.get(way_to_settings(browser.get(reverse(place)).text))
        assert reverse(entry) in bar(browser.get(reverse("account_email")).text)


@pytest.mark.parametrize("place", ["admin", "led", "no place", "", "checkout"])
def test_a_place_that_is_not_theirs_shows_nothing_of_it(cast: Cast, place: str) -> None:
    asked = str(cast.checkout.pk) if place == "checkout" else place
    browser = client(cast.daniel)
    own = reverse("action_list", args=[cast.search.pk])
    for url in (f"/settings/?from={asked}", "/settings/"):
        text = bar(browser.get(url).text)
        assert own in text
        assert reverse("audit_list") not in text
        assert str(cast.checkout.pk) not in text


def test_nobody_signed_in_sees_no_header(cast: Cast) -> None:
    assert Client().get(f"{reverse('account_login')}?from={cast.checkout.pk}").status_code == 200
