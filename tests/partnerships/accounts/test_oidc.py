"""Signing in by the organisation's provider: a real server of OpenID Connect, in a process beside the tests."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from partnerships.accounts.oidc import Claims
from partnerships.models import Audit, CalendarFeed, Delivery, Invitation, Membership, Partnership, Person
from tests.cast import Cast
from tests.factories import PASSWORD
from tests.partnerships.accounts.provider import Provider
from tests.partnerships.accounts.provider import provider as provider
from tests.partnerships.accounts.provider import served_provider as served_provider
from tests.partnerships.accounts.ways_in import ASK, Clock, entered, link_in, set_up, signed_in
from tests.partnerships.accounts.ways_in import clock as clock
from tests.partnerships.accounts.ways_in import with_mail as with_mail

pytestmark = [pytest.mark.django_db, pytest.mark.one_database, pytest.mark.usefixtures("mail_without_commit")]

BEGIN, BACK = "/account/oidc/", "/account/oidc/callback/"


def by_provider(sub: str, client: Client | None = None, **form: str) -> tuple[Client, Any]:
    """A browser that presses the button, says there who it is, and is sent back."""
    client = client or Client()
    there = client.post(BEGIN, form)
    assert there.status_code == 302, there.content
    back = requests.post(there.headers["Location"], data={"sub": sub}, allow_redirects=False, timeout=5)
    parts = urlsplit(back.headers["Location"])
    assert parts.path == BACK
    return client, client.get(f"{parts.path}?{parts.query}")


def refusal_of(sub: str, client: Client | None = None) -> str:
    client, answer = by_provider(sub, client)
    assert answer.status_code == 403
    assert not signed_in(client)
    assert Audit.objects.filter(act=Audit.Act.SIGN_IN_REFUSED).exists()
    return str(answer.text)


# --- who comes in -------------------------------------------------------------------------------------


def test_somebody_known_by_their_address(cast: Cast, provider: Provider, with_mail: None, mailoutbox: Any) -> None:
    provider.says("i-1", email="Ines@example.org", name="Somebody Else", groups=["x"])
    client, answer = by_provider("i-1", next=reverse("person_update"))
    assert answer.headers["Location"] == reverse("person_update")
    assert signed_in(client)
    linked = SocialAccount.objects.get(user=cast.ines)
    assert (linked.uid, linked.extra_data) == ("i-1", {})
    assert mailoutbox[-1].subject == "Your account is linked with the sign-in of your organisation"
    assert Audit.objects.get(act=Audit.Act.PROVIDER_LINKED).about_id == cast.ines.pk
    cast.ines.refresh_from_db()
    assert cast.ines.name == "Ines Okafor"
    assert cast.ines.check_password(PASSWORD)

    told = len(mailoutbox)
    provider.says("i-1", email="ines.okafor@example.org")  # married, or moved: it is the identity that counts
    client, answer = by_provider("i-1")
    assert client.session["_auth_user_id"] == str(cast.ines.pk)
    linked.refresh_from_db()
    assert linked.extra_data == {}
    assert len(mailoutbox) == told


def test_a_linked_account_is_not_taken_by_its_address(cast: Cast, provider: Provider, with_mail: None) -> None:
    provider.says("i-2", email=cast.ines.email)
    by_provider("i-2")
    provider.says("thief", email=cast.ines.email)
    assert "The account with this address belongs to somebody else at Example sign-in." in refusal_of("thief")
    assert [linked.uid for linked in SocialAccount.objects.filter(user=cast.ines)] == ["i-2"]


def test_another_verified_address_of_theirs_will_do(cast: Cast, provider: Provider, with_mail: None) -> None:
    EmailAddress.objects.create(user=cast.ines, email="ines@home.example", verified=True)
    provider.says("i-3", email="ines@home.example")
    client, _answer = by_provider("i-3")
    assert client.session["_auth_user_id"] == str(cast.ines.pk)


def test_an_address_that_was_never_confirmed_is_nobodys(cast: Cast, provider: Provider, with_mail: None) -> None:
    EmailAddress.objects.create(user=cast.tom, email="new@example.org", verified=False)
    provider.says("n-1", email="new@example.org")
    assert "never confirmed this address" in refusal_of("n-1")


def test_where_no_mail_is_sent_the_provider_proves_the_address(cast: Cast, provider: Provider) -> None:
    """Whoever opened the account by a link that others saw does not stay in it."""
    EmailAddress.objects.filter(user=cast.ines).update(verified=False)
    provider.says("i-4", email=cast.ines.email)
    client, _answer = by_provider("i-4")
    assert client.session["_auth_user_id"] == str(cast.ines.pk)
    cast.ines.refresh_from_db()
    assert not cast.ines.has_usable_password()
    assert EmailAddress.objects.get(user=cast.ines).verified


def test_nothing_stays_that_somebody_set_up_who_had_not_proved_the_address(
    cast: Cast, provider: Provider, clock: Clock
) -> None:
    """An account that was made to wait for its owner: with a passkey, an app and an address of the calendar."""
    EmailAddress.objects.filter(user=cast.ines).update(verified=False)
    set_up(entered(cast.ines), clock)
    Authenticator.objects.create(user=cast.ines, type="webauthn", data={"name": "Theirs", "credential": {}})
    feed = reverse("calendar_feed", args=[CalendarFeed.issue(by=cast.ines)])
    provider.says("i-10", email=cast.ines.email)
    client, _answer = by_provider("i-10")
    assert client.session["_auth_user_id"] == str(cast.ines.pk)
    assert not Authenticator.objects.filter(user=cast.ines).exists()
    assert Client().get(feed).status_code == 404
    assert Audit.objects.filter(about_id=cast.ines.pk, act=Audit.Act.PROVIDER_LINKED).exists()


def test_somebody_new_needs_an_invitation(provider: Provider) -> None:
    provider.says("n-2", email="new@example.org")
    assert "There is no account for new@example.org here." in refusal_of("n-2")
    assert not Person.objects.filter(email="new@example.org").exists()


def test_an_invitation_is_accepted_with_the_address_that_was_invited(cast: Cast, provider: Provider) -> None:
    half = Partnership.begin(by=cast.mei, kind="other", label="Other")
    _invitation, token = Invitation.for_seat(half, email="new@example.org", by=cast.mei)
    client = Client()
    client.get(reverse("invitation_detail", args=[token]))
    provider.says("other", email="other@example.org")
    assert "The invitation was sent to another address." in refusal_of("other", client)
    provider.says("n-3", email="new@example.org", name="Nele Braun", zoneinfo="Europe/Berlin")
    _client, answer = by_provider("n-3", client)
    assert answer.headers["Location"] == reverse("invitation_waiting")
    new = Person.objects.get(email="new@example.org")
    assert (new.name, new.timezone, new.has_usable_password()) == ("Nele Braun", "Europe/Berlin", False)
    assert EmailAddress.objects.get(user=new).verified
    assert SocialAccount.objects.get(user=new).extra_data == {}
    assert not Membership.objects.filter(person=new).exists()  # an account is no acceptance
    client.post(reverse("invitation_waiting_accept"))
    assert Membership.objects.get(person=new).partnership == half


def test_accounts_are_made_where_the_operator_says_so(provider: Provider, settings: Any) -> None:
    settings.OIDC_SIGN_UP = True
    provider.says("n-4", email="new@example.org", name="https://evil.example/", zoneinfo="Mars/Olympus")
    client, _answer = by_provider("n-4")
    assert signed_in(client)
    new = Person.objects.get(email="new@example.org")
    assert (new.name, new.timezone) == ("", "UTC")


# --- who does not -------------------------------------------------------------------------------------


@pytest.mark.parametrize("sub", ["linked", "known"])
def test_who_was_switched_off_stays_out(sub: str, cast: Cast, provider: Provider) -> None:
    provider.says(sub, email=cast.tom.email)
    if sub == "linked":
        by_provider(sub)
    cast.tom.deactivate(by=cast.ada)
    assert "This account is switched off. Ask your admin." in refusal_of(sub)


@pytest.mark.parametrize("sub", ["linked", "known", "new"])
def test_addresses_of_other_domains_stay_out(sub: str, cast: Cast, provider: Provider, settings: Any) -> None:
    settings.OIDC_SIGN_UP = True
    provider.says(f"d-{sub}", email="new@example.org" if sub == "new" else cast.ines.email)
    if sub == "linked":
        by_provider(f"d-{sub}")
    settings.MAIL_DOMAINS = frozenset({"example.com"})
    assert "Addresses of this domain cannot be used here." in refusal_of(f"d-{sub}")


@pytest.mark.parametrize("claims", [{"email_verified": False}, {"email_verified": "false"}, {"email": ""}])
def test_an_unverified_address_stays_out(claims: dict[str, Any], cast: Cast, provider: Provider) -> None:
    provider.says("u-1", **{"email": cast.ines.email, **claims})
    assert "Example sign-in does not say that your mail address is verified." in refusal_of("u-1")
    assert not SocialAccount.objects.exists()


def test_no_provider_no_way(client: Client) -> None:
    assert client.post(BEGIN).status_code == 404
    assert "account/oidc/" not in client.get(reverse("account_login")).text


def test_a_provider_that_is_away_is_said(provider: Provider, settings: Any, client: Client) -> None:
    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"]["server_url"] = f"{provider.issuer}/none"
    answer = client.post(BEGIN)
    assert (answer.status_code, "Example sign-in does not answer as it should." in answer.text) == (403, True)


@pytest.mark.parametrize("query", ["", "?state=made-up&code=x", "?error=access_denied"])
def test_what_comes_back_has_to_fit_what_was_asked(query: str, provider: Provider, client: Client) -> None:
    answer = client.get(BACK + query)
    assert (answer.status_code, "Signing in there did not work." in answer.text) == (403, True)


def test_who_says_no_there_is_not_signed_in(provider: Provider, client: Client) -> None:
    there = client.post(BEGIN).headers["Location"]
    back = requests.post(there, data={"action": "deny"}, allow_redirects=False, timeout=5)
    answer = client.get(f"{BACK}?{urlsplit(back.headers['Location']).query}")
    assert "Signing in there did not work." in answer.text


def test_nobody_links_it_to_who_is_signed_in(cast: Cast, provider: Provider) -> None:
    client = entered(cast.ines)
    provider.says("thief-2", email="thief@example.org")
    _client, answer = by_provider("thief-2", client, process="connect")
    assert answer.status_code == 403
    assert not SocialAccount.objects.exists()


# --- as whom ------------------------------------------------------------------------------------------


def test_the_role_of_admin_follows_the_claim(cast: Cast, provider: Provider, settings: Any) -> None:
    settings.OIDC_ADMIN = ("groups", "twofold-admins")
    provider.says("i-5", email=cast.ines.email, groups=["staff", "twofold-admins"])
    for groups, is_admin in ((["twofold-admins"], True), (["staff"], False), ("twofold-admins", True), (None, False)):
        provider.says("i-5", email=cast.ines.email, groups=groups)
        by_provider("i-5")
        cast.ines.refresh_from_db()
        assert cast.ines.is_staff is is_admin, groups
    acts = Audit.objects.filter(about_id=cast.ines.pk, act__in=[Audit.Act.ADMIN_MADE, Audit.Act.ADMIN_ENDED])
    assert [line.by_id for line in acts] == [None] * 4
    told = Delivery.objects.filter(for_key__in=[str(line.pk) for line in acts])
    assert [delivery.person for delivery in told] == [cast.ines] * 4
    cast.ada.be_admin_by_claim(False)
    cast.ada.refresh_from_db()
    assert cast.ada.is_staff  # the only one


def test_a_second_factor_is_asked_for_here_too(cast: Cast, provider: Provider, clock: Clock) -> None:
    set_up(entered(cast.ines), clock)
    provider.says("i-6", email=cast.ines.email)
    client, answer = by_provider("i-6")
    assert answer.headers["Location"] == ASK
    assert not signed_in(client)


def test_who_did_not_do_it_unlinks_it(cast: Cast, provider: Provider, with_mail: None, mailoutbox: Any) -> None:
    provider.says("i-7", email=cast.ines.email)
    client, _answer = by_provider("i-7")
    Client().post(link_in(mailoutbox[-1]))
    assert not SocialAccount.objects.exists()
    assert client.get(reverse("person_update")).status_code == 302


def test_the_operator_unlinks_an_account(cast: Cast, provider: Provider, mailoutbox: Any) -> None:
    provider.says("i-8", email=cast.ines.email)
    by_provider("i-8")
    call_command("unlink_oidc", cast.ines.email)
    assert mailoutbox[-1].subject == "Your account is no longer linked with the sign-in of your organisation"
    provider.says("i-9", email=cast.ines.email)
    by_provider("i-9")
    assert SocialAccount.objects.get(user=cast.ines).uid == "i-9"
    with pytest.raises(CommandError):
        call_command("unlink_oidc", cast.tom.email)


def test_who_has_no_password_says_who_they_are_there(provider: Provider, settings: Any) -> None:
    settings.OIDC_SIGN_UP = True
    provider.says("n-6", email="new@example.org")
    client, _answer = by_provider("n-6")
    assert client.get(reverse("mfa_activate_totp")).status_code == 200
    session = client.session
    session["account_authentication_methods"] = [{**session["account_authentication_methods"][0], "at": 0}]
    session.save()
    asked = client.get(reverse("mfa_activate_totp"))
    assert asked.headers["Location"].startswith(reverse("reauthenticate_by_code"))
    assert "Use Example sign-in" in client.get(asked.headers["Location"]).text
    _client, answer = by_provider("n-6", client, next=reverse("mfa_activate_totp"))
    assert client.get(answer.headers["Location"]).status_code == 200


# --- and no other way ---------------------------------------------------------------------------------


def test_only_this_way(cast: Cast, provider: Provider, settings: Any) -> None:
    settings.OIDC_ONLY = True
    client = Client()
    page = client.get(reverse("account_login")).text
    assert "Use Example sign-in" in page
    assert "password" not in page
    credentials = {"login": cast.ines.email, "password": PASSWORD}
    assert client.post(reverse("account_login"), credentials).headers["Location"] == reverse("account_login")
    assert "Sign in by Example sign-in here." in client.get(reverse("account_login")).text
    client.post(reverse("sign_in_here"), credentials, headers={"HX-Request": "true"})
    assert not signed_in(client)
    asked = client.get(reverse("person_update"), headers={"HX-Request": "true"}).text
    assert "Use Example sign-in" in asked
    assert "password" not in asked
    _invitation, token = Invitation.for_account(email="new@example.org", by=cast.ada)
    client.get(reverse("invitation_detail", args=[token]))
    assert 'name="password1"' not in client.get(reverse("account_signup")).text
    provider.says("n-5", email="new@example.org")
    by_provider("n-5", client)
    assert signed_in(client)


@pytest.mark.parametrize(
    ("said", "claim"),
    [({"groups": ["a", "b"]}, True), ({"groups": "b"}, True), ({"groups": "abc"}, False), ({"groups": None}, False),
     ({}, False), ({"groups": {"b": 1}}, False)],
)  # fmt: skip
def test_a_claim_is_the_value_or_a_list_that_holds_it(said: dict[str, Any], claim: bool) -> None:
    assert Claims(said).has("groups", "b") is claim
