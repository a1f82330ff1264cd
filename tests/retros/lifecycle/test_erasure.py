"""After an erasure the words and the names of a person are nowhere, and what was made together is where it was."""

from __future__ import annotations

import logging
import re
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.apps import apps
from django.core import mail
from django.db import connection, connections, models, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from partnerships.accounts.sign_in_changes import watched
from partnerships.models import (
    Agreement,
    Audit,
    CalendarFeed,
    Delivery,
    Invitation,
    Lead,
    Partnership,
    Person,
    Preference,
    SignIn,
)
from partnerships.models.sign_in import SessionStore
from partnerships.refusals import Refusal
from retros.catalogue import templates
from retros.catalogue.text import written
from retros.lifecycle import erasure
from retros.lifecycle.erasure import erase
from retros.lifecycle.export import archive
from retros.models import (
    Action,
    Draft,
    Entry,
    Jot,
    Need,
    Note,
    Offer,
    OwnTemplate,
    Prompt,
    Release,
    Session,
    creation,
)  # fmt: skip
from retros.models.release import words_of
from retros.room.decisions import settle_decision
from retros.room.regions import memory
from retros.worker import tick
from tests.cast import Cast, client_of, make_cast, send_mails
from tests.factories import PASSWORD
from tests.presses import Gate, at_once
from tests.retros import play
from tests.retros.lifecycle.files import files
from tests.retros.play import WRITE, at, make_pair
from tests.world import World, make_world, released

pytestmark = pytest.mark.django_db

# Every link to a person, and what the erasure makes of it. A new one fails the test below until it stands here, and
# in retros.erasure.STORES if it goes.
LINKS = {
    "account.EmailAddress.user": "goes",
    "mfa.Authenticator.user": "goes",
    "socialaccount.SocialAccount.user": "goes",
    "partnerships.CalendarFeed.person": "goes",
    "partnerships.Delivery.person": "goes",
    "partnerships.Invitation.accepted_by": "stays, without address",
    "partnerships.Invitation.invited_by": "stays, revoked",
    "partnerships.Lead.assigned_by": "stays",
    "partnerships.Lead.person": "goes",
    "partnerships.Look.about": "stays",
    "partnerships.Look.person": "stays",
    "partnerships.Membership.person": "stays, without role",
    "partnerships.Preference.person": "goes",
    "partnerships.SignIn.person": "goes",
    "partnerships.SignInChange.person": "goes",
    "partnerships.SignInLink.made_by": "stays",
    "partnerships.SignInLink.person": "goes",
    "partnerships.Signature.person": "stays",
    "partnerships.StillRight.person": "stays",
    "partnerships.Version.proposed_by": "stays",
    "retros.Action.owner": "stays",
    "retros.Bulk.by": "stays",
    "retros.ClauseLink.by": "stays",
    "retros.Draft.person": "goes",
    "retros.Entry.author": "goes",
    "retros.Expiry.told": "stays",
    "retros.Handover.written_by": "stays",
    "retros.Jot.person": "goes",
    "retros.KindWord.giver": "stays: what was given is the other one's",
    "retros.KindWord.receiver": "goes",
    "retros.Need.answered_by": "goes",
    "retros.Need.written_by": "stays",
    "retros.Note.written_by": "stays",
    "retros.Pick.person": "goes",
    "retros.Presence.person": "stays",
    "retros.Prompt.named_by": "stays, a decision of the two",
    "retros.Ready.person": "stays",
    "retros.Release.confirmed_by": "stays",
    "retros.Release.proposed_by": "stays",
    "retros.Review.by": "stays",
    "retros.SeriesChange.by": "stays",
}


def links() -> dict[str, models.Field[Any, Any]]:
    fields = (f for model in apps.get_models() for f in (*model._meta.fields, *model._meta.many_to_many))
    kinds = (models.ForeignKey, models.ManyToManyField)
    found = [field for field in fields if isinstance(field, kinds) and field.related_model is Person]
    return {f"{field.model._meta.app_label}.{field.model.__name__}.{field.name}": field for field in found}


