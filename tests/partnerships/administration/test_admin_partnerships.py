from __future__ import annotations

import re
import uuid
from functools import partial
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from partnerships.models import Invitation, Lead, Look, Membership, Partnership, Person
from partnerships.refusals import NotAllowed, Refusal
from partnerships.seen import version_of
from tests.cast import Cast, client_of, send_mails
from tests.factories import PartnershipFactory, PersonFactory
from tests.presses import at_once, token_in

pytestmark = [pytest.mark.django_db, pytest.mark.one_database, pytest.mark.usefixtures("mail_without_commit")]

NEW = {"kind": "pm_designer", "label": "Growth", "since": "2026-01-05"}


def create(client: Client, a: str, b: str, **more: Any) -> Any:
    data = {**NEW, "client_id": uuid.uuid4(), "email_a": a, "email_b": b, **more}
    return client.post(reverse("admin_partnership_create"), data)


def seats(partnership: Partnership) -> dict[str, str]:
    return {m.seat: m.person.email for m in partnership.memberships.select_related("person")}


def test_two_who_are_here_take_their_seats_and_are_told(
    client: Client, cast: Cast, ada: Person, mailoutbox: list[Any]
) -> None:
    key = uuid.uuid4()
    for _press in range(2):  # a double press is one press
        answer = create(client, "Mei@example.org", cast.tom.email, client_id=key)
    pair = Partnership.objects.get(label="Growth")
    assert answer.headers["Location"] == reverse("admin_partnership_detail", args=[pair.pk])
    assert seats(pair) == {"a": "mei@example.org", "b": "tom@example.org"}
    assert sorted(mail.to[0] for mail in mailoutbox) == ["mei@example.org", "tom@example.org"]
    assert all("Ada Osei set up a partnership for you" in mail.subject for mail in mailoutbox)


def test_who_invited_as_an_admin_keeps_no_hold_on_the_invitation(client: Client, cast: Cast, ada: Person) -> None:
    """A fresh link shows its token: with it one could come as somebody else, where no mail proves an address."""
    create(client, cast.tom.email, "second@example.org")
    client.post(reverse("person_invite"), {"email": "third@example.org"})
    sent = list(Invitation.objects.open().filter(invited_by=ada).order_by("email"))
    assert [invitation.email for invitation in sent] == ["second@example.org", "third@example.org"]
    cast.sara.make_admin(by=ada)
    for end in (lambda: True, lambda: ada.end_admin(by=cast.sara)):
        assert end()
        for name in ("invitation_update", "invitation_delete"):
            for invitation in sent:
                assert client.post(reverse(name, args=[invitation.pk])).status_code == 404
    assert set(Invitation.objects.open()) == set(sent)


def test_two_who_are_new_are_both_invited(client: Client, ada: Person, mailoutbox: list[Any]) -> None:
    """Each comes by an own link, in any order, into the seat that was meant."""
    page = create(client, "first@example.org", "second@example.org")
    assert [mail.to[0] for mail in mailoutbox] == ["first@example.org", "second@example.org"]
    tokens = [token_in(mail.body) for mail in mailoutbox]
    assert all(token in page.text for token in tokens)
    assert "Ada Osei set up a partnership for two" in mailoutbox[0].body
    pair = Partnership.objects.get(label="Growth")
    detail = client.get(reverse("admin_partnership_detail", args=[pair.pk])).text
    assert "first@example.org" in detail
    assert not any(token in detail for token in tokens)

    second, first = (PersonFactory.create(name=n.title(), email=f"{n}@example.org") for n in ("second", "first"))
    home = reverse("partnership_detail", args=[pair.pk])
    client.force_login(second)
    assert client.post(reverse("invitation_accept", args=[tokens[1]])).headers["Location"] == home
    waiting = client.get(home).text
    assert "Waiting for first@example.org." in waiting
    client.force_login(first)
    assert client.post(reverse("invitation_accept", args=[tokens[1]])).status_code == 404
    client.post(reverse("invitation_accept", args=[tokens[0]]))
    assert seats(pair) == {"a": "first@example.org", "b": "second@example.org"}
    assert client.get(home).status_code == 200


def test_a_link_is_renewed_after_the_other_seat_was_taken(client: Client, ada: Person) -> None:
    create(client, "first@example.org", "second@example.org")
    first, second = Invitation.objects.order_by("seat")
    first.accept(by=PersonFactory.create(name="First", email="first@example.org"))
    token = token_in(client.post(reverse("admin_invitation_update", args=[second.pk])).text)
    new = Invitation.objects.by_token(token)
    assert new is not None
    new.accept(by=PersonFactory.create(name="Second", email="second@example.org"))
    assert Partnership.objects.get(label="Growth").memberships.count() == 2


