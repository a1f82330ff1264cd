"""Changing how one signs in: asked for by who it is, told to the old address, and undone from there for 72 hours."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from partnerships.models import Audit, Person, SignIn, SignInChange
from partnerships.refusals import Refusal
from retros.lifecycle.erasure import erase
from retros.worker import tick
from tests.cast import client_of
from tests.factories import PASSWORD, PersonFactory
from tests.partnerships.accounts.ways_in import code_in, confirmed, link_in, signed_in
from tests.partnerships.accounts.ways_in import with_mail as with_mail
from tests.presses import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mail_without_commit")]

HOME, EVIL = "tom@home.example", "evil@evil.example"
NEW = "four small boats"


@pytest.fixture
def tom() -> Person:
    """Two verified addresses of his own, the first of them the main one."""
    tom = PersonFactory.create(name="Tom Lindqvist", email="tom@example.org", timezone="Europe/Stockholm")
    EmailAddress.objects.create(user=tom, email=HOME, verified=True)
    return tom


@pytest.fixture
def at_hour(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    start = timezone.now()

    def move(hours: float) -> None:
        clock = SimpleNamespace(now=lambda: start + timedelta(hours=hours))
        monkeypatch.setattr("partnerships.models.sign_in_change.timezone", clock)

    return move


def enter(person: Person, *, is_confirmed: bool = True) -> Client:
    client = client_of(person)
    if is_confirmed:
        confirmed(client)
    return client


def addresses(person: Person) -> dict[str, tuple[bool, bool]]:
    """Each with whether it is verified, and whether it is the main one."""
    rows = EmailAddress.objects.filter(user=person).values_list("email", "verified", "primary")
    person.refresh_from_db()
    assert [email for email, _verified, primary in rows if primary] == [person.email]
    return {email: (verified, primary) for email, verified, primary in rows}


AS_BEFORE = {"tom@example.org": (True, True), HOME: (True, False)}


# --- the changes ------------------------------------------------------------------------------------------------------


def add(client: Client, mailoutbox: list[Any], email: str = EVIL) -> None:
    client.post(reverse("account_email"), {"action_add": "", "email": email})
    client.post(reverse("account_email_verification_sent"), {"code": code_in(mailoutbox[-1])})


def make_main(client: Client, mailoutbox: list[Any], email: str = HOME) -> None:
    client.post(reverse("account_email"), {"action_primary": "", "email": email})


def remove(client: Client, mailoutbox: list[Any], email: str = HOME) -> None:
    client.post(reverse("account_email"), {"action_remove": "", "email": email})


def change_password(client: Client, mailoutbox: list[Any]) -> None:
    fields = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    client.post(reverse("account_change_password"), fields)


def reset_password(client: Client, mailoutbox: list[Any], email: str = "tom@example.org", password: str = NEW) -> None:
    stranger = Client()
    stranger.post(reverse("account_reset_password"), {"email": email})
    link = re.findall(r"http\S+", mailoutbox[-1].body)[0].removeprefix(settings.BASE_URL)
    form = stranger.get(link, follow=True).redirect_chain[-1][0]
    stranger.post(form, {"password1": password, "password2": password})


CHANGES = [
    (add, "An address was added to your account", "address_added"),
    (make_main, "Your main address changed", "address_changed"),
    (remove, "An address was removed from your account", "address_removed"),
    (change_password, "Your account has a new password", "password_changed"),
    (reset_password, "Your account has a new password", "password_changed"),
]
each_change = pytest.mark.parametrize(("change", "subject", "act"), CHANGES)


# --- who it is is asked -----------------------------------------------------------------------------------------------

ACTIONS = [
    {"action_add": "", "email": EVIL},
    {"action_primary": "", "email": HOME},
    {"action_remove": "", "email": HOME},
]


@pytest.mark.parametrize("action", ACTIONS)
def test_an_address_is_changed_after_the_password_alone(
    tom: Person, with_mail: None, mailoutbox: list[Any], action: dict[str, str]
) -> None:
    client = enter(tom, is_confirmed=False)
    asked = client.post(reverse("account_email"), action)
    assert asked.headers["Location"].startswith(reverse("account_reauthenticate"))
    wrong = client.post(asked.headers["Location"], {"password": "not this one"})
    assert "This is not your current password." in wrong.text
    assert (addresses(tom), mailoutbox) == (AS_BEFORE, [])
    client.post(asked.headers["Location"], {"password": PASSWORD, "next": reverse("account_email")})
    assert addresses(tom) != AS_BEFORE or mailoutbox[-1].to == [EVIL]  # what was asked for goes on by itself


def test_a_password_that_was_typed_long_ago_does_not_count(tom: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    client = enter(tom)
    now = time.time()
    monkeypatch.setattr("allauth.account.internal.flows.reauthentication.time.time", lambda: now + 301)
    assert "reauthenticate" in client.post(reverse("account_email"), ACTIONS[1]).headers["Location"]
    assert addresses(tom) == AS_BEFORE


@pytest.fixture
def ada() -> Person:
    """She signs in by mailed codes, and has no password."""
    ada = PersonFactory.create(name="Ada Osei", email="ada@example.org")
    EmailAddress.objects.create(user=ada, email=HOME, verified=True)
    ada.set_unusable_password()
    ada.save(update_fields=["password"])
    return ada


@pytest.mark.parametrize("action", ACTIONS)
def test_who_has_no_password_enters_a_mailed_code(
    ada: Person, with_mail: None, mailoutbox: list[Any], action: dict[str, str]
) -> None:
    client = enter(ada, is_confirmed=False)
    before = addresses(ada)
    where = client.post(reverse("account_email"), action).headers["Location"]
    assert where == f"{reverse('reauthenticate_by_code')}?next={reverse('account_email').replace('/', '%2F')}"
    assert "ada@example.org" in client.get(where).text
    assert mailoutbox == []  # a look sends nothing
    assert client.post(where, {"send": ""}).headers["Location"] == where
    assert [mail.to for mail in mailoutbox] == [["ada@example.org"]]
    assert "This is not the code we sent last." in client.post(where, {"code": "BBBB-BBBB"}).text
    assert addresses(ada) == before
    client.post(where, {"code": code_in(mailoutbox[0])})
    assert addresses(ada) != before or mailoutbox[-1].to == [EVIL]


def test_a_first_password_and_an_export_ask_for_the_code_too(
    ada: Person, with_mail: None, mailoutbox: list[Any]
) -> None:
    client = enter(ada, is_confirmed=False)
    first = {"password1": NEW, "password2": NEW}
    for answer in (
        client.get(reverse("account_set_password")),
        client.post(reverse("account_set_password"), first),
        client.post(reverse("data_export")),
    ):
        assert answer.headers["Location"].startswith(reverse("reauthenticate_by_code"))
    assert NEW not in "".join(str(session.get_decoded()) for session in SignIn.objects.all())
    client.post(reverse("reauthenticate_by_code"), {"send": ""})
    client.post(reverse("reauthenticate_by_code"), {"code": code_in(mailoutbox[-1])})
    assert client.get(reverse("account_set_password")).status_code == 200
    client.post(reverse("account_set_password"), first)
    assert Client().login(email="ada@example.org", password=NEW)
    assert (mailoutbox[-1].to, mailoutbox[-1].subject) == (["ada@example.org"], "Your account has a new password")
    assert link_in(mailoutbox[-1])


def test_a_code_has_three_tries_three_minutes_and_one_use(
    ada: Person, with_mail: None, mailoutbox: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    page, client = reverse("reauthenticate_by_code"), enter(ada, is_confirmed=False)

    def ask() -> str:
        client.post(page, {"send": ""})
        return code_in(mailoutbox[-1])

    code = ask()
    for _try in range(3):
        client.post(page, {"code": "BBBB-BBBB"})
    assert 'name="code"' not in client.get(page).text
    client.post(page, {"code": code})  # sends another one instead
    assert "reauthenticate" in client.post(reverse("data_export")).headers["Location"]
    code, now = ask(), time.time()
    with monkeypatch.context() as later:
        later.setattr("allauth.account.internal.flows.code_verification.time.time", lambda: now + 181)
        assert 'name="code"' not in client.get(page).text
    code = ask()
    client.post(page, {"code": code})
    assert client.post(reverse("data_export")).status_code == 200


def test_five_codes_an_hour(ada: Person, with_mail: None, mailoutbox: list[Any]) -> None:
    client = enter(ada, is_confirmed=False)
    for _n in range(6):
        page = client.post(reverse("reauthenticate_by_code"), {"send": ""}, follow=True)
    assert len(mailoutbox) == 5
    assert "Too many codes. Wait an hour." in page.text


def test_who_has_a_password_is_asked_for_that(tom: Person) -> None:
    client = enter(tom, is_confirmed=False)
    for answer in (client.get(reverse("reauthenticate_by_code")), client.post(reverse("reauthenticate_by_code"))):
        assert answer.headers["Location"] == reverse("account_reauthenticate")


# --- the old address is told, and undoes it ---------------------------------------------------------------------------


@each_change
def test_each_change_is_told_to_the_old_address_and_recorded(
    tom: Person, with_mail: None, mailoutbox: list[Any], change: Any, subject: str, act: str
) -> None:
    change(enter(tom), mailoutbox)
    told = [mail for mail in mailoutbox if mail.subject == subject and "/sign-in/undo/" in mail.body]
    assert [mail.to for mail in told] == [["tom@example.org"]]
    assert "within 72 hours" in told[0].body
    assert "(Europe/Stockholm)" in told[0].body
    assert not {"evil.example", "home.example", "Lindqvist"} & set(re.findall(r"[\w-]+\.?\w+", told[0].body))
    assert [(line.act, line.by_id, line.about_id) for line in Audit.objects.filter(act=act)] == [(act, tom.pk, tom.pk)]
    others = [mail.to for mail in mailoutbox if mail.subject == subject and mail not in told]
    assert others == ([[HOME]] if act == "address_removed" else [])


@each_change
def test_the_link_undoes_it(
    tom: Person, with_mail: None, mailoutbox: list[Any], change: Any, subject: str, act: str
) -> None:
    client, elsewhere, stranger = enter(tom), enter(tom), Client()
    change(client, mailoutbox)
    told = [mail for mail in mailoutbox if mail.subject == subject and "/sign-in/undo/" in mail.body]
    link, changed = link_in(told[0]), addresses(tom)
    mailoutbox.clear()

    page = stranger.get(link)
    assert page.status_code == 200
    assert "tom@example.org" in page.text
    assert stranger.head(link).status_code == 200
    assert (addresses(tom), mailoutbox) == (changed, [])  # a look changes nothing
    assert client.get(reverse("person_update")).status_code == (302 if change is reset_password else 200)

    done = stranger.post(link)
    assert (done.status_code, "It is undone" in done.text) == (200, True)
    assert addresses(tom) == AS_BEFORE
    assert not tom.has_usable_password()
    for ended in (client, elsewhere):
        assert ended.get(reverse("person_update")).status_code == 302
    assert [mail.to for mail in mailoutbox] == [["tom@example.org"]]  # and nothing to any other address
    assert mailoutbox[0].subject == "A new password"
    acts = list(Audit.objects.order_by("pk").values_list("act", flat=True))
    assert acts[-2:] == ["sessions_ended", "taken_back"]

    for again in (stranger.get(link), stranger.post(link)):
        assert (again.status_code, "This link no longer works" in again.text) == (404, True)
    reset_password(stranger, mailoutbox, password="five small boats")
    assert Client().login(email="tom@example.org", password="five small boats")


def test_the_token_is_nowhere_at_rest(tom: Person, with_mail: None, mailoutbox: list[Any]) -> None:
    make_main(enter(tom), mailoutbox)
    token = link_in(mailoutbox[-1]).split("/")[-2]
    assert len(token) == 43  # 256 bits
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            assert token not in repr(cursor.fetchall()), table


def test_it_works_for_72_hours(
    tom: Person, with_mail: None, mailoutbox: list[Any], at_hour: Callable[[float], None]
) -> None:
    make_main(enter(tom), mailoutbox)
    link = link_in(mailoutbox[-1])
    at_hour(71.9)
    assert Client().get(link).status_code == 200
    at_hour(72.1)
    assert (Client().get(link).status_code, Client().post(link).status_code) == (404, 404)
    assert addresses(tom) == {"tom@example.org": (True, False), HOME: (True, True)}


def test_links_that_never_were_and_accounts_that_are_off(tom: Person, with_mail: None, mailoutbox: list[Any]) -> None:
    make_main(enter(tom), mailoutbox)
    link = link_in(mailoutbox[-1])
    never = Client().get(reverse("sign_in_undo", args=["x" * 43]))
    Person.objects.filter(pk=tom.pk).update(is_active=False)
    off = Client().get(link)
    masked = [re.sub(r'nonce="[^"]+"', "", page.text) for page in (never, off)]
    assert masked[0] == masked[1]
    assert (never.status_code, off.status_code) == (404, 404)


def test_whoever_is_signed_in_at_the_browser(tom: Person, with_mail: None, mailoutbox: list[Any]) -> None:
    """It may be the one whose link it is, who is signed out with the others, or somebody else."""
    for who in (tom, PersonFactory.create(name="Mei Tan")):
        make_main(enter(Person.objects.get(pk=tom.pk)), mailoutbox)
        link = link_in(mailoutbox[-1])
        client = enter(who, is_confirmed=False)
        assert client.post(link).status_code == 200
        assert signed_in(client) is (who != tom)
        tom.set_password(PASSWORD)
        tom.save(update_fields=["password"])


def test_an_address_that_is_another_accounts_by_now(tom: Person, with_mail: None, mailoutbox: list[Any]) -> None:
    client = enter(tom)
    make_main(client, mailoutbox)
    link = link_in(mailoutbox[-1])
    remove(client, mailoutbox, "tom@example.org")
    PersonFactory.create(name="Tom again", email="tom@example.org")
    refused = Client().post(link)
    assert (refused.status_code, "belongs to another account now" in refused.text) == (409, True)
    tom.refresh_from_db()
    assert (tom.email, tom.has_usable_password()) == (HOME, True)
    assert Client().get(link).status_code == 200  # not used up


# --- an account that is being taken -----------------------------------------------------------------------------------


def taken_over(tom: Person, mailoutbox: list[Any]) -> tuple[Client, dict[str, str]]:
    """Somebody at Tom's open browser, who knows his password, does all there is to do. Links by subject, at Tom's."""
    client = enter(tom)
    add(client, mailoutbox)
    make_main(client, mailoutbox, EVIL)
    remove(client, mailoutbox, "tom@example.org")
    remove(client, mailoutbox, HOME)
    change_password(client, mailoutbox)
    told = [mail for mail in mailoutbox if "/sign-in/undo/" in mail.body]
    return client, {f"{mail.to[0]}: {mail.subject}": link_in(mail) for mail in told}


TOMS = ["tom@example.org: An address was added to your account", "tom@example.org: Your main address changed"]
THEIRS = ["An address was removed from your account", "Your account has a new password"]


@pytest.mark.parametrize("mail", TOMS)
def test_each_link_at_the_old_address_undoes_all_of_it(
    tom: Person, with_mail: None, mailoutbox: list[Any], mail: str
) -> None:
    client, links = taken_over(tom, mailoutbox)
    assert addresses(tom) == {EVIL: (True, True)}
    assert set(links) == {*TOMS, *(f"{EVIL}: {subject}" for subject in THEIRS)}
    assert Client().post(links[mail]).status_code == 200
    assert addresses(tom) == AS_BEFORE
    for link in links.values():
        assert Client().get(link).status_code == 404  # nobody at the other address undoes the undoing
    assert client.get(reverse("person_update")).status_code == 302
    assert not Client().login(email=EVIL, password=NEW)
    mailoutbox.clear()
    Client().post(reverse("account_reset_password"), {"email": EVIL})
    Client().post(reverse("account_request_login_code"), {"email": EVIL})
    assert mailoutbox == []


@pytest.mark.parametrize("subject", THEIRS)
def test_no_link_at_the_new_address_takes_one_from_the_old(
    tom: Person, with_mail: None, mailoutbox: list[Any], subject: str
) -> None:
    _client, links = taken_over(tom, mailoutbox)
    assert Client().post(links[f"{EVIL}: {subject}"]).status_code == 200
    tom.refresh_from_db()
    assert tom.email == EVIL
    assert Client().post(links[TOMS[0]]).status_code == 200
    assert addresses(tom) == AS_BEFORE


def test_an_address_that_came_first_goes_too(
    tom: Person, with_mail: None, mailoutbox: list[Any], at_hour: Callable[[float], None]
) -> None:
    """Added at hour 0 and made the main one at hour 60; the link of the second works longer than that of the first."""
    client = enter(tom)
    add(client, mailoutbox)
    first = link_in(mailoutbox[-1])
    at_hour(60)
    make_main(client, mailoutbox, EVIL)
    second = link_in(mailoutbox[-1])
    at_hour(80)
    assert Client().post(first).status_code == 404
    assert Client().post(second).status_code == 200
    assert addresses(tom) == AS_BEFORE


def test_a_sign_in_that_was_begun_by_code_ends(tom: Person, with_mail: None, mailoutbox: list[Any]) -> None:
    _client, links = taken_over(tom, mailoutbox)
    begun = Client()
    begun.post(reverse("account_request_login_code"), {"email": EVIL})
    code = code_in(mailoutbox[-1])
    Client().post(links[TOMS[0]])
    answer = begun.post(reverse("account_confirm_login_code"), {"code": code}, follow=True)
    assert not signed_in(begun)
    assert answer.redirect_chain[-1][0] == reverse("account_login")
    assert addresses(tom) == AS_BEFORE


def test_an_address_that_waited_to_be_verified_does_not_come_back(
    tom: Person, with_mail: None, mailoutbox: list[Any]
) -> None:
    """It was added while nothing was verified here: a sign-in with it asks for a code first."""
    client = enter(tom)
    change_password(client, mailoutbox)
    link = link_in(mailoutbox[-1])
    EmailAddress.objects.create(user=tom, email=EVIL, verified=False)
    begun = Client()
    begun.post(reverse("account_login"), {"login": EVIL, "password": NEW})
    code = code_in(mailoutbox[-1])
    Client().post(link)
    begun.post(reverse("account_email_verification_sent"), {"code": code})
    assert not signed_in(begun)
    assert addresses(tom) == AS_BEFORE


def test_a_link_for_a_new_password_that_was_asked_for_before(
    tom: Person, with_mail: None, mailoutbox: list[Any]
) -> None:
    _client, links = taken_over(tom, mailoutbox)
    Client().post(reverse("account_reset_password"), {"email": EVIL})
    path = re.findall(r"http\S+", mailoutbox[-1].body)[0].removeprefix(settings.BASE_URL)
    Client().post(links[TOMS[1]])
    assert 'type="password"' not in Client().get(path, follow=True).text


@pytest.mark.django_db(transaction=True)
def test_two_press_at_once_and_one_wins(mailoutbox: list[Any]) -> None:
    for number in range(5):
        person = PersonFactory.create(name=f"Person {number}")
        change_password(enter(person), mailoutbox)
        change = SignInChange.objects.get(person=person)
        outcomes = at_once(*[change.take_back] * 3)
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType", "Refusal", "Refusal"]
        assert Audit.objects.filter(act="taken_back", about_id=person.pk).count() == 1


# --- what is no change, and what is left ------------------------------------------------------------------------------


def test_an_ordinary_sign_in_and_a_first_verification_are_no_news(with_mail: None, mailoutbox: list[Any]) -> None:
    mei = PersonFactory.create(name="Mei Tan", email="mei@example.org", verified=False)
    client = Client()
    client.post(reverse("account_login"), {"login": mei.email, "password": PASSWORD})
    client.post(reverse("account_email_verification_sent"), {"code": code_in(mailoutbox[-1])})
    assert signed_in(client)
    confirmed(client)
    remove(client, mailoutbox, mei.email)  # the only one: refused
    make_main(client, mailoutbox, mei.email)  # it is
    assert not SignInChange.objects.exists()
    assert len(mailoutbox) == 1


def test_without_a_mail_server_addresses_count_unverified(tom: Person, mailoutbox: list[Any]) -> None:
    """Whoever reads the operator's console gets the links; signing in needs no verified address there."""
    client = enter(tom)
    client.post(reverse("account_email"), {"action_add": "", "email": EVIL})
    assert Audit.objects.filter(act="address_added").count() == 1
    assert [mail.to for mail in mailoutbox] == [[EVIL], ["tom@example.org"]]
    Client().post(link_in(mailoutbox[-1]))
    assert addresses(tom) == AS_BEFORE


def test_a_change_that_fails_leaves_nothing(tom: Person, mailoutbox: list[Any], monkeypatch: Any) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise Refusal("no")

    client = enter(tom)
    monkeypatch.setattr(Audit, "record", fail)
    assert client.post(reverse("account_email"), ACTIONS[1]).status_code == 409
    assert addresses(tom) == AS_BEFORE
    assert not SignInChange.objects.exists()
    assert mailoutbox == []


def test_what_can_no_longer_be_undone_is_removed(tom: Person, mailoutbox: list[Any]) -> None:
    client = enter(tom)
    make_main(client, mailoutbox)
    tick(timezone.now() + timedelta(hours=71))
    assert SignInChange.objects.count() == 1
    tick(timezone.now() + timedelta(hours=73 + 24))
    assert not SignInChange.objects.exists()


def test_an_erasure_takes_the_link_along(tom: Person, mailoutbox: list[Any]) -> None:
    make_main(enter(tom), mailoutbox)
    tom.refresh_from_db()
    erase(tom)
    assert not SignInChange.objects.exists()
    assert Client().get(link_in(mailoutbox[0])).status_code == 404
