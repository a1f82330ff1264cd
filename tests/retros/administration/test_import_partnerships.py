"""A file of partnerships: a look ahead that writes nothing, then all of it or nothing, and a second time nothing."""

from __future__ import annotations

import csv
import html
import io
import re
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import unquote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from partnerships import public_holidays
from partnerships.models import Delivery, Invitation, Look, Membership, Partnership, Person
from partnerships.refusals import NotAllowed, Refusal
from retros.administration import import_partnerships
from retros.administration.import_rows import COLUMNS
from retros.dates import upkeep
from retros.lifecycle.erasure import erase
from retros.models import Series, Session
from retros.spreadsheet import LEGACY
from tests.cast import Cast, make_cast
from tests.factories import PersonFactory
from tests.presses import Gate, at_once
from tests.rows import checksum

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

FIRST = timezone.localdate() + timedelta(days=20)


def line(a: str, b: str, label: str = "Growth", *, cadence: str = "every 2 months") -> str:
    return f"{a},{b},{label},{cadence},{FIRST},14:00,Europe/Tallinn,"


def table(*lines: str) -> str:
    return "\n".join([",".join(COLUMNS), *lines])


GOOD = table(
    line("Mei@example.org", "sara@example.org"),
    line("new@example.com", "tom@example.org", "=HYPERLINK(1)"),
    line("newer@example.com", "newest@example.com", "Search", cadence="bimonthly"),
)


def upload(client: Client, text: str) -> Any:
    file = SimpleUploadedFile("pairs.csv", b"\xef\xbb\xbf" + text.encode())
    return client.post(reverse("partnership_import"), {"file": file})


def test_a_look_says_what_each_line_becomes_and_writes_nothing(client: Client, ada: Person) -> None:
    ada.end_sessions()
    client.force_login(ada)
    before = checksum()
    page = upload(client, table(*GOOD.splitlines()[1:], line("mei@example.org", "MEI@example.org"), line("x", "y")))
    assert checksum() == before
    assert page.status_code == 200
    for words in (
        "3 lines are right", "2 lines are wrong", "3 partnerships would be put in.",
        "3 people without an account would be invited.",
        "Line 5", "A partnership is two different people.", "Line 6", "Read as every 2 months.", "=HYPERLINK(1)",
    ):  # fmt: skip
        assert words in page.text
    assert "bimonthly" not in page.text.partition("<textarea")[0].lower()


