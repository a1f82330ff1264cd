"""Without a mail server an admin lets somebody in again: once, within a day, and never without their hearing of it."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from partnerships.models import Audit, Person, SignIn, SignInLink
from partnerships.models.invitation import hash_token
from partnerships.refusals import NotAllowed, Refusal
from tests.cast import Cast, client_of, make_cast
from tests.factories import PASSWORD
from tests.presses import at_once

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

NEW = "nine quiet lanterns"
BANNER = "An admin made a link to sign in as you."


def made_by(admin: Person, person: Person) -> str:
    """The path of the link, as the admin reads it on the page."""
    client = client_of(admin)
    page = client.post(reverse("person_link_create", args=[person.pk]))
    assert page.status_code == 200
    (link,) = re.findall(r'value="http://[^/]+(/sign-in/link/[^"]+)"', page.text)
    return str(link)


def use(client: Client, path: str, password: str = NEW) -> Any:
    return client.post(path, {"password1": password, "password2": password})


def sign_in(email: str, password: str) -> Client:
    client = Client()
    client.post(reverse("account_login"), {"login": email, "password": password})
    return client


def test_it_lets_its_owner_in_once_with_a_new_password(client: Client, cast: Cast) -> None:
    elsewhere = client_of(cast.tom)
    path = made_by(cast.ada, cast.tom)
    assert cast.tom.email in client.get(path).text
    assert client.get(path).status_code == 200  # a look uses nothing up
    assert use(client, path, "short").status_code == 422
    assert use(client, path).headers["Location"] == "/"
    assert SignIn.objects.filter(person=cast.tom).count() == 1
    assert elsewhere.get("/").status_code == 302
    assert elsewhere.get("/").headers["Location"].startswith(reverse("account_login"))
    again = Client()
    assert again.get(path).status_code == 404
    assert use(again, path, "another long password").status_code == 404
    cast.tom.refresh_from_db()
    assert cast.tom.check_password(NEW)
    acts = list(Audit.objects.filter(about_id=cast.tom.pk).order_by("pk").values_list("act", "by_id"))
    assert ("sign_in_link_made", cast.ada.pk) in acts
    assert ("sign_in_link_used", None) in acts
    assert acts.index(("sign_in_link_made", cast.ada.pk)) < acts.index(("sign_in_link_used", None))


def test_only_its_hash_is_stored_and_it_runs_out(client: Client, cast: Cast) -> None:
    path = made_by(cast.ada, cast.tom)
    token = path.rstrip("/").rpartition("/")[2]
    link = SignInLink.objects.get()
    assert link.token_hash == hash_token(token)
    assert token not in str(SignInLink.objects.values_list())
    assert timedelta(hours=23) < link.expires_at - timezone.now() <= timedelta(hours=24)
    SignInLink.objects.update(expires_at=timezone.now())
    assert client.get(path).status_code == 404


def test_a_new_one_replaces_the_one_before(client: Client, cast: Cast) -> None:
    first, second = made_by(cast.ada, cast.tom), made_by(cast.ada, cast.tom)
    assert client.get(first).status_code == 404
    assert client.get(second).status_code == 200


def test_its_owner_is_told_at_the_next_sign_in_also_when_nobody_used_it(cast: Cast) -> None:
    made_by(cast.ada, cast.tom)
    own = sign_in(cast.tom.email, PASSWORD)
    assert BANNER in own.get("/", follow=True).text
    page = own.get(reverse("sign_in_links")).text
    assert "Ada Osei made it on" in page
    assert "Not used" in page
    own.post(reverse("sign_in_links"))
    assert BANNER not in own.get("/", follow=True).text
    assert BANNER not in sign_in(cast.tom.email, PASSWORD).get("/", follow=True).text
    assert "Ada Osei made it on" in own.get(reverse("sign_in_links")).text  # it stays in the list


def test_an_admin_who_uses_it_cannot_hide_that(cast: Cast) -> None:
    """The owner's password no longer works; and whatever is pressed in the admin's session, the owner is told."""
    path = made_by(cast.ada, cast.tom)
    intruder = Client()
    use(intruder, path)
    assert BANNER in intruder.get("/", follow=True).text
    intruder.post(reverse("sign_in_links"))
    assert BANNER not in intruder.get("/", follow=True).text
    refused = sign_in(cast.tom.email, PASSWORD).get("/")
    assert refused.headers["Location"].startswith(reverse("account_login"))
    own = Client()
    use(own, made_by(cast.ada, cast.tom), "four patient herons")
    assert BANNER in own.get("/", follow=True).text
    assert own.get(reverse("sign_in_links")).text.count("Used on") == 2
    assert intruder.get("/").headers["Location"].startswith(reverse("account_login"))
    assert BANNER in sign_in(cast.tom.email, "four patient herons").get("/", follow=True).text


def test_who_may_make_one_and_for_whom(cast: Cast, settings: Any) -> None:
    for person in (cast.tom, cast.sara):
        with pytest.raises(NotAllowed):
            SignInLink.make(cast.ines, by=person)
    with pytest.raises(Refusal, match="own account"):
        SignInLink.make(cast.ada, by=cast.ada)
    cast.mei.deactivate(by=cast.ada)
    with pytest.raises(Refusal, match="switched off"):
        SignInLink.make(cast.mei, by=cast.ada)
    settings.MAIL_IS_SENT = True
    with pytest.raises(Refusal, match="sends mail"):
        SignInLink.make(cast.ines, by=cast.ada)
    assert not SignInLink.objects.exists()


def test_the_account_has_the_button_only_where_no_mail_is_sent(client: Client, cast: Cast, settings: Any) -> None:
    client.force_login(cast.ada)
    url = reverse("person_detail", args=[cast.tom.pk])
    assert "Make a sign-in link" in client.get(url).text
    settings.MAIL_IS_SENT = True
    assert "Make a sign-in link" not in client.get(url).text


def test_one_for_an_account_that_is_switched_off_later_lets_nobody_in(client: Client, cast: Cast) -> None:
    path = made_by(cast.ada, cast.tom)
    cast.tom.deactivate(by=cast.ada)
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("end", [Person.end_admin, Person.deactivate])
def test_one_of_an_admin_who_is_none_any_more_lets_nobody_in(cast: Cast, end: Any) -> None:
    """They may have kept it."""
    path = made_by(cast.ada, cast.tom)
    cast.sara.make_admin(by=cast.ada)
    end(cast.ada, by=cast.sara)
    kept = Client()
    assert kept.get(path).status_code == 404
    assert use(kept, path).status_code == 404
    cast.tom.refresh_from_db()
    assert cast.tom.check_password(PASSWORD)


@pytest.mark.parametrize("name", ["account_reset_password", "account_request_login_code"])
def test_without_mail_the_pages_say_so_and_whom_to_ask(client: Client, settings: Any, name: str) -> None:
    page = client.get(reverse(name)).text
    assert "This installation sends no mail" in page
    assert "Ask an admin of yours" in page
    assert 'type="email"' not in page
    settings.MAIL_IS_SENT = True
    page = client.get(reverse(name)).text
    assert "This installation sends no mail" not in page
    assert 'type="email"' in page


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_one_link_used_at_once_lets_one_in() -> None:
    cast = make_cast()
    link, _token = SignInLink.make(cast.tom, by=cast.ada)

    def used() -> bool:
        try:
            link.use()
        except Refusal:
            return False
        return True

    assert sorted(at_once(*[partial(used)] * 3)) == [False, False, True]
