"""What admins see of the mails that go out by themselves, and how they send one again."""

from __future__ import annotations

import socketserver
import threading
import uuid
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from partnerships import limits
from partnerships.mail import outbox
from partnerships.models import Delivery, Organisation, Partnership, Person
from partnerships.refusals import NotAllowed
from retros.administration import import_partnerships
from retros.administration.schedule import Schedule
from retros.backup import archive
from retros.dates import rhythm
from retros.models import Tick
from retros.recurrence.rule import PRESETS, Rule
from tests.cast import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


def mail(person: Person, **fields: Any) -> Delivery:
    known = {"kind": "prep_open", "subject_type": "session", "subject_id": uuid.uuid4(), "send_at": timezone.now()}
    delivery = Delivery.new(person=person, **{**known, "status": "failed", "error": "SMTPServerDisconnected", **fields})
    delivery.save()
    return delivery


@pytest.mark.both_databases
def test_failed_mails_are_named_and_sent_again(client: Client, cast: Cast, ada: Person) -> None:
    toms, _ines = mail(cast.tom), mail(cast.ines)
    mail(cast.priya, status="sent")
    page = client.get(reverse("mail_list")).text.partition("<main")[2]
    assert "Tom Lindqvist" in page
    assert "SMTPServerDisconnected" in page
    assert "Priya" not in page
    assert str(toms.subject_id) not in page
    for _press in range(2):
        answer = client.post(reverse("mail_retry", args=[toms.pk]))
        assert answer.status_code == 302
    toms.refresh_from_db()
    assert (toms.status, toms.refusals, toms.attempts) == ("pending", 0, 0)
    waiting = client.get(reverse("mail_list"), {"state": "pending"}).text.partition("<main")[2]
    assert "Tom Lindqvist" in waiting
    assert f"Waiting: {toms.send_at.astimezone(ada.tz):%-d %B %Y, %H:%M}" in waiting
    assert "Ines" not in waiting


def test_all_are_sent_again(client: Client, cast: Cast, ada: Person) -> None:
    sent = mail(cast.priya, status="sent")
    for person in (cast.tom, cast.ines):
        mail(person)
    client.post(reverse("mail_retry_all"))
    assert Delivery.objects.filter(status="pending").count() == 2
    sent.refresh_from_db()
    assert sent.status == "sent"


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (None, "has not run yet"),
        (1, "The worker last ran on"),
        (11, "Nobody is reminded until it runs again"),
        (-60, "Nobody is reminded until it runs again"),  # of a clock that was wrong
    ],
)
def test_the_workers_last_round(client: Client, ada: Person, minutes: int | None, words: str) -> None:
    if minutes is not None:
        Tick.note(timezone.now() - timedelta(minutes=minutes))
    page = client.get(reverse("mail_list")).text
    assert words in page
    assert ("notice warn" in page) is (minutes != 1)


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (None, "Nothing is backed up here by itself"),
        (0, "No backup was made yet"),
        (1, "The last backup was made on"),
        (40, "The last backup was made on"),
    ],
)  # fmt: skip
def test_the_last_backup(
    client: Client, ada: Person, settings: Any, tmp_path: Path, hours: int | None, words: str
) -> None:
    Tick.note(timezone.now())
    settings.BACKUP_DIR = None if hours is None else tmp_path
    if hours:
        (tmp_path / archive.name_at(timezone.now() - timedelta(hours=hours))).touch()
    page = client.get(reverse("mail_list")).text
    assert words in page
    assert f"Twofold {settings.VERSION}" in page
    assert ("notice warn" in page) is (hours in {0, 40})


def test_it_costs_the_same_however_many(client: Client, cast: Cast, ada: Person) -> None:
    costs = []
    client.get(reverse("mail_list"))
    for many in (3, 30):
        for _n in range(many):
            mail(cast.tom)
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("mail_list"))
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 12


def test_who_may_not(client: Client, cast: Cast) -> None:
    delivery = mail(cast.tom)
    for person in (cast.tom, cast.sara):
        client.force_login(person)
        assert client.get(reverse("mail_list")).status_code == 404
        for url in (reverse("mail_retry", args=[delivery.pk]), reverse("mail_retry_all")):
            assert client.post(url).status_code == 404
        with pytest.raises(NotAllowed):
            Delivery.retry_failed(by=person)


