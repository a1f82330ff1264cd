"""One pair with something in every place where text can be, at each phase of a step: the ground of the hostile tests.

Every text carries a mark of its own. `World.words` says who may read which: docs/rules/visibility.md V2, as data.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import cache
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from partnerships.models import (
    Agreement,
    CalendarFeed,
    Delivery,
    Invitation,
    Lead,
    Membership,
    Partnership,
    Person,
    SignInChange,
    SignInLink,
)
from partnerships.models.sign_in_change import WaysIn
from partnerships.unsubscribe import unsubscribe_token
from partnerships.wording import Wording
from retros.catalogue import templates
from retros.dates import one_date, rhythm
from retros.models import (
    Action,
    Bulk,
    ClauseLink,
    Draft,
    Entry,
    Handover,
    Jot,
    KindWord,
    Measure,
    Need,
    Note,
    Offer,
    OwnTemplate,
    Release,
    Session,
    creation,
)
from retros.models.release import Thing, words_of
from retros.notifications.reminders import start_key
from retros.recurrence.rule import PRESETS, Rule
from retros.room.decisions import name_decision, settle_decision
from tests.cast import Cast, make_cast
from tests.factories import PartnershipFactory, PersonFactory
from tests.retros.play import CLOSE, CONCLUDE, LOOK_BACK, PULSE, WRITE, Participant, go_on, reveal
from tests.routes import PARAMETERS, TABLE, Made

HTMX = {"HX-Request": "true"}
AUTOSAVE = {"X-Requested-With": "autosave"}
BOTH = frozenset({"ines", "tom"})
NOBODY: frozenset[str] = frozenset()
MARK = re.compile(r"(?=(zq[a-z_]+\d+zq))")  # of World.mark, wherever it begins
NEW_EACH_TIME = re.compile(
    r"nonce-[\w+/=-]+|nonce=\"[^\"]*\"|name=\"csrfmiddlewaretoken\" value=\"[^\"]*\"|(?:csrf|session|expires)=[^;\n]*"
)


@dataclass
class World:
    cast: Cast
    phase: str
    people: dict[str, Person]
    sessions: dict[str, Session] = field(default_factory=dict)
    ids: dict[str, Any] = field(default_factory=dict)
    words: dict[str, frozenset[str]] = field(default_factory=dict)
    _number: int = 99

    def mark(self, what: str, readers: frozenset[str] | set[str]) -> str:
        """A text that nothing else in the world holds; `readers` are those who may ever be shown it."""
        self._number += 1
        text = f"zq{what}{self._number}zq"
        assert MARK.findall(text) == [text]
        self.words[text] = frozenset(readers)
        return text

    def marks(self, answer: Any) -> set[str]:
        """The marks in an answer: its headers, its cookies, its body, and what is packed in a spreadsheet."""
        told = whole(answer)
        if answer.content.startswith(b"PK"):
            with ZipFile(BytesIO(answer.content)) as packed:
                told += b"".join(packed.read(name) for name in packed.namelist())
        return self.words.keys() & MARK.findall(told.decode(errors="replace"))

    @property
    def session(self) -> Session:
        return self.sessions["now"]

    def client(self, name: str) -> Client:
        """Signed in as somebody of `people`; "nobody" is a stranger, "suspended" signed in before it happened.

        They have pressed once, in vain: what the first request of a sign-in and the first press of a minute write would
        be written again by each press that is taken back.
        """
        client = Client()
        if name != "nobody":
            client.force_login(self.cast.tom if name == "suspended" else self.people[name])
            client.post(reverse("home"))
        return client

    def args(self, name: str, who: str = "ines") -> dict[str, Any]:
        """Real arguments for a route: the pair's, and of what has one author `who`'s own if they are of the pair."""
        own = who if who in BOTH else "ines"
        special = self._made(TABLE[name].args, own)
        return {key: special[key] if key in special else PARAMETERS[key](self, own) for key in parameters(name)}

    def url(self, name: str, who: str = "ines", **other: Any) -> str:
        return reverse(name, kwargs=self.args(name, who) | other)

    def data(self, name: str, who: str = "ines") -> dict[str, Any]:
        """What the form of this route sends when all is well."""
        return self._made(TABLE[name].data, who)

    def _made(self, made: Made, who: str) -> dict[str, Any]:
        return made(self, who) if callable(made) else dict(made)

    def feed_mark(self, who: str) -> str:
        """What the page shows them of their feed."""
        feed = CalendarFeed.of(self.people[who]) if who in self.people else None
        return feed.mark if feed else ""

    def card(self, name: str, who: str) -> Entry:
        """The one that this route leads to."""
        return Entry.unrestricted.get(pk=self.args(name, who)["entry_id"])


@pytest.fixture(scope="module")
def made_world(request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Made once for all the tests of a module that ask for `world`; its phase can be given (`indirect=True`)."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_world(getattr(request, "param", "revealed"))
        transaction.set_rollback(True)


@pytest.fixture
def world(made_world: World, db: None) -> World:
    """As it was made, whatever the test before did. Not in a module with tests that commit for real."""
    return deepcopy(made_world)


def make_world(phase: str) -> World:
    cast = make_cast()
    lena = PersonFactory(name="Lena Voss", email="lena@example.org", is_staff=True)
    former: Any = PersonFactory(name="Rolf Former", email="rolf@example.org")
    PartnershipFactory(label="Billing", a=lena, b=PersonFactory(name="Max Billing", email="max@example.org"))
    cast.checkout.assign_lead(former, by=cast.ada)
    cast.checkout.end_lead(former, by=cast.ada)
    names = ("ines", "tom", "priya", "daniel", "sara", "mei", "ada")
    noted = SignInChange.note(former, replace(WaysIn.of(former), password="another one"))
    assert noted
    world = World(cast, phase, {name: getattr(cast, name) for name in names} | {"lena": lena, "former_lead": former})
    world.ids |= {"undo": noted.token, "unsubscribe": unsubscribe_token(cast.ines)}
    world.ids["sign_in_link"] = SignInLink.make(former, by=cast.ada)[1]
    _before(world)
    _write(world)
    if phase != "folded":
        _open(world)
    if phase in {"closed", "archived"}:
        _close(world)
    if phase == "archived":
        Partnership.objects.filter(pk=cast.checkout.pk).update(archived_at=timezone.now())  # and nothing cancelled
    for session in world.sessions.values():
        session.refresh_from_db()
        session.__dict__.pop("steps", None)
    return world


def _before(world: World) -> None:
    """An earlier retro's actions, a planned session with something written ahead, a discarded one."""
    cast, mark = world.cast, world.mark
    fields: dict[str, Any] = {
        "text": mark("action", BOTH),
        "cue": mark("cue", BOTH),
        "decider": mark("decider", BOTH),
        "owners": ["a"],
        "due": date(2030, 1, 1),
    }
    tried = Action.agree(
        cast.checkout, by=cast.tom, id=uuid.uuid4(), text=mark("tried", BOTH), owners=["b"], due=date(2030, 1, 1),
        is_experiment=True, because=mark("believed", BOTH),
    )[0]  # fmt: skip
    world.ids["experiment"] = tried.pk
    world.ids["earlier action"] = Action.agree(cast.checkout, by=cast.ines, id=uuid.uuid4(), **fields)[0].pk
    for who in ("ines", "tom"):
        jot = Jot.keep(cast.checkout, by=world.people[who], text=mark("jot", {who}), id=uuid.uuid4())
        world.ids[f"{who} jot"] = jot.pk
        other = cast.tom if who == "ines" else cast.ines
        word = KindWord.give(cast.checkout, by=other, text=mark("kindword", {who}), id=uuid.uuid4())
        world.ids[f"{who} word"] = word.pk
        Draft.keep(f"jot:{cast.checkout.pk}", mark("draft", {who}), version=0, by=world.people[who])
    measure = Measure.define(cast.checkout, by=cast.ines, text=mark("measure", BOTH), id=uuid.uuid4())
    world.ids["measure"] = measure.pk
    for name, days in (("next", 20), ("discarded", 30)):
        start = (timezone.now() + timedelta(days=days)).replace(tzinfo=None)
        session = world.sessions[name] = one_date.plan(cast.checkout, by=cast.ines, start=start, zone="UTC")
        for who in ("ines", "tom"):
            Participant(world.people[who], session.pk).fold(mark(f"{name}card", {who}))
    world.sessions["discarded"].discard(by=cast.tom)
    _remind(world)
    _dates(world)
    _agree(world)
    half = Partnership.begin(by=cast.ines, kind="other", label="Half")
    invitation, world.ids["token"] = Invitation.for_seat(half, email="new@example.org", by=cast.ines)
    done = Bulk.objects.create(by=cast.ada, act=Bulk.Act.REMIND)
    OwnTemplate.clone(templates()["retro-quick"], by=cast.ada)
    world.ids |= {"invitation": invitation.pk, "half": half.pk, "bulk": done.pk}


