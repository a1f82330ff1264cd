from __future__ import annotations

import itertools
import json
import re
import time
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from allauth.account.forms import EmailAwarePasswordResetTokenGenerator
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from partnerships.models import Invitation, Membership, Person, SignIn
from tests.cast import client_of
from tests.factories import PASSWORD, PartnershipFactory, PersonFactory
from tests.partnerships.accounts.ways_in import HTMX, code_in, confirmed, signed_in
from tests.partnerships.accounts.ways_in import with_mail as with_mail

pytestmark = [pytest.mark.django_db, pytest.mark.one_database, pytest.mark.usefixtures("mail_without_commit")]


TOM = {
    "name": "Tom Lindqvist",
    "email": "tom@example.org",
    "password1": "seven grey herons",
    "timezone": "Europe/Stockholm",
}


@pytest.fixture
def token():
    """Ines waits for Tom."""
    ines = PersonFactory.create(name="Ines Okafor", email="ines@example.org")
    return Invitation.for_seat(PartnershipFactory.create(a=ines), email="tom@example.org", by=ines)[1]


@pytest.fixture
def tom():
    return PersonFactory.create(name="Tom Lindqvist", email="tom@example.org")


# --- Sign up -----------------------------------------------------------------------------------------


def test_sign_up_is_closed_without_an_invitation(client):
    assert client.get(reverse("account_signup")).status_code == 200
    client.post(reverse("account_signup"), TOM)
    assert not Person.objects.exists()


@pytest.mark.parametrize("kept", ["0b7e4f5e-5a3c-4b59-8b8e-51e1b3b1b7c1", "no id at all", 7])
def test_sign_up_is_closed_with_an_invitation_that_is_none(client, kept):
    session = client.session
    session["invitation"] = kept
    session.save()
    client.post(reverse("account_signup"), TOM)
    assert not Person.objects.exists()


def test_sign_up_by_invitation_without_a_mail_server(client, token):
    client.get(reverse("invitation_detail", args=[token]))
    page = client.get(reverse("account_signup"))
    assert 'name="timezone"' in page.text
    assert "data-own-timezone" in page.text
    answer = client.post(reverse("account_signup"), TOM)
    assert answer.headers["Location"] == reverse("invitation_waiting")
    tom = Person.objects.get(email="tom@example.org")
    assert (tom.name, tom.timezone) == ("Tom Lindqvist", "Europe/Stockholm")
    assert not EmailAddress.objects.get(user=tom).verified
    assert not Membership.objects.filter(person=tom).exists()  # an account is no acceptance
    assert "Accept the invitation" in client.get(answer.headers["Location"]).text
    answer = client.post(reverse("invitation_waiting_accept"))
    membership = Membership.objects.get(person=tom)
    assert answer.headers["Location"] == reverse("partnership_detail", args=[membership.partnership_id])
    assert client.get(reverse("invitation_waiting")).status_code == 404


def test_a_code_that_was_lost_on_its_way_is_asked_for_again(client, token, with_mail, mailoutbox):
    client.get(reverse("invitation_detail", args=[token]))
    client.post(reverse("account_signup"), TOM)
    url = reverse("account_email_verification_sent")
    assert "Send a new code" in client.get(url).text
    at_once = client.post(url, {"action": "resend"})  # an impatient press leaves the code as it is
    assert (at_once.status_code, len(mailoutbox)) == (429, 1)
    cache.clear()  # ten seconds go by
    client.post(url, {"action": "resend"})
    first, second = map(code_in, mailoutbox)
    assert first != second
    assert client.post(url, {"code": second})["Location"] == reverse("invitation_waiting")