def test_every_link_to_a_person_is_decided() -> None:
    assert set(links()) == set(LINKS)


def everywhere() -> str:
    """Every column of every table."""
    rows = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            rows += [f"{table} {row!r}" for row in cursor.fetchall()]
    return "\n".join(rows)


@pytest.fixture
def world() -> World:
    """Tom is the one who goes: he has written everywhere, was invited, is told things, and is signed in twice."""
    world = make_world("closed")
    tom = world.cast.tom
    Person.objects.filter(pk=tom.pk).update(name="Zqname Lindqvist", email="zqtom@example.org", role_label="xqrole")
    tom.refresh_from_db()
    EmailAddress.objects.filter(user=tom).update(email="zqtom@example.org")
    SocialAccount.objects.create(user=tom, provider="oidc", uid="zqname")
    Authenticator.objects.create(user=tom, type="webauthn", data={"name": "Zqname"})
    tom.memberships.update(role_label="xqrole")
    half = Partnership.begin(by=world.cast.mei, kind="other", label="Other")
    Invitation.for_seat(half, email="zqtom@example.org", by=world.cast.mei, role_label="xqrole")
    for _device in range(2):
        world.client("tom")
    failed = {"login": "zqtom@example.org", "password": "not this one at all"}
    Client().post(reverse("account_login"), failed)
    return world


