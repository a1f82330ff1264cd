from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from partnerships import limits
from partnerships.models import Invitation, Lead, Membership, Partnership, Person, SignIn
from partnerships.refusals import NotAllowed, Refusal
from partnerships.seen import version_of
from tests.cast import Cast, client_of, send_mails
from tests.factories import PartnershipFactory, PersonFactory
from tests.presses import at_once, token_in

pytestmark = [pytest.mark.django_db, pytest.mark.one_database, pytest.mark.usefixtures("mail_without_commit")]

ON_PERSON = (
    "person_role_update", "person_admin_create", "person_admin_delete", "person_deactivate", "person_reactivate",
    "person_sessions_end",
)  # fmt: skip


def press(client: Client, name: str, person: Person, **data: str) -> Any:
    return client.post(reverse(name, args=[person.pk]), data)


# --- the list ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, {"Ines Okafor", "Ada Osei", "Mei Tan"}),
        ({"q": "ines"}, {"Ines Okafor"}),
        ({"q": "okafor INES"}, {"Ines Okafor"}),
        ({"q": "mei@example"}, {"Mei Tan"}),
        ({"q": "designer"}, {"Ines Okafor"}),
        ({"state": "admin"}, {"Ada Osei"}),
        ({"state": "off"}, {"Tom Lindqvist"}),
        ({"q": "nobody at all"}, set()),
        ({"q": "%", "state": "'", "page": "zz"}, set()),
    ],
)
def test_person_list(client: Client, cast: Cast, ada: Person, asked: dict[str, str], found: set[str]) -> None:
    cast.tom.deactivate(by=ada)
    page = client.get(reverse("person_list"), asked).text
    everybody = {"Ines Okafor", "Ada Osei", "Mei Tan", "Tom Lindqvist"}
    shown = page.partition("<main")[2]
    assert {name for name in everybody if name in shown} == found


def test_the_lists_are_paged_at_a_constant_cost(client: Client, ada: Person) -> None:
    costs = []
    client.get(reverse("person_list"))  # the sign-in's own first look
    for many in (3, 120):
        people = Person.objects.bulk_create(
            Person(name=f"P {many} {n:03}", email=f"p{many}-{n}@example.org") for n in range(2 * many)
        )
        pairs = Partnership.objects.bulk_create(Partnership(kind="other", label=f"L{n:03}") for n in range(many))
        Membership.objects.bulk_create(
            Membership(partnership=pair, person=people[2 * n + (seat == "b")], seat=seat)
            for n, pair in enumerate(pairs)
            for seat in "ab"
        )
        for name in ("person_list", "admin_partnership_list"):
            with CaptureQueriesContext(connection) as queries:
                page = client.get(reverse(name))
            costs.append((name, len(queries)))
            assert page.status_code == 200
            assert page.text.count("<tr><td>") <= 50
            assert ("Next page" in page.text) == (many == 120)
    assert costs[:2] == costs[2:]
    assert all(cost <= 12 for _name, cost in costs)
    assert "Tom Lindqvist" in client.get(reverse("person_list"), {"page": "99"}).text


# --- inviting ---------------------------------------------------------------------------------------------------------


def test_an_admins_own_page_explains_no_press_that_it_has_not(client: Client, cast: Cast, ada: Person) -> None:
    for person, is_explained in ((cast.sara, True), (ada, False)):
        page = client.get(reverse("person_detail", args=[person.pk])).text
        assert ("Switch the account off" in page, "Switched off means" in page) == (is_explained, is_explained)


def test_of_the_many_that_somebody_leads_the_first_fifty_stand_there(client: Client, cast: Cast, ada: Person) -> None:
    pairs = Partnership.objects.bulk_create(Partnership(kind="other", label=f"L{n:02}") for n in range(49))
    Lead.objects.bulk_create(Lead(partnership=pair, person=cast.sara) for pair in pairs)
    page = client.get(reverse("person_detail", args=[cast.sara.pk])).text
    assert "The first 50 of 51" in page
    assert ("L48" in page, "Priya and Daniel" in page) == (True, False)  # Checkout stands first, Search last
    Lead.objects.filter(partnership=pairs[0]).delete()
    assert "The first" not in client.get(reverse("person_detail", args=[cast.sara.pk])).text