def test_sign_up_by_invitation_with_a_mailed_code(client, token, with_mail, mailoutbox):
    client.get(reverse("invitation_detail", args=[token]))
    answer = client.post(reverse("account_signup"), TOM)
    assert answer.headers["Location"] == reverse("account_email_verification_sent")
    assert not signed_in(client)
    assert mailoutbox[-1].to == ["tom@example.org"]
    client.post(reverse("account_email_verification_sent"), {"code": "WRONG1"})
    assert not signed_in(client)
    answer = client.post(reverse("account_email_verification_sent"), {"code": code_in(mailoutbox[-1])})
    assert answer.headers["Location"] == reverse("invitation_waiting")
    assert signed_in(client)
    assert EmailAddress.objects.get(email="tom@example.org").verified
    assert client.post(reverse("invitation_waiting_accept")).status_code == 302
    assert Membership.objects.filter(person__email="tom@example.org").count() == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"email": "mei@example.org"}, "The invitation was sent to another address."),
        ({"email": "tom@example.com"}, "Addresses of this domain cannot be used here."),
        ({"password1": "short"}, "This password is too short."),
        ({"password1": "1q2w3e4r5t6y"}, "This password is too common."),
        ({"timezone": "Mars/Olympus"}, "Select a valid choice."),
        ({"name": "Tom\u202eevil"}, "A name is one line of plain characters."),
        ({"name": "x" * 61}, "1 character too many. Your text is here."),
        ({"name": ""}, "Write something, or leave the page."),
    ],
)
def test_sign_up_says_what_is_wrong(client, token, settings, change, words):
    settings.MAIL_DOMAINS = frozenset({"example.org"})
    client.get(reverse("invitation_detail", args=[token]))
    page = client.post(reverse("account_signup"), TOM | change)
    assert words in page.text
    assert Person.objects.count() == 1


def test_sign_in_leads_back_to_the_invitation(client, token, tom):
    client.get(reverse("invitation_detail", args=[token]))
    answer = client.post(reverse("account_login"), {"login": tom.email, "password": PASSWORD})
    assert answer.headers["Location"] == reverse("invitation_waiting")


# --- Sign in, codes, reset, change, sign out -----------------------------------------------------------


def test_sign_in(client, tom):
    page = client.post(reverse("account_login"), {"login": tom.email, "password": "not this one"})
    assert "This email and password don’t go together. Try again, or ask your admin." in page.text
    assert not signed_in(client)
    answer = client.post(reverse("account_login"), {"login": "TOM@example.org", "password": PASSWORD})
    assert answer.headers["Location"] == "/"
    assert signed_in(client)


@pytest.mark.both_databases
@pytest.mark.parametrize(("headers", "whole"), [({}, True), (HTMX, False)])
def test_too_many_tries_from_one_place(client, headers, whole):
    name = "account_login" if whole else "sign_in_here"
    for number in range(30):
        client.post(reverse(name), {"login": f"{number}@example.org", "password": "x"}, headers=headers)
    answer = client.post(reverse(name), {"login": "z@example.org", "password": "x"}, headers=headers)
    assert answer.status_code == 429
    assert "Wait a minute." in answer.text
    assert ("<html" in answer.text) is whole


@pytest.mark.parametrize(
    "where",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "http://localhost/settings/",
        "http://localhost:9999/settings/",
        "http://testserver:9999/settings/",
        "//localhost/settings/",
        "javascript:alert(1)",
        "evil.example",
    ],
)
def test_sign_in_never_leads_to_another_site_or_port(client, tom, where):
    assert "localhost" in settings.ALLOWED_HOSTS
    credentials = {"login": tom.email, "password": PASSWORD, "next": where}
    assert client.post(reverse("account_login"), credentials).headers["Location"] == "/"
    assert client.post(reverse("account_logout"), {"next": where}).headers["Location"] == "/"


def test_links_in_mails_do_not_come_from_the_request(client, tom, mailoutbox, settings):
    """A `Host` with another port is one that we answer to, and not where the links lead."""
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    client.get(reverse("invitation_detail", args=[Invitation.for_first_admin()]))
    client.post(reverse("account_signup"), TOM, headers={"Host": "localhost:9999"})
    client.post(reverse("account_login"), {"login": tom.email, "password": PASSWORD})
    confirmed(client)
    new = {"action_add": "", "email": "tom@home.example"}
    client.post(reverse("account_email"), new, headers={"Host": "localhost:9999"})
    links = [re.findall(r"http.*/account/", mail.body) for mail in mailoutbox]
    assert [mail.to for mail in mailoutbox[:2]] == [["tom@example.org"], ["tom@home.example"]]
    assert links[:2] == [[f"{settings.BASE_URL}/account/"]] * 2