@pytest.mark.parametrize(
    ("a", "b", "status", "words"),
    [
        ("mei@example.org", "MEI@example.org", 409, "A partnership is two different people."),
        ("mei@example.org", "tom@example.org", 409, "The account of tom@example.org is switched off."),
        ("mei@example.org", "nothing", 422, "Enter a valid email address."),
    ],
)
def test_what_is_refused_leaves_nothing_behind(
    client: Client, cast: Cast, ada: Person, a: str, b: str, status: int, words: str
) -> None:
    cast.tom.deactivate(by=ada)
    page = create(client, a, b)
    assert page.status_code == status
    assert words in page.text
    assert 'value="Growth"' in page.text
    assert not Partnership.objects.filter(label="Growth").exists()
    assert not Invitation.objects.exists()


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, {"Checkout", "Search", "Half"}),
        ({"q": "daniel"}, {"Search"}),
        ({"q": "checkout tom"}, {"Checkout"}),
        ({"state": "waiting"}, {"Half"}),
        ({"state": "unled"}, {"Half"}),
        ({"state": "ended"}, {"Old"}),
    ],
)
def test_admin_partnership_list(
    client: Client, cast: Cast, ada: Person, asked: dict[str, str], found: set[str]
) -> None:
    PartnershipFactory.create(a=cast.mei, label="Half")
    Partnership.objects.filter(pk=PartnershipFactory.create(label="Old").pk).update(archived_at=cast.mei.joined_at)
    page = client.get(reverse("admin_partnership_list"), asked).text
    assert {label for label in ("Checkout", "Search", "Half", "Old") if f">{label}</td>" in page} == found


def test_leads_are_assigned_and_ended_and_both_members_are_told(
    client: Client, cast: Cast, ada: Person, mailoutbox: list[Any]
) -> None:
    for _press in range(2):
        client.post(reverse("lead_create", args=[cast.checkout.pk]), {"email": "mei@example.org"})
    for _press in range(2):
        client.post(reverse("lead_delete", args=[cast.checkout.pk, cast.sara.pk]))
    assert [lead.person for lead in Lead.objects.filter(partnership=cast.checkout)] == [cast.mei]
    send_mails()
    assert len(mailoutbox) == 4
    assert {mail.to[0] for mail in mailoutbox} == {cast.ines.email, cast.tom.email}
    assert [look.about for look in Look.objects.of(cast.tom)[:2]] == [cast.sara, cast.mei]


@pytest.mark.parametrize("email", ["tom@example.org", "unknown@example.org"])
def test_no_lead_from_the_two_and_none_without_an_account(client: Client, cast: Cast, ada: Person, email: str) -> None:
    assert client.post(reverse("lead_create", args=[cast.checkout.pk]), {"email": email}).status_code == 409
    assert Lead.objects.filter(partnership=cast.checkout).count() == 1


def test_who_may_not(client: Client, cast: Cast) -> None:
    for person in (cast.ines, cast.sara, cast.mei):
        client.force_login(person)
        assert client.get(reverse("admin_partnership_detail", args=[cast.checkout.pk])).status_code == 404
        assert create(client, "mei@example.org", "tom@example.org").status_code == 404
        with pytest.raises(NotAllowed):
            Invitation.arrange_partnership(
                by=person, emails=["x@example.org", "y@example.org"], kind="other", label="x"
            )
    assert Partnership.objects.count() == 2


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_the_same_form_twice_at_once_arranges_once() -> None:
    ada = PersonFactory.create(name="Ada", is_staff=True)
    PersonFactory.create(name="Mei", email="mei@example.org")
    fields: dict[str, Any] = {"kind": "other", "label": "x", "emails": ["mei@example.org", "new@example.org"]}
    arrange = partial(Invitation.arrange_partnership, by=ada, client_id=uuid.uuid4(), **fields)
    outcomes = at_once(*[arrange] * 3)
    assert sorted(outcome.is_new for outcome in outcomes) == [False, False, True]
    assert Partnership.objects.count() == Membership.objects.count() == Invitation.objects.count() == 1


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_both_seats_are_taken_at_once() -> None:
    ada = PersonFactory.create(name="Ada", is_staff=True)
    for n in range(6):
        emails = [f"{who}{n}@example.org" for who in "ab"]
        arranged = Invitation.arrange_partnership(by=ada, kind="other", label="x", emails=emails)
        people = [PersonFactory.create(name=f"P{n}", email=email) for email in emails]
        (first, _one), (second, _two) = arranged.issued
        outcomes = at_once(partial(first.accept, by=people[0]), partial(second.accept, by=people[1]))
        assert not any(isinstance(outcome, Refusal) for outcome in outcomes)
        assert seats(arranged.partnership) == {"a": emails[0], "b": emails[1]}


