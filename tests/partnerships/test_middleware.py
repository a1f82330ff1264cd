from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django import forms
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, OperationalError, connection
from django.http import Http404, HttpResponse
from django.test import Client
from django.urls import include, path
from django.utils import timezone

from partnerships import limits
from partnerships.forms import CheckedForm, ContentFormField, NameFormField, _offered, is_typed
from partnerships.http import saves_draft
from partnerships.models import Person, RateCounter
from partnerships.models.sign_in import SessionStore
from partnerships.refusals import Invalid, NotAllowed, Refusal, Stale, TooMany

ERRORS = {
    "refusal": Refusal("This step is done."),
    "invalid": Invalid("Write something first."),
    "not_allowed": NotAllowed("Only its author can change this card."),
    "too_many": TooMany(),
    "stale": Stale("Both texts are kept.", mine="my <text>", theirs="their <text>", version=7),
    "validation": ValidationError("3 characters too many. Your text is here."),
    "busy": OperationalError("database is locked"),
    "full": OperationalError("database or disk is full"),
}


gone: list[Exception] = []  # what each call of the view below raises, then it answers


def met(request):
    if gone:
        raise gone.pop(0)
    return HttpResponse(f"answered {request.POST.get('text', '')}")


def refusing(request, kind):
    raise ERRORS[kind]


def written(request):
    return HttpResponse("written")


@saves_draft
def drafted(request):
    return written(request)


@login_not_required
def public(request):
    return HttpResponse("public")


handler500 = "config.errors.server_error"

urlpatterns = [
    path("refusing/<str:kind>/", refusing),
    path("written/", written),
    path("met/", met),
    path("drafts/x/", drafted),
    path("public/", public),
    path("", include("config.urls")),
]

HTMX = {"HX-Request": "true"}

pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db, pytest.mark.one_database]


@pytest.mark.parametrize(
    ("kind", "status", "message"),
    [
        ("refusal", 409, "This step is done."),
        ("invalid", 422, "Write something first."),
        ("not_allowed", 403, "Only its author can change this card."),
        ("too_many", 429, "Wait a minute."),
        ("stale", 409, "Both texts are kept."),
        ("validation", 422, "3 characters too many. Your text is here."),
        ("busy", 503, "Busy. We try again."),
        ("full", 507, "Not saved. Your text is here."),
    ],
)
@pytest.mark.parametrize("headers", [{"HX-Request": "true"}, {"X-Requested-With": "autosave"}, {}])
def test_each_refusal_has_its_status_and_its_words(client, cast, kind, status, message, headers):
    client.force_login(cast.ines)
    response = client.post(f"/refusing/{kind}/", {"text": "what I wrote"}, headers=headers)
    assert response.status_code == status
    assert message in response.text
    assert ("<html" in response.text) is (not headers)
    assert ("Retry-After" in response) is (status in {429, 503})


FROM_VERB = [Person.DoesNotExist(), IntegrityError(), DatabaseError()]
FROM_PAGE = [*FROM_VERB, KeyError(), IndexError(), StopIteration()]


@pytest.mark.parametrize(
    ("method", "error"), [*(("get", error) for error in FROM_PAGE), *(("post", error) for error in FROM_VERB)], ids=repr
)
def test_a_row_that_went_in_the_middle_is_met_by_asking_once_more(client, cast, method, error):
    client.force_login(cast.ines)
    gone[:] = [error]
    answer = getattr(client, method)("/met/", {"text": "mine"})
    assert (answer.status_code, answer.text) == (200, "answered mine" if method == "post" else "answered ")


def test_whatever_is_so_then_is_the_answer(client, cast, caplog):
    client.force_login(cast.ines)
    gone[:] = [Person.DoesNotExist(), Http404()]
    assert client.get("/met/").status_code == 404
    gone[:] = [Person.DoesNotExist(), Http404()]
    answer = client.post("/met/", {"text": "mine"})
    assert (answer.status_code, ">mine</textarea>" in answer.text) == (404, True)
    gone[:] = [IntegrityError(), Refusal("This step is done.")]
    answer = client.post("/met/", {"text": "mine"})
    assert (answer.status_code, ">mine</textarea>" in answer.text) == (409, True)
    assert "once more" in caplog.text


def test_an_error_that_comes_again_is_one(client, cast):
    client.force_login(cast.ines)
    client.raise_request_exception = False
    for method, errors in (("get", [KeyError(), KeyError()]), ("get", [ZeroDivisionError()]), ("post", [KeyError()])):
        gone[:] = errors
        assert (getattr(client, method)("/met/").status_code, gone) == (500, [])