def test_sign_in_leads_to_the_page_that_was_asked_for(client, tom):
    credentials = {"login": tom.email, "password": PASSWORD, "next": "/settings/?a=b"}
    assert client.post(reverse("account_login"), credentials).headers["Location"] == "/settings/?a=b"


def test_sign_in_by_a_mailed_code(client, tom, with_mail, mailoutbox):
    answer = client.post(reverse("account_request_login_code"), {"email": tom.email})
    assert answer.headers["Location"] == reverse("account_confirm_login_code")
    client.post(reverse("account_confirm_login_code"), {"code": code_in(mailoutbox[-1])})
    assert signed_in(client)


@pytest.mark.parametrize("name", ["account_request_login_code", "account_reset_password"])
def test_a_known_address_and_an_unknown_one_get_the_same_answer(tom, with_mail, mailoutbox, name):
    def answers(email):
        client = Client()
        answer = client.post(reverse(name), {"email": email})
        page = client.get(answer.headers["Location"]).text
        masked = re.sub(r'nonce="[^"]+"|name="csrfmiddlewaretoken" value="[^"]+"', "", page.replace(email, "EMAIL"))
        return answer.status_code, answer.headers["Location"], masked

    assert answers("tom@example.org") == answers("who@example.org")
    assert [mail.to for mail in mailoutbox] == [["tom@example.org"]]


def test_reset_the_password(client, tom, mailoutbox, settings):
    client.post(reverse("account_reset_password"), {"email": tom.email})
    link = re.findall(r"http\S+", mailoutbox[-1].body)[0]
    assert link.startswith(f"{settings.BASE_URL}/")
    form = client.get(link.removeprefix(settings.BASE_URL), follow=True)
    where = form.redirect_chain[-1][0]
    client.post(where, {"password1": "four small boats", "password2": "four small boats"})
    assert client.login(email=tom.email, password="four small boats")
    assert not Client().login(email=tom.email, password=PASSWORD)
    used = Client().get(link.removeprefix(settings.BASE_URL), follow=True)
    assert 'type="password"' not in used.text


def test_a_link_for_a_new_password_lives_one_hour(client, tom, mailoutbox, monkeypatch):
    client.post(reverse("account_reset_password"), {"email": tom.email})
    path = re.findall(r"http\S+", mailoutbox[-1].body)[0].removeprefix(settings.BASE_URL)
    now = datetime.now
    for minutes, works in ((59, True), (61, False)):
        later = now() + timedelta(minutes=minutes)
        monkeypatch.setattr(EmailAwarePasswordResetTokenGenerator, "_now", lambda self, later=later: later)
        assert ('type="password"' in Client().get(path, follow=True).text) is works
    assert "for an hour" in mailoutbox[-1].body


@pytest.fixture
def each_minute(monkeypatch):
    """allauth's limits of a minute are never reached: its clock moves on whenever it is looked at."""
    minutes = itertools.count()
    clock = SimpleNamespace(time=lambda: time.time() + 60 * next(minutes), monotonic=time.monotonic)
    monkeypatch.setattr("allauth.core.internal.ratelimit.time", clock)


@pytest.mark.both_databases
@pytest.mark.parametrize("email", ["tom@example.org", "who@example.org"])
def test_five_codes_an_hour_for_one_address(tom, with_mail, mailoutbox, each_minute, email):
    answers = [Client().post(reverse("account_request_login_code"), {"email": email}) for _n in range(6)]
    assert [answer.status_code for answer in answers] == [302] * 5 + [200]
    assert "Too many codes. Wait an hour, or use your password." in answers[-1].text
    assert email in answers[-1].text
    assert len(mailoutbox) == (5 if email == tom.email else 0)