def test_no_mark_of_theirs_is_left_anywhere(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    own = {e.text for e in Entry.unrestricted.filter(author=world.cast.tom)} | {
        d.text for d in Draft.objects.filter(person=world.cast.tom)
    }
    own |= {jot.text for jot in Jot.objects.of(world.cast.tom)}
    own = {mark for mark in own if mark.startswith("zq")}
    assert len(own) > 10
    erase(world.cast.tom)
    left = everywhere()
    assert [mark for mark in [*own, "Zqname", "zqname", "zqtom", "xqrole"] if mark in left] == []
    assert "zq" not in caplog.text
    for who in ("ines", "sara", "ada"):
        held = "".join(files(archive(world.people[who])).values())
        assert not [mark for mark in [*own, "Zqname", "zqtom"] if mark in held]


def test_no_drawn_word_of_theirs_is_remembered(
    world: World, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    """What was drawn for somebody is kept in the process for a while, until there is an erasure."""
    session = world.session
    for who in ("ines", "tom"):
        for position in range(len(session.steps)):
            assert world.client(who).get(reverse("step_detail", args=[session.pk, position])).status_code == 200
    assert memory.size > 0
    with django_capture_on_commit_callbacks(execute=True):
        erase(world.cast.tom)
        assert memory.size > 0  # not before the words are gone
    assert memory.size == 0


@pytest.mark.parametrize(
    ("folder", "keep", "told"),
    [
        (None, 35, "Backups of whoever runs this, for as long as they keep them."),
        (Path("backups"), 90, "Backups of whoever runs this, for 90 days."),
        (Path("backups"), 1, "Backups of whoever runs this, for 1 day."),
    ],
)
def test_the_page_says_how_long_backups_stay(
    cast: Cast, settings: Any, folder: Path | None, keep: int, told: str
) -> None:
    settings.BACKUP_DIR, settings.BACKUP_KEEP = folder, keep
    assert told in client_of(cast.ines).get(reverse("data_erase")).text


def test_a_leads_answers_go_also_where_they_lead_no_more(world: World) -> None:
    """And the pair's own words, to which they answered, stay."""
    cast = world.cast
    answers = set(Need.objects.exclude(answer="").values_list("answer", flat=True))
    asked = set(Need.objects.values_list("text", flat=True))
    assert answers
    cast.checkout.end_lead(cast.sara, by=cast.ada)
    client = world.client("ines")
    assert answers.issubset(
        re.findall(r"zqreply\d+zq", client.get(reverse("release_list", args=[cast.checkout.pk])).text)
    )
    erase(cast.sara)
    left = everywhere()
    assert [answer for answer in answers if answer in left] == []
    assert set(Need.objects.values_list("text", flat=True)) == asked


def test_what_was_made_together_stays(world: World) -> None:
    ines = world.cast.ines
    before = files(archive(ines))["twofold.json"]
    tom = world.cast.tom
    own = set(Entry.unrestricted.filter(author=tom).values_list("text", flat=True))
    own |= set(Draft.objects.filter(person=tom).values_list("text", flat=True))
    own |= set(Jot.objects.of(tom).values_list("text", flat=True))
    kept = {mark for mark in re.findall(r"zq[a-z_]+\d+zq", before) if mark not in own}
    rows = [model.objects.count() for model in (Agreement, Action, Note)]
    erase(tom)
    after = files(archive(ines))["twofold.json"]
    assert {mark for mark in kept if mark not in after} == set()
    assert rows == [model.objects.count() for model in (Agreement, Action, Note)]
    assert "Former member" in after
    assert "Erased by its author." in after  # the card that a shared note hangs on


def test_every_page_of_the_pair_still_opens(world: World) -> None:
    erase(world.cast.tom)
    client = world.client("ines")
    pair = [world.cast.checkout.pk]
    for name in ("partnership_detail", "action_list", "agreement_list", "partnership_end"):
        page = client.get(reverse(name, args=pair))
        assert page.status_code == 200
        assert "Zqname" not in page.text
    for session in Session.objects.filter(partnership=world.cast.checkout):
        for step in session.steps:
            answer = client.get(reverse("step_detail", args=[session.pk, step.position]))
            assert answer.status_code == 200
            assert "Zqname" not in answer.text
    agreement = client.get(reverse("agreement_detail", args=[world.ids["agreement"]]))
    assert "Former member" in agreement.text


def test_they_are_out_at_once_and_the_partner_is_told(world: World) -> None:
    client = world.client("tom")
    send_mails()
    mail.outbox.clear()
    erase(world.cast.tom)
    assert client.get(reverse("home")).status_code == 302
    send_mails()
    assert [(message.to, message.subject) for message in mail.outbox] == [
        (["ines@example.org"], "Former member ended your partnership, Checkout")
    ]
    assert Partnership.objects.get(pk=world.cast.checkout.pk).is_archived
    assert Audit.objects.filter(act="erased", by_id=world.cast.tom.pk).count() == 1


def test_first_told_then_ticked_then_done(cast: Cast) -> None:
    client = client_of(cast.tom)
    url = reverse("data_erase")
    page = client.get(url)
    assert "Agreements and their signatures" in page.text
    assert "the answers that you gave as a lead, also where you lead no more" in page.text
    assert "What you two chose to show to a lead, until your partner takes it back" in page.text
    assert client.post(url, {"understood": "on"})["Location"].startswith(reverse("account_reauthenticate"))
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert client.post(url).status_code == 422
    assert Person.objects.get(pk=cast.tom.pk).is_active
    done = client.post(url, {"understood": "on"})
    assert done["Location"] == reverse("account_login")
    assert done["Clear-Site-Data"] == '"cache", "storage"'
    gone = Person.objects.get(pk=cast.tom.pk)
    assert (gone.full_name, gone.first_name, gone.is_active, gone.name) == ("Former member", "Former member", False, "")
    answer = client.post(reverse("account_login"), {"login": "tom@example.org", "password": PASSWORD})
    assert answer.status_code == 200


def test_the_same_address_may_be_invited_again(cast: Cast) -> None:
    erase(cast.tom)
    again = Person.objects.create_user("tom@example.org", PASSWORD, name="Tom")
    assert not Partnership.objects.of(again).exists()


def test_a_lead_goes_with_what_they_were_shown(cast: Cast) -> None:
    lead = Lead.objects.get(person=cast.sara, partnership=cast.checkout)
    need = Need.write(lead, by=cast.ines, text="A word with the board", id=uuid.uuid4())
    Need.objects.filter(pk=need.pk).update(answer="zqanswer", answered_by=cast.sara)
    erase(cast.sara)
    assert "zqanswer" not in everywhere()
    assert Need.objects.get().text == "A word with the board"
    assert not Lead.objects.filter(person=cast.sara).exists()
    assert not Partnership.objects.get(pk=cast.checkout.pk).is_archived


def test_the_only_admin_makes_another_one_first(cast: Cast) -> None:
    with pytest.raises(Refusal, match="only admin"):
        erase(cast.ada)
    Person.objects.filter(pk=cast.mei.pk).update(is_staff=True)
    erase(cast.ada)
    gone = Person.objects.get(pk=cast.ada.pk)
    assert not gone.is_staff
    with pytest.raises(Refusal, match="was erased"):
        gone.reactivate(by=cast.mei)


def test_a_no_after_the_password_can_be_pressed_again(cast: Cast) -> None:
    """The page is drawn as the answer of another address, where the next press must not go."""
    client, url = client_of(cast.ada), reverse("data_erase")
    asked = client.post(url, {"understood": "on"})["Location"]
    page = client.post(asked, {"password": PASSWORD})
    assert "only admin" in page.text
    assert re.search(rf'<form[^>]*action="{url}"', page.text)


def choices() -> set[str]:
    """Every word in the choices of every question."""
    labels = [label for prompt in Prompt.objects.all() for _value, label in prompt.choices]
    words = {word for label in labels for word in re.findall(r"\w+", label)}
    return words | ({"Former member"} if any("Former member" in label for label in labels) else set())


def test_names_in_the_choices_of_a_contract_go_too(cast: Cast) -> None:
    agreement = Agreement.begin(cast.checkout, by=cast.ines, kind="contract", title="Checkout")
    sitting = creation.begin(agreement, by=cast.ines)
    rows = Prompt.objects.filter(step__session=sitting)
    known = next(prompt for prompt in rows if "Tom" in str(prompt.choices))
    known.step.prompt_set.create(  # as a decision that one of them adds; the template does not know it
        position=99, key="named", kind=known.kind, title="Who decides", choices=known.choices, named_by=cast.ines
    )
    assert "Tom" in choices()
    erase(cast.tom)
    left = choices()
    assert "Tom" not in left
    assert {"Ines", "Former member"} <= left


@pytest.mark.parametrize("own", [False, True])
def test_a_name_of_then_goes_from_the_choices_and_what_reads_like_it_stays(cast: Cast, own: bool) -> None:
    Person.objects.filter(pk=cast.tom.pk).update(name="Al")
    agreement = Agreement.begin(cast.checkout, by=cast.ines, kind="contract", title="Checkout")
    sitting = creation.begin(agreement, by=cast.ines)
    if own:
        OwnTemplate.make(written(replace(templates()["contract"], key="ours")), by=cast.ada)
        Session.objects.filter(pk=sitting.pk).update(template_key="ours")
    *_others, reworded = Prompt.objects.filter(step__session=sitting, kind="place")
    reworded.choices = [["1", "Alignment"], ["2", "Always Alice"], ["3", "Ask Alice, then Ines"]]
    reworded.save()
    assert "Al" in choices()
    Person.objects.filter(pk=cast.tom.pk).update(name="Alice Lind")
    erase(Person.objects.get(pk=cast.tom.pk))
    reworded.refresh_from_db()
    labels = [label for _value, label in reworded.choices]
    assert labels == ["Alignment", "Always Former member", "Ask Former member, then Ines"]
    reworded.delete()
    assert "Al" not in choices()
    assert "Former member" in choices()


def test_a_fault_in_the_middle_erases_nothing(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    play.agree(cast.checkout)

    def broken(person: Person) -> None:
        raise RuntimeError

    from retros.lifecycle import erasure

    monkeypatch.setattr(erasure, "STORES", (*erasure.STORES, broken))
    with pytest.raises(RuntimeError):
        erase(cast.tom)
    assert Person.objects.get(pk=cast.tom.pk).name == "Tom Lindqvist"
    assert not Partnership.objects.get(pk=cast.checkout.pk).is_archived


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_a_card_folded_while_its_author_is_erased() -> None:
    """Neither waits for the other for ever: the card is there first, and goes with the rest."""
    pair = make_pair()
    session = pair.started()
    at(session, WRITE)
    tom = pair.hands(session)[1]
    folded, asked = threading.Event(), threading.Event()
    failed: list[Exception] = []

    def fold() -> None:
        with transaction.atomic():
            tom.fold("The last one")
            folded.set()
            asked.wait(10)
            time.sleep(0.5)  # the erasure holds the account by now, and waits for the room

    def run(work: Callable[[], None]) -> threading.Thread:
        def safely() -> None:
            try:
                work()
            except Exception as error:
                failed.append(error)
            finally:
                connections.close_all()

        thread = threading.Thread(target=safely)
        thread.start()
        return thread

    folding = run(fold)
    assert folded.wait(10)

    def leave() -> None:
        asked.set()
        erase(pair.tom)

    erasing = run(leave)
    folding.join()
    erasing.join()
    assert failed == []
    assert not Entry.unrestricted.filter(author=pair.tom).exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_admins_who_go_at_once_one_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    cast, gate = make_cast(), Gate()
    Person.objects.filter(pk=cast.mei.pk).update(is_staff=True)
    monkeypatch.setattr(erasure, "STORES", (gate.stop, *erasure.STORES))
    mei = Person.objects.get(pk=cast.mei.pk)
    results = at_once(lambda: erase(cast.ada), gate.then(lambda: erase(mei)))
    assert [type(result) for result in results] == [type(None), Refusal]
    assert [admin.pk for admin in Person.objects.admins()] == [mei.pk]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", ["need", "propose", "agree", "withdraw", "offer"])
def test_something_for_a_lead_who_is_being_erased(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """It finds nobody to be for, or goes with them: in either case a sentence, and no error of ours."""
    cast, gate = make_cast(), Gate()
    lead = Lead.objects.get(person=cast.sara, partnership=cast.checkout)
    need = Need.write(lead, by=cast.ines, text="A word with the board", id=uuid.uuid4())
    digest = words_of("need", need, lead).digest
    if what in {"agree", "withdraw"}:
        release = Release.propose(lead, "need", need, by=cast.tom, digest=digest)
    if what == "withdraw":
        release.confirm(by=cast.ines, digest=digest)
    presses: dict[str, Callable[[], Any]] = {
        "need": lambda: Need.write(lead, by=cast.ines, text="Another one", id=uuid.uuid4()),
        "propose": lambda: Release.propose(lead, "need", need, by=cast.ines, digest=digest),
        "agree": lambda: release.confirm(by=cast.ines, digest=digest),
        "withdraw": lambda: release.withdraw(by=cast.ines),
        "offer": lambda: Offer.make(lead, by=cast.sara, kind="exercise", template="dream-team-pm-designer"),
    }
    monkeypatch.setattr(erasure, "STORES", (*erasure.STORES, gate.stop))
    erased, pressed = at_once(lambda: erase(cast.sara), gate.then(presses[what]))
    assert erased is None
    assert pressed is None if what == "withdraw" else isinstance(pressed, Refusal), repr(pressed)
    assert not Release.objects.exists()
    assert not Offer.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["accepts", "is put there", "leads"])
def test_nobody_takes_a_seat_while_they_are_erased(monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """Else somebody would work with a former member, or be led by one, which the erasure did not see."""
    cast, gate = make_cast(), Gate()
    pair = Partnership.begin(by=cast.ines, kind="other", label="Onboarding")
    invitation, _token = Invitation.for_seat(pair, email=cast.mei.email, by=cast.ines)
    both = [cast.mei.email, cast.daniel.email]
    presses: dict[str, Callable[[], Any]] = {
        "accepts": lambda: invitation.accept(by=cast.mei),
        "is put there": lambda: Invitation.arrange_partnership(by=cast.ada, emails=both, kind="other", label="Growth"),
        "leads": lambda: cast.search.assign_lead(cast.mei, by=cast.ada),
    }
    monkeypatch.setattr(erasure, "STORES", (gate.stop, *erasure.STORES))
    erased, pressed = at_once(lambda: erase(cast.mei), gate.then(presses[how]))
    assert erased is None
    assert not Partnership.objects.of(cast.mei).exists(), repr(pressed)
    assert not Lead.objects.filter(person=cast.mei).exists(), repr(pressed)
    if how != "is put there":
        assert isinstance(pressed, Refusal), repr(pressed)


def test_a_save_that_was_under_way_leaves_nothing_behind(cast: Cast) -> None:
    """Signed in before the erasure, it wrote after it: SQLite had it wait for just that."""
    erase(Person.objects.get(pk=cast.tom.pk))
    saves: list[Callable[[], object]] = [
        lambda: Draft.keep(f"jot:{cast.checkout.pk}", "late words", version=0, by=cast.tom),
        lambda: Draft.keep_late(uuid.uuid4(), by=cast.tom, text="late words"),
        lambda: Jot.keep(cast.checkout, by=cast.tom, text="late words", id=uuid.uuid4()),
        lambda: CalendarFeed.issue(by=cast.tom),
        lambda: Preference.unsubscribe(cast.tom),
        lambda: watched(cast.tom).__enter__(),
    ]
    for save in saves:
        with pytest.raises(Refusal):
            save()
    assert not CalendarFeed.objects.filter(person=cast.tom).exists()
    assert not Preference.objects.filter(person=cast.tom).exists()
    assert not Draft.objects.filter(person=cast.tom).exists()


def stopping_after(words: str, gate: Gate) -> Callable[..., Any]:
    """Around what is asked: stands at the gate after the first statement that begins so."""

    def execute(ask: Callable[..., Any], sql: str, *rest: Any) -> Any:
        found = ask(sql, *rest)
        if sql.startswith(words):
            gate.stop()
        return found

    return execute


@pytest.mark.django_db(transaction=True)
def test_a_reply_of_a_lead_who_is_being_erased() -> None:
    """The need stays with the two, and would keep an answer that came after the others had gone."""
    cast, gate = make_cast(), Gate()
    lead = Lead.objects.get(person=cast.sara, partnership=cast.checkout)
    need = Need.write(lead, by=cast.ines, text="A word with the board", id=uuid.uuid4())
    released(lead, "need", need, cast.ines, cast.tom)

    def go() -> None:
        with connection.execute_wrapper(stopping_after('UPDATE "retros_need"', gate)):
            erase(cast.sara)

    erased, _replied = at_once(go, gate.then(lambda: need.reply(by=cast.sara, text="late words", version=0)))
    assert erased is None
    assert Need.objects.get().answer == ""


@pytest.mark.django_db(transaction=True)
def test_an_invitation_that_is_renewed_while_its_address_goes() -> None:
    """It had run out, and the erasure did not take it back: the new one was open to anybody, without an address."""
    cast, gate = make_cast(), Gate()
    pair = Partnership.begin(by=cast.ines, kind="other", label="Onboarding")
    invitation, _token = Invitation.for_seat(pair, email=cast.mei.email, by=cast.ines)
    Invitation.objects.update(expires_at=timezone.now())

    def go() -> None:
        with connection.execute_wrapper(stopping_after('UPDATE "partnerships_invitation"', gate)):
            erase(cast.mei)

    erased, _renewed = at_once(go, gate.then(lambda: invitation.renew(by=cast.ines)))
    assert erased is None
    assert not Invitation.objects.unused().exists()
    assert "mei@" not in everywhere()
    with pytest.raises(Refusal):
        invitation.renew(by=cast.ines)
    assert "mei@" not in everywhere()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["account", "partnership"])
def test_whom_an_admin_invites_while_they_erase_themselves(how: str) -> None:
    """The invitation would stay open, in the name of somebody who is gone."""
    cast, gate = make_cast(), Gate()
    Person.objects.filter(pk=cast.mei.pk).update(is_staff=True)
    both = ["one@example.org", "two@example.org"]
    presses: dict[str, Callable[[], Any]] = {
        "account": lambda: Invitation.for_account(email=both[0], by=cast.ada),
        "partnership": lambda: Invitation.arrange_partnership(by=cast.ada, emails=both, kind="other", label="Growth"),
    }

    def go() -> None:
        with connection.execute_wrapper(stopping_after('UPDATE "partnerships_invitation"', gate)):
            erase(cast.ada)

    erased, invited = at_once(go, gate.then(presses[how]))
    assert erased is None
    assert isinstance(invited, Refusal), repr(invited)
    assert not Invitation.objects.unused().filter(invited_by=cast.ada).exists()


@pytest.mark.django_db(transaction=True)
def test_a_retro_that_is_reopened_while_one_of_the_two_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is over with the partnership: nobody could write in it, or close it."""
    pair, gate = make_pair(), Gate()
    session = play.hold(pair.partnership)
    session.reopen(by=pair.ines)
    lock = Session._lock_pair

    def stopped(session: Session) -> None:
        gate.stop()
        lock(session)

    monkeypatch.setattr(Session, "_lock_pair", stopped)
    _reopened, erased = at_once(lambda: session.reopen(by=pair.tom), gate.then(lambda: erase(pair.ines)))
    assert erased is None
    assert not Session.objects.unfinished().exists()


def test_the_next_round_takes_what_came_after_an_erasure(cast: Cast, settings: Any) -> None:
    """What no verb stores of them waits for nobody: a mail that was being planned, a sign-in that was begun."""
    settings.BACKUP_DIR = None
    tom = Person.objects.get(pk=cast.tom.pk)
    erase(tom)
    Delivery.enqueue([tom], Delivery.Kind.NEWS, about=tom, key="late", at=timezone.now())
    EmailAddress.objects.create(user=cast.tom, email="tom@example.org")
    begun = SessionStore()
    begun["account_login"] = {"user_pk": tom.pk.hex, "email": "tom@example.org"}
    begun.save()
    tick(timezone.now())
    assert not Delivery.objects.filter(person=tom).exists()
    assert not SignIn.objects.exists()
    assert "tom@" not in everywhere()


def test_a_sign_in_that_was_begun_in_a_strangers_browser_goes_too(cast: Cast) -> None:
    """It holds the address that the code was sent to; others go on."""
    codes = reverse("account_request_login_code")
    for email in ("tom@example.org", "ines@example.org"):
        assert Client().post(codes, {"email": email}).status_code == 302

    def begun() -> list[str]:
        return sorted(row.get_decoded()["account_login"]["email"] for row in SignIn.objects.filter(person=None))

    assert begun() == ["ines@example.org", "tom@example.org"]
    erase(cast.tom)
    assert begun() == ["ines@example.org"]


def test_a_name_in_what_the_two_settled_goes_too(cast: Cast) -> None:
    """The sentence was put together from a choice. Where one of the two changed it by hand, it stays as it is."""
    agreement = Agreement.begin(cast.checkout, by=cast.ines, kind="contract", title="Checkout")
    sitting = creation.begin(agreement, by=cast.ines)
    play.reveal(sitting, 0)
    known = [p for p in Prompt.objects.filter(step__session=sitting, kind="place") if "Tom" in str(p.choices)]
    for prompt in known[:2]:
        value = next(value for value, label in prompt.choices if "Tom" in label)
        settle_decision(prompt, by=cast.ines, value=int(value))
    first, second = Note.objects.order_by("created_at")
    second.edit(by=cast.ines, text=f"{second.text} Always.", version=second.version)
    erase(cast.tom)
    texts = dict(Note.objects.values_list("pk", "text"))
    assert "Tom" not in texts[first.pk]
    assert "Former member" in texts[first.pk]
    assert texts[second.pk] == second.text