def test_a_plain_form_gets_back_all_that_was_typed_and_no_password(client, cast):
    client.force_login(cast.ines)
    sent = {
        "text": "line one\nline <two>",
        "title": "ok",
        "version": "3",
        "password1": "a secret thing",
        "owner": str(cast.tom.pk),
    }
    page = client.post("/refusing/refusal/", sent, headers={"Referer": "http://testserver/somewhere/?a=b"}).text
    assert "line one\nline &lt;two&gt;</textarea>" in page
    assert ">ok</textarea>" in page
    assert "a secret thing" not in page
    assert f">{cast.tom.pk}</textarea>" not in page  # chosen, not typed: sent again with the rest
    assert 'href="/somewhere/?a=b"' in page


@pytest.mark.parametrize("chosen", [("sure", "1"), ("reason", "too_busy"), ("zone", "Europe/Tallinn"), ("short", "1")])
def test_a_press_or_a_choice_is_not_given_back_as_words(client, cast, chosen):
    """Also where another form has a box of that name."""
    client.force_login(cast.ines)
    page = client.post("/refusing/refusal/", dict([chosen, ("text", "mine")])).text
    assert f">{chosen[1]}</textarea>" not in page
    assert f'name="{chosen[0]}" value="{chosen[1]}"' in page  # sent again with the rest
    assert "Your text is here" not in client.post("/refusing/refusal/", dict([chosen])).text
    client.force_login(cast.ines)
    assert ">because</textarea>" in client.post("/refusing/refusal/", {"reason": "because"}).text


def test_what_can_be_sent_again_is_never_to_be_copied(client, cast):
    """Signed out, with a token from before a sign-in, while the database is away: the form is here, filled in."""
    client.force_login(cast.ines)
    busy = client.post("/refusing/busy/", {"text": "mine", "version": "3"}).text
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.ines)
    stale = strict.post("/written/", {"text": "mine", "version": "3"}).text
    client.logout()
    signed_out = client.post("/written/", {"text": "mine", "version": "3"}).text
    for page in (busy, stale, signed_out):
        assert 'name="text"' in page
        assert ">mine</textarea>" in page
        assert 'name="version" value="3"' in page
        assert "Send it again" in page
        assert "Copy it" not in page
    assert 'target="_blank"' in signed_out
    client.force_login(cast.ines)
    for url in ("/refusing/not_allowed/", f"/partnerships/{cast.mei.pk}/actions/new/"):
        page = client.post(url, {"text": "mine"}).text
        assert "Send it again" not in page  # it would not go through
        assert ">mine</textarea>" in page


@pytest.mark.parametrize(
    "referrer",
    [
        "http://evil.example/",
        "http://testserver//evil.example/x",
        "http://testserver///evil.example/x",
        "http://testserver/\\evil.example/x",
        "http://testserver/\t/evil.example/x",
        "http://testserver\\\\evil.example/x",
    ],
)
def test_the_way_back_never_leads_elsewhere(client, cast, referrer):
    client.force_login(cast.ines)
    page = client.post("/refusing/refusal/", {"text": "x"}, headers={"Referer": referrer}).text
    assert "evil.example" not in page
    assert 'href="/">Back to the page' in page
    client.logout()
    refused = client.post("/written/", {"text": "x"}, headers={"Referer": referrer})
    assert "evil.example" not in refused.text
    signed_out = client.post("/written/", headers={"Referer": referrer})
    assert signed_out.headers["Location"].endswith("?next=/")


def test_a_lost_race_shows_both_texts_and_can_keep_mine(client, cast):
    client.force_login(cast.ines)
    fragment = client.post("/refusing/stale/", {"text": "my <text>"}, headers={"HX-Request": "true"}).text
    assert "their &lt;text&gt;</textarea>" in fragment
    assert 'name="version" value="7"' in fragment
    page = client.post("/refusing/stale/", {"text": "my <text>", "version": "6"}).text
    assert "their &lt;text&gt;</textarea>" in page
    assert '<input type="hidden" name="text" value="my &lt;text&gt;">' in page
    assert '<input type="hidden" name="version" value="7">' in page
    assert 'value="6"' not in page


@pytest.mark.both_databases
@pytest.mark.parametrize("headers", [HTMX, {}])
def test_a_database_that_is_away_before_any_view_is_reached(client, cast, monkeypatch, headers):
    client.force_login(cast.ines)
    client.raise_request_exception = False

    def away(self):
        raise OperationalError("database is locked")

    monkeypatch.setattr(SessionStore, "load", away)
    response = client.post("/written/", {"text": "a long thought"}, headers=headers)
    assert response.status_code == 503
    assert "Busy. We try again." in response.text
    assert ("a long thought</textarea>" in response.text) is (not headers)
    assert response.headers["Retry-After"] == "2"


