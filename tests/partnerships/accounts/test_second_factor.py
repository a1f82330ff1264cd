"""A second factor: set up, asked for, lost and reset; and who may do nothing without one."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from partnerships.accounts.second_factor import FactorAdapter, secret_to_type, use_up
from partnerships.models import Audit, Delivery, Person, SignIn, second_factor
from partnerships.refusals import NotAllowed, Refusal
from retros.live import rights
from tests.cast import Cast, client_of
from tests.factories import PASSWORD, PersonFactory
from tests.partnerships.accounts.ways_in import (
    ASK,
    HTMX,
    INDEX,
    Clock,
    code_in,
    entered,
    link_in,
    set_up,
    signed_in,
)
from tests.partnerships.accounts.ways_in import clock as clock
from tests.partnerships.accounts.ways_in import with_mail as with_mail
from tests.retros.pages import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.one_database, pytest.mark.usefixtures("mail_without_commit")]


@pytest.fixture
def ines() -> Person:
    return PersonFactory.create(name="Ines Okafor", email="ines@example.org")


def secret_of(person: Person) -> str:
    return FactorAdapter().decrypt(Authenticator.objects.get(user=person, type="totp").data["secret"])


def sign_in(person: Person, client: Client | None = None) -> Client:
    client = client or Client()
    answer = client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    assert answer.headers["Location"] == ASK
    return client


def test_an_app_is_set_up_and_told(ines: Person, clock: Clock, mailoutbox: list[Any]) -> None:
    client = entered(ines)
    page = client.get(reverse("mfa_activate_totp"))
    assert 'src="/account/second-factor/app/image.svg"' in page.text
    assert "data:" not in page.text
    image = client.get(reverse("mfa_app_image"))
    assert (image.headers["Content-Type"], image.headers["Cache-Control"]) == ("image/svg+xml", "private, no-store")
    assert "style" not in image.text
    secret = FactorAdapter().decrypt(client.session[totp.SECRET_SESSION_KEY])
    assert secret not in str(dict(client.session.items()))
    wrong = client.post(reverse("mfa_activate_totp"), {"code": "000000"})
    assert "This code of the app did not work." in wrong.text
    assert secret_to_type(secret) in wrong.text  # it is still the one that was scanned

    answer = set_up(client, clock)
    assert answer.headers["Location"] == reverse("mfa_view_recovery_codes")
    assert totp.SECRET_SESSION_KEY not in client.session
    stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret_of(ines) == secret
    assert secret not in stored
    assert mailoutbox[-1].subject == "An authenticator app was set up for your account"
    assert Audit.objects.get(act=Audit.Act.APP_ADDED).about_id == ines.pk
    page = client.get(answer.headers["Location"])
    codes = Authenticator.objects.get(user=ines, type="recovery_codes").wrap().get_unused_codes()
    assert len(codes) == 10
    assert all(code in page.text for code in codes)
    assert str(list(Authenticator.objects.values_list("data", flat=True))) == stored  # a look changes nothing


def test_what_changes_takes_who_it_is(ines: Person, clock: Clock) -> None:
    set_up(entered(ines), clock)
    client = client_of(ines)
    again = reverse("account_reauthenticate")
    for name in ("mfa_deactivate_totp", "mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_app_image"):
        assert client.get(reverse(name)).headers["Location"].startswith(again), name
    clock.step += 1
    answer = client.post(f"{reverse('mfa_reauthenticate')}?next={INDEX}", {"code": clock.code(secret_of(ines))})
    assert answer.headers["Location"] == INDEX
    assert client.get(reverse("mfa_view_recovery_codes")).status_code == 200


def test_who_has_no_password_says_who_they_are_with_the_app(ines: Person, clock: Clock) -> None:
    set_up(entered(ines), clock)
    ines.set_unusable_password()
    ines.save(update_fields=["password"])
    client = client_of(ines)
    answer = client.get(reverse("account_set_password"))
    assert answer.headers["Location"] == f"{reverse('mfa_reauthenticate')}?next={reverse('account_set_password')}"
    clock.step += 1
    client.post(answer.headers["Location"], {"code": clock.code(secret_of(ines))})
    assert client.get(reverse("account_set_password")).status_code == 200


def test_signing_in_asks_for_the_code(ines: Person, clock: Clock) -> None:
    set_up(entered(ines), clock)
    client = sign_in(ines)
    assert not signed_in(client)
    code = clock.code(secret_of(ines))
    assert "This code of the app did not work." in client.post(ASK, {"code": "000000"}).text
    assert not signed_in(client)
    assert client.post(ASK, {"code": code}).status_code == 302
    assert signed_in(client)
    client = sign_in(ines)
    client.post(ASK, {"code": code})  # once more in the same half minute
    assert not signed_in(client)
    clock.step += 1
    client.post(ASK, {"code": clock.code(secret_of(ines))})
    assert signed_in(client)


APP_CODE = "This code of the app did not work. Each works once, for half a minute: wait for the next one."
RECOVERY_CODE = "This is none of your recovery codes, or it was used: each works once. Look again, or take another one."


@pytest.mark.parametrize("page", [ASK, "mfa_reauthenticate"])
def test_what_is_wrong_is_said_in_the_words_of_what_was_typed(ines: Person, clock: Clock, page: str) -> None:
    set_up(entered(ines), clock)
    client, url = (sign_in(ines), ASK) if page == ASK else (client_of(ines), reverse(page))
    used = Authenticator.objects.get(user=ines, type="recovery_codes").wrap().get_unused_codes()[0]
    assert sign_in(ines).post(ASK, {"code": used}).status_code == 302
    either = "A code of the app has 6 digits, a recovery code 8. Look again."
    for typed, said in (("000 000", APP_CODE), (used, RECOVERY_CODE), ("00000-000", RECOVERY_CODE), ("1234", either)):
        assert said in text_of(client.post(url, {"code": typed}))


def test_who_has_no_app_hears_of_recovery_codes_alone(ines: Person, clock: Clock) -> None:
    set_up(entered(ines), clock)
    Authenticator.objects.filter(user=ines, type="totp").update(type="webauthn")
    client = client_of(ines)
    for typed, said in (("00000000", RECOVERY_CODE), ("000000", "A recovery code has 8 digits. Look again.")):
        assert said in text_of(client.post(reverse("mfa_reauthenticate"), {"code": typed}))


def test_a_phone_may_be_half_a_minute_late_and_each_code_works_once(ines: Person, clock: Clock) -> None:
    client = entered(ines)
    set_up(client, clock)
    secret = secret_of(ines)
    clock.step += 8
    later = clock.code(secret)
    clock.step += 1
    late = clock.code(secret)
    clock.step += 1
    assert "This code of the app did not work." in sign_in(ines).post(ASK, {"code": later}).text
    client = sign_in(ines)
    client.post(ASK, {"code": late})
    assert signed_in(client)
    assert "This code of the app did not work." in sign_in(ines).post(ASK, {"code": late}).text


def test_the_code_that_set_the_app_up_signs_nobody_in(ines: Person, clock: Clock) -> None:
    set_up(entered(ines), clock)
    clock.step -= 1
    assert "This code of the app did not work." in sign_in(ines).post(ASK, {"code": clock.code(secret_of(ines))}).text


def test_a_used_code_is_remembered_as_long_as_it_would_work(ines: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[int] = []

    def add(key: str, value: object, timeout: int) -> bool:
        kept.append(timeout)
        return True

    monkeypatch.setattr(cache, "add", add)
    use_up(ines, "123456")
    assert kept == [90]  # seconds: its own half minute, the one before and the one after


def test_codes_are_not_to_be_guessed(ines: Person, clock: Clock) -> None:
    set_up(entered(ines), clock)
    client = sign_in(ines)
    for _n in range(10):
        client.post(ASK, {"code": "000000"})
    answer = client.post(ASK, {"code": clock.code(secret_of(ines))})
    assert "Too many tries. Wait five minutes, then try again." in answer.text
    assert not signed_in(client)


def test_a_recovery_code_works_once(ines: Person, clock: Clock) -> None:
    set_up(entered(ines), clock)
    code = Authenticator.objects.get(user=ines, type="recovery_codes").wrap().get_unused_codes()[3]
    client = sign_in(ines)
    client.post(ASK, {"code": code})
    assert signed_in(client)
    assert "9 are left." in client.get(INDEX).text
    client = sign_in(ines)
    client.post(ASK, {"code": code})
    assert not signed_in(client)


def test_new_recovery_codes_replace_the_old_ones(ines: Person, clock: Clock, mailoutbox: list[Any]) -> None:
    client = entered(ines)
    set_up(client, clock)
    old = Authenticator.objects.get(user=ines, type="recovery_codes").wrap().get_unused_codes()
    client.post(reverse("mfa_generate_recovery_codes"))
    assert mailoutbox[-1].subject == "Your account has new recovery codes"
    assert not set(old) & set(Authenticator.objects.get(user=ines, type="recovery_codes").wrap().get_unused_codes())


@pytest.mark.parametrize("way", ["by a mailed code", "in place"])
def test_every_way_in_asks_for_it(way: str, ines: Person, clock: Clock, with_mail: None, mailoutbox: list[Any]) -> None:
    set_up(entered(ines), clock)
    client = Client()
    if way == "in place":
        answer = client.post(reverse("sign_in_here"), {"login": ines.email, "password": PASSWORD}, headers=HTMX)
        assert answer.headers["HX-Redirect"] == ASK
    else:
        client.post(reverse("account_request_login_code"), {"email": ines.email})
        answer = client.post(reverse("account_confirm_login_code"), {"code": code_in(mailoutbox[-1])})
        assert answer.headers["Location"] == ASK
    assert not signed_in(client)


def test_removed_and_told(ines: Person, clock: Clock, mailoutbox: list[Any]) -> None:
    client = entered(ines)
    set_up(client, clock)
    client.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.filter(user=ines).exists()  # nor any recovery code
    assert mailoutbox[-1].subject == "The authenticator app of your account was removed"


def test_who_did_not_do_it_takes_it_back(ines: Person, clock: Clock, mailoutbox: list[Any]) -> None:
    """An app that somebody else set up would keep the owner out; one of their own stays."""
    client = entered(ines)
    set_up(client, clock)
    Client().post(link_in(mailoutbox[-1]))
    assert not Authenticator.objects.filter(user=ines).exists()
    assert not signed_in(client)


def test_another_secret_key_is_said(ines: Person, clock: Clock, settings: Any) -> None:
    set_up(entered(ines), clock)
    code = clock.code(secret_of(ines))
    settings.SECRET_KEY = settings.SECRET_KEY[::-1]
    client = sign_in(ines)
    answer = client.post(ASK, {"code": code})
    assert "The secret key of this installation changed" in answer.text
    assert not signed_in(client)


# --- who must have one --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "without"),
    [("none", set()), ("admins", {"ada"}), ("admins+leads", {"ada", "sara"}), ("all", {"ada", "sara", "ines"})],
)
def test_who_must_have_one_is_led_to_set_it_up(asked: str, without: set[str], cast: Cast, settings: Any) -> None:
    settings.SECOND_FACTOR = asked
    for name in ("ada", "sara", "ines"):
        person = getattr(cast, name)
        client = client_of(person)
        answer = client.get(reverse("person_update"))
        led = (302, INDEX) if name in without else (200, None)
        assert (answer.status_code, answer.headers.get("Location")) == led, name
        page = client.get(INDEX)
        assert ("Your organisation asks for a second factor." in page.text) == (name in without), name


def test_what_they_wanted_comes_afterwards(cast: Cast, clock: Clock, settings: Any) -> None:
    settings.SECOND_FACTOR = "all"
    wanted = reverse("partnership_detail", args=[cast.checkout.pk])
    client = entered(cast.ines)
    assert client.get(wanted).headers["Location"] == INDEX
    client.get(reverse("mfa_index"))
    set_up(client, clock)
    answer = client.post(reverse("mfa_view_recovery_codes"))
    assert answer.headers["Location"] == wanted
    assert client.get(wanted).status_code == 200
    assert client.post(reverse("mfa_view_recovery_codes")).headers["Location"] == INDEX


def test_nothing_that_was_typed_is_lost(cast: Cast, settings: Any) -> None:
    """The operator began to ask for it while a page stood open."""
    settings.SECOND_FACTOR = "all"
    client = client_of(cast.ines)
    page = client.post(reverse("person_update"), {"name": "What I typed"})
    assert (page.status_code, "What I typed</textarea>" in page.text) == (403, True)
    answer = client.post(reverse("person_update"), {"name": "What I typed"}, headers=HTMX)
    assert (answer.status_code, "Set up a second factor first" in answer.text) == (403, True)
    assert client.post(reverse("session_end_all")).status_code == 302  # they may leave


def test_no_stream_either(cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rights, "close_old_connections", lambda: None)  # the transaction of the test is in it
    client = client_of(cast.ines)
    cookie = client.cookies["session"].value
    assert rights.seen_by(cookie, lambda person: person) == cast.ines
    settings.SECOND_FACTOR = "all"
    assert rights.seen_by(cookie, lambda person: person) is None


# --- lost, and reset ----------------------------------------------------------------------------------


def test_an_admin_resets_it(cast: Cast, clock: Clock) -> None:
    client = entered(cast.ines)
    set_up(client, clock)
    admin = client_of(cast.ada)
    page = reverse("person_detail", args=[cast.ines.pk])
    assert "Reset their second factor" in admin.get(page).text
    admin.post(reverse("person_factor_reset", args=[cast.ines.pk]))
    assert not second_factor.is_set_up(cast.ines)
    assert not Authenticator.objects.filter(user=cast.ines).exists()
    assert not SignIn.objects.filter(person=cast.ines).exists()
    line = Audit.objects.get(act=Audit.Act.FACTOR_RESET)
    assert (line.by_id, line.about_id) == (cast.ada.pk, cast.ines.pk)
    assert [told.person for told in Delivery.objects.filter(for_key=str(line.pk))] == [cast.ines]
    page = admin.get(page).text
    assert "No second factor is set up." in page
    assert "Reset their second factor" not in page


def test_nobody_else_resets_it(cast: Cast, clock: Clock) -> None:
    set_up(entered(cast.ines), clock)
    with pytest.raises(NotAllowed):
        cast.ines.reset_second_factor(by=cast.tom)
    with pytest.raises(Refusal, match="no second factor"):
        cast.tom.reset_second_factor(by=cast.ada)
    set_up(entered(cast.ada), clock)
    with pytest.raises(Refusal, match="your own account"):
        cast.ada.reset_second_factor(by=cast.ada)
    assert second_factor.is_set_up(cast.ines)
    assert second_factor.is_set_up(cast.ada)


def test_who_runs_it_resets_it_on_the_machine(cast: Cast, clock: Clock) -> None:
    set_up(entered(cast.ada), clock)
    call_command("reset_second_factor", "ADA@example.org")
    assert not second_factor.is_set_up(cast.ada)
    assert Audit.objects.get(act=Audit.Act.FACTOR_RESET).by_id is None
    for email in ("ada@example.org", "nobody@example.org"):
        with pytest.raises(CommandError):
            call_command("reset_second_factor", email)


def test_admins_are_advised_until_somebody_is_asked(cast: Cast, settings: Any) -> None:
    admin = client_of(cast.ada)
    for asked, is_advised in (("none", True), ("all", False)):
        settings.SECOND_FACTOR = asked
        if asked == "all":
            Authenticator.objects.create(user=cast.ada, type="totp", data={"secret": FactorAdapter().encrypt("A" * 32)})
        assert ("TWOFOLD_SECOND_FACTOR=admins" in admin.get(reverse("person_list")).text) is is_advised
