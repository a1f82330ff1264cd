"""Two runs that differ only in what Ines wrote alone: to everybody else they are the same, byte for byte.

First at random: between two looks she folds, edits, moves and deletes, keeps cards to herself, begins drafts, answers;
in another order, at other times, in other columns, or not at all. At every look the number of her folded cards is the
same in both runs: of all that, it is what the partner may know, with her Ready (docs/rules/visibility.md V3).

Then, by courses of what both may see, private text against none at all. docs/security.md says how to add one.
"""

from __future__ import annotations

import json
import logging
import random
import re
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from difflib import unified_diff
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import pytest
from django.core import mail
from django.db import transaction
from django.test import Client
from django.urls import reverse

from partnerships import limits
from partnerships.models import Delivery, Partnership
from retros.actions.helped import OUTCOMES
from retros.catalogue import templates
from retros.dates import one_date, rhythm
from retros.lifecycle import ending
from retros.lifecycle.erasure import erase
from retros.lifecycle.export import partnership_data
from retros.lifecycle.take_along import actions_table
from retros.models import (
    Action,
    Draft,
    Entry,
    Jot,
    KindWord,
    Measure,
    OwnTemplate,
    Prompt,
    Series,
    Session,
    UsualTemplate,
    creation,
)  # fmt: skip
from retros.recurrence.rule import PRESETS, Rule
from retros.room.answers import push
from retros.worker import tick
from tests.cast import Cast
from tests.clock import Clock
from tests.queries import asked
from tests.retros.play import CLOSE, COLUMNS, CONCLUDE, PULSE, WRITE, Participant, reveal, wall
from tests.retros.regions import shown_in, spellings, with_known_ids, without_digests
from tests.world import HTMX, NEW_EACH_TIME, whole

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

SIGNED = re.compile(r"/n/unsubscribe/[^/]+/")  # with the time, by the machine's own clock
OTHERS = ("tom", "sara", "ada")  # her partner, their lead, an admin
WORDS = ["", "a", "no", "Ünï ☂ 👩‍👩‍👧", "<b>&amp;", "x" * 9_000, "two\nlines", "{% now %}", " ", "-" * 40, "I am ready"]