def _remind(world: World) -> None:
    """What comes by itself: a notice of Tom's, the address of Ines's feed."""
    tom, session = world.cast.tom, world.sessions["next"]
    notice = Delivery.new(
        person=tom, kind="starting", subject_type="session", subject_id=session.pk, for_key=start_key(session),
        channel="in_app", send_at=timezone.now(), status="sent",
    )  # fmt: skip
    notice.save()
    failed = Delivery.new(
        person=tom, kind="day_ahead", subject_type="session", subject_id=session.pk, send_at=timezone.now(),
        status="failed",
    )  # fmt: skip
    failed.save()
    world.ids |= {"notice": notice.pk, "failed": failed.pk, "feed": CalendarFeed.issue(by=world.cast.ines)}


def _dates(world: World) -> None:
    """A rhythm whose second date is skipped, and a retro that nobody began two days ago."""
    cast, mark, today = world.cast, world.mark, timezone.localdate()
    rule = Rule.starting(today + timedelta(days=40), PRESETS["every_2_months"], time(14), "Europe/Paris")
    link = f"https://meet.example.org/{mark('link', BOTH)}"
    series = rhythm.begin(cast.checkout, by=cast.ines, rule=rule, title=mark("title", BOTH), meeting_url=link)
    first, second = Session.objects.filter(series=series).order_by("slot_date")[:2]
    one_date.skip(second, by=cast.tom, reason="too_busy")
    start = datetime.combine(today - timedelta(days=2), time(14))
    gone = one_date.plan(cast.checkout, by=cast.tom, start=start, zone="UTC", now=timezone.now() - timedelta(days=5))
    world.sessions |= {"slot": first, "skipped": second, "gone": gone}


