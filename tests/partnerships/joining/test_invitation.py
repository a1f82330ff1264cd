from __future__ import annotations

import re
import uuid
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from partnerships import limits
from partnerships.models import Invitation, Membership, Partnership, Person, SignIn
from partnerships.models.invitation import hash_token
from partnerships.refusals import Refusal
from tests.factories import PASSWORD, PartnershipFactory, PersonFactory
from tests.presses import at_once, token_in

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


@pytest.fixture
def ines():
    return PersonFactory.create(name="Ines Okafor", email="ines@example.org", role_label="Designer")


@pytest.fixture
def invited(ines):
    """Ines waits for Tom: the invitation and its token."""
    return Invitation.for_seat(PartnershipFactory.create(a=ines, label="Checkout"), email="tom@example.org", by=ines)


@pytest.fixture
def tom():
    return PersonFactory.create(name="Tom Lindqvist", email="tom@example.org", role_label="PM")


def rows() -> dict[str, list[Any]]:
    """Every row of every table but the sessions and the counters."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table not in {"partnerships_signin", "shared_cache", "partnerships_ratecounter"}:
                cursor.execute(f'SELECT * FROM "{table}"')
                found[table] = sorted(map(repr, cursor.fetchall()))
    return found


def test_opening_the_link_uses_nothing_up(client, invited, tom):
    _invitation, token = invited
    before = rows()
    for _again in range(3):
        page = client.get(reverse("invitation_detail", args=[token]))
        assert page.status_code == 200
        assert "Ines Okafor invites you" in page.text
    client.force_login(tom)
    assert "Accept the invitation" in client.get(reverse("invitation_detail", args=[token])).text
    tom.refresh_from_db()
    after = rows()
    del before["partnerships_person"], after["partnerships_person"]  # `last_login`, by signing in
    assert after == before
    assert client.get(reverse("invitation_accept", args=[token])).status_code == 405


def test_the_bearer_of_a_link_learns_the_inviter_alone(client, invited):
    page = client.get(reverse("invitation_detail", args=[invited[1]])).text
    assert "Ines Okafor" in page
    assert "Checkout" not in page
    assert "tom@example.org" not in page
    assert "ines@example.org" not in page


def test_accepting_takes_the_seat(client, invited, tom):
    invitation, token = invited
    client.force_login(tom)
    for _press in range(2):  # a double press is one press
        answer = client.post(reverse("invitation_accept", args=[token]))
        assert answer.status_code == 302
        assert answer.headers["Location"] == reverse("partnership_detail", args=[invitation.partnership_id])
    membership = Membership.objects.get(person=tom)
    assert (membership.seat, membership.role_label) == ("b", "PM")
    invitation.refresh_from_db()
    assert invitation.accepted_by == tom


@pytest.mark.parametrize("state", ["unknown", "used", "expired", "revoked"])
def test_a_dead_link_is_one_plain_page(client, invited, tom, state):
    invitation, token = invited
    if state == "unknown":
        token = "x" * 43
    elif state == "used":
        invitation.accept(by=tom)
    elif state == "expired":
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    else:
        invitation.revoke(by=invitation.invited_by)
    page = client.get(reverse("invitation_detail", args=[token]))
    assert page.status_code == 404
    assert "The invitation was used, taken back or has run out. Ask for a new link." in page.text
    assert "Ines" not in page.text
    mei = PersonFactory.create(name="Mei")
    client.force_login(mei)
    assert client.post(reverse("invitation_accept", args=[token])).status_code == 404
    assert not Membership.objects.filter(person=mei).exists()


def test_a_link_for_another_address_opens_nothing(client, invited):
    mei = PersonFactory.create(name="Mei Tan", email="mei@example.org")
    client.force_login(mei)
    page = client.get(reverse("invitation_detail", args=[invited[1]])).text
    assert "This invitation is for another address." in page
    assert "Accept the invitation" not in page
    assert "Checkout" not in page
    answer = client.post(reverse("invitation_accept", args=[invited[1]]))
    assert answer.status_code == 409
    assert not Membership.objects.filter(person=mei).exists()


def test_the_inviter_cannot_take_the_second_seat(client, invited, ines):
    client.force_login(ines)
    assert client.post(reverse("invitation_accept", args=[invited[1]])).status_code == 409
    assert Membership.objects.count() == 1


def test_only_a_verified_address_accepts_where_mail_is_sent(client, invited, settings):
    settings.MAIL_IS_SENT = True
    tom = PersonFactory.create(name="Tom", email="tom@example.org", verified=False)
    client.force_login(tom)
    assert client.post(reverse("invitation_accept", args=[invited[1]])).status_code == 409
    EmailAddress.objects.filter(user=tom).update(verified=True)
    assert client.post(reverse("invitation_accept", args=[invited[1]])).status_code == 302


def test_a_second_verified_address_accepts_too(client, invited, settings):
    settings.MAIL_IS_SENT = True
    tom = PersonFactory.create(name="Tom", email="tom@home.example")
    EmailAddress.objects.create(user=tom, email="tom@example.org", verified=True)
    client.force_login(tom)
    assert client.post(reverse("invitation_accept", args=[invited[1]])).status_code == 302


def test_only_the_hash_is_at_rest(client, ines, mailoutbox, django_capture_on_commit_callbacks):
    client.force_login(ines)
    with django_capture_on_commit_callbacks(execute=True):
        page = client.post(reverse("partnership_create"), NEW_PAIR)
    token = token_in(page.text)
    assert token in mailoutbox[0].body
    client.logout()
    client.get(reverse("invitation_detail", args=[token]))  # the session remembers it
    assert Invitation.objects.get().token_hash == hash_token(token)
    sessions = [session.get_decoded() for session in SignIn.objects.all()]
    assert sessions
    assert token not in repr(rows()) + repr(sessions)


CLIENT_ID = "0b7e4f5e-5a3c-4b59-8b8e-51e1b3b1b7c1"
NEW_PAIR = {
    "kind": "pm_designer",
    "label": "Checkout",
    "role_label": "Designer",
    "since": "2026-01-12",
    "email": "Tom@example.org",
    "client_id": CLIENT_ID,
}


def test_partnership_create(client, ines, mailoutbox, django_capture_on_commit_callbacks):
    client.force_login(ines)
    assert client.get(reverse("partnership_create")).status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        page = client.post(reverse("partnership_create"), NEW_PAIR)
    partnership = Partnership.objects.get()
    assert (partnership.kind, partnership.label, str(partnership.since)) == ("pm_designer", "Checkout", "2026-01-12")
    assert [(m.person, m.seat, m.role_label) for m in partnership.memberships.all()] == [(ines, "a", "Designer")]
    link = f"{django_settings.BASE_URL}/invitations/"
    assert link in page.text
    mail = mailoutbox[0]
    assert mail.to == ["tom@example.org"]
    assert mail.subject == "You are invited to Twofold"
    assert mail.body.count("http") == 1
    assert link in mail.body
    assert "&#" not in mail.body


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])  # at no moment both have UTC's day
def test_it_begins_on_the_day_of_whoever_begins_it(zone):
    by = PersonFactory.create(timezone=zone, is_staff=True)
    founded = Partnership.begin(by=by, kind="other", label="One")
    arranged = Invitation.arrange_partnership(by=by, emails=["a@x.example", "b@x.example"], kind="other", label="Two")
    assert {founded.since, arranged.partnership.since} == {timezone.localdate(timezone=by.tz)}


def test_the_link_is_shown_once(client, ines):
    client.force_login(ines)
    client.post(reverse("partnership_create"), NEW_PAIR)
    again = client.post(reverse("partnership_create"), NEW_PAIR, follow=True)
    assert Partnership.objects.count() == Invitation.objects.count() == 1
    assert "Waiting for tom@example.org" in again.text
    assert "/invitations/" in again.text  # renew and take back
    assert not re.search(r"/invitations/[\w-]{43}/", again.text)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"email": "INES@example.org"}, "This is your own address. Invite the other one of you."),
        ({"email": "tom"}, "Enter a valid email address."),
        ({"kind": "lovers"}, "Select a valid choice."),
        ({"label": "two\nlines"}, "A name is one line of plain characters."),
        ({"label": "a\x00b"}, "There is a character here that is not text. Your text is here."),
        ({"label": "x" * 61}, "1 character too many. Your text is here."),
        ({"since": "2999-01-01"}, "Choose today, or a day before."),
        ({"since": "yesterday"}, "Enter a valid date."),
    ],
)
def test_partnership_create_says_what_is_wrong_and_keeps_the_rest(client, ines, change, words):
    client.force_login(ines)
    page = client.post(reverse("partnership_create"), NEW_PAIR | change)
    assert page.status_code == 422
    assert words in page.text
    assert Partnership.objects.count() == 0
    if "label" not in change:
        assert 'value="Checkout"' in page.text


def test_a_foreign_client_id_makes_a_partnership_of_its_own(client, ines, cast_of_others):
    client.force_login(ines)
    page = client.post(reverse("partnership_create"), NEW_PAIR | {"client_id": str(cast_of_others.pk)})
    assert page.status_code == 200
    assert Partnership.objects.of(ines).get() != cast_of_others
    assert cast_of_others.memberships.filter(person=ines).count() == 0


@pytest.fixture
def cast_of_others():
    return PartnershipFactory.create(a=PersonFactory.create(name="Priya"), b=PersonFactory.create(name="Daniel"))


def test_nobody_is_invited_into_their_own_partnership_twice(client, invited, ines, tom):
    invitation, _token = invited
    client.force_login(ines)
    url = reverse("partnership_invite", args=[invitation.partnership_id])
    assert client.post(url, {"email": "ines@example.org"}).status_code == 409
    invitation.accept(by=tom)
    for email in ("tom@example.org", "mei@example.org"):
        assert client.post(url, {"email": email}).status_code == 409
    assert Invitation.objects.count() == 1
    assert "You are both here" in client.get(url).text


def test_invitation_update_makes_the_old_link_dead(client, invited, ines, tom, mailoutbox):
    invitation, old = invited
    client.force_login(ines)
    page = client.post(reverse("invitation_update", args=[invitation.pk]))
    new = token_in(page.text)
    assert new != old
    assert client.get(reverse("invitation_detail", args=[old])).status_code == 404
    client.force_login(tom)
    assert client.post(reverse("invitation_accept", args=[new])).status_code == 302


def test_invitation_delete(client, invited, ines):
    invitation, token = invited
    client.force_login(ines)
    client.post(reverse("invitation_delete", args=[invitation.pk]))
    assert client.get(reverse("invitation_detail", args=[token])).status_code == 404
    page = client.get(reverse("partnership_invite", args=[invitation.partnership_id])).text
    assert "The other seat is free" in page
    assert 'name="email"' in page


def test_who_may_not(client, invited):
    """Only the inviter knows of an invitation: to everybody else it is not there."""
    invitation, token = invited
    others = PartnershipFactory.create(a=PersonFactory.create(name="Priya"), b=PersonFactory.create(name="Daniel"))
    sara = PersonFactory.create(name="Sara")
    ada = PersonFactory.create(name="Ada", is_staff=True)
    invitation.partnership.assign_lead(sara, by=ada)
    for person in (sara, ada, PersonFactory.create(name="Mei"), *(m.person for m in others.memberships.all())):
        client.force_login(person)
        for name in ("invitation_update", "invitation_delete"):
            assert client.post(reverse(name, args=[invitation.pk])).status_code == 404
        url = reverse("partnership_invite", args=[invitation.partnership_id])
        assert client.get(url).status_code == client.post(url, {"email": "x@example.org"}).status_code == 404
    assert client.get(reverse("invitation_detail", args=[token])).status_code == 200


def test_twenty_invitations_an_hour(client, invited, ines, monkeypatch):
    monkeypatch.setattr(limits, "INVITATIONS_PER_HOUR", 3)  # one was made by the fixture
    invitation, _token = invited
    client.force_login(ines)
    url = reverse("partnership_invite", args=[invitation.partnership_id])
    answers = [client.post(url, {"email": f"tom{n}@example.org"}) for n in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].headers["Retry-After"] == "3600"
    assert "Wait an hour." in answers[-1].text


def test_domains(client, ines, settings):
    settings.MAIL_DOMAINS = frozenset({"example.org"})
    client.force_login(ines)
    page = client.post(reverse("partnership_create"), NEW_PAIR | {"email": "tom@example.com"})
    assert page.status_code == 422
    assert "Addresses of this domain cannot be used here." in page.text


def test_a_mail_server_that_fails_fails_nobody(client, ines, monkeypatch, caplog, django_capture_on_commit_callbacks):
    def fail(self, *args):
        raise OSError("connect to mail.example for tom@example.org failed")

    monkeypatch.setattr("django.core.mail.EmailMessage.send", fail)
    client.force_login(ines)
    with django_capture_on_commit_callbacks(execute=True), caplog.at_level("ERROR", "twofold.mail"):
        page = client.post(reverse("partnership_create"), NEW_PAIR)
    assert page.status_code == 200
    assert Invitation.objects.count() == 1
    assert [record.getMessage() for record in caplog.records if record.name == "twofold.mail"] == ["mail not sent"]
    assert "tom@example.org" not in caplog.text


def test_no_mail_leaves_when_the_transaction_fails(ines, mailoutbox, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True) as callbacks, pytest.raises(Refusal):
        Invitation.begin_partnership(by=ines, email=ines.email, kind="other", label="x")
    assert not callbacks
    assert not mailoutbox
    assert Partnership.objects.count() == 0


# --- The first admin ---------------------------------------------------------------------------------


def setup_link(capsys) -> str:
    call_command("setup_link")
    return str(capsys.readouterr().out).strip()


def test_setup_link(client, capsys):
    first, second = setup_link(capsys), setup_link(capsys)
    assert second.startswith(f"{django_settings.BASE_URL}/invitations/")
    path = second.removeprefix(django_settings.BASE_URL)
    assert client.get(first.removeprefix(django_settings.BASE_URL)).status_code == 404  # a newer one was printed
    assert "Set up Twofold" in client.get(path).text
    ada = PersonFactory.create(name="Ada", email="ada@example.org")
    client.force_login(ada)
    assert client.post(path + "accept/").headers["Location"] == "/"
    ada.refresh_from_db()
    assert ada.is_staff
    assert not ada.is_superuser
    assert setup_link(capsys) == ""
    client.force_login(PersonFactory.create(name="Mei"))
    assert client.post(path + "accept/").status_code == 404


def test_a_setup_link_makes_no_second_admin(client, capsys):
    path = setup_link(capsys).removeprefix(django_settings.BASE_URL)
    PersonFactory.create(name="Ada", is_staff=True)
    mei = PersonFactory.create(name="Mei")
    client.force_login(mei)
    assert client.post(path + "accept/").status_code == 409
    mei.refresh_from_db()
    assert not mei.is_staff


# --- Both at once ------------------------------------------------------------------------------------


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_two_accept_at_once_and_one_wins():
    for round_ in range(10):
        Person.objects.filter(is_staff=True).update(is_staff=False)
        token = Invitation.for_first_admin()
        people = [PersonFactory.create(name=f"Person {round_} {n}") for n in range(4)]
        invitation = Invitation.objects.get(token_hash=hash_token(token))
        outcomes = at_once(*[partial(invitation.accept, by=person) for person in people])
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType", "Refusal", "Refusal", "Refusal"]
        assert Person.objects.filter(is_staff=True).count() == 1


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_one_accepts_twice_at_once(client):
    ines, tom = (
        PersonFactory.create(name="Ines", email="ines@example.org"),
        PersonFactory.create(name="Tom", email="tom@example.org"),
    )
    for _round in range(10):
        partnership = PartnershipFactory.create(a=ines)
        invitation, _token = Invitation.for_seat(partnership, email=tom.email, by=ines)
        outcomes = at_once(*[partial(invitation.accept, by=tom)] * 3)
        assert {outcome.pk for outcome in outcomes} == {Membership.objects.get(partnership=partnership, person=tom).pk}


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_accepting_while_the_link_is_renewed():
    ines, tom = (
        PersonFactory.create(name="Ines", email="ines@example.org"),
        PersonFactory.create(name="Tom", email="tom@example.org"),
    )
    for _round in range(9):
        partnership = PartnershipFactory.create(a=ines)
        invitation, _token = Invitation.for_seat(partnership, email=tom.email, by=ines)
        accepted, renewed = at_once(partial(invitation.accept, by=tom), partial(invitation.renew, by=ines))
        taken = Membership.objects.filter(partnership=partnership, person=tom).exists()
        still_open = Invitation.objects.open().filter(partnership=partnership).exists()
        assert taken != still_open
        assert isinstance(accepted, Membership) is taken
        assert isinstance(renewed, Refusal) is taken


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_the_same_form_twice_at_once_begins_one_partnership():
    ines = PersonFactory.create(name="Ines", email="ines@example.org")
    fields: dict[str, Any] = {"kind": "other", "label": "x", "email": "tom@example.org", "client_id": CLIENT_ID}
    outcomes = at_once(*[partial(Invitation.begin_partnership, by=ines, **fields)] * 3)
    assert sorted(bool(token) for _invitation, token in outcomes) == [False, False, True]
    assert Partnership.objects.count() == Invitation.objects.count() == 1


def test_password_of_the_factories_signs_in(client, tom):
    assert client.login(email=tom.email, password=PASSWORD)


def test_a_page_that_is_loaded_again_after_its_press_sends_no_second_mail(
    client, invited, ines, mailoutbox, django_capture_on_commit_callbacks
):
    """The link that the mail holds works on: it is shown once, and the browser asks to send the form again."""
    half = Partnership.objects.get()
    ada = PersonFactory.create(email="ada@example.org", is_staff=True)
    renew = reverse("invitation_update", args=[invited[0].pk])
    invite, to_account = reverse("partnership_invite", args=[half.pk]), reverse("person_invite")

    def press(where: str, **data: str) -> None:
        mailoutbox.clear()
        with django_capture_on_commit_callbacks(execute=True):
            pages = [client.post(where, data) for _ in range(2)]
        assert [page.status_code for page in pages] == [200, 302]
        assert client.get(pages[1].url).status_code == 200
        assert [token_in(pages[0].text)] == [token_in(mail.body) for mail in mailoutbox]
        assert Invitation.objects.by_token(token_in(pages[0].text))

    client.force_login(ines)
    press(renew)
    press(invite, email="other@example.org", client_id=str(uuid.uuid4()))
    client.force_login(ada)
    press(to_account, email="new@example.org", client_id=(key := str(uuid.uuid4())))
    fresh = Invitation.objects.open().get(email="new@example.org")
    press(reverse("admin_invitation_update", args=[fresh.pk]))
    refused = client.post(to_account, {"email": "third@example.org", "client_id": key})
    assert (refused.status_code, "third@example.org" in refused.text) == (409, True)


def test_an_invitation_that_is_taken_back_again_is_taken_back(client, invited, ines, tom):
    invitation = invited[0]
    client.force_login(ines)
    back = reverse("invitation_delete", args=[invitation.pk])
    assert [client.post(back).status_code for _ in range(2)] == [302, 302]
    other, _token = Invitation.for_seat(invitation.partnership, email=tom.email, by=ines)
    other.accept(by=tom)
    refused = client.post(reverse("invitation_delete", args=[other.pk]))
    assert refused.status_code == 409
    assert "This invitation was accepted in between." in refused.text


def test_a_partnership_that_is_begun_again_under_another_id_is_there_once(client, ines, tom):
    """The answer got lost, and the page that “back” shows has a new id."""
    ada = PersonFactory.create(email="ada@example.org", is_staff=True)
    arranged = {**NEW_PAIR, "label": "Search", "email_a": tom.email, "email_b": "new@example.org"}
    for who, where, data in (
        (ines, reverse("partnership_create"), NEW_PAIR),
        (ada, reverse("admin_partnership_create"), arranged),
    ):
        client.force_login(who)
        assert client.post(where, data | {"client_id": str(uuid.uuid4())}).status_code == 200
        refused = client.post(where, data | {"client_id": str(uuid.uuid4())})
        assert refused.status_code == 409
        assert "These two have a partnership with this name already." in refused.text
        assert client.post(where, data | {"label": "Another", "client_id": str(uuid.uuid4())}).status_code == 200
    assert Partnership.objects.filter(label__in=["Checkout", "Search"]).count() == 2
    # One that has ended is begun anew.
    Partnership.objects.filter(label="Search").update(archived_at=timezone.now())
    assert client.post(where, data | {"client_id": str(uuid.uuid4())}).status_code == 200