@pytest.mark.both_databases
def test_twenty_mails_an_hour_to_addresses_that_somebody_calls_theirs(client, tom, with_mail, mailoutbox, each_minute):
    client.force_login(tom)
    confirmed(client)
    for number in range(20):
        client.post(reverse("account_email"), {"action_add": "", "email": f"stranger{number}@example.com"})
    refused = client.post(reverse("account_email"), {"action_add": "", "email": "stranger20@example.com"})
    assert len(mailoutbox) == 20
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "3600")
    assert "stranger20@example.com</textarea>" in refused.text


@pytest.mark.both_databases
def test_five_mails_an_hour_to_one_address_that_somebody_calls_theirs(client, tom, with_mail, mailoutbox, each_minute):
    client.force_login(tom)
    confirmed(client)
    for _number in range(6):
        client.post(reverse("account_email"), {"action_add": "", "email": "stranger@example.com"})
    assert len(mailoutbox) == 5


def test_change_the_password_ends_the_other_sessions(client, tom):
    other = client_of(tom)
    client.force_login(tom)
    new = {"oldpassword": PASSWORD, "password1": "four small boats", "password2": "four small boats"}
    answer = client.post(reverse("account_change_password"), new)
    assert answer.headers["Location"] == reverse("person_update")
    assert client.get(reverse("person_update")).status_code == 200
    assert other.get(reverse("person_update")).status_code == 302


def test_sign_out_empties_what_the_browser_kept(client, tom):
    client.force_login(tom)
    assert "Clear-Site-Data" not in client.get(reverse("account_logout"))
    answer = client.post(reverse("account_logout"))
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert not signed_in(client)


def test_session_end_all(client, tom):
    others = [Client() for _device in range(2)]
    for other in others:
        other.force_login(tom)
    mei = client_of(PersonFactory.create(name="Mei"))
    client.force_login(tom)
    assert client.get(reverse("session_end_all")).status_code == 405
    answer = client.post(reverse("session_end_all"))
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    for ended in (client, *others):
        assert ended.get(reverse("person_update")).status_code == 302
    assert mei.get(reverse("person_update")).status_code == 200
    held = [session.get_decoded().get("_auth_user_id") for session in SignIn.objects.all()]
    assert str(tom.pk) not in held


def test_a_second_address_obeys_the_domain_rule(client, tom, with_mail, settings):
    settings.MAIL_DOMAINS = frozenset({"example.org"})
    client.post(reverse("account_login"), {"login": tom.email, "password": PASSWORD})
    page = client.post(reverse("account_email"), {"action_add": "", "email": "tom@example.com"})
    assert "Addresses of this domain cannot be used here." in page.text
    assert tom.emailaddress_set.count() == 1


def test_where_no_mail_leaves_none_is_said_to_be_sent_to_an_address(client, tom):
    tom.emailaddress_set.update(verified=False)
    client.post(reverse("account_login"), {"login": tom.email, "password": PASSWORD})
    page = client.get(reverse("account_email")).text
    assert "sends no mail" in page
    assert "Verify it" not in page
    assert "Add it" not in page
    page = client.post(reverse("account_email"), {"action_send": "", "email": tom.email}, follow=True).text
    assert "Mail sent" not in page


def test_a_second_address_is_verified_by_a_code_and_told_to_the_first(client, tom, with_mail, mailoutbox):
    client.post(reverse("account_login"), {"login": tom.email, "password": PASSWORD})
    confirmed(client)
    client.post(reverse("account_email"), {"action_add": "", "email": "tom@home.example"})
    assert mailoutbox[-1].to == ["tom@home.example"]
    answer = client.post(reverse("account_email_verification_sent"), {"code": code_in(mailoutbox[-1])})
    assert answer.headers["Location"] == reverse("account_email")
    client.post(reverse("account_email"), {"action_primary": "", "email": "tom@home.example"})
    tom.refresh_from_db()
    assert tom.email == "tom@home.example"
    assert mailoutbox[-1].to == ["tom@example.org"]


