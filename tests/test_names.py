"""No name carries an address: names stand in mails and calendars, where a program makes a link of every address."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse

from partnerships.content import clean_name
from partnerships.mail import letters
from partnerships.models import Agreement, Invitation, Partnership, Person
from partnerships.refusals import Invalid
from partnerships.wording import Wording
from tests.forms import send
from tests.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

HOSTILE = "Reset at www.evil.example"
SENTENCE = "A name holds no web address and no mail address. Leave it out, or write it without the dot."
# Each field that takes a name, a label, a role or a title, and who may fill it in.
FIELDS = [
    ("person_update", "name", "ines"),
    ("person_update", "role_label", "ines"),
    ("partnership_create", "label", "ines"),
    ("partnership_create", "role_label", "ines"),
    ("agreement_create", "title", "ines"),
    ("series_update", "title", "ines"),
    ("person_invite", "role_label", "ada"),
    ("person_role_update", "role_label", "ada"),
    ("admin_partnership_create", "label", "ada"),
]


@pytest.mark.parametrize(
    "name",
    [
        HOSTILE,
        "Look at WWW.evil.example/reset",
        "https://evil.example",
        "hxxp://evil",
        "evil.example",
        "Checkout (evil.io)",
        "t.co/reset",
        "ｗｗｗ．evil．example",
        "пример.рф",
        "Mail help@evil.example",
        "admin@localhost",
        "reset.evil-shop.co.uk",
    ],
)
def test_a_name_with_an_address_is_refused(name: str) -> None:
    with pytest.raises(ValidationError) as refused:
        clean_name(name)
    assert refused.value.messages == [SENTENCE]


@pytest.mark.parametrize(
    "name",
    [
        "Ines Okafor", "J.R.R. Tolkien", "Dr. Anna-Lena O’Neill", "Tom L., M.Sc.", "Node.js", "Next.js and UX/UI",
        "v2.0", "A/B tests", "C++ & C#", "e.g. Checkout", "Design @ Checkout", "@tom", "Q3 … planning", "24/7",
        "محمد", "设计。产品", "EM: Search", "Payments (3.5)", "R&D.", "a.b", "x.y/z",
    ],
)  # fmt: skip
def test_a_name_without_one_is_taken(name: str) -> None:
    assert clean_name(name) == name


@pytest.mark.parametrize(("route", "field", "who"), FIELDS)
def test_every_form_refuses_it_with_a_sentence_and_gives_it_back(
    world: World, route: str, field: str, who: str
) -> None:
    client = world.client(who)
    answer = client.post(world.url(route, who), {**world.data(route, who), field: HOSTILE})
    assert answer.status_code in {200, 422}
    assert SENTENCE in answer.text
    assert f'value="{HOSTILE}"' in answer.text or f">{HOSTILE}</textarea>" in answer.text
    assert not anywhere(HOSTILE)


def test_a_sign_up_refuses_it_too(world: World, client: Client) -> None:
    _invitation, token = Invitation.for_account(email="x@example.org", by=world.cast.ada)
    client.get(reverse("invitation_detail", args=[token]))
    fields = {"name": HOSTILE, "email": "x@example.org", "password1": "seven grey herons", "timezone": "UTC"}
    page = client.post(reverse("account_signup"), fields)
    assert SENTENCE in page.text
    assert f'value="{HOSTILE}"' in page.text
    assert not Person.objects.filter(email="x@example.org").exists()


def test_verbs_refuse_it_and_a_heading_of_the_two_may_hold_one(world: World) -> None:
    """A heading stands in an agreement, in front of the two, and in no mail."""
    pair, ines = world.cast.checkout, world.cast.ines
    with pytest.raises(Invalid, match="no web address"):
        Agreement.begin(pair, by=ines, kind=Agreement.Kind.CONTRACT, title=HOSTILE)
    agreement = Agreement.begin(pair, by=ines, kind=Agreement.Kind.CONTRACT, title="Relaunch")
    proposal = agreement.propose([Wording("As agreed.", heading="See wiki.example.org/x")], by=ines, reason="")
    assert proposal.clauses.get().heading == "See wiki.example.org/x"


def anywhere(text: str) -> bool:
    """Whether a row of any table holds it."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            if any(text in repr(row) for row in cursor.fetchall()):
                return True
    return False


# --- what reaches somebody without an account -------------------------------------------------------------------------


def test_subjects_to_strangers_hold_our_own_words_alone(
    world: World, monkeypatch: pytest.MonkeyPatch, mailoutbox: list[Any]
) -> None:
    """Whatever a name holds, such as one that was stored before names were looked at."""
    monkeypatch.setattr("partnerships.mail.at_once.transaction.on_commit", lambda send: send())
    cast = world.cast
    Person.objects.update(name=HOSTILE, role_label=HOSTILE)
    Partnership.objects.update(label=HOSTILE)
    for person in (cast.mei, cast.ada):
        person.refresh_from_db()
    half = Partnership.begin(by=cast.mei, kind="other", label="Half")
    Partnership.objects.filter(pk=half.pk).update(label=HOSTILE)
    half.refresh_from_db()
    letters.send_invitation(*Invitation.for_seat(half, email="a@example.com", by=cast.mei))
    letters.send_invitation(*Invitation.for_account(email="b@example.com", by=cast.ada))
    kind: dict[str, Any] = {"kind": "other", "label": HOSTILE}
    both = ("c@example.com", "d@example.com")
    letters.send_arranged(Invitation.arrange_partnership(by=cast.ada, emails=both, **kind), by=cast.ada)
    client = world.client("mei")
    client.post(reverse("account_reauthenticate"), {"password": "a long walk by the sea"})
    send(client, reverse("account_email"), {"action_add": "", "email": "e@example.com"})
    assert {mail.to[0]: mail.subject for mail in mailoutbox if mail.to[0] != cast.mei.email} == {
        "a@example.com": "You are invited to Twofold",
        "b@example.com": "You are invited to Twofold",
        "c@example.com": "You are invited to Twofold",
        "d@example.com": "You are invited to Twofold",
        "e@example.com": "Is this your address?",
    }
