"""The export of one's own: all that a person can see, nothing that they cannot, and only for themselves."""

from __future__ import annotations

import json
import weakref
from datetime import UTC, datetime
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from partnerships import limits
from partnerships.models import Audit, Partnership, Person
from retros.lifecycle.export import Stamp, archive, everything, readable
from retros.models import Draft
from tests.cast import Cast, client_of
from tests.factories import PASSWORD, PartnershipFactory
from tests.retros import play
from tests.retros.lifecycle.files import files
from tests.world import make_world

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


@pytest.mark.parametrize("phase", ["folded", "closed"])
def test_it_holds_what_they_may_read_and_nothing_else(phase: str) -> None:
    """Every mark of the world, against who may read it (docs/rules/visibility.md V2)."""
    world = make_world(phase)
    for who in ("ines", "tom", "priya", "sara", "mei", "ada", "lena"):
        held = files(archive(world.people[who]))
        assert set(held) == {"twofold.json", "twofold.md"}
        for name, text in held.items():
            shown = {mark for mark in world.words if mark in text}
            assert not {mark for mark in shown if who not in world.words[mark]}, f"{who} {name}"
        readable_marks = {mark for mark in world.words if mark in held["twofold.md"]}
        assert readable_marks == {mark for mark in world.words if mark in held["twofold.json"]}
    mine = files(archive(world.people["ines"]))["twofold.json"]
    missing = [m for m, readers in world.words.items() if readers >= {"ines"} and m not in mine]
    drafts = set(Draft.objects.values_list("text", flat=True))
    missing = [mark for mark in missing if not mark.startswith("zqdraft") or mark in drafts]  # the others were used up
    put_away = ("deletedcard", "gonelearning", "goneaction", "firstcard", "firstanswer", "why")
    assert [mark for mark in missing if not mark[2:].startswith(put_away)] == []


def test_both_files_are_whole(cast: Cast) -> None:
    """They are written piece by piece; together the pieces are what `everything` says."""
    PartnershipFactory.create(a=cast.ines, b=cast.mei, label="Growth\u2028and\x85more")
    play.hold(cast.checkout)
    held = files(archive(cast.ines))
    data = everything(cast.ines)
    assert {**json.loads(held["twofold.json"]), "made_at": ""} == {**data, "made_at": ""}
    assert held["twofold.json"] == json.dumps(json.loads(held["twofold.json"]), ensure_ascii=False, indent=2) + "\n"
    data["made_at"] = Stamp.of(datetime.fromisoformat(json.loads(held["twofold.json"])["made_at"]))
    assert (
        held["twofold.md"]
        == "\n\n".join(["# Twofold", *readable({"times_as_in": cast.ines.timezone, **data}, 2, cast.ines.tz)]) + "\n"
    )


def test_it_holds_how_one_signs_in(cast: Cast) -> None:
    """Devices, passkeys, the app; of no secret more than that there is one, and of nobody else any."""
    for person in (cast.ines, cast.tom):
        client = Client(REMOTE_ADDR="192.0.2.7", headers={"User-Agent": "Firefox/145.0 (Windows)"})
        client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
        client.get(reverse("person_update"))
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    for kind, data in (("webauthn", {"name": "My key", "credential": {"id": "zqsecret"}}), ("totp", {"secret": "zqs"})):
        made = Authenticator.objects.create(user=cast.ines, type=kind, data=data)
        Authenticator.objects.filter(pk=made.pk).update(created_at=at, last_used_at=at)
    held = files(archive(cast.ines))
    you = json.loads(held["twofold.json"])["you"]
    (device,) = you["signed_in_at"]
    assert (device["browser"], device["address"]) == ("Firefox on Windows", "192.0.2.7")
    assert device["since"]
    known = {"since": at.isoformat(), "last_used": at.isoformat()}
    assert you["passkeys"] == [{"name": "My key", **known}]
    assert you["authenticator_app"] == [known]
    assert all("My key" in text and "zqs" not in text for text in held.values())
    assert files(archive(cast.tom))["twofold.json"].count("My key") == 0


def test_one_partnership_at_a_time_is_in_memory(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    class Held(dict[str, Any]):
        """A dict that can be watched."""

    earlier: list[weakref.ref[Held]] = []

    def watched(partnership: Partnership, person: Person) -> Held:
        assert [one() for one in earlier] == [None] * len(earlier)
        made = Held(label=partnership.label)
        earlier.append(weakref.ref(made))
        return made

    for label in ("Growth", "Payments"):
        PartnershipFactory.create(a=cast.ines, b=cast.mei, label=label)
    monkeypatch.setattr("retros.lifecycle.export.partnership_data", watched)
    labels = [each["label"] for each in json.loads(files(archive(cast.ines))["twofold.json"])["partnerships"]]
    assert labels == ["Checkout", "Growth", "Payments"]


def test_it_is_asked_for_with_the_password_and_written_down(cast: Cast) -> None:
    client = client_of(cast.ines)
    url = reverse("data_export")
    answer = client.post(url)
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    back = client.post(answer["Location"], {"password": PASSWORD})
    assert back["Location"] == f"{reverse('data_detail')}?again=1"
    assert "Choose it once more" in client.get(back["Location"]).text
    assert client.post(url)["Content-Disposition"] == 'attachment; filename="twofold.zip"'
    again = client.post(url)
    assert set(again["Content-Security-Policy"].split("; ")) == {"default-src 'none'", "sandbox"}
    assert again["Content-Type"] == "application/zip"
    assert json.loads(files(again.content)["twofold.json"])["you"]["email"] == "ines@example.org"
    assert Audit.objects.filter(act="exported", by_id=cast.ines.pk).count() == 2
    assert client.get(url).status_code == 405


def test_ten_in_an_hour(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "EXPORTS_PER_HOUR", 2)
    client = client_of(cast.ines)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert [client.post(reverse("data_export")).status_code for _n in range(3)] == [200, 200, 429]
    assert Audit.objects.filter(act="exported").count() == 2


def test_words_never_become_structure() -> None:
    text = "# Not a heading\n- no list\n\n> no quote"
    lines = "\n".join(readable({"actions": [{"text": text}]}, 2, UTC)).split("\n")
    assert [line for line in lines if line.startswith("#")] == ["## Actions 1"]
    assert all(line.startswith(("#", ">", "Text:")) for line in lines)


def test_as_many_queries_for_many_retros_as_for_one(cast: Cast) -> None:
    def queries(person: Person) -> int:
        with CaptureQueriesContext(connection) as captured:
            everything(person)
        return len(captured)

    play.hold(cast.checkout)
    play.agree(cast.checkout)
    first = queries(cast.ines)
    for n in range(4):
        play.hold(cast.checkout)
        play.agree(cast.checkout, f"Another {n}")
    assert queries(cast.ines) == first