def test_person_invite(client: Client, ada: Person, mailoutbox: list[Any]) -> None:
    page = client.post(reverse("person_invite"), {"email": "New@Example.org", "role_label": "PM"})
    token = token_in(page.text)
    assert [mail.to for mail in mailoutbox] == [["new@example.org"]]
    assert token in mailoutbox[0].body
    assert mailoutbox[0].subject == "You are invited to Twofold"
    assert token not in client.get(reverse("person_list")).text
    assert "new@example.org" in client.get(reverse("person_list")).text

    new = PersonFactory.create(name="New Person", email="new@example.org")
    client.force_login(new)
    path = reverse("invitation_detail", args=[token])
    assert "the two people of a working pair" in client.get(path).text
    assert client.post(path + "accept/").headers["Location"] == "/"
    new.refresh_from_db()
    assert (new.role_label, new.is_staff) == ("PM", False)
    assert client.get("/").status_code == 200


def test_an_invitation_to_the_same_address_replaces_the_first(client: Client, ada: Person) -> None:
    first, second = (
        token_in(client.post(reverse("person_invite"), {"email": "new@example.org"}).text) for _time in range(2)
    )
    client.logout()
    assert client.get(reverse("invitation_detail", args=[first])).status_code == 404
    assert client.get(reverse("invitation_detail", args=[second])).status_code == 200


def test_who_is_here_is_not_invited(client: Client, ada: Person) -> None:
    page = client.post(reverse("person_invite"), {"email": "MEI@example.org", "role_label": "kept"})
    assert page.status_code == 409
    assert "There is an account with this address already." in page.text
    assert 'value="kept"' in page.text
    assert not Invitation.objects.exists()


def test_the_last_day_of_a_link_is_that_of_the_readers_clock(client: Client, cast: Cast, ada: Person) -> None:
    Person.objects.filter(pk=ada.pk).update(timezone="Pacific/Kiritimati")
    Invitation.for_account(email="new@example.org", by=ada)
    Invitation.objects.update(expires_at=datetime(2099, 3, 1, 20, tzinfo=UTC))
    assert "The link works until 2 March" in client.get(reverse("person_list")).text


def test_an_admin_renews_and_takes_back_any_invitation(client: Client, cast: Cast, ada: Person) -> None:
    pair = PartnershipFactory.create(a=cast.mei)
    invitation, old = Invitation.for_seat(pair, email="new@example.org", by=cast.mei)
    new = token_in(client.post(reverse("admin_invitation_update", args=[invitation.pk])).text)
    assert client.get(reverse("invitation_detail", args=[old])).status_code == 404
    assert "Mei Tan invites you" in client.get(reverse("invitation_detail", args=[new])).text
    again = Invitation.objects.by_token(new)
    assert again is not None
    assert (again.seat, again.invited_by) == ("b", cast.mei)
    client.post(reverse("admin_invitation_delete", args=[again.pk]))
    assert client.get(reverse("invitation_detail", args=[new])).status_code == 404
    assert client.post(reverse("admin_invitation_update", args=[again.pk])).status_code == 409


# --- roles, switching off ---------------------------------------------------------------------------------------------


def test_person_role_update(client: Client, cast: Cast, ada: Person) -> None:
    shown = str(version_of([cast.mei.role_label]))
    press(client, "person_role_update", cast.mei, role_label="  Researcher ", version=shown)
    cast.mei.refresh_from_db()
    assert cast.mei.role_label == "Researcher"
    assert press(client, "person_role_update", cast.mei, role_label="x" * 61).status_code == 422


def test_an_admin_is_made_and_ended_and_both_are_told(
    client: Client, cast: Cast, ada: Person, mailoutbox: list[Any]
) -> None:
    for name, is_admin in (("person_admin_create", True), ("person_admin_delete", False)):
        mailoutbox.clear()
        for _press in range(2):  # a double press is one press
            assert press(client, name, cast.mei).status_code == 302
        send_mails()
        cast.mei.refresh_from_db()
        assert cast.mei.is_staff is is_admin
        assert {mail.to[0] for mail in mailoutbox} == {cast.mei.email, ada.email}
        assert len(mailoutbox) == 2


def test_the_last_admin_stays(client: Client, cast: Cast, ada: Person) -> None:
    assert press(client, "person_admin_delete", ada).status_code == 409
    assert press(client, "person_deactivate", ada).status_code == 409
    cast.mei.make_admin(by=ada)
    assert press(client, "person_deactivate", ada).status_code == 409
    assert press(client, "person_admin_delete", ada).headers["Location"] == "/"
    assert client.get(reverse("person_list")).status_code == 404
    assert client.get(reverse("person_detail", args=[ada.pk])).status_code == 404


