"""A database of a size: pairs that have met every two months for years, straight into the tables.

The rows are those that the verbs leave behind; the words are random, and the same at each run.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any

from allauth.account.models import EmailAddress
from django.db import connection, models, transaction
from django.utils import timezone

from partnerships.models import (
    Agreement,
    Audit,
    Clause,
    Delivery,
    Lead,
    Membership,
    Partnership,
    Person,
    Signature,
    Version,
)  # fmt: skip
from partnerships.models.delivery import mail_domain
from partnerships.wording import Wording, digest_of
from retros.catalogue import Catalogue, Template, templates
from retros.models import (
    Action,
    Draft,
    Entry,
    Note,
    Pause,
    Pick,
    Presence,
    Prompt,
    Ready,
    Release,
    Review,
    RuleVersion,
    Series,
    Session,
    Step,
)  # fmt: skip
from retros.models.release import Words
from retros.notifications.plan import plan_deliveries
from retros.recurrence.rule import DEFAULT, PRESETS, Rule, Slot
from retros.recurrence.wall_time import stored
from retros.search import index

ADMIN, HEAD = "admin@example.org", "head@example.org"  # the head leads every pair
PAIRS_OF_A_LEAD = 12
ZONES = ("Europe/Tallinn", "Europe/Berlin", "America/New_York", "Europe/London")
IN_ONE_TRANSACTION = 50  # pairs


def address(number: int) -> str:
    """Of the person with this number. Pair n is of `people_of(n)`."""
    return f"person{number}@example.org"


def people_of(pair: int) -> tuple[int, int]:
    """The numbers of its two people. Of three in a row, the second sits in two pairs: with a designer, with a lead."""
    first = pair // 2 * 3 + pair % 2
    return first, first + 1


def has_gone_by(pair: int) -> bool:
    """Whether its last date went by and nobody said what became of it."""
    return pair % 10 == 5


def fill(partnerships: int, years: int) -> None:
    """Fill an empty, migrated database: so many pairs that met for so many years, until now.

    One admin (ADMIN), one who leads all pairs (HEAD), others who lead a dozen, and the people with `address(n)`.
    Nobody has a password. About 700 rows a pair and year, 120 of them entries.
    """
    index.remove(connection)
    world = World(random.Random(partnerships * 100 + years), timezone.now().replace(microsecond=0), years)
    world.people(partnerships)
    with at_once(*world.tables):
        for first in range(0, partnerships, IN_ONE_TRANSACTION):
            with transaction.atomic():
                for number in range(first, min(first + IN_ONE_TRANSACTION, partnerships)):
                    world.pair(number)
                world.write()
    with at_once():
        fill_index()
        analyse()
        plan_deliveries(world.now)
        analyse()


@contextmanager
def at_once(*filled: type[models.Model]) -> Iterator[None]:
    """Statements take longer than those of a page may. On PostgreSQL the indexes of these tables are made afterwards,
    and what points at what is not checked.
    """
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        yield
        return
    tables = [model._meta.db_table for model in filled]
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0; SET synchronous_commit = off; SET maintenance_work_mem = '256MB'")
        cursor.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index WHERE NOT indisprimary "
            "AND indrelid = ANY(%s::regclass[]) "
            "AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)", [tables],
        )  # fmt: skip
        indexes = cursor.fetchall()
        if tables:
            cursor.execute("SET session_replication_role = replica")
        for name, _definition in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield
        for _name, definition in indexes:
            cursor.execute(definition)
        cursor.execute("SET session_replication_role = DEFAULT")


def fill_index() -> None:
    """The index of the search, at once."""
    index.install(connection)


def analyse() -> None:
    """What autovacuum does by itself, after a while. Not in a transaction (of a test), which would hold its locks."""
    if connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


class Table:
    """New rows of one model, written many at a time. What a row does not name has the model's default."""

    def __init__(self, model: type[models.Model]) -> None:
        serial = isinstance(model._meta.pk, models.AutoField)
        self.name = model._meta.db_table
        self.fields = [f for f in model._meta.concrete_fields if not (serial and f.primary_key)]
        self.defaults = {f.attname: None if f.primary_key else f.get_default() for f in self.fields}
        self.rows: list[tuple[Any, ...]] = []

    def add(self, **values: Any) -> Any:
        """Returns the row's id, where it is not the database that gives one."""
        row = self.defaults | values
        if "id" in row and row["id"] is None:
            row["id"] = values["id"] = uuid.uuid4()
        self.rows.append(tuple(row.values()))
        return row.get("id")

    def write(self) -> None:
        columns = ", ".join(f'"{f.column}"' for f in self.fields)
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                json = [n for n, f in enumerate(self.fields) if isinstance(f, models.JSONField)]
                with cursor.copy(f'COPY "{self.name}" ({columns}) FROM STDIN') as copy:
                    for row in self.rows:
                        copy.write_row(self._prepared(row, json) if json else row)
            else:
                every = range(len(self.fields))
                marks = ", ".join("%s" for _ in self.fields)
                rows = [self._prepared(row, every) for row in self.rows]
                cursor.executemany(f'INSERT INTO "{self.name}" ({columns}) VALUES ({marks})', rows)
        self.rows.clear()

    def _prepared(self, row: tuple[Any, ...], places: Any) -> list[Any]:
        prepared = list(row)
        for n in places:
            prepared[n] = self.fields[n].get_db_prep_save(row[n], connection)
        return prepared