# --- the mail server --------------------------------------------------------------------------------------------------


@pytest.fixture
def server(settings: Any) -> Iterator[Any]:
    """A mail server that hears everything and refuses every address."""

    class Refusing(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            while line := self.rfile.readline():
                said = b"550 5.7.1 We take no mail from you" if line.upper().startswith(b"RCPT") else b"250 ok"
                self.wfile.write(said + b"\r\n")

    with socketserver.TCPServer(("127.0.0.1", 0), Refusing) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        settings.MAIL_IS_SENT = True
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = listening.server_address[:2]
        yield settings
        listening.shutdown()
        thread.join()


def test_without_a_mail_server_the_page_says_so(client: Client, ada: Person, mailoutbox: list[Any]) -> None:
    page = client.get(reverse("mail_list")).text
    assert "No mail server is set: this installation mails nobody." in page
    assert reverse("mail_test") not in page
    answer = client.post(reverse("mail_test"))
    assert answer.status_code == 409
    assert "No mail server is set. Nothing was sent." in answer.text
    assert mailoutbox == []


def test_the_settings_are_shown_without_the_password(client: Client, ada: Person, settings: Any) -> None:
    settings.MAIL_IS_SENT = True
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "smtp.example.org", 587, True
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "postman", "zzzsecret"
    page = client.get(reverse("mail_list")).text
    for words in ("smtp.example.org:587", "Encrypted by STARTTLS", "postman", "Set, and not shown"):
        assert words in page
    assert "zzzsecret" not in page


def test_a_test_mail_goes_to_oneself(client: Client, ada: Person, settings: Any, mailoutbox: list[Any]) -> None:
    settings.MAIL_IS_SENT = True
    answer = client.post(reverse("mail_test"), follow=True)
    assert f"The test mail left for {ada.email}" in answer.text
    assert [mail.to for mail in mailoutbox] == [[ada.email]]
    for _press in range(limits.TEST_MAILS_PER_HOUR - 1):
        client.post(reverse("mail_test"))
    assert client.post(reverse("mail_test")).status_code == 429


def test_the_servers_own_answer_is_shown(client: Client, ada: Person, server: Any) -> None:
    answer = client.post(reverse("mail_test"))
    assert answer.status_code == 502
    assert "The test mail did not leave." in answer.text
    assert "550 5.7.1 We take no mail from you" in answer.text


def test_a_server_that_is_not_there_is_told(client: Client, ada: Person, server: Any) -> None:
    server.EMAIL_HOST = "nowhere.invalid"
    answer = client.post(reverse("mail_test"))
    assert answer.status_code == 502
    assert "gaierror" in answer.text


def test_sent_is_said_of_what_a_mail_server_took_alone(client: Client, cast: Cast, ada: Person, settings: Any) -> None:
    """What went to the log alone was not sent, also when a server is set later on."""
    rule = Rule.starting(timezone.localdate() + timedelta(days=14), PRESETS["every_4_weeks"], time(14), "UTC")
    rhythm.begin(cast.checkout, by=cast.ines, rule=rule)
    now = timezone.now() + timedelta(days=1)
    invited = Delivery.objects.filter(kind=Delivery.Kind.INVITE)
    outbox.send(now, worded)
    assert {mail.status for mail in invited} == {"sent"}
    for is_sent in (False, True):
        settings.MAIL_IS_SENT = is_sent
        page = client.get(reverse("schedule")).text
        assert "None sent" in page
        assert "Sent on" not in page
    invited.update(status="pending")
    outbox.send(now, worded)
    assert f"Sent on {now.astimezone(ada.tz):%-d %b}" in client.get(reverse("schedule")).text


def test_the_schedule_says_what_became_of_each_invitation(
    client: Client, cast: Cast, ada: Person, settings: Any
) -> None:
    settings.MAIL_IS_SENT = True
    rule = Rule.starting(timezone.localdate() + timedelta(days=14), PRESETS["every_4_weeks"], time(14), "UTC")
    rhythm.begin(cast.checkout, by=cast.ines, rule=rule)
    now = timezone.now()
    day = f"{now.astimezone(ada.tz):%-d %b}"

    def said() -> list[str]:
        rows = Schedule({}, ada).listed
        return [words for row in rows if row.frame.partnership == cast.checkout for words in row.invites]

    invited = Delivery.objects.filter(kind=Delivery.Kind.INVITE)
    assert said() == ["Waiting"]
    invited.filter(person=cast.ines).update(status="sent", sent_at=now, by_server=True)
    assert said() == [f"Ines: sent on {day}", "Tom: waiting"]
    page = client.get(reverse("schedule")).text
    assert "Tom: waiting" in page
    assert "Sent on" not in page
    invited.filter(person=cast.tom).update(status="failed")
    assert said() == [f"Ines: sent on {day}", "Tom: could not be sent"]
    invited.filter(person=cast.tom).update(status="sent", sent_at=now, by_server=True)
    assert said() == [f"Sent on {day}"]
    invited.filter(person=cast.tom).delete()  # who takes no invitations gets none
    assert said() == [f"Sent on {day}"]
    invited.update(status="failed")
    assert said() == ["Could not be sent"]


@pytest.mark.parametrize(
    ("press", "name"), [({"name": "Example Ltd"}, "Example Ltd"), ({"later": "1", "name": "E"}, "")]
)
def test_the_set_up_asks_for_the_organisation_once(
    client: Client, ada: Person, press: dict[str, str], name: str
) -> None:
    Partnership.objects.all().delete()
    page = client.get("/", follow=True)
    assert page.redirect_chain[-1][0] == reverse("organisation_update")
    assert "Step 2 of 3" in page.text
    assert "Three steps" in client.post(reverse("organisation_update"), press, follow=True).text
    assert "Three steps" in client.get("/", follow=True).text
    assert Organisation.bare_name() == name
    assert f'value="{name}"' in client.get(reverse("organisation_update")).text or not name
    door = Client().get(reverse("account_login")).text
    assert f"Twofold · {name}" in " ".join(door.split()) if name else "Twofold ·" not in door


def test_a_name_that_is_too_long_is_refused_and_stays_in_the_form(client: Client, ada: Person) -> None:
    name = "n" * (limits.NAME_LENGTH + 1)
    answer = client.post(reverse("organisation_update"), {"name": name})
    assert answer.status_code == 422
    assert name in answer.text
    assert not Organisation.was_asked()


def test_its_name_is_in_mails_and_stays_when_the_form_is_left(
    client: Client, ada: Person, settings: Any, mailoutbox: list[Any]
) -> None:
    settings.MAIL_IS_SENT = True
    client.post(reverse("organisation_update"), {"name": "Example Ltd", "test": "1"})
    assert "Twofold · Example Ltd" in mailoutbox[0].body
    assert "Twofold · Example Ltd" in str(mailoutbox[0].alternatives[0][0])
    client.post(reverse("organisation_update"), {"name": "Other", "later": "1"})
    assert Organisation.bare_name() == "Example Ltd"


def test_a_test_mail_that_fails_is_said_in_the_set_up(client: Client, ada: Person, server: Any) -> None:
    answer = client.post(reverse("organisation_update"), {"name": "Example Ltd", "test": "1"})
    assert answer.status_code == 502
    assert "The test mail did not leave" in answer.text
    assert Organisation.bare_name() == "Example Ltd"


def test_the_first_page_is_the_next_step(client: Client, cast: Cast, ada: Person) -> None:
    Partnership.objects.all().delete()
    Organisation.ask_no_more()
    page = client.get("/", follow=True).text
    for name in ("admin_partnership_create", "partnership_import", "mail_list"):
        assert f'href="{reverse(name)}"' in page.partition("<main")[2]
    assert "No mail server is set" in page
    import_partnerships.put_in("member_a_email,member_b_email\na@x.example,b@x.example", by=ada)
    assert "Three steps" not in client.get("/", follow=True).text


def worded(delivery: Delivery, now: datetime) -> EmailMessage:
    return EmailMessage("subject", "text", to=[delivery.person.email])
