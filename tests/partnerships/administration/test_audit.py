"""The record of who did what: complete, added to and never changed, and without a word that anybody wrote."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import DatabaseError, connection, models, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from partnerships.administration.record import Record
from partnerships.models import Audit, Invitation, Partnership
from partnerships.models.audit import (
    ABOUT_ACCOUNTS,
    ABOUT_ROLES,
    ABOUT_TEMPLATES,
    ABOUT_THE_SCHEDULE,
    FOR_ADMINS,
    OF_THE_PAIR,
)
from tests.cast import Cast, client_of
from tests.factories import PASSWORD, PersonFactory

pytestmark = pytest.mark.django_db


def lines(**which: Any) -> list[tuple[str, Any, Any]]:
    return list(Audit.objects.filter(**which).order_by("pk").values_list("act", "by_id", "about_id"))


def test_a_sign_in_and_one_that_was_refused(cast: Cast) -> None:
    client, login = Client(), reverse("account_login")
    client.post(login, {"login": "ines@example.org", "password": "not the one I know"})
    client.post(login, {"login": "nobody@example.org", "password": "not the one I know"})
    client.post(login, {"login": "ines@example.org", "password": PASSWORD})
    ines = cast.ines.pk
    assert lines(act__startswith="sign") == [
        ("sign_in_refused", None, ines), ("sign_in_refused", None, None), ("signed_in", ines, ines),
    ]  # fmt: skip


def test_what_a_pair_does_with_its_seats(cast: Cast) -> None:
    pair = Partnership.begin(by=cast.mei, kind="other", label="Half")
    invitation, _token = Invitation.for_seat(pair, email="new@example.org", by=cast.mei)
    invitation.revoke(by=cast.mei)
    invitation.revoke(by=cast.mei)
    mei = cast.mei.pk
    assert lines(partnership_id=pair.pk) == [
        ("seat_taken", mei, mei), ("partnership_begun", mei, None), ("invited", mei, invitation.pk),
        ("invitation_revoked", mei, invitation.pk),
    ]  # fmt: skip


def test_a_line_goes_when_its_verb_fails(cast: Cast) -> None:
    before = Audit.objects.count()

    def fail() -> None:
        with transaction.atomic():
            Audit.record(Audit.Act.MOVED, by=cast.ines, partnership=cast.checkout)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert Audit.objects.count() == before


def test_nothing_is_ever_changed_or_taken_out(cast: Cast) -> None:
    Audit.record(Audit.Act.SIGNED_IN, by=cast.ines)
    line = Audit.objects.latest("pk")
    for change in (
        lambda: Audit.objects.update(act="looked"),
        lambda: Audit.objects.all().delete(),
        lambda: Audit.objects.bulk_update([line], ["act"]),
        line.save,
        line.delete,
    ):
        with pytest.raises(TypeError), transaction.atomic():
            change()
    assert Audit.objects.latest("pk").act == "signed_in"


def test_the_database_refuses_too(cast: Cast) -> None:
    """Deleting as well on PostgreSQL; on SQLite a flush is a deletion, and the model alone stands there."""
    Audit.record(Audit.Act.SIGNED_IN, by=cast.ines)
    statements = ["UPDATE partnerships_audit SET act = 'looked'"]
    if connection.vendor == "postgresql":
        statements.append("DELETE FROM partnerships_audit")
    for statement in statements:
        with pytest.raises(DatabaseError, match="only added to"), transaction.atomic():
            connection.cursor().execute(statement)


def test_a_line_has_no_room_for_words() -> None:
    """Ids, a time and two of our own names: nothing that holds a sentence of a person."""
    wide = [f for f in Audit._meta.fields if isinstance(f, (models.CharField, models.TextField, models.JSONField))]
    assert {field.name: field.max_length for field in wide} == {"act": 24, "about": 24}
    assert all(len(act) <= 24 for act in Audit.Act)


def test_admins_read_accounts_roles_and_the_schedule_alone(cast: Cast) -> None:
    for act in Audit.Act:
        Audit.record(act, by=cast.ines, partnership=cast.checkout)
    shown = {line.act for line in Audit.objects.for_admins()}
    assert {"signed_in", "admin_made", "moved"} <= shown
    assert not shown & {"revealed", "side_opened", "looked", "expired", "invited", "release_proposed"}


# --- the page of the admins -------------------------------------------------------------------------------------------


def record(cast: Cast, **asked: str) -> str:
    client = client_of(cast.ada)
    return client.get(reverse("audit_list"), asked).text


def test_the_page_says_who_did_what_to_whom(cast: Cast) -> None:
    Audit.record(Audit.Act.ADMIN_MADE, by=cast.ada, about=cast.mei)
    Audit.record(Audit.Act.MOVED, by=cast.ines, partnership=cast.checkout)
    Audit.record(Audit.Act.REVEALED, by=cast.ines, partnership=cast.checkout)
    page = record(cast)
    assert page.index("Moved a retro") < page.index("Made somebody an admin")
    assert "Mei Tan" in page
    assert "Revealed" not in page


def test_who_gets_a_role_is_named_also_when_they_gave_it(cast: Cast) -> None:
    """“Somebody” in the words of the act; what one does to one's own account is about nobody else."""
    Audit.record(Audit.Act.LEAD_ASSIGNED, by=cast.ada, about=cast.ada, partnership=cast.checkout)
    Audit.record(Audit.Act.PASSWORD_CHANGED, by=cast.ada, about=cast.ada)
    rows = re.findall(r'data-l="What">([^<]+)</td>\s*<td data-l="Whom">([^<]+)<', record(cast))
    assert ("Made somebody a lead", "Ada Osei") in rows
    assert ("Changed the password", "–") in rows