def _agree(world: World) -> None:
    """A contract in force, a proposal of Tom's that waits for Ines, and a sitting about another one."""
    cast, mark = world.cast, world.mark
    agreement = Agreement.begin(cast.checkout, by=cast.ines, kind=Agreement.Kind.CONTRACT, title="Zzz contract")
    clause = Wording(mark("clause", BOTH), heading=mark("heading", BOTH))
    first = agreement.propose([clause], by=cast.ines, reason=mark("reason", BOTH))
    first.sign(by=cast.tom, digest=first.digest)
    agreement.reread()
    words = [Wording(mark("proposed", BOTH), clause.heading, clause.line)]
    proposal = agreement.propose(words, by=cast.tom, reason=mark("why", BOTH), base=first, line=clause.line)
    dream = Agreement.begin(cast.checkout, by=cast.tom, kind=Agreement.Kind.DREAM_TEAM, title="Zzz dream team")
    sitting = creation.begin(dream, by=cast.tom)
    Note.learn(Participant(cast.tom, sitting.pk).step(1), by=cast.tom, text=mark("line", BOTH), id=uuid.uuid4())
    world.ids |= {"agreement": agreement.pk, "proposal": proposal.pk, "sitting": sitting.pk, "line": clause.line}
    world.ids["proposal digest"] = proposal.digest
    ClauseLink.set_tags(agreement, clause.line, ["company"], by=cast.tom)
    for name in ("folded sitting", "open sitting"):
        _sit(world, name)