@pytest.mark.parametrize("name", ["account_login", "sign_in_here"])
def test_an_unknown_address_costs_as_many_hashes_as_a_known_one(tom, monkeypatch, name):
    """So that nobody learns from the time it takes who has an account."""
    hashes: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(self, password, salt):
        hashes.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)

    def cost(email):
        hashes.clear()
        Client().post(reverse(name), {"login": email, "password": "not this one"}, headers=HTMX)
        return len(hashes)

    assert cost(tom.email) == cost("who@example.org") > 0


# --- Settings ----------------------------------------------------------------------------------------

SETTINGS = {"name": "Tomas", "role_label": "PM", "timezone": "Asia/Tokyo", "theme": "dark", "shortcuts": ""}


def test_person_update(client, tom):
    client.force_login(tom)
    assert client.get(reverse("person_update")).status_code == 200
    answer = client.post(reverse("person_update"), SETTINGS | {"email": "x@example.org", "is_staff": "on"})
    assert answer.headers["Location"] == reverse("person_update")
    tom.refresh_from_db()
    assert (tom.name, tom.role_label, tom.timezone, tom.theme) == ("Tomas", "PM", "Asia/Tokyo", "dark")
    assert not tom.shortcuts
    assert not tom.is_staff
    assert tom.email == "tom@example.org"
    assert 'data-theme="dark"' in client.get(reverse("person_update")).text


def test_person_update_keeps_what_was_typed_when_it_is_wrong(client, tom):
    client.force_login(tom)
    page = client.post(reverse("person_update"), SETTINGS | {"role_label": "y" * 70})
    assert page.status_code == 422
    assert "10 characters too many. Your text is here." in page.text
    assert "y" * 70 in page.text
    tom.refresh_from_db()
    assert tom.name == "Tom Lindqvist"


# --- Signing in without leaving the page ---------------------------------------------------------------


def test_sign_in_here(client, tom):
    wrong = client.post(reverse("sign_in_here"), {"login": tom.email, "password": "no"}, headers=HTMX)
    assert wrong.status_code == 422
    assert "don’t go together" in wrong.text
    assert "<html" not in wrong.text
    answer = client.post(reverse("sign_in_here"), {"login": tom.email, "password": PASSWORD}, headers=HTMX)
    assert answer.status_code == 200
    fresh = json.loads(answer.headers["HX-Trigger"])["twofold:fresh-token"]
    assert fresh["person"] == str(tom.pk)
    assert len(fresh["value"]) == 64
    assert signed_in(client)


def test_sign_in_here_when_another_tab_did_it(client, tom):
    client.force_login(tom)
    answer = client.post(reverse("sign_in_here"), {"login": "", "password": ""}, headers=HTMX)
    assert answer.status_code == 200
    assert "twofold:fresh-token" in answer.headers["HX-Trigger"]
    assert client.get(reverse("sign_in_here")).status_code == 405
    assert Client().get(reverse("sign_in_here")).status_code == 405


def test_sign_in_here_is_limited_like_the_other(client, tom):
    for _try in range(10):
        client.post(reverse("sign_in_here"), {"login": tom.email, "password": "no"}, headers=HTMX)
    answer = client.post(reverse("sign_in_here"), {"login": tom.email, "password": PASSWORD}, headers=HTMX)
    assert "Too many tries." in answer.text
    assert not signed_in(client)


def test_an_old_token_is_renewed_and_nothing_is_lost(tom):
    client = Client(enforce_csrf_checks=True)
    client.force_login(tom)
    for headers in (HTMX, {}):
        answer = client.post(reverse("person_update"), {"name": "A long new name"}, headers=headers)
        assert answer.status_code == 403
        assert "Press again." in answer.text
        assert len(json.loads(answer.headers["HX-Trigger"])["twofold:fresh-token"]["value"]) == 64
    assert "A long new name</textarea>" in answer.text