@dataclass
class Two:
    """A pair while its years are written."""

    partnership: Partnership
    people: tuple[Person, Person]
    lead: Lead | None
    rule: RuleVersion

    @property
    def ids(self) -> tuple[uuid.UUID, uuid.UUID]:
        return self.people[0].pk, self.people[1].pk


class World:
    def __init__(self, chance: random.Random, now: datetime, years: int) -> None:
        self.chance, self.now, self.retros = chance, now, 6 * years
        syllables = [a + b for a in "bdfgklmnprstvw" for b in ("a", "e", "i", "o", "u", "al", "en", "ir", "on", "us")]
        self.words = ["".join(chance.choices(syllables, k=chance.randint(1, 3))) for _ in range(2_000)]
        self.texts = [self._sentences(chance.randint(5, 40)) for _ in range(5_000)]
        big = (
            Session, Presence, Step, Prompt, Entry, Ready, Pick, Draft, Note, Action, Review, Release, Version, Clause,
            Signature, Delivery, Audit,
        )  # fmt: skip  # in the order in which they point at each other
        self.tables: dict[type[models.Model], Table] = {model: Table(model) for model in big}
        self.leads: list[Person] = []
        self.known: list[Person] = []

    def add(self, model: type[models.Model], **values: Any) -> Any:
        return self.tables[model].add(**values)

    def write(self) -> None:
        for table in self.tables.values():
            table.write()

    def text(self) -> str:
        return self.chance.choice(self.texts)

    def _sentences(self, length: int) -> str:
        return " ".join(self.chance.choices(self.words, k=length)).capitalize() + "."

    # --- who is there -----------------------------------------------------------------------------------------------

    def people(self, partnerships: int) -> None:
        begun = self.now - timedelta(days=61 * self.retros)
        made = [Person(email=ADMIN, name="Ada Admin", is_staff=True), Person(email=HEAD, name="Hanna Head")]
        made += [
            Person(email=f"lead{n}@example.org", name=f"Lead {n}") for n in range(-(-partnerships // PAIRS_OF_A_LEAD))
        ]
        of_pairs = people_of(partnerships - 1)[1] + 1
        made += [Person(email=address(n), name=self._name(), role_label="Designer") for n in range(of_pairs)]
        for n, person in enumerate(made):
            person.timezone, person.joined_at = ZONES[n % len(ZONES)], begun
            person.set_unusable_password()
        Person.objects.bulk_create(made, batch_size=500)
        EmailAddress.objects.bulk_create(
            (EmailAddress(user=p, email=p.email, primary=True, verified=True) for p in made), batch_size=500
        )
        self.admin, self.head = made[:2]
        self.leads, self.known = made[2:-of_pairs], made[-of_pairs:]

    def _name(self) -> str:
        return " ".join(self.chance.choice(self.words).capitalize() for _ in range(2))

    # --- one pair ---------------------------------------------------------------------------------------------------

    def pair(self, number: int) -> None:
        """All of a pair. One in twenty has ended, one in thirty pauses, one in fifty has no rhythm, and one in ten said
        nothing yet about a date that has just gone by: of the first ten one each.
        """
        chance, now = self.chance, self.now
        weekday, hour = chance.randrange(5), chance.choice((9, 10, 11, 13, 14, 15, 16))
        first = now.date() - timedelta(days=61 * self.retros - chance.randrange(56))
        first += timedelta(days=(weekday - first.weekday()) % 7)
        cadence = PRESETS[DEFAULT]
        if has_gone_by(number):
            lately = now.date() - timedelta(days=(3, 1, 1, 1, 1, 1, 2)[now.weekday()])  # the last day of work
            cadence, first = PRESETS["every_8_weeks"], lately - timedelta(weeks=8 * ((lately - first).days // 56))
        ended = now - timedelta(days=chance.randrange(20, 200)) if number % 20 == 7 else None
        a, b = (self.known[n] for n in people_of(number))
        partnership = Partnership.objects.create(
            kind=("pm_designer", "em_pm")[number % 2], label=self._name(), since=first, archived_at=ended
        )
        Membership.objects.bulk_create(
            Membership(partnership=partnership, person=p, seat=seat, role_label=p.role_label)
            for p, seat in ((a, "a"), (b, "b"))
        )
        Partnership.objects.filter(pk=partnership.pk).update(created_at=datetime.combine(first, time(8), UTC))
        lead = Lead.objects.create(partnership=partnership, person=self.leads[number // PAIRS_OF_A_LEAD])
        Lead.objects.create(partnership=partnership, person=self.head)
        rule = Rule.starting(first, cadence, time(hour), chance.choice(ZONES))
        if number == 0:
            self.rule_of_first = rule
        if number == 1:  # one of them is in the first pair, too: so among any ten pairs somebody is in two at once
            rule = self.rule_of_first
        horizon = now + timedelta(days=61)
        paused, without = number % 30 == 8, number % 50 == 9
        status = "ended" if without or ended else "paused" if paused else "active"
        series = Series.objects.create(
            partnership=partnership, status=status, work_at=horizon if status == "active" else None
        )
        wanted = {f.name: getattr(rule, f.name) for f in RuleVersion._meta.fields if hasattr(rule, f.name)}
        two = Two(partnership, (a, b), lead, RuleVersion.objects.create(series=series, n=1, **wanted))
        if paused:
            Pause.objects.create(series=series, from_date=now.date() - timedelta(days=3))
        at = datetime.combine(first, time(8), UTC)
        for act in ("partnership_begun", "seat_taken", "seat_taken", "rhythm_set"):
            self._record(two, act, at, self.admin.pk)
        for leads in (lead.person_id, self.head.pk):
            since = at + (now - at) * chance.random()
            self._record(two, "lead_assigned", since, self.admin.pk, about="person", about_id=leads)
        self.agreements(two, first)
        self.sittings(number, two, rule, until=ended, ahead=status == "active")

    def sittings(self, pair: int, two: Two, rule: Rule, *, until: datetime | None, ahead: bool) -> None:
        """Its retros: those of its years, and with a rhythm those ahead. One in twelve was missed."""
        slots = [rule.slot(day) for day in rule.made_by(self.now.date())]
        template = Catalogue(templates()).template_for(Session.Kind.RETRO, two.partnership.kind)
        numbers = count(1)
        open_actions: list[uuid.UUID] = []
        past = [slot for slot in slots if slot.start_utc <= (until or self.now)]
        for n, slot in enumerate(past):
            fate = (pair + len(past) - n) % 48  # so that among any ten pairs one missed its last
            if has_gone_by(pair) and slot is past[-1]:
                self.planned(two, template, slot, is_invited=True)
            elif fate % 12 == 5:
                self.planned(two, template, slot, status="missed")
            elif fate == 3:
                self.planned(two, template, slot, status="skipped", reason="holiday", excused=True)
            else:
                open_actions = self.retro(two, template, slot, next(numbers), open_actions)
        for n, slot in enumerate(slots[len(past) :] if ahead else []):
            self.planned(two, template, slot, is_invited=n < 2)

    def session(self, two: Two, template: Template, slot: Slot, **values: Any) -> uuid.UUID:
        made = max(slot.start_utc - timedelta(days=180), datetime.combine(two.partnership.since, time(8), UTC))
        session: uuid.UUID = self.add(
            Session, partnership_id=two.partnership.pk, series_id=two.rule.series_id, rule_version_id=two.rule.pk,
            slot_date=slot.day, start_local=stored(slot.start_local), timezone=two.rule.timezone,
            start_utc=slot.start_utc, template_key=template.key, ical_stamp=made, **values,
        )  # fmt: skip
        for person, seat in zip(two.ids, "ab", strict=True):
            self.add(Presence, session_id=session, person_id=person, seat=seat, seen_at=values.get("closed_at"))
        if values.get("invited_at"):
            self._told(two, session, slot, f"1.0.{int(made.timestamp() * 1_000_000)}")
        return session

    def steps(
        self, session: uuid.UUID, template: Template, begun: datetime | None
    ) -> Iterator[tuple[Any, Any, datetime]]:
        """Writes them, one after the other; gives its row of the template, its id, and when it began."""
        for position, step in enumerate(template.steps):
            at = (begun or self.now) + timedelta(minutes=12 * position)
            opened = at + timedelta(minutes=5) if begun and step.prompts else None
            written = self.add(
                Step, session_id=session, position=position, kind=step.kind, title=step.title, heading=step.heading,
                lede=step.lede, minutes=step.minutes, started_at=at if begun else None, opened_a_at=opened,
                opened_b_at=opened,
            )  # fmt: skip
            yield step, written, at

    def prompts(self, step: Any, written: uuid.UUID) -> list[tuple[Any, uuid.UUID]]:
        return [
            (
                prompt,
                self.add(
                    Prompt, step_id=written, position=n, key=prompt.key, kind=prompt.kind, title=prompt.title,
                    text=prompt.text, hint=prompt.hint, column=prompt.column, beside=prompt.beside,
                    choices=[list(choice) for choice in prompt.choices],
                ),
            )
            for n, prompt in enumerate(step.prompts)
        ]  # fmt: skip

    def planned(
        self, two: Two, template: Template, slot: Slot, *, is_invited: bool = False, status: str = "scheduled",
        reason: str = "", excused: bool = False,
    ) -> None:  # fmt: skip
        """A retro that nobody began."""
        invited_at = slot.start_utc - timedelta(days=120) if is_invited or status == "missed" else None
        session = self.session(
            two, template, slot, status=status, reason=reason, excused=excused, invited_at=invited_at
        )
        for step, written, _at in self.steps(session, template, None):
            self.prompts(step, written)

    def retro(self, two: Two, template: Template, slot: Slot, number: int, earlier: list[uuid.UUID]) -> list[uuid.UUID]:
        """A retro that was held, with all that stands in it. Returns the actions that are open after it."""
        begun, day, moved = slot.start_utc, slot.day, self.chance.random() < 1 / 8
        closed = begun + timedelta(minutes=58)
        session = self.session(
            two, template, slot, number=number, status="held", held_on=day, started_at=begun, closed_at=closed,
            position=len(template.steps) - 1, moved=moved, invited_at=begun - timedelta(days=120), version_a=90,
            version_b=90,
        )  # fmt: skip
        if moved:
            self._record(two, "moved", begun - timedelta(days=9), two.ids[0], about="session", about_id=session)
        cards: list[uuid.UUID] = []
        for step, written, at in self.steps(session, template, begun):
            for person in two.ids:
                self.add(Ready, step_id=written, person_id=person, purpose="next", at=at + timedelta(minutes=11))
                if step.prompts:
                    self.add(Ready, step_id=written, person_id=person, purpose="reveal", at=at + timedelta(minutes=5))
            if step.prompts:
                self._record(two, "revealed", at + timedelta(minutes=5), two.ids[1], about="step", about_id=written)
            for prompt, asked in self.prompts(step, written):
                for person in two.ids:
                    cards += self.entries(prompt, asked, written, person, at)
            if step.kind == "write":
                self.talk(written, cards, two, at)
            if step.kind == "look_back":
                for action in earlier:
                    self.add(
                        Review, action_id=action, session_id=session, verdict="done", helped="helped", version=1,
                        by_id=two.ids[0], at=at,
                    )  # fmt: skip
            if step.kind == "conclude":
                self._note(written, "learned", two, at)
            if step.kind == "close":
                self._summary(written, number, two, at, day)
        is_last = slot.start_utc > self.now - timedelta(days=61)
        return self.actions(two, session, cards, closed, is_last=is_last)

    def entries(
        self, prompt: Any, asked: uuid.UUID, step: uuid.UUID, author: uuid.UUID, at: datetime
    ) -> list[uuid.UUID]:
        """What one person wrote to one question: an answer, about one in three not given; or one to three cards."""
        chance, is_card = self.chance, prompt.kind == "cards"
        if not is_card and prompt.kind != "scale" and chance.random() < 0.35:
            return []
        found = []
        for _ in range(chance.randint(1, 3) if is_card else 1):
            only_me = is_card and chance.random() < 0.03
            opened = None if only_me else at + timedelta(minutes=5)
            values: dict[str, Any] = {"text": self.text()} if prompt.kind in {"cards", "text"} else {}
            if prompt.kind == "scale":
                values["value"] = int(chance.choice(prompt.choices)[0])
            if prompt.kind == "tags":
                values["tags"] = [chance.choice(prompt.choices)[0]]
            entry = self.add(
                Entry, step_id=step, prompt_id=asked, author_id=author, client_id=uuid.uuid4(),
                is_card=is_card, only_me=only_me, created_at=at, sealed_at=at, opened_at=opened,
                opened_version=None if only_me else 1, **values,
            )  # fmt: skip
            if is_card and not only_me:
                found.append(entry)
        if is_card:
            self.add(Draft, person_id=author, key=f"card:{asked}", text="", version=3, updated_at=at)
        return found

    def talk(self, step: uuid.UUID, cards: list[uuid.UUID], two: Two, at: datetime) -> None:
        for n, card in enumerate(cards[:3]):
            self.add(Pick, entry_id=card, person_id=two.ids[n % 2])
            if n < 2:
                self._note(step, "came_up", two, at, entry_id=card)

    def _note(self, step: uuid.UUID, kind: str, two: Two, at: datetime, **values: Any) -> tuple[uuid.UUID, str]:
        text, when = self.text(), at + timedelta(minutes=8)
        note = self.add(
            Note,
            step_id=step,
            kind=kind,
            text=text,
            written_by_id=two.ids[1],
            written_at=when,
            created_at=when,
            **values,
        )
        return note, text

    def _summary(self, step: uuid.UUID, number: int, two: Two, at: datetime, day: date) -> None:
        """Every fifth is shown to the pair's own lead."""
        note, text = self._note(step, "summary", two, at)
        if two.lead and number % 5 == 0:
            shown = Words(f"Summary: Retro {number}", text, day)
            self.add(
                Release, lead_id=two.lead.pk, kind="summary", note_id=note, title=shown.title, text=text, on=day,
                digest=shown.digest, proposed_by_id=two.ids[0], proposed_at=at + timedelta(days=1),
                confirmed_by_id=two.ids[1], confirmed_at=at + timedelta(days=2),
            )  # fmt: skip

    def actions(
        self, two: Two, session: uuid.UUID, cards: list[uuid.UUID], at: datetime, *, is_last: bool
    ) -> list[uuid.UUID]:
        """Two of them, which the next retro looks back at."""
        due = at.date() + timedelta(days=40)
        ended = {} if is_last else {"closed_as": "done", "closed_on": due + timedelta(days=20), "helped": "helped"}
        return [
            self.add(
                Action, partnership_id=two.partnership.pk, session_id=session, owner_id=owner, text=self.text(),
                from_entry_id=cards[n] if cards else None, is_experiment=bool(n), because=self.text() if n else "",
                seen_by=self.text() if n else "", due=due, created_at=at, **ended,
            )
            for n, owner in enumerate(two.ids)
        ]  # fmt: skip

    def agreements(self, two: Two, first: date) -> None:
        """The Dream Team agreement and two contracts, each in three versions of five clauses."""
        at = datetime.combine(first, time(12), UTC)
        for title in ("Our Dream Team agreement", self._name(), self._name()):
            kind = "dream_team" if title.startswith("Our") else "contract"
            agreement = Agreement.objects.create(partnership=two.partnership, kind=kind, title=title)
            lines = [Wording(self.text()[:200], line=uuid.uuid4()) for _ in range(5)]
            base = None
            for number in (1, 2, 3):
                at += timedelta(days=30)
                lines[number] = Wording(self.text()[:200], line=lines[number].line)
                digest = digest_of(title, lines)
                base = self.add(
                    Version, agreement_id=agreement.pk, number=number, title=title, digest=digest, base_id=base,
                    proposed_by_id=two.ids[0], proposed_at=at, in_force_at=at, reason=self.text() if base else "",
                )  # fmt: skip
                for n, clause in enumerate(lines):
                    self.add(Clause, version_id=base, position=n, line=clause.line, text=clause.text)
                for person in two.ids:
                    self.add(Signature, version_id=base, person_id=person, digest=digest, at=at)

    # --- what is told and put down ----------------------------------------------------------------------------------

    def _told(self, two: Two, session: uuid.UUID, slot: Slot, edition: str) -> None:
        """What was sent of it until now; what is owed from here on, the plan says."""
        start, ten = slot.start_utc, timedelta(minutes=10)
        key = start.isoformat(timespec="minutes")
        sent = [
            ("invite", edition, "email", start - timedelta(days=120), None),
            ("prep_open", "", "email", start - timedelta(days=7), start - timedelta(days=1)),
            ("day_ahead", key, "email", start - timedelta(days=1), start),
            ("starting", key, "in_app", start - ten, start + ten),
        ]  # fmt: skip
        for kind, for_key, channel, send_at, expires_at in sent:
            if send_at > self.now:
                continue
            status = "failed" if self.chance.random() < 0.001 else "sent"
            for person in two.ids:
                id = uuid.uuid4()
                self.add(
                    Delivery, id=id, person_id=person, kind=kind, subject_type="session", subject_id=session,
                    for_key=for_key, channel=channel, send_at=send_at, expires_at=expires_at, status=status, attempts=1,
                    message_id=f"<{id}@{mail_domain()}>", sent_at=send_at, claimed_at=send_at,
                )  # fmt: skip
        for person in two.ids:
            self._record(two, "signed_in", min(start, self.now), person, about="person", about_id=person, of_pair=False)

    def _record(self, two: Two, act: str, at: datetime, by: uuid.UUID, *, of_pair: bool = True, **values: Any) -> None:
        self.add(
            Audit, act=act, at=at, by_id=by, partnership_id=two.partnership.pk if of_pair else None, **values
        )  # fmt: skip