def _sit(world: World, name: str) -> None:
    """Two contract sittings: one still folded, one open, each with everything that can be written there."""
    cast, mark = world.cast, world.mark
    project = Agreement.begin(cast.checkout, by=cast.ines, kind=Agreement.Kind.CONTRACT, title=f"Zzz {name}")
    session = world.sessions[name] = creation.begin(project, by=cast.ines)
    ines, tom = Participant(cast.ines, session.pk), Participant(cast.tom, session.pk)
    decision = name_decision(tom.step(0), by=cast.tom, title=mark("decision", BOTH), id=uuid.uuid4())
    is_open = name == "open sitting"
    for who, hand in (("ines", ines), ("tom", tom)):
        readers = BOTH if is_open else {who}
        for key in ("role_mine", "role_yours"):
            hand.answer(key, mark(key.replace("_", ""), readers))
        world.ids[f"{who} role {session.pk}"] = hand.answer("purpose", mark("purpose", readers)).pk
        hand.answer("unowned", mark("privaterole", {who}), only_me=True)
        hand.answer(decision.key, value=4 if who == "ines" else 2)
        hand.answer("decide_scope", value=5, only_me=True)
        Draft.keep(f"decision:{hand.step(0).pk}", mark("draft", {who}), version=0, by=hand.person)
    if not is_open:
        return
    reveal(session, 0)
    world.ids["decision"] = decision.pk
    surprising = ines.entry(world.ids[f"tom role {session.pk}"])
    Note.surprise(surprising, by=cast.ines, text=mark("surprise", BOTH), id=uuid.uuid4())
    Draft.keep(f"surprise:{surprising.pk}", mark("draft", {"ines"}), version=0, by=cast.ines)
    settle_decision(ines.prompt("decide_date"), by=cast.ines, value=3)
    world.ids["question"] = ines.prompt("purpose").pk
    Note.agree_on(ines.prompt("purpose"), by=cast.ines, text=mark("sentence", BOTH), version=0)


def _show(world: World) -> None:
    """A word of every kind for the lead: shown, waiting, withdrawn, and shown to one who is a lead no more."""
    cast, mark, ids = world.cast, world.mark, world.ids
    sara = Lead.objects.get(partnership=cast.checkout, person=cast.sara)
    cast.checkout.assign_lead(world.people["former_lead"], by=cast.ada)
    rolf = Lead.objects.get(partnership=cast.checkout, person=world.people["former_lead"])
    shown = BOTH | {"sara"}
    step = Participant(cast.ines, world.session.pk).step(CLOSE)
    summary = Note.summarise(step, by=cast.ines, text=mark("summary", shown), version=0)
    fields: dict[str, Any] = {"owners": ["a"], "due": date(2030, 1, 1), "is_experiment": True}
    words: dict[str, Any] = {name: mark(f"shown{name}", shown) for name in ("text", "because", "seen_by")}
    tried = Action.agree(cast.checkout, by=cast.ines, id=uuid.uuid4(), **fields, **words)[0]
    tried.finish(by=cast.tom, helped=Action.Helped.HELPED)
    dream = Agreement.begin(cast.checkout, by=cast.tom, kind=Agreement.Kind.CONTRACT, title="Zzz shown")
    wording = Wording(mark("shownclause", shown), heading=mark("shownheading", shown))
    version = dream.propose([wording], by=cast.tom, reason=mark("reasonunshown", BOTH))
    version.sign(by=cast.ines, digest=version.digest)
    need = Need.write(sara, by=cast.ines, text=mark("need", shown), id=uuid.uuid4())
    for kind, thing in (("summary", summary), ("outcome", tried), ("version", version), ("need", need)):
        released(sara, kind, thing, cast.ines, cast.tom)
    need.edit(by=cast.tom, text=mark("needlater", BOTH), version=1)
    need.reply(by=cast.sara, text=mark("reply", shown), version=0)
    need.refresh_from_db()
    world.ids["answer version"] = need.answer_version
    hidden = {name: Need.write(sara, by=cast.tom, text=mark(f"need{name}", BOTH), id=uuid.uuid4()) for name in "wxy"}
    waiting = released(sara, "need", hidden["w"], cast.tom)
    released(sara, "need", hidden["x"], cast.ines, cast.tom).withdraw(by=cast.tom)
    former = Need.write(rolf, by=cast.ines, text=mark("needformer", BOTH), id=uuid.uuid4())
    released(rolf, "need", former, cast.ines, cast.tom)
    cast.checkout.end_lead(rolf.person, by=cast.ada)
    offer = Offer.make(sara, by=cast.sara, kind=Offer.Kind.EXERCISE)
    ids |= {"need": need.pk, "need digest": words_of("need", need, sara).digest, "offer": offer.pk}
    ids |= {"waiting release": waiting.pk, "waiting digest": waiting.digest, "summary": summary.pk}