def test_signed_out(client, cast):
    assert client.get("/written/").headers["Location"] == "/account/login/?next=/written/".replace(
        "/account/", _accounts()
    )
    for headers in ({"HX-Request": "true"}, {"X-Requested-With": "autosave"}):
        response = client.post("/written/", {"text": "x"}, headers=headers)
        assert response.status_code == 401
        assert "Sign in again. Your text is kept." in response.text
        assert "<html" not in response.text
    response = client.post("/written/", {"text": "a long thought"})
    assert response.status_code == 401
    assert "a long thought</textarea>" in response.text
    assert 'popovertarget="account"' not in response.text
    response = client.post("/written/", headers={"Referer": "http://testserver/page/"})
    assert response.status_code == 302
    assert response.headers["Location"].endswith("?next=/page/")
    assert client.get("/public/").status_code == 200


def _accounts():
    from django.urls import reverse

    return reverse("account_login").removesuffix("login/")


def test_a_page_of_somebody_who_was_signed_in_before_is_loaded_anew(client, cast):
    """By what it asks for itself, whatever that is; a press has its token."""
    client.force_login(cast.tom)
    own, other = ({"HX-Request": "true", "Twofold-Person": str(each.pk)} for each in (cast.tom, cast.ines))
    assert client.get("/written/", headers=own).text == "written"
    answer = client.get("/written/", headers=other)
    assert (answer.status_code, answer.headers["HX-Refresh"], answer.content) == (200, "true", b"")
    assert client.post("/written/", headers=other).text == "written"
    client.logout()
    assert client.get("/written/", headers=other).status_code == 401


@pytest.mark.both_databases
def test_writes_and_drafts_are_counted_apart_and_bounded(client, cast, monkeypatch):
    monkeypatch.setattr(limits, "WRITES_PER_MINUTE", 2)
    monkeypatch.setattr(limits, "DRAFT_SAVES_PER_MINUTE", 3)
    client.force_login(cast.ines)
    assert [client.post("/written/").status_code for _ in range(3)] == [200, 200, 429]
    assert [client.post("/drafts/x/").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert client.get("/written/").status_code == 200
    client.force_login(cast.tom)
    assert client.post("/written/").status_code == 200


@pytest.mark.both_databases
def test_a_count_begins_with_the_first_and_not_with_the_minute():
    first = datetime(2026, 11, 21, 12, 0, 59, tzinfo=UTC)
    minute, second = timedelta(minutes=1), timedelta(seconds=1)
    assert [RateCounter.hit("write:x", per=minute, now=first + n * second) for n in range(3)] == [1, 2, 3]
    assert RateCounter.hit("write:x", per=minute, now=first + minute - second) == 4
    assert RateCounter.hit("write:x", per=minute, now=first + minute) == 1
    assert RateCounter.hit("write:x", per=minute, now=first + minute + second) == 2
    assert RateCounter.hit("write:y", per=minute, now=first) == 1
    assert sorted(RateCounter.objects.values_list("key", "count")) == [("write:x", 2), ("write:y", 1)]


@pytest.mark.both_databases
def test_a_clock_that_was_ahead_and_is_set_right_holds_nobody_up():
    now = timezone.now()
    assert RateCounter.hit("write:x", per=timedelta(hours=1), now=now + timedelta(days=365)) == 1
    assert [RateCounter.hit("write:x", per=timedelta(hours=1), now=now) for _ in range(2)] == [1, 2]
    assert RateCounter.hit("write:x", per=timedelta(hours=1), now=now - timedelta(milliseconds=5)) == 3


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_a_count_does_not_wait_for_the_disk_and_what_follows_does():
    behind = []
    for _each in range(20):
        RateCounter.hit("write:x", per=timedelta(hours=1))
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SELECT pg_current_wal_insert_lsn() > pg_current_wal_flush_lsn()")
                behind += cursor.fetchone()
                cursor.execute("SHOW synchronous_commit")
                assert cursor.fetchone() == ("on",)
            else:
                cursor.execute("PRAGMA synchronous")
                assert cursor.fetchone() == (2,)  # FULL
    assert connection.vendor == "sqlite" or any(behind)


class TextForm(CheckedForm):
    text = ContentFormField(limit=5)
    name = NameFormField(required=False)


def test_checked_gives_the_data_or_refuses():
    assert TextForm({"text": " a\r\nb", "name": " Ines "}).checked() == {"text": " a\nb", "name": "Ines"}
    for bad, words in (
        ("123456789", "4 characters too many. Your text is here."),
        ("a\x00", "There is a character here that is not text. Your text is here."),
        ("a\ud800", "There is a character here that is not text. Your text is here."),
    ):
        with pytest.raises(Invalid, match=words):
            TextForm({"text": bad}).checked()
    with pytest.raises(Invalid):
        TextForm({"text": "a", "name": "two\nlines"}).checked()
    assert "maxlength" not in str(forms.Form.as_p(TextForm()))


def test_names_that_somebody_makes_up_are_not_remembered() -> None:
    known = set(_offered())
    assert all(is_typed(f"made-up-{n}", "words") for n in range(3))
    assert set(_offered()) == known