def test_who_has_no_partnership_is_no_news_to_the_admins(cast: Cast, ada: Person, mailoutbox: list[Any]) -> None:
    cast.mei.deactivate(by=ada)
    cast.sara.make_admin(by=ada)
    Partnership.objects.update(archived_at=timezone.now())
    cast.tom.deactivate(by=ada)
    send_mails()
    assert [mail.to for mail in mailoutbox if "switched off" in mail.subject] == [[cast.mei.email], [cast.tom.email]]


def test_person_deactivate(client: Client, cast: Cast, ada: Person, mailoutbox: list[Any]) -> None:
    other = PersonFactory.create(is_staff=True)
    toms = client_of(cast.tom)
    half = PartnershipFactory.create(a=cast.tom)
    _invitation, token = Invitation.for_seat(half, email="new@example.org", by=cast.tom)
    press(client, "person_deactivate", cast.tom)
    press(client, "person_deactivate", cast.tom)
    send_mails()
    told = {mail.to[0]: mail.subject for mail in mailoutbox}
    off = "The account of Tom Lindqvist is switched off"
    assert told == {cast.tom.email: "Your account is switched off", ada.email: off, other.email: off}
    assert len(mailoutbox) == 3
    assert all(reverse("person_detail", args=[cast.tom.pk]) in m.body for m in mailoutbox if m.subject == off)
    home = reverse("partnership_detail", args=[cast.checkout.pk])
    assert toms.get(home).status_code == 302
    assert client.get(reverse("invitation_detail", args=[token])).status_code == 404
    assert not toms.login(email=cast.tom.email, password="a long walk by the sea")
    signed_in = [s for s in SignIn.objects.all() if s.get_decoded().get("_auth_user_id") == str(cast.tom.pk)]
    assert signed_in == []

    client.force_login(cast.ines)
    assert client.get(home).status_code == 200
    client.force_login(ada)
    press(client, "person_reactivate", cast.tom)
    assert toms.get(home).status_code == 302  # nobody is signed in by it
    assert toms.login(email=cast.tom.email, password="a long walk by the sea")


def test_person_sessions_end(client: Client, cast: Cast, ada: Person, mailoutbox: list[Any]) -> None:
    toms = client_of(cast.tom)
    press(client, "person_sessions_end", cast.tom)
    send_mails()
    assert [(mail.to, mail.subject) for mail in mailoutbox] == [([cast.tom.email], "You were signed out everywhere")]
    assert toms.get("/").headers["Location"].startswith(reverse("account_login"))
    assert client.get(reverse("person_list")).status_code == 200


def test_who_may_not(client: Client, cast: Cast) -> None:
    for person in (cast.ines, cast.sara, cast.mei):
        client.force_login(person)
        for name in ON_PERSON:
            assert press(client, name, cast.tom, role_label="x").status_code == 404
        for verb in (cast.tom.make_admin, cast.tom.end_admin, cast.tom.deactivate, cast.tom.end_sessions_for):
            with pytest.raises(NotAllowed):
                verb(by=person)
        with pytest.raises(NotAllowed):
            Invitation.for_account(email="x@example.org", by=person)


def test_an_admin_who_is_a_member_reads_no_more_than_before(client: Client, cast: Cast, ada: Person) -> None:
    PartnershipFactory.create(a=ada, b=cast.mei, label="Own")
    assert client.get(reverse("partnership_detail", args=[cast.checkout.pk])).status_code == 404
    assert client.get(reverse("admin_partnership_detail", args=[cast.checkout.pk])).status_code == 200


def test_twenty_invitations_an_hour(client: Client, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "INVITATIONS_PER_HOUR", 2)
    answers = [client.post(reverse("person_invite"), {"email": f"n{n}@example.org"}).status_code for n in range(3)]
    assert answers == [200, 200, 429]


# --- both at once -----------------------------------------------------------------------------------------------------


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_two_admins_end_each_other_at_once_and_one_remains() -> None:
    for n in range(8):
        Person.objects.filter(is_staff=True).update(is_staff=False)
        a, b = (PersonFactory.create(name=f"Admin {n} {who}", is_staff=True) for who in "ab")
        outcomes = at_once(partial(a.end_admin, by=b), partial(b.end_admin, by=a))
        assert Person.objects.admins().count() == 1
        assert sorted(isinstance(outcome, Refusal) for outcome in outcomes) == [False, True]