def released(lead: Lead, kind: str, thing: Thing, by: Person, also: Person | None = None) -> Release:
    """Proposed by one, and agreed to by the other if there is one."""
    release = Release.propose(lead, kind, thing, by=by, digest=words_of(kind, thing, lead).digest)
    if also is not None:
        assert release.confirm(by=also, digest=release.digest)
    return release


def _write(world: World) -> None:
    """Last time, the pulse with its reveal, then the cards of both, folded; drafts in every box."""
    cast, mark, ids = world.cast, world.mark, world.ids
    session = world.sessions["now"] = creation.start_now(cast.checkout, by=cast.ines)
    ines, tom = Participant(cast.ines, session.pk), Participant(cast.tom, session.pk)
    names = {"ines": ines, "tom": tom}
    earlier = Action.objects.get(pk=ids["earlier action"])
    earlier.review(session, by=cast.tom, verdict="going", remark=mark("remark", BOTH))
    tried = Action.objects.get(pk=ids["experiment"])
    tried.review(session, by=cast.ines, verdict="done", helped="helped", remark=mark("showed", BOTH))
    go_on(session, LOOK_BACK)
    for who, hand in names.items():
        hand.answer("weather_us", value=4)
        hand.answer(Measure.objects.get(pk=ids["measure"]).key, value=2)
        hand.answer("life_career", mark("privateanswer", {who}), only_me=True)
        hand.answer("change_tags", tags=[])
        changed = hand.answer("changed", mark("firstanswer", BOTH))
        hand.answer("changed", mark("answer", BOTH), version=changed.version)
    reveal(session, PULSE)
    for who, hand in names.items():
        hand.answer("impacted", mark("lateranswer", BOTH))
        hand.answer("weather_overall", mark("privatelater", {who}), only_me=True)
    Note.came_up(ines.step(PULSE), by=cast.ines, text=mark("stepnote", BOTH), version=0)
    go_on(session, PULSE)

    open_later = BOTH if world.phase not in {"folded", "opened"} else NOBODY
    for who, hand in names.items():
        readers = open_later | {who} | (BOTH if who == "ines" and world.phase != "folded" else NOBODY)
        card = hand.fold(mark("firstcard", {who}))
        card.edit(by=hand.person, text=mark("card", readers), version=card.version)
        hand.fold(mark("privatecard", {who}), "bad", only_me=True)
        gone = hand.fold(mark("deletedcard", {who}), "talk")
        gone.soft_delete(by=hand.person)
        ids |= {f"{who} card": card.pk, f"{who} deleted": gone.pk}
        keys = ("good", "bad", "talk")
        prompts = {p.key: p for step in session.steps for p in step.prompts}
        ids |= {key: prompts[key].pk for key in (*keys, "appreciation")}
        boxes = [f"card:{ids[key]}" for key in keys] + [f"edit:{card.pk}", f"learn:{ines.step(CONCLUDE).pk}"]
        boxes += [f"try:{session.pk}", f"action:{cast.checkout.pk}", f"edit:{earlier.pk}"]
        for box in boxes:
            Draft.keep(box, mark("draft", {who}), version=0, by=hand.person)
        last = BOTH if world.phase in {"closed", "archived"} else {who}
        hand.answer("appreciation", mark("appreciation", last))
    _conclusions(world, ines, tom)
    _show(world)