@pytest.fixture(autouse=True)
def _no_limit(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(limits, "WRITES_PER_MINUTE", 10**6)
    monkeypatch.setattr(limits, "DRAFT_SAVES_PER_MINUTE", 10**6)
    logging.disable(logging.ERROR)
    yield
    logging.disable(logging.NOTSET)


class Told(NamedTuple):
    """One answer: to what, after how many queries, and every byte of it."""

    what: str
    queries: int
    text: str


@dataclass
class Stage:
    """A retro that runs, and next to it one that is planned; everybody is signed in and has looked once."""

    cast: Cast
    session: Session
    ahead: Session
    clock: Clock
    clients: dict[str, Client]
    known: set[str] = field(default_factory=set)

    def urls(self, who: str) -> list[str]:
        """Where somebody looks: Tom at what is the pair's, the lead and the admin at their pages and at the door."""
        pair, session = self.cast.checkout.pk, self.session.pk
        room = reverse("step_detail", args=[session, WRITE])
        if who == "sara":
            return [reverse("lead_list"), reverse("history_detail", args=[pair]), room]
        if who == "ada":
            return [*map(reverse, ("schedule", "schedule_month", "audit_list", "mail_list")), room]
        names = ("partnership_detail", "history_detail", "partnership_end", "series_detail")
        live = f"{reverse('session_live', args=[session])}?step={WRITE}"
        return [*(reverse(name, args=[pair]) for name in names), reverse("home"), room, live]

    def more_urls(self) -> list[str]:
        """What Tom looks at besides, now and then."""
        pair, session, ahead = self.cast.checkout.pk, self.session.pk, self.ahead.pk
        names = (
            "action_list", "session_create", "release_list", "exercise_list", "kind_word_create", "card_import",
            "measure_list", "trend_list", "helped_list",
        )  # fmt: skip
        found = [reverse(name, args=[pair]) for name in names] + [reverse("shelf_detail")]
        found += [f"{reverse('search', args=[pair])}?q={words}" for words in ("mine", "begun", "a")]
        found += [*self.of_session(session), *self.of_session(ahead)]
        for position in (PULSE, WRITE, CLOSE):
            live = f"{reverse('session_live', args=[session])}?step={position}"
            found += [
                reverse("step_detail", args=[session, position]),
                live,
            ]
        return found

    def of_session(self, session: uuid.UUID) -> list[str]:
        """The pages of a session that may still come, or not: redirects and refusals are answers, too."""
        names = ("session_detail", "session_version", "session_print", "session_skip", "session_calendar")
        return [*(reverse(name, args=[session]) for name in names), reverse("step_detail", args=[session, WRITE])]

    def sign_in(self, who: str) -> Client:
        """Anew: months may have passed."""
        self.clients[who] = Client()
        self.clients[who].force_login(getattr(self.cast, who))
        return self.clients[who]


@pytest.fixture
def stage(cast: Cast) -> Iterator[Stage]:
    with Clock().running() as clock:
        at = clock.now.replace(tzinfo=None)
        Measure.define(cast.checkout, by=cast.tom, text="We ship what we showed.", id=uuid.UUID(int=5))
        own = OwnTemplate.clone(templates()["retro-classic"], by=cast.ada)
        UsualTemplate.choose(own.template, "pm_designer", by=cast.ada)
        ahead = one_date.plan(cast.checkout, by=cast.ines, start=at.replace(month=12), zone="UTC")
        KindWord.give(cast.checkout, by=cast.tom, text="You ask first", id=uuid.uuid4())
        session = creation.start_now(cast.checkout, by=cast.tom)
        Session.objects.filter(pk=session.pk).update(position=WRITE)
        for person in (cast.ines, cast.tom):
            Participant(person, session.pk).fold("From the start")
            Participant(person, ahead.pk).fold("Written ahead", "talk")
        clients = {}
        for name in ("tom", "sara", "ada", "ines"):
            clients[name] = Client()
            clients[name].force_login(getattr(cast, name))
        made = Stage(cast, session, ahead, clock, clients)
        made.known = {
            str(pk) for s in (session, ahead) for step in s.steps for pk in (step.pk, *(p.pk for p in step.prompts))
        }
        made.known |= {
            str(pk) for pk in (session.pk, ahead.pk, cast.checkout.pk, cast.tom.pk, cast.sara.pk, cast.ada.pk)
        }
        made.known |= {str(e.pk) for e in Entry.unrestricted.all()}
        for who in clients:
            if who != "ines":
                look(made, who)  # the first look of a sign-in writes into its session
        yield made


def look(stage: Stage, who: str, also: Sequence[str] = ()) -> list[Told]:
    """Everything that somebody is told: each address, how many queries it took, and every byte of the answer."""
    told, client = [], stage.clients[who]
    for url in [*stage.urls(who), *also]:
        for headers in ({}, HTMX) if "live" in url else ({},):
            with asked() as queries:
                answer = client.get(url, headers=headers)
            told.append(Told(canonical(stage, f"{who} {url}"), len(queries), canonical(stage, whole(answer).decode())))
    return [*told, *streamed(stage, who), *exported(stage, who)]


def exported(stage: Stage, who: str) -> list[Told]:
    """What the partner would take along."""
    if who != "tom":
        return []
    pair = Partnership.objects.of(stage.cast.tom).with_members().get(pk=stage.cast.checkout.pk)
    with asked() as queries:
        data = json.dumps(partnership_data(pair, stage.cast.tom))
        table = actions_table(pair, stage.cast.tom)
    return [Told("export", len(queries), canonical(stage, data + table))]


def streamed(stage: Stage, who: str) -> list[Told]:
    """What a stream would tell at this moment, to a browser that shows nothing yet: every byte of it."""
    told, person = [], getattr(stage.cast, who)
    for session, position in product((stage.session, stage.ahead), (PULSE, WRITE, CLOSE)):
        with asked() as queries:
            found = push(person, session.pk, str(position), "")
        news = json.loads(found[0]) if found else {"version": "none", "shown": "", "html": ""}
        text = f"{news['version']} {len(news['shown'])} {news['html']}"
        told.append(Told(f"{who} stream {position}", len(queries), canonical(stage, text)))
    return told


def presses(stage: Stage) -> list[Told]:
    """What a few presses of Tom's answer; they change nothing for good."""
    session, ahead, client = stage.session.pk, stage.ahead.pk, stage.clients["tom"]
    prompt = stage.session.steps[WRITE].prompts[0].pk
    told = []
    for name, args, data in (
        ("entry_create", [session, prompt], {"text": "Mine", "client_id": uuid.UUID(int=7)}),
        ("entry_create", [session, prompt], {"text": ""}),
        ("step_ready_delete", [session, WRITE], {}),
        ("step_next_create", [session, WRITE], {}),
        ("session_pause", [session], {"reason": "between_us"}),
        ("session_discard", [session], {}),
        ("session_start", [ahead], {}),
        ("session_start", [ahead], {"sure": "1"}),
        ("session_start_delete", [session], {}),
        ("session_skip", [ahead], {"reason": "too_busy"}),
        ("session_restore", [ahead], {}),
        ("draft_update", [f"card:{prompt}"], {"text": "begun", "version": 0}),
    ):
        url = reverse(name, args=args)
        with asked() as queries, transaction.atomic():
            answer = client.post(url, data, headers=HTMX)
            transaction.set_rollback(True)
        # What Tom's own Ready would open goes by the id of the card that he has just folded.
        text = re.sub(r'name="digest" value="\w+"', "~", whole(answer).decode())
        told.append(Told(f"press {canonical(stage, url)}", len(queries), canonical(stage, text)))
    return told


def mailed(stage: Stage) -> list[Told]:
    """What was mailed to everybody but Ines, and what they are going to be told."""
    ines = stage.cast.ines
    mails = []
    for each in mail.outbox:
        if each.to != [ines.email]:
            words = [str(each.subject), str(each.body), *(str(part) for part in getattr(each, "alternatives", ()))]
            text = SIGNED.sub("/n/unsubscribe/~/", "\n".join([f"To: {each.to}", *words]))
            mails.append(canonical(stage, text))
    whom, when = ("person__email", "kind", "subject_id", "for_key", "channel"), ("send_at", "expires_at", "sent_at")
    planned = Delivery.objects.exclude(person=ines).values_list(*whom, *when, "status")
    lines = sorted(canonical(stage, repr(row)) for row in planned)
    return [Told("mails", 0, "\n".join(sorted(mails))), Told("deliveries", 0, "\n".join(lines))]


def canonical(stage: Stage, text: str) -> str:
    """Without nonces and tokens; ids that were made since the start (of forms, of one's own new rows) look alike, and
    so do the digests of what they stand in, but for how many there are.
    """
    unfolded = NEW_EACH_TIME.sub("~", text).replace("\r\n ", "")  # a calendar's long lines
    return with_known_ids(without_digests(unfolded), stage.known)


class Ines:
    """Writes alone, at random, and ends with as many folded cards as she is told to."""

    def __init__(self, stage: Stage, chance: random.Random) -> None:
        self.stage, self.chance = stage, chance
        self.client = stage.clients["ines"]

    def write_until(self, folded: dict[uuid.UUID, int]) -> None:
        for _ in range(self.chance.randrange(1, 9)):
            self.stage.clock.pass_minutes(self.chance.choice([0, 0.01, 0.3, 1]))
            self.chance.choice([self.fold, self.fold, self.edit, self.move, self.delete, self.restore, self.private,
                                self.keep_to_herself, self.share_after_all, self.draft, self.answer,
                                 self.jot, self.to_say, self.look_again, self.bring_in, self.take_off])()  # fmt: skip
        for session, count in folded.items():
            cards = self.cards(session)
            while len(cards) > count:
                self.press("entry_delete", session, cards.pop().pk)
            for _ in range(count - len(cards)):
                self.fold(session)

    def press(self, name: str, *args: Any, **data: Any) -> None:
        """Over HTTP, as her browser does; she never loads a page, because that shows where she is."""
        headers = HTMX if self.chance.random() < 0.7 else {}
        answer = self.client.post(reverse(name, args=args), data, headers=headers)
        assert answer.status_code in {200, 302}, (name, answer.content[:500])

    def cards(self, session: uuid.UUID | None = None, **fields: Any) -> list[Entry]:
        wanted = {"author": self.stage.cast.ines, "is_card": True, "only_me": False, "deleted_at": None, **fields}
        wanted["step__session"] = session or self.session()
        return list(Entry.unrestricted.filter(**wanted).order_by("created_at", "pk"))

    def session(self) -> uuid.UUID:
        return self.chance.choice([self.stage.session.pk, self.stage.ahead.pk])

    def column(self, session: uuid.UUID) -> uuid.UUID:
        return Participant(self.stage.cast.ines, session).prompt(self.chance.choice(COLUMNS)).pk

    def words(self, *, needed: bool = True) -> str:
        text = self.chance.choice(WORDS) * self.chance.randrange(1, 2) + str(self.chance.random())
        return text if needed or self.chance.random() < 0.8 else ""

    def fold(self, session: uuid.UUID | None = None, **data: Any) -> None:
        session = session or self.session()
        self.press("entry_create", session, self.column(session), text=self.words(), client_id=self.id(), **data)

    def private(self) -> None:
        self.fold(only_me="on")

    def edit(self) -> None:
        for card in self.chance.sample(cards := self.cards(), min(1, len(cards))):
            self.press("entry_update", card.step.session_id, card.pk, text=self.words(), version=card.version)

    def move(self) -> None:
        for card in self.chance.sample(cards := self.cards(), min(1, len(cards))):
            session = card.step.session_id
            data = {"text": card.text, "version": card.version, "prompt": self.column(session)}
            self.press("entry_update", session, card.pk, **data)

    def to_say(self) -> None:
        session = self.session()
        heading = {"text": str(self.chance.random()), "in_person": "on"}
        self.press("entry_create", session, self.column(session), client_id=self.id(), **heading)

    def keep_to_herself(self) -> None:
        """A folded card becomes “only me” afterwards."""
        self.other_reader(self.cards(), "yes")

    def share_after_all(self) -> None:
        self.other_reader(self.cards(only_me=True), "no")

    def other_reader(self, cards: list[Entry], only_me: str) -> None:
        for card in self.chance.sample(cards, min(1, len(cards))):
            data = {"text": card.text, "version": card.version, "only_me": only_me}
            self.press("entry_update", card.step.session_id, card.pk, **data)

    def delete(self) -> None:
        for card in self.chance.sample(cards := self.cards(), min(1, len(cards))):
            self.press("entry_delete", card.step.session_id, card.pk)

    def restore(self) -> None:
        gone = Entry.unrestricted.filter(author=self.stage.cast.ines, deleted_at__isnull=False)
        for card in gone.order_by("created_at")[:1]:
            self.press("entry_restore", card.step.session_id, card.pk)

    def draft(self) -> None:
        key = self.chance.choice(
            [f"card:{self.column(self.session())}", f"action:{self.stage.cast.checkout.pk}", "edit:x"]
        )
        kept = Draft.objects.filter(person=self.stage.cast.ines, key=key).first()
        self.press("draft_update", key, text=self.words(needed=False), version=kept.version if kept else 0)

    def jot(self) -> None:
        self.press("jot_list", self.stage.cast.checkout.pk, text=self.words(), client_id=self.id())
        for jot in Jot.objects.kept(self.stage.cast.ines)[:1] if self.chance.random() < 0.3 else []:
            self.press("jot_delete", jot.pk)

    def bring_in(self) -> None:
        """Cards from elsewhere, into the retro that runs."""
        lines = "\n".join(str(self.chance.random()) for _ in range(self.chance.randrange(1, 4)))
        self.press("card_import", self.stage.cast.checkout.pk, text=lines, client_id=self.id())

    def take_off(self) -> None:
        """A kind word from her shelf, or back onto it."""
        for word in KindWord.objects.of(self.stage.cast.ines):
            self.press(f"kind_word_{self.chance.choice(['delete', 'restore'])}", word.pk)

    def answer(self) -> None:
        session = self.session()
        choices: list[tuple[str, dict[str, Any]]] = [
            ("weather_us", {"value": self.chance.randrange(1, 6)}), ("changed", {"text": self.words(needed=False)}),
            ("life_career", {"text": self.words()}), ("appreciation", {"text": self.words()}),
            (Measure.objects.get().key, {"value": self.chance.randrange(1, 6)}),
        ]  # fmt: skip
        key, data = self.chance.choice(choices)
        prompt = Participant(self.stage.cast.ines, session).prompt(key).pk
        before = Entry.unrestricted.filter(author=self.stage.cast.ines, prompt=prompt).first()
        data = {**data, "version": before.version if before else 0}
        if self.chance.random() < 0.3:
            data["only_me"] = "on"
        self.press("answer_update", session, prompt, **data)

    def look_again(self) -> None:
        """Her browser asks for its version, as it does every few seconds without a stream."""
        self.client.get(reverse("session_version", args=[self.stage.session.pk]))

    def id(self) -> uuid.UUID:
        return uuid.UUID(int=self.chance.getrandbits(128))


def run(stage: Stage, plan: random.Random, chance: random.Random | None, counts: Sequence[int]) -> list[Told]:
    """One run: what everybody else was told. `plan` says what both runs have in common, `chance` what they have not;
    without it she writes nothing. `counts`: of how many folded cards she may have, at each look.
    """
    told: list[Told] = []
    start = stage.clock.now
    try:
        with transaction.atomic():
            ines = Ines(stage, chance or random.Random(0))
            for round_number in range(2):
                folded = {s.pk: plan.choice(counts) for s in (stage.session, stage.ahead)}
                if chance:
                    ines.write_until(folded)
                stage.clock.now = start + timedelta(minutes=40 * (round_number + 1))
                if round_number and plan.random() < 0.5:
                    digest = stage.session.steps[WRITE].digest(stage.cast.ines)
                    ines.press("step_ready_create", stage.session.pk, WRITE, digest=digest)
                for who in OTHERS:
                    told += look(stage, who, stage.more_urls() if who == "tom" else ())
                told += presses(stage)
                assert {s: len(ines.cards(s)) for s in folded} == folded
            texts = {e.text for e in Entry.unrestricted.filter(author=stage.cast.ines) if len(e.text) > 15}
            ids = spellings(str(e.pk) for e in Entry.unrestricted.filter(author=stage.cast.ines))
            for url, _queries, answer in told:
                assert not any(text in answer for text in texts - {"From the start", "Written ahead"}), url
                assert not any(pk in answer for pk in ids), url
            transaction.set_rollback(True)
    finally:
        stage.clock.now = start
    return told


def assert_same(first: list[Told], second: list[Told], when: str = "") -> None:
    assert [told.what for told in first] == [told.what for told in second], when
    differences = []
    for one, other in zip(first, second, strict=True):
        if one != other:
            lines = list(unified_diff(one.text.splitlines(), other.text.splitlines(), lineterm="", n=0))
            known = f"{one.queries} and {other.queries} queries, {len(one.text)} and {len(other.text)} characters"
            differences.append("\n".join([f"{when}{one.what} tells the runs apart: {known}", *lines[2:8]]))
    assert not differences, "\n\n".join(differences[:5])


def compare(stage: Stage, seed: int) -> None:
    first = run(stage, random.Random(seed), random.Random(f"{seed} one"), range(5))
    second = run(stage, random.Random(seed), random.Random(f"{seed} other"), range(5))
    assert_same(first, second, f"seed {seed}: ")


def compare_with_nothing(stage: Stage, seed: int) -> None:
    """She has one card in each from the start. In one run that is all."""
    first = run(stage, random.Random(seed), None, [1])
    second = run(stage, random.Random(seed), random.Random(f"{seed} one"), [1])
    assert_same(first, second, f"seed {seed}, with nothing: ")


@pytest.mark.parametrize("how", [compare, compare_with_nothing])
def test_what_is_written_alone_shows_nowhere(stage: Stage, how: Callable[[Stage, int], None]) -> None:
    for seed in range(2):
        how(stage, seed)


@pytest.mark.deep
@pytest.mark.parametrize("part", range(25))
def test_what_is_written_alone_shows_nowhere_deep(stage: Stage, part: int) -> None:
    for seed in range(1000 + 10 * part, 1010 + 10 * part):
        compare(stage, seed)
        compare_with_nothing(stage, seed)


def test_the_test_would_notice(stage: Stage) -> None:
    """One card more, and the runs are not the same."""
    before = look(stage, "tom")
    assert look(stage, "tom") == before
    Ines(stage, random.Random(1)).fold(stage.session.pk)
    assert look(stage, "tom") != before


# --- courses: private text against none at all ------------------------------------------------------------------------

Alone = Callable[..., None]
Course = Callable[[Alone], Iterator[Sequence[str]]]


def same_with_and_without(stage: Stage, course: Course, *, alone: Callable[..., None] | None = None) -> None:
    """Go through a course twice: Ines writes nothing alone, and all that one can. The others are told the same.

    `course` does what both may see. It calls `alone(session, …)` where she may have written into these sessions, and
    yields whenever everybody looks, with the addresses that Tom looks at besides. The worker makes a round before.
    """
    without = follow(stage, course, lambda *_sessions, **_how: None)
    written = follow(stage, course, partial(alone or write_alone, stage))
    assert_same(without, written)


def follow(stage: Stage, course: Course, alone: Alone) -> list[Told]:
    """What everybody else was told on the way; nothing of it stays."""
    told: list[Told] = []
    start = stage.clock.now
    mail.outbox.clear()
    try:
        with transaction.atomic():
            for also in course(alone):
                stage.clock.pass_minutes(0.5)  # whoever was here still is
                tick(stage.clock.now)
                for who in OTHERS:
                    stage.sign_in(who)
                    told += look(stage, who, also if who == "tom" else ())
            told += [*presses(stage), *mailed(stage)]
            transaction.set_rollback(True)
    finally:
        stage.clock.now = start
    return told


def write_alone(stage: Stage, *sessions: Session, answers: bool = True) -> None:
    """Everything that Ines can write so that it is hers alone: drafts, “only me”, deleted, and answers not yet sealed.

    Without `answers` that her next Ready would open.
    """
    stage.sign_in("ines")
    ines = Ines(stage, random.Random(Entry.unrestricted.count()))
    ines.take_off()
    for session in sessions:
        steps = Session.objects.get(pk=session.pk).steps
        hers = stage.session.seat_of(stage.cast.ines)
        column = steps[WRITE].prompts[0].pk
        for key in (f"card:{column}", f"learn:{steps[3].pk}", f"try:{session.pk}", f"action:{session.partnership_id}"):
            draft = Draft.objects.filter(person=stage.cast.ines, key=key).first()
            ines.press("draft_update", key, text=f"Begun {ines.id()}", version=draft.version if draft else 0)
        ines.press("jot_list", session.partnership_id, text=f"Jotted {ines.id()}", client_id=ines.id())
        ines.fold(session.pk, only_me="on")
        if not steps[WRITE].side_open(hers):
            card = ines.id()
            ines.press("entry_create", session.pk, column, text="Taken back", client_id=card)
            ines.press("entry_delete", session.pk, Entry.unrestricted.get(client_id=card).pk)
        found: list[tuple[int, str, dict[str, Any]]] = [
            (PULSE, prompt.key, {"value": 3}) for prompt in steps[PULSE].prompts if prompt.measure
        ]
        for position, key, data in (
            *found, (PULSE, "life_career", {"text": "Mine", "only_me": "on"}), (PULSE, "weather_us", {"value": 2}),
            (PULSE, "changed", {"text": "A move"}), (CLOSE, "appreciation", {"text": "Not yet said"}),
        ):  # fmt: skip
            if not steps[position].side_open(hers) and (answers or "only_me" in data):
                prompt = next(p.pk for p in steps[position].prompts if p.key == key)
                before = Entry.unrestricted.filter(author=stage.cast.ines, prompt=prompt).first()
                version = before.version if before else 0
                ines.press("answer_update", session.pk, prompt, version=version, **data)


def planned_rhythm(stage: Stage) -> Series:
    """Every two months from January on."""
    rule = Rule.starting(date(2027, 1, 12), PRESETS["every_2_months"], time(14), "Europe/Berlin")
    return rhythm.begin(stage.cast.checkout, by=stage.cast.tom, rule=rule)


def change(series: Series, cadence: str) -> list[Session]:
    """Tom gives the rhythm another cadence, from its first date on. Returns the dates to come."""
    tom = series.partnership.memberships.get(seat="b").person
    fresh = Series.objects.get(pk=series.pk)
    rhythm.change_from(fresh, Session.objects.filter(series=series).upcoming()[0], by=tom, cadence=PRESETS[cadence])
    return list(Session.objects.filter(series=series).upcoming())


def test_a_date_that_a_new_rhythm_drops(stage: Stage) -> None:
    """Changed, she writes for the last of the new dates, changed back, and changed again."""
    series = planned_rhythm(stage)

    def course(alone: Alone) -> Iterator[Sequence[str]]:
        last = change(series, "every_2_weeks")[-1]
        alone(last)
        pages = [*stage.of_session(last.pk), *(reverse(n, args=[last.pk]) for n in ("series_change", "session_move"))]
        yield pages
        for cadence in ("every_2_months", "every_2_weeks"):
            change(series, cadence)
            yield pages

    same_with_and_without(stage, course)


@pytest.mark.both_databases
def test_what_is_kept_and_removed(stage: Stage) -> None:
    """She writes for a retro that is skipped; two years later it is time to go."""
    tom = stage.cast.tom
    gone = one_date.plan(stage.cast.checkout, by=tom, start=wall(2026, 11, 10, 9), zone="UTC")

    def course(alone: Alone) -> Iterator[Sequence[str]]:
        alone(gone)
        one_date.skip(Session.objects.get(pk=gone.pk), by=tom, reason="too_busy")
        pages = stage.of_session(gone.pk)
        yield pages
        for moment in (datetime(2028, 10, 20, 9, tzinfo=UTC), datetime(2028, 11, 25, 9, tzinfo=UTC)):
            stage.clock.now = moment
            yield pages

    same_with_and_without(stage, course)


@pytest.mark.both_databases
def test_a_new_card_on_an_open_board(stage: Stage) -> None:
    """Tom's browser shows the board as it was, a card of his comes, she writes alone, and his browser asks."""
    ines, tom = (Participant(person, stage.session.pk) for person in (stage.cast.ines, stage.cast.tom))
    reveal(ines.session)
    page = stage.clients["tom"].get(reverse("step_detail", args=[stage.session.pk, WRITE])).text
    shown = shown_in(page)
    stage.known.add(str(tom.fold("One more").pk))
    asks = [f"{reverse('session_live', args=[stage.session.pk])}?step={WRITE}&shown={shown}"]

    def course(alone: Alone) -> Iterator[Sequence[str]]:
        yield asks
        alone(stage.session, stage.ahead)
        yield asks

    same_with_and_without(stage, course)


def test_a_list_of_measures_that_changes(stage: Stage) -> None:
    """She answers ahead what is then worded otherwise, asked no more, and asked again."""
    tom = stage.cast.tom

    def course(alone: Alone) -> Iterator[Sequence[str]]:
        measure = Measure.objects.get()
        pages = [*stage.of_session(stage.ahead.pk), *stage.more_urls()]
        for verb in (
            lambda: measure.edit(by=tom, text="We show what we ship.", version=1),
            lambda: measure.retire(by=tom),
            lambda: measure.restore(by=tom),
        ):
            alone(stage.ahead)
            verb()
            yield pages

    same_with_and_without(stage, course)


@pytest.mark.both_databases
def test_the_pages_of_memory(stage: Stage) -> None:
    """She answers a health check and a difference alone, and begins other words for what helped, a kind word, a jot.

    Before it the two had one of each open, so that every page has something to show.
    """
    ines, tom, pair = stage.cast.ines, stage.cast.tom, stage.cast.checkout
    tried = Action.agree(
        pair, by=tom, id=uuid.UUID(int=31), owners=["a"], text="Mine to show early", due=date(2026, 1, 2),
        is_experiment=True,
    )[0]  # fmt: skip
    tried.finish(by=tom, helped=Action.Helped.HELPED)
    waits = Action.agree(
        pair, by=tom, id=uuid.UUID(int=32), owners=["b"], text="A mine of words", due=date(2026, 1, 2),
        is_experiment=True,
    )[0]  # fmt: skip
    stage.known |= {str(tried.pk), str(waits.pk)}

    def sitting(key: str) -> Session:
        session = creation.start_now(pair, by=tom, template_key=key, topic="Mine or yours" * (key == "difference"))
        stage.known |= {str(pk) for step in session.steps for pk in (step.pk, *(p.pk for p in step.prompts))}
        stage.known.add(str(session.pk))
        return session

    def answer(session: Session, who: Participant) -> None:
        for prompt in session.steps[0].prompts:
            if prompt.kind == Prompt.Kind.SCALE:
                who.answer(prompt.key, value=4)
            else:
                who.answer(prompt.key, f"Mine, by {who.person.first_name}")

    for key in ("health-check", "difference"):
        held = sitting(key)
        both = [Participant(person, held.pk) for person in (ines, tom)]
        for who in both:
            answer(held, who)
        reveal(both[0].session, 0)
        Session.objects.filter(pk=held.pk).update(status=Session.Status.HELD)

    now_open = [sitting("health-check"), sitting("difference")]

    def writes(stage: Stage, *sessions: Session) -> None:
        stage.sign_in("ines")
        for session in sessions:
            answer(session, Participant(ines, session.pk))
        for key in (f"edit:{tried.pk}", f"edit:{waits.pk}", f"word:{pair.pk}"):
            Ines(stage, random.Random(1)).press("draft_update", key, text="Mine alone", version=0)
        Ines(stage, random.Random(1)).press("jot_list", pair.pk, text="Mine alone", client_id=uuid.uuid4())

    def course(alone: Alone) -> Iterator[Sequence[str]]:
        alone(*now_open)
        helped, search = (reverse(name, args=[pair.pk]) for name in ("helped_list", "search"))
        pages = [f"{helped}?outcome={outcome}" for outcome in OUTCOMES]
        pages += [f"{search}?q=mine{also}" for also in ("", "&person=a", "&kind=mine", "&kind=cards", "&page=2")]
        yield [*stage.more_urls(), *pages]

    same_with_and_without(stage, course, alone=writes)


def test_a_retro_that_is_moved(stage: Stage) -> None:
    later = one_date.plan(stage.cast.checkout, by=stage.cast.tom, start=wall(2026, 11, 10, 9), zone="UTC")

    def course(alone: Alone) -> Iterator[Sequence[str]]:
        alone(later, stage.ahead)
        one_date.move(Session.objects.get(pk=later.pk), by=stage.cast.tom, start=wall(2026, 11, 11, 9), zone="UTC")
        yield stage.of_session(later.pk)

    same_with_and_without(stage, course)


def test_what_does_not_take_place(stage: Stage) -> None:
    """Skipped, planned again, discarded, begun anew, and what nobody began in time."""
    tom = stage.cast.tom

    def course(alone: Alone) -> Iterator[Sequence[str]]:
        alone(stage.session, stage.ahead)
        one_date.skip(Session.objects.get(pk=stage.ahead.pk), by=tom, reason="holiday")
        yield ()
        one_date.restore(Session.objects.get(pk=stage.ahead.pk), by=tom)
        Session.objects.get(pk=stage.session.pk).discard(by=tom)
        now = creation.start_now(stage.cast.checkout, by=tom)
        Session.objects.filter(pk=now.pk).update(ical_stamp=stage.clock.now)  # made by the machine's own clock
        alone(now)
        yield stage.of_session(now.pk)
        stage.clock.now += timedelta(days=60)
        yield stage.of_session(now.pk)

    same_with_and_without(stage, course)


def test_a_rhythm_that_is_paused_and_ended(stage: Stage) -> None:
    series, tom = planned_rhythm(stage), stage.cast.tom

    def fresh() -> Series:
        return Series.objects.get(pk=series.pk)

    def course(alone: Alone) -> Iterator[Sequence[str]]:
        dates = list(Session.objects.filter(series=series).upcoming())
        alone(dates[0], dates[-1])
        pages = stage.of_session(dates[-1].pk)
        rhythm.pause(fresh(), date(2027, 1, 1), date(2027, 2, 1), by=tom)
        yield pages
        rhythm.resume(fresh(), by=tom)
        rhythm.end(fresh(), date(2027, 2, 1), by=tom)
        yield pages
        rhythm.end(fresh(), None, by=tom)
        yield pages

    same_with_and_without(stage, course)


def test_a_retro_to_its_end(stage: Stage) -> None:
    ines, tom = (Participant(person, stage.session.pk) for person in (stage.cast.ines, stage.cast.tom))

    def course(alone: Alone) -> Iterator[Sequence[str]]:
        alone(stage.session, answers=False)
        tom.ready(WRITE)
        yield ()
        ines.ready(WRITE)
        alone(stage.session, answers=False)
        yield ()
        for position in (WRITE, CONCLUDE, CLOSE):
            if position == CLOSE:
                reveal(ines.session, CLOSE)
            for hands in (ines, tom):
                hands.next(position)
            if position != CLOSE:
                alone(stage.session, answers=False)
        yield ()

    same_with_and_without(stage, course)


def test_a_partnership_that_ends_and_somebody_who_erases_what_is_hers(stage: Stage) -> None:
    def course(alone: Alone) -> Iterator[Sequence[str]]:
        alone(stage.session, stage.ahead)
        ending.end(stage.cast.checkout, by=stage.cast.tom)
        yield ()
        stage.clock.now += timedelta(days=380)
        yield ()
        erase(stage.cast.ines)
        yield ()

    same_with_and_without(stage, course)


def test_where_she_reads(stage: Stage) -> None:
    """She is in the room in both runs, at other steps."""
    session = stage.session

    def course(alone: Alone) -> Iterator[Sequence[str]]:
        stage.sign_in("ines").get(reverse("step_detail", args=[session.pk, WRITE]))
        alone()
        yield ()

    def elsewhere(stage: Stage) -> None:
        for position in (CLOSE, PULSE):
            stage.clients["ines"].get(reverse("step_detail", args=[session.pk, position]))

    same_with_and_without(stage, course, alone=elsewhere)


def test_a_course_would_notice(stage: Stage) -> None:
    """A card that is folded and counted is no private text."""

    def course(alone: Alone) -> Iterator[Sequence[str]]:
        alone()
        yield ()

    def folds(stage: Stage) -> None:
        Ines(stage, random.Random(1)).fold(stage.session.pk)

    with pytest.raises(AssertionError, match="tells the runs apart"):
        same_with_and_without(stage, course, alone=folds)