def test_roles_are_changed_later_of_who_is_here_and_of_who_is_invited(client: Client, cast: Cast, ada: Person) -> None:
    create(client, cast.mei.email, "new@example.org")
    pair = Partnership.objects.get(label="Growth")
    url = reverse("admin_partnership_roles", args=[pair.pk])
    shown = version_of([cast.mei.role_label, ""])
    assert client.post(url, {"a": "Designer", "b": "Product manager", "version": shown}).status_code == 302
    assert pair.memberships.get().role_label == "Designer"
    assert pair.invitations.get().role_label == "Product manager"
    page = client.get(url)
    assert 'value="Designer"' in page.text
    assert 'value="Product manager"' in page.text
    refused = client.post(url, {"a": "www.evil.example", "b": ""})
    assert refused.status_code == 422
    assert "www.evil.example" in refused.text
    assert pair.memberships.get().role_label == "Designer"
    with pytest.raises(NotAllowed):
        pair.label_roles({"a": "x"}, by=cast.mei, version=0)


class Admins:
    """Two of them have the same page open; each has typed something else there."""

    def __init__(self, cast: Cast, url: str, name: str, at: str = "", **beside: str) -> None:
        cast.sara.make_admin(by=cast.ada)
        self.url, self.at, self.name, self.beside = url, at or url, name, beside
        self.first, self.second = client_of(cast.ada), client_of(cast.sara)
        (self.shown,) = re.findall(r'name="version" value="(\d+)"', self.first.get(url).text)

    def keep(self, client: Client, words: str, version: str = "") -> Any:
        return client.post(self.at, {**self.beside, self.name: words, "version": version or self.shown})


@pytest.mark.parametrize("what", ["label", "kind", "a", "role_label", "name"])
def test_what_another_admin_changed_meanwhile_is_not_written_over(cast: Cast, what: str) -> None:
    pair, of_pair, of_mei = cast.checkout, [cast.checkout.pk], [cast.mei.pk]
    detail = reverse("admin_partnership_detail", args=of_pair), reverse("admin_partnership_update", args=of_pair)
    admins, words = {
        "label": lambda: (Admins(cast, detail[0], "label", detail[1], kind=pair.kind), ("By Ada", "By Sara")),
        "kind": lambda: (Admins(cast, detail[0], "kind", detail[1], label=pair.label), ("other", "em_pm")),
        "a": lambda: (Admins(cast, reverse("admin_partnership_roles", args=of_pair), "a", b="PM"), ("One", "Two")),
        "role_label": lambda: (
            Admins(
                cast, reverse("person_detail", args=of_mei), "role_label", reverse("person_role_update", args=of_mei)
            ),
            ("One", "Two"),
        ),
        "name": lambda: (Admins(cast, reverse("organisation_update"), "name"), ("Ours", "Yours")),
    }[what]()
    assert admins.keep(admins.first, words[0]).status_code == 302
    assert admins.keep(admins.first, words[0]).status_code == 302  # pressed again, it is done
    refused = admins.keep(admins.second, words[1])
    assert refused.status_code == 409
    mine, theirs = re.findall(r"<textarea[^>]*>([^<]*)</textarea>", refused.text)
    label = dict(Partnership.Kind.choices).get
    assert str(label(words[1], words[1])) in mine
    assert str(label(words[0], words[0])) in theirs
    (version,) = re.findall(r'name="version" value="(\d+)"', refused.text)
    assert admins.keep(admins.second, words[1], version).status_code == 302  # “Keep mine”
    assert f'value="{words[1]}"' in admins.first.get(admins.url).text


def test_what_another_admin_took_away_meanwhile_is_said(cast: Cast) -> None:
    url, at = (reverse(name, args=[cast.mei.pk]) for name in ("person_detail", "person_role_update"))
    cast.mei.label_role("Researcher", by=cast.ada, version=version_of([cast.mei.role_label]))
    admins = Admins(cast, url, "role_label", at)
    admins.keep(admins.first, "")
    refused = admins.keep(admins.second, "Writer")
    assert refused.status_code == 409
    assert "(nothing)" in refused.text