def test_put_in_once_however_often(
    client: Client, cast: Cast, ada: Person, mailoutbox: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(reverse("partnership_import_create"), {"text": GOOD.replace("\n", "\r\n")})
    assert answer.status_code == 200
    assert "3 partnerships put in. 0 were there already, 0 lines were left out." in answer.text
    assert Partnership.objects.count() == 5
    pair = Partnership.objects.get(label="Growth")
    assert {m.person for m in Membership.objects.filter(partnership=pair)} == {cast.mei, cast.sara}
    half = Partnership.objects.get(label="=HYPERLINK(1)")
    assert {m.seat: m.person for m in Membership.objects.filter(partnership=half)} == {"b": cast.tom}
    assert Invitation.objects.get(partnership=half).seat == "a"
    assert sorted(mail.to[0] for mail in mailoutbox) == [
        "mei@example.org", "new@example.com", "newer@example.com", "newest@example.com", "sara@example.org",
        "tom@example.org",
    ]  # fmt: skip
    before = checksum()
    turned = table(*(",".join([b, a, *rest]) for a, b, *rest in (row.split(",") for row in GOOD.splitlines()[1:])))
    again = client.post(reverse("partnership_import_create"), {"text": turned.replace("Mei@", "MEI@")}, follow=True)
    assert "0 partnerships put in. 3 were there already, 0 lines were left out." in again.text
    assert checksum() == before


def test_dates_come_when_both_are_there_and_begin_with_the_next(cast: Cast) -> None:
    import_partnerships.put_in(GOOD, by=cast.ada)
    now = timezone.now()
    upkeep.materialise(now)
    pair, half = (Partnership.objects.get(label=label) for label in ("Growth", "=HYPERLINK(1)"))
    assert Session.objects.filter(partnership=pair).count() >= 3
    assert not Session.objects.filter(partnership=half).exists()
    later = now + timedelta(days=100)
    invitation = Invitation.objects.get(partnership=half)
    invitation.accept(by=PersonFactory.create(name="New", email="new@example.com"))
    upkeep.materialise(later)
    starts = [session.start_utc for session in Session.objects.filter(partnership=half)]
    assert len(starts) >= 3
    assert min(starts) > later
    series = Series.objects.get(partnership=half)
    assert {s.slot_date for s in Session.objects.filter(partnership=half)} <= set(series.rule.made_by(later.date()))


def test_a_wrong_line_stops_all_of_it_unless_it_is_left_out(client: Client, cast: Cast, ada: Person) -> None:
    text = table(*GOOD.splitlines()[1:], line("mei@example.org", "mei@example.org"))
    before = checksum()
    answer = client.post(reverse("partnership_import_create"), {"text": text})
    assert answer.status_code == 409
    assert checksum() == before
    client.post(reverse("partnership_import_create"), {"text": text, "skip_bad": "on"})
    assert Partnership.objects.count() == 5


def test_who_is_switched_off_is_named(cast: Cast) -> None:
    cast.mei.deactivate(by=cast.ada)
    (row,) = import_partnerships.look(table(line("mei@example.org", "tom@example.org"))).bad
    assert row.error
    assert row.error.code == "account_off"


def test_an_address_that_is_not_verified_is_invited(cast: Cast, settings: Any) -> None:
    settings.MAIL_IS_SENT = True
    PersonFactory.create(name="Late", email="late@example.org", verified=False)
    import_partnerships.put_in(table(line("late@example.org", "tom@example.org")), by=cast.ada)
    pair = Partnership.objects.get(label="Growth")
    assert [m.person for m in Membership.objects.filter(partnership=pair)] == [cast.tom]
    assert Invitation.objects.get(partnership=pair).email == "late@example.org"


def test_domains(cast: Cast, settings: Any) -> None:
    settings.MAIL_DOMAINS = frozenset({"example.org"})
    found = import_partnerships.look(table(line("a@example.com", "tom@example.org")))
    assert [row.error and row.error.code for row in found.rows] == ["foreign_domain"]


def test_labels_compare_without_case(cast: Cast) -> None:
    import_partnerships.put_in(table(line("mei@example.org", "new@example.com", "Größe")), by=cast.ada)
    again = table(
        line("new@example.com", "MEI@example.org", "GRÖSSE"), line("mei@example.org", "x@example.com", "größe")
    )
    found = import_partnerships.look(again)
    assert [row.is_there for row in found.rows] == [True, False]


def test_a_pair_without_a_label_is_there_under_any(cast: Cast) -> None:
    import_partnerships.put_in(table(line("mei@example.org", "new@example.com", "Growth")), by=cast.ada)
    text = "member_a_email,member_b_email\nMei <mei@example.org>,new@example.com"
    assert [row.is_there for row in import_partnerships.look(text).rows] == [True]


def test_kind_roles_and_lead_are_put_in(cast: Cast, django_capture_on_commit_callbacks: Any) -> None:
    head = "member_a_email,member_b_email,kind,member_a_role,member_b_role,lead_email"
    text = (
        f"{head}\nmei@example.org,new@example.com,em_pm,EM,PM,{cast.sara.email}\na@x.example,b@x.example,,,,l@x.example"
    )
    found = import_partnerships.look(text)
    assert [[notice.code for notice in row.notices] for row in found.rows] == [[], ["lead_unknown"]]
    import_partnerships.put_in(text, by=cast.ada)
    pair = Membership.objects.get(person=cast.mei, role_label="EM").partnership
    assert (pair.kind, pair.label) == ("em_pm", "Mei and New")
    assert Invitation.objects.get(partnership=pair).role_label == "PM"
    assert [lead.person for lead in pair.leads.all()] == [cast.sara]
    assert Look.objects.filter(partnership=pair, what=Look.What.LEAD_ASSIGNED, about=cast.sara).exists()
    assert Delivery.objects.filter(kind=Delivery.Kind.NEWS, person=cast.mei, subject_id=pair.pk).exists()
    assert not Series.objects.filter(partnership=pair).exists()  # no first date: planned later


def test_leads_without_an_account_are_named_with_what_to_do(client: Client, cast: Cast, ada: Person) -> None:
    head = "member_a_email,member_b_email,lead_email"
    text = f"{head}\nx@example.org,y@example.org,new@example.org\nx@example.org,z@example.org,{cast.sara.email}\n"
    page = upload(client, text).text
    assert "new@example.org is to lead and has no account yet" in page
    assert f"{cast.sara.email} is to lead" not in page
    assert reverse("person_invite") in page


LETTERS = {
    "cp1250": "Żółć Łódź Šárka", "iso8859_2": "Żółć Łódź Šárka", "cp1251": "Иван и Мария", "cp1253": "Νίκος και Ελένη",
    "cp1254": "Işıl ve Çağrı", "cp932": "東京の支払い", "cp1252": "Zoë et François",
}  # fmt: skip


@pytest.mark.parametrize("encoding", LETTERS)
def test_letters_that_a_file_does_not_name_are_shown_and_can_be_said(
    client: Client, ada: Person, encoding: str
) -> None:
    """Whatever it was read as at first, the admin sees it before anything is put in, and says it."""
    label = LETTERS[encoding]
    raw = f"member_a_email,member_b_email,label\nx@example.org,y@example.org,{label}\n".encode(encoding)
    client.force_login(ada)

    def look(**more: str) -> str:
        return client.post(reverse("partnership_import"), {"file": SimpleUploadedFile("x.csv", raw), **more}).text

    assert "The file does not say which letters it has. Read as" in look()
    page = look(encoding=encoding)
    assert f"Read as {LEGACY[encoding]}: <bdi>{label.split()[0]}" in page
    assert label in page.split("What would be put in")[1]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_letters_of_unicode_are_read_without_a_question(client: Client, ada: Person, encoding: str) -> None:
    raw = "member_a_email,member_b_email,label\nx@example.org,y@example.org,Łódź 東京\n".encode(encoding)
    client.force_login(ada)
    page = client.post(reverse("partnership_import"), {"file": SimpleUploadedFile("x.csv", raw)}).text
    assert "Łódź 東京" in page.split("What would be put in")[1]
    assert "The file does not say" not in page


def test_clashes_are_named_before_anything_is_put_in(client: Client, cast: Cast, ada: Person) -> None:
    import_partnerships.put_in(table(line("mei@example.org", "tom@example.org", "Here")), by=cast.ada)
    upkeep.materialise(timezone.now())
    text = table(
        line("mei@example.org", "a@x.example", "One"),
        line("lea@x.example", "b@x.example", "Two"),
        line("LEA@x.example", "c@x.example", "Three", cadence="weekly"),
        line("d@x.example", "e@x.example", "Four"),
    )
    clashes = import_partnerships.look(text).clashes
    assert {(clash.email, frozenset(clash.both)) for clash in clashes} == {
        ("mei@example.org", frozenset({"Here, which is here already", "line 2, One"})),
        ("lea@x.example", frozenset({"line 3, Two", "line 4, Three"})),
    }
    assert {clash.when for clash in clashes} == {f"{FIRST.day} {FIRST:%B %Y}, 14:00 (Europe/Tallinn)"}
    page = upload(client, text)
    assert "2 clashes are named below." in page.text
    assert page.text.index("Two retros at once") < page.text.index("What would be put in")


def test_holidays_and_early_hours_of_those_who_are_here_are_named(client: Client, cast: Cast, ada: Person) -> None:
    Person.objects.filter(pk=cast.mei.pk).update(country="EE", timezone="Europe/Tallinn")
    Person.objects.filter(pk=cast.tom.pk).update(
        timezone="America/Los_Angeles"
    )  # 14:00 in Tallinn is at 03:00 or 04:00
    ahead = (timezone.localdate() + timedelta(days=n) for n in range(20, 160))
    holiday = next(day for day in ahead if public_holidays.on(day, "EE"))
    text = table(
        line("mei@example.org", "a@x.example", "Holiday").replace(str(FIRST), holiday.isoformat()),
        line("tom@example.org", "b@x.example", "Night"),
        line("c@x.example", "d@x.example", "By day"),
        line("e@x.example", "f@x.example", "Typed").replace("14:00", "05:00"),
    )
    page = upload(client, text).text
    section = page[page.index("Holidays, and early or late hours") : page.index("What would be put in")]
    words = (
        f"{holiday:%a} {holiday.day} {holiday:%B %Y} is a public holiday for Mei: {public_holidays.on(holiday, 'EE')}"
    )
    assert words in html.unescape(section)
    assert re.search(r"it is 0[34]:00 for Tom then", section)
    assert "it is 05:00 for f@x.example then" in section
    assert "By day" not in section
    assert "Of 3 lines dates are on a holiday or at an early or late hour" in page


def test_rows_that_were_changed_since_the_look_are_looked_at_again(client: Client, ada: Person) -> None:
    page = upload(client, GOOD)
    seen = re.findall(r'name="seen" value="([^"]+)"', page.text)[0]
    more = f"{GOOD}\n{line('a@x.example', 'b@x.example', 'More')}"
    before = checksum()
    answer = client.post(reverse("partnership_import_create"), {"text": more, "seen": seen})
    assert answer.status_code == 409
    assert "These are other rows than you looked at." in answer.text
    assert "Put in 4 partnerships" in answer.text
    assert checksum() == before
    assert client.post(reverse("partnership_import_create"), {"text": GOOD, "seen": seen}).status_code == 200


def test_what_is_refused_is_looked_at_again_and_nobody_has_to_copy_it(client: Client, ada: Person) -> None:
    text = table(*GOOD.splitlines()[1:], line("mei@example.org", "mei@example.org"), line("x", "y@example.org"))
    answer = client.post(reverse("partnership_import_create"), {"text": text})
    assert answer.status_code == 409
    assert "Some lines are wrong." in answer.text
    page = " ".join(answer.text.split())
    assert page.index("3 lines are right, 2 lines are wrong") < page.index("Put in 3") < page.index("What is wrong")
    assert page.index("What is wrong") < page.index("What would be put in")
    assert "member_a_email, <bdi>x</bdi>: This is no email address. Write it as ann@example.org." in page
    assert "Copy it, go back" not in page


def test_every_link_stands_on_one_page_and_in_a_file(client: Client, ada: Person) -> None:
    text = table(*(line(f"a{n}@x.example", f"b{n}@x.example", f"=L{n}") for n in range(40)))
    answer = client.post(reverse("partnership_import_create"), {"text": text})
    found = set(re.findall(r"http://[^<\"\s]+/invitations/[\w-]+/", answer.text))
    assert len(found) == 80
    assert "The 80 invitations are ready" in answer.text
    (href,) = re.findall(r'href="data:text/csv;charset=utf-8,([^"]+)" download="invitations.csv"', answer.text)
    rows = list(csv.reader(io.StringIO(unquote(href).removeprefix("\ufeff"))))
    assert rows[0] == ["Address", "Partnership", "Link"]
    assert [row[:2] for row in rows[1:3]] == [["a0@x.example", "'=L0"], ["b0@x.example", "'=L0"]]
    assert {row[2] for row in rows[1:]} == found
    tokens = [link.rstrip("/").rpartition("/")[2] for link in found]
    assert {str(Invitation.objects.by_token(token)) for token in tokens} == {row[0] for row in rows[1:]}


@pytest.mark.parametrize(
    ("raw", "status"), [(b"", 422), (b"\x00", 422), (b"name\nx", 422), (b"\xff\xfe\x00", 422), (b"Gr\xfc\xdfe", 422)]
)
def test_a_file_of_something_else_is_told(client: Client, ada: Person, raw: bytes, status: int) -> None:
    before = checksum()
    answer = client.post(reverse("partnership_import"), {"file": SimpleUploadedFile("x.csv", raw)})
    assert answer.status_code == status
    assert checksum() == before


def test_the_page_asks_before_it_complains(client: Client, ada: Person) -> None:
    client.force_login(ada)
    assert "or leave the page" not in client.get(reverse("partnership_import")).content.decode()


def test_no_file_is_told(client: Client, ada: Person) -> None:
    answer = client.post(reverse("partnership_import"), {})
    assert answer.status_code == 422
    assert "Choose a file, or paste rows." in answer.text


def test_who_may_not(client: Client, cast: Cast) -> None:
    for person in (cast.ines, cast.sara):
        client.force_login(person)
        assert client.get(reverse("partnership_import")).status_code == 404
        assert client.post(reverse("partnership_import_create"), {"text": GOOD}).status_code == 404
        with pytest.raises(NotAllowed):
            import_partnerships.put_in(GOOD, by=person)


def test_as_many_lines_as_allowed_of_which_fifty_are_wrong(cast: Cast, django_capture_on_commit_callbacks: Any) -> None:
    bad = {n * 99 + 7 for n in range(50)}
    lines = [
        line(f"a{n}@example.com", f"a{n}@example.com" if n in bad else f"b{n}@example.com", f"L{n}")
        for n in range(2, 5_002)
    ]
    text = table(*lines)
    with pytest.raises(Refusal):
        import_partnerships.put_in(text, by=cast.ada)
    assert Partnership.objects.count() == 2
    assert {row.line for row in import_partnerships.look(text).bad} == bad
    done = import_partnerships.put_in(text, by=cast.ada, skip_bad=True)
    assert (done.new, done.known, done.bad, len(done.issued)) == (4_950, 0, 50, 9_900)
    assert (Partnership.objects.count(), Invitation.objects.count()) == (4_952, 9_900)
    assert import_partnerships.put_in(text, by=cast.ada, skip_bad=True).new == 0


def test_too_many_lines_are_refused_in_a_sentence(client: Client, ada: Person) -> None:
    """A whole megabyte of one letter a line: the page stays small, and nothing that was sent is lost."""
    text = table(*["x"] * 450_000)
    page = upload(client, text)
    assert page.status_code == 422
    assert "A file can have at most 5,000 lines. Split it, and import one part at a time." in page.text
    assert len(page.text) < 20_000
    short = table(*["x"] * 5_001)
    answer = client.post(reverse("partnership_import_create"), {"text": short, "skip_bad": "on"})
    assert answer.status_code == 422
    assert "at most 5,000 lines" in answer.text
    assert "x\nx\nx" in answer.text


def test_the_first_fifty_wrong_lines_are_shown_and_the_others_counted(client: Client, ada: Person) -> None:
    text = table(*[line(f"a{n}@example.org", f"b{n}@example.org", f"L{n}") for n in range(2, 62)], *["x"] * 4_000)
    page = upload(client, text)
    assert page.status_code == 200
    assert "4000 lines are wrong" in page.text
    assert [f"Line {n}<" in page.text for n in (51, 52, 62, 111, 112)] == [True, False, True, True, False]
    assert "And 10 more." in page.text
    assert "And 3950 more wrong lines." in page.text
    assert "x\nx\nx" in page.text  # the whole file goes on, in the form that puts it in


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_one_file_put_in_twice_at_once_is_there_once() -> None:
    cast = make_cast()
    outcomes = at_once(*[partial(import_partnerships.put_in, GOOD, by=cast.ada)] * 3)
    assert sorted(outcome.new for outcome in outcomes) == [0, 0, 3]
    assert Partnership.objects.count() == 5


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_nobody_is_put_in_who_is_erased_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many rows take a while: whoever was looked at first may be gone when the last one is in."""
    cast, gate = make_cast(), Gate()
    create = import_partnerships._create

    def then_stop(*found: Any) -> Any:
        issued = create(*found)
        gate.stop()
        return issued

    monkeypatch.setattr(import_partnerships, "_create", then_stop)
    put_in = partial(import_partnerships.put_in, GOOD, by=cast.ada)
    outcome, erased = at_once(put_in, gate.then(partial(erase, cast.mei)))
    assert erased is None
    assert not Partnership.objects.active().of(cast.mei).exists(), repr(outcome)
    if connection.vendor == "postgresql":  # the erasure waits for no row of the import
        assert "switched off or erased meanwhile" in str(outcome)
        assert Partnership.objects.count() == 2