def _conclusions(world: World, ines: Participant, tom: Participant) -> None:
    cast, mark, ids = world.cast, world.mark, world.ids
    step = ines.step(CONCLUDE)
    ids["learning"] = Note.learn(step, by=cast.ines, text=mark("learning", BOTH), id=uuid.uuid4()).pk
    gone = Note.learn(step, by=cast.tom, text=mark("gonelearning", BOTH), id=uuid.uuid4())
    gone.soft_delete(by=cast.ines)
    ids["deleted learning"] = gone.pk
    words: dict[str, Any] = {name: mark(name, BOTH) for name in ("text", "because", "seen_by")}
    made = Action.agree(
        cast.checkout, by=cast.tom, id=uuid.uuid4(), owners=["a", "b"], due=date(2030, 2, 3), is_experiment=True,
        session=tom.session, **words,
    )  # fmt: skip
    ids["action"] = made[0].pk
    Handover.write(cast.checkout, by=cast.ines, text=mark("handover", BOTH), version=0)
    away = Action.agree(
        cast.checkout, by=cast.tom, id=uuid.uuid4(), owners=["b"], due=date(2030, 2, 3), text=mark("goneaction", BOTH)
    )[0]
    away.soft_delete(by=cast.ines)
    ids["deleted action"] = away.pk


def _open(world: World) -> None:
    cast, mark = world.cast, world.mark
    ines, tom = Participant(cast.ines, world.session.pk), Participant(cast.tom, world.session.pk)
    ines.open_side()
    ines.fold(mark("latecard", BOTH))
    if world.phase == "opened":
        return
    tom.ready()
    card = ines.entry(world.ids["ines card"])
    card.edit(by=cast.ines, text=mark("rewritten", BOTH), version=card.version)
    tom.fold(mark("privatelate", {"tom"}), only_me=True)
    tom.entry(card.pk).put_on_table(by=cast.tom)
    for entry_id, what in ((card.pk, "cardnote"), (world.ids["tom card"], "othernote")):
        entry = ines.entry(entry_id)
        Note.came_up(entry.step, entry=entry, by=cast.ines, text=mark(what, BOTH), version=0)
    ines.entry(world.ids["tom card"]).pick(by=cast.ines)
    from_card: dict[str, Any] = {"text": mark("cardaction", BOTH), "owners": ["b"], "due": date(2030, 3, 4)}
    Action.agree(
        cast.checkout, by=cast.tom, id=uuid.uuid4(), session=ines.session, entry=ines.entry(card.pk), **from_card
    )
    Draft.keep(f"action:{card.pk}", mark("tabledraft", {"tom"}), version=0, by=cast.tom)


def _close(world: World) -> None:
    for step in (WRITE, CONCLUDE):
        go_on(world.session, step)
    reveal(world.session, CLOSE)
    go_on(world.session, CLOSE)


# --- routes -----------------------------------------------------------------------------------------------------------


@cache
def routes() -> dict[str, URLPattern]:
    """Every route by its name: the resolver, walked to its leaves."""
    found: dict[str, URLPattern] = {}

    def walk(patterns: list[URLPattern | URLResolver]) -> None:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns)
            else:
                assert pattern.name, f"{pattern} has no name."
                assert pattern.name not in found, f"Two routes are called {pattern.name}."
                found[pattern.name] = pattern

    walk(get_resolver().url_patterns)
    return found


@cache
def parameters(name: str) -> list[str]:
    pattern = routes()[name].pattern
    return sorted(getattr(pattern, "converters", None) or pattern.regex.groupindex)


def whole(answer: Any) -> bytes:
    """Everything that a browser is told: status, headers, body."""
    head = "\n".join(f"{name}: {value}" for name, value in sorted(answer.items()))
    cookies = answer.cookies.output(header="cookie:")
    body: bytes = answer.content
    return f"{answer.status_code}\n{head}\n{cookies}\n".encode() + body


def in_days(days: int) -> datetime:
    return timezone.now() + timedelta(days=days)


def leave(partnership: Partnership, person: Person) -> None:
    Membership.objects.filter(partnership=partnership, person=person).delete()