def test_the_page_is_narrowed_and_searched(cast: Cast) -> None:
    Audit.record(Audit.Act.ADMIN_MADE, by=cast.ada, about=cast.mei)
    Audit.record(Audit.Act.MOVED, by=cast.ines, partnership=cast.checkout)
    assert "Moved a retro" not in record(cast, state="roles")
    assert "Made somebody an admin" in record(cast, q="mei@")
    assert "Moved a retro" not in record(cast, q="mei@")
    assert "No entry matches." in record(cast, q="nobody at all\x00")


@pytest.mark.parametrize("few", [0, 1, 100])
def test_a_search_finds_the_same_however_many_people_it_means(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr("partnerships.administration.record.FEW", few)
    Audit.record(Audit.Act.MOVED, by=cast.ines, partnership=cast.checkout)
    Audit.record(Audit.Act.ADMIN_MADE, by=cast.ada, about=cast.mei)
    Audit.record(Audit.Act.ADMIN_ENDED, by=cast.ada, about=cast.tom)
    assert {"moved", "admin_made"} <= {line.line.act for line in Record({"q": "i"}).listed}
    assert [line.line.act for line in Record({"q": "mei@"}).listed] == ["admin_made"]
    assert Record({"q": "nobody at all"}).listed == []


def test_as_many_queries_for_thirty_lines_as_for_three(cast: Cast) -> None:
    client, found = Client(), []
    client.force_login(cast.ada)
    client.get(reverse("audit_list"))  # the first look also notes when it was
    for more in (3, 30):
        for _n in range(more):
            Audit.record(Audit.Act.MOVED, by=PersonFactory.create(), about=cast.mei, partnership=cast.checkout)
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("audit_list"))
        found.append(len(captured))
    assert found[0] == found[1] <= 12


def test_each_act_is_in_exactly_one_group() -> None:
    """A new act belongs to no group until somebody decides whether admins read it."""
    grouped = [*ABOUT_ACCOUNTS, *ABOUT_ROLES, *ABOUT_THE_SCHEDULE, *ABOUT_TEMPLATES, *OF_THE_PAIR]
    assert sorted(grouped) == sorted(Audit.Act)


def test_admins_read_nothing_of_the_pair() -> None:
    assert FOR_ADMINS == ABOUT_ACCOUNTS | ABOUT_ROLES | ABOUT_THE_SCHEDULE | ABOUT_TEMPLATES
    assert not FOR_ADMINS & OF_THE_PAIR
    assert {Audit.Act.SIGNED_IN, Audit.Act.ERASED} <= ABOUT_ACCOUNTS
    assert {Audit.Act.LEAD_ASSIGNED, Audit.Act.UNARCHIVED} <= ABOUT_ROLES
    assert {Audit.Act.PLANNED, Audit.Act.BULK_UNDONE} <= ABOUT_THE_SCHEDULE
    assert {Audit.Act.REVEALED, Audit.Act.LOOKED, Audit.Act.RELEASE_DECLINED} <= OF_THE_PAIR
