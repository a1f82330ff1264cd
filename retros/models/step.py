from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from partnerships import limits as shared_limits
from partnerships.compiled import CompiledQuery
from partnerships.models import Audit, Person
from partnerships.models.partnership import Seat
from partnerships.refusals import Refusal, Stale
from retros import limits
from retros.models.entry import Entry
from retros.models.told import Told

if TYPE_CHECKING:
    from retros.catalogue import TemplatePrompt, TemplateStep
    from retros.models.session import Change, Session


class Step(models.Model):
    """One part of a session. A step with prompts for each alone has two sides; it is revealed when both are open.

    `opened_a_at`, `opened_b_at`: when that side was opened. What is open never folds again.
    """

    class Kind(models.TextChoices):
        LOOK_BACK = "look_back"
        PULSE = "pulse"
        WRITE = "write"
        QUESTIONS = "questions"
        AGREE = "agree"
        CONCLUDE = "conclude"
        CLOSE = "close"

    WRITTEN_ALONE = frozenset({Kind.PULSE, Kind.WRITE, Kind.QUESTIONS, Kind.CLOSE})  # and then revealed

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey("retros.Session", models.CASCADE)
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=9, choices=Kind.choices)
    title = models.CharField(max_length=shared_limits.TITLE_LENGTH)
    heading = models.CharField(max_length=shared_limits.TITLE_LENGTH)
    lede = models.TextField(blank=True)
    minutes = models.PositiveSmallIntegerField(default=10)
    started_at = models.DateTimeField(null=True)
    opened_a_at = models.DateTimeField(null=True)
    opened_b_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("position",)
        constraints = (models.UniqueConstraint(fields=["session", "position"], name="step_one_a_position"),)

    def __str__(self) -> str:
        return self.title

    @classmethod
    def copy(cls, step: TemplateStep, *, session: Session, position: int) -> Step:
        """A template's step, for this session; not stored yet."""
        return cls(
            session=session, position=position, kind=step.kind, title=step.title, heading=step.heading,
            lede=step.lede, minutes=step.minutes,
        )  # fmt: skip

    def copies(self, prompts: Iterable[TemplatePrompt], names: dict[str, str]) -> list[Prompt]:
        """A template's prompts. `{a}` and `{b}` in a choice become the first names of the two, for good."""
        return [
            Prompt(
                step=self, position=n, key=p.key, kind=p.kind, title=p.title, text=p.text, hint=p.hint,
                column=p.column, beside=p.beside,
                choices=[[value, label.format(**names)] for value, label in p.choices],
            )
            for n, p in enumerate(prompts)
        ]  # fmt: skip

    # --- phase --------------------------------------------------------------------------------------------------

    @cached_property
    def prompts(self) -> list[Prompt]:
        found = _prompts(self)
        for prompt in found:
            prompt.step = self
        return found

    @property
    def columns(self) -> list[Prompt]:
        """Its prompts that take cards."""
        return [prompt for prompt in self.prompts if prompt.takes_cards]

    @cached_property
    def marks(self) -> list[Ready]:
        return _marks(self)

    @property
    def written_alone(self) -> bool:
        """Whether this step is written alone and then revealed (docs/rules/visibility.md V3)."""
        return self.kind in self.WRITTEN_ALONE

    def side_open(self, seat: Seat) -> bool:
        return (self.opened_a_at if seat is Seat.A else self.opened_b_at) is not None

    @property
    def is_opened(self) -> bool:
        """Whether at least one side lies open."""
        return self.opened_a_at is not None or self.opened_b_at is not None

    @property
    def is_revealed(self) -> bool:
        return self.opened_a_at is not None and self.opened_b_at is not None

    @property
    def is_folded(self) -> bool:
        """Whether it is still written alone: not both sides lie open."""
        return self.written_alone and not self.is_revealed

    @property
    def purpose(self) -> str:
        """What a Ready is for here, now."""
        return Ready.Purpose.REVEAL if self.is_folded else Ready.Purpose.NEXT

    def read_again(self, person: Person) -> Seat | None:
        """Which sides lie open by now; with that, the seat of the person while the partnership goes on.

        Part of `Session.writing`, which holds the session's lock.
        """
        for now in _sides_now(self, person):
            self.opened_a_at, self.opened_b_at = now.opened_a_at, now.opened_b_at
            return Seat(now.sits)  # type: ignore[attr-defined]  # annotated
        return None

    def phase_for(self, seat: Seat) -> str:
        """shared: open from the start; write: alone; opened: the side of this seat lies open; revealed: both do."""
        if not self.written_alone:
            return "shared"
        if self.is_revealed:
            return "revealed"
        return "opened" if self.side_open(seat) else "write"

    @property
    def is_current(self) -> bool:
        """Whether this is the step that the two share now."""
        return self.position == self.session.position

    @property
    def is_last(self) -> bool:
        return self.position == len(self.session.steps) - 1

    def marked(self, purpose: str, person: Person) -> Ready | None:
        return next((m for m in self.marks if m.purpose == purpose and m.person_id == person.pk), None)

    def digest(self, person: Person) -> str:
        """What exactly `person` would open here, and to whom while that one is awaited: changes with every fold, edit,
        move and deletion.
        """
        rows = (
            Entry.unrestricted.filter(
                step=self, author=person, sealed_at__isnull=False, deleted_at=None, is_card=True, only_me=False
            )
            .order_by("pk")
            .values_list("pk", "version")
        )
        return self.hash_rows(rows)

    def hash_rows(self, rows: Iterable[tuple[uuid.UUID, int]]) -> str:
        """The digest of (id, version) pairs, in any order."""
        words = [*(f"{pk}:{version}" for pk, version in sorted(rows)), *filter(None, [self.session.awaits])]
        return hashlib.sha256(";".join(words).encode()).hexdigest()[:32]

    def folded_cards(self, person: Person) -> int:
        """How many folded cards `person` has here: all that the partner may learn of them before the reveal."""
        return _folded().filter(step=self, author=person).count()

    @classmethod
    def to_write_ahead(cls, session: Session, person: Person, other: Person) -> Step | None:
        """The step of a session where cards are written ahead, with the `folded_cards` of two (`own_folded`,
        `others_folded`), in one query.
        """
        return next(iter(_to_write_ahead(session.pk, person.pk, other.pk)), None)

    @classmethod
    def empty_pulse(cls, session: models.OuterRef | Session, reader: Person) -> models.Exists:
        """Whether that session is planned and the reader has put nothing into its pulse check yet: their own side
        alone.
        """
        own = Entry.objects.visible_to(reader).filter(step=models.OuterRef("pk"), author=reader)
        planned = cls.objects.filter(session=session, kind=cls.Kind.PULSE, session__status="scheduled")
        return models.Exists(planned.exclude(models.Exists(own)))

    @classmethod
    def open_pulse(cls, session: models.OuterRef) -> models.Subquery:
        """The id of its pulse check, when that lies open on both sides: for a query of sessions."""
        opened = {"opened_a_at__isnull": False, "opened_b_at__isnull": False}
        return models.Subquery(cls.objects.filter(session=session, kind=cls.Kind.PULSE, **opened).values("pk")[:1])

    # --- the timer: counted by the server, in minutes, without an alarm -----------------------------------------

    def begin(self, now: datetime) -> None:
        """Start the clock, the first time the two get here."""
        if self.started_at is None:
            self.started_at = now
            self.save(update_fields=["started_at"])

    def rewind(self) -> None:
        """As before the start: its clock stopped, nobody ready. Part of a verb that holds the session's lock."""
        for side in self.session.sides.values():
            self.withdraw_ready(side.person)
        self.ready_set.all().delete()
        self.started_at = None
        self.save(update_fields=["started_at"])

    def shift_start(self, by: timedelta) -> None:
        if self.started_at is not None:
            self.started_at += by
            self.save(update_fields=["started_at"])

    def minutes_left(self, now: datetime) -> int:
        """Whole minutes, rounded up; zero or less once it is over."""
        if self.started_at is None:
            return self.minutes
        seconds = self.minutes * 60 - (now - self.started_at).total_seconds()
        return -int(-seconds // 60)

    def extend(self, minutes: int, *, by: Person, known: int) -> None:
        """More time, for both. `known` is how long the step was on the page: pressed by both, it counts once."""
        with self.session.writing(by=by) as change:
            self.refresh_from_db(fields=["minutes"])
            if self.minutes != known:
                return
            self.minutes = min(self.minutes + minutes, limits.STEP_MINUTES)
            self.save(update_fields=["minutes"])
            change.tell(Told.EXTENDED)

    # --- ready, reveal, next ------------------------------------------------------------------------------------

    def mark(self, purpose: str, change: Change, told: Told | None = Told.READY) -> bool:
        """Record a Ready of whoever is at work. Returns whether both have it now. Pressed again, it tells nobody;
        `told` is what the first one tells, for the second one something happens.
        """
        _mark, is_new = Ready.objects.get_or_create(step=self, person=change.person, purpose=purpose)
        self.__dict__.pop("marks", None)
        both = self.ready_set.filter(purpose=purpose).count() == len(Seat)
        if is_new and not both and told:
            change.tell(told)
        change.shared = change.shared or is_new
        return both

    def ready(self, *, by: Person, digest: str) -> bool:
        """“I am done writing here.” The second Ready is the reveal, in this same transaction. Returns whether it is
        revealed now.

        `digest` is what the presser's page showed (`Step.digest`). Raises Stale when their cards changed since.
        """
        with self.session.writing(by=by) as change:
            self._check()
            if self.is_revealed:
                return True
            if digest != self.digest(by):
                raise Stale(_("Your text changed. Look once more."))
            Entry.unrestricted.answers(self, by).filter(sealed_at=None, deleted_at=None).update(sealed_at=change.now)
            if not self.mark(Ready.Purpose.REVEAL, change):
                return False
            change.tell(Told.REVEALED, self.pk)
            for seat in Seat:
                self._open(seat, change)
            Audit.record(Audit.Act.REVEALED, by=by, about=self, partnership=self.session.partnership)
            return True

    def unready(self, *, by: Person) -> None:
        """Take the Ready back; answers become drafts again. Not once anything was opened."""
        with self.session.writing(by=by) as change:
            self._check()
            if self.side_open(change.seat):
                raise Refusal(_("Your side is open already. What was opened stays open."))
            if self.withdraw_ready(by):
                change.tell(Told.NOT_READY)

    def withdraw_ready(self, person: Person) -> bool:
        """Drop the Ready for the reveal, if there is one. Part of a verb that holds the session's lock, or of taking a
        seat (`creation.welcome`), which holds the partnership's: a start takes the two the other way round.
        """
        gone, _rows = self.ready_set.filter(person=person, purpose=Ready.Purpose.REVEAL).delete()
        self.__dict__.pop("marks", None)
        if gone:
            Entry.unrestricted.answers(self, person).filter(opened_at=None).update(sealed_at=None)
        return bool(gone)

    def open_side(self, *, by: Person, digest: str) -> None:
        """Open only one's own side, without waiting for the other. Raises Stale like `ready`, Refusal while nobody sits
        there who could read it.
        """
        with self.session.writing(by=by) as change:
            self._check()
            if self.session.awaits:
                raise Refusal(_("The other seat is still free. It opens when you are both here, and both ready."))
            if self.side_open(change.seat):
                return
            if digest != self.digest(by):
                raise Stale(_("Your text changed. Look once more."))
            Entry.unrestricted.answers(self, by).filter(sealed_at=None, deleted_at=None).update(sealed_at=change.now)
            both = self.mark(Ready.Purpose.REVEAL, change, told=None)
            for seat in Seat if both else [change.seat]:
                self._open(seat, change)
            act = Audit.Act.REVEALED if both else Audit.Act.SIDE_OPENED
            Audit.record(act, by=by, about=self, partnership=self.session.partnership)
            change.tell(Told.REVEALED if both else Told.OPENED, self.pk)

    def _check(self) -> None:
        self.refresh_from_db()
        if not self.session.is_running:
            raise Refusal(_("The retro has not started yet. You can write ahead, and open it together later."))
        if not self.written_alone:
            raise Refusal(_("Everything in this step is open from the start."))

    def _open(self, seat: Seat, change: Change) -> None:
        """Open one side: what is sealed there, says something, is asked and is not “only me”. Records the version each
        showed.
        """
        if self.side_open(seat):
            return
        setattr(self, f"opened_{seat}_at", change.now)
        self.save(update_fields=[f"opened_{seat}_at"])
        Entry.unrestricted.that_say_something().filter(
            step=self, author=self.session.sides[seat].person_id, sealed_at__isnull=False, deleted_at=None,
            only_me=False, opened_at=None, prompt__set_aside=False,
        ).update(opened_at=change.now, opened_version=models.F("version"))  # fmt: skip

    def ready_for_next(self, *, by: Person, alone: bool = False) -> bool:
        """“Ready for the next step”; on the last one, “Close the retro”. Moves, or closes, when both said so.

        `alone` goes on without the other, once `can_go_on_alone` allows it; an unopened side stays unopened. Returns
        whether it moved. A press on a step that the two have left already changes nothing.
        """
        with self.session.writing(by=by, closed=True) as change:
            self.refresh_from_db()
            session = self.session
            if session.is_closed:
                return True
            if not session.is_running:
                raise Refusal(_("The retro has not started yet. You can write ahead, and open it together later."))
            if session.position != self.position:
                return True
            if alone:
                self.__dict__.pop("marks", None)
                if not self.can_go_on_alone(by, change.now):
                    raise Refusal(_("Give it a few minutes more. You can go on alone after a while."))
            elif self.is_folded:
                raise Refusal(_("Open this step first, together. Both of you press “I’m ready”."))
            if not self.mark(Ready.Purpose.NEXT, change) and not alone:
                return False
            change.shared = True
            if self.is_last:
                session.close(change)
            else:
                session.go_to(self.position + 1, change)
            return True

    def stay(self, *, by: Person) -> None:
        """Take “ready for the next step” back."""
        with self.session.writing(by=by) as change:
            gone, _rows = self.ready_set.filter(person=by, purpose=Ready.Purpose.NEXT).delete()
            self.__dict__.pop("marks", None)
            if gone:
                change.tell(Told.NOT_READY)

    def can_go_on_alone(self, person: Person, now: datetime) -> bool:
        """Whether the stated wait is over: ready for five minutes while the other is not, or the other away as long.

        Nobody goes on alone while the other seat is free.
        """
        if self.session.awaits:
            return False
        mark = self.marked(self.purpose, person)
        mine = [mark.at] if mark else []
        seen = self.session.sides[self.session.seat_of(person).other].seen_at
        since = [*mine, *([seen] if seen else [self.started_at or now])]
        return any(now - at >= limits.ALONE_AFTER for at in since)


class Prompt(models.Model):
    """One question of a step, copied from a template, so that editing the template rewrites no history."""

    class Kind(models.TextChoices):
        CARDS = "cards"
        TEXT = "text"
        SCALE = "scale"
        PLACE = "place"  # a decision: which of five places between the two it has
        TAGS = "tags"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    step = models.ForeignKey(Step, models.CASCADE)
    position = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=40)
    kind = models.CharField(max_length=5, choices=Kind.choices)
    title = models.CharField(max_length=shared_limits.TITLE_LENGTH)
    text = models.TextField(blank=True)
    hint = models.TextField(blank=True)
    column = models.CharField(max_length=4, blank=True)  # good, bad, talk: the hue and the icon of a card column
    choices = models.JSONField(default=list)  # [value, label] pairs of a scale, of places or of tags
    beside = models.CharField(max_length=40, blank=True)  # a guess: the key of the question that the other one answers
    named_by = models.ForeignKey("partnerships.Person", models.PROTECT, null=True, related_name="+")  # one of the two
    measure = models.UUIDField(null=True)  # the one of the pair that this asks about; outlives it
    set_aside = models.BooleanField(default=False)  # asked no more before anybody opened it, and kept

    class Meta:
        ordering = ("position",)
        constraints = (models.UniqueConstraint(fields=["step", "position"], name="prompt_one_a_position"),)

    def __str__(self) -> str:
        return self.title

    @property
    def takes_cards(self) -> bool:
        return self.kind == self.Kind.CARDS

    @property
    def sentence_key(self) -> uuid.UUID:
        """The id of the one sentence that the two agree on for this question."""
        return uuid.uuid5(self.pk, "settled")

    @property
    def is_guess(self) -> bool:
        return bool(self.beside)


class Ready(models.Model):
    """A person's mark on a step. Both have it: the step is revealed, the pair moves on, the retro is open again."""

    class Purpose(models.TextChoices):
        REVEAL = "reveal"
        NEXT = "next"
        REOPEN = "reopen"

    step = models.ForeignKey(Step, models.CASCADE)
    person = models.ForeignKey("partnerships.Person", models.CASCADE, related_name="+")
    purpose = models.CharField(max_length=6, choices=Purpose.choices)
    at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[models.Manager[Ready]] = models.Manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["step", "person", "purpose"], name="ready_once"),)

    def __str__(self) -> str:
        return f"{self.person_id} {self.purpose}"


_prompts = CompiledQuery(lambda step: step.prompt_set.filter(set_aside=False).order_by("position"), Step)
_marks = CompiledQuery(lambda step: step.ready_set.all(), Step)


def _folded() -> models.QuerySet[Entry]:
    return Entry.unrestricted.filter(is_card=True, only_me=False, opened_at=None, deleted_at=None)


def _write_steps(session_id: uuid.UUID, person_id: uuid.UUID, other_id: uuid.UUID) -> models.QuerySet[Step]:
    def count(author_id: uuid.UUID) -> Coalesce:
        own = _folded().filter(step=models.OuterRef("pk"), author=author_id).order_by().values("step")
        return Coalesce(models.Subquery(own.annotate(n=models.Count("pk")).values("n")), 0)

    steps = Step.objects.filter(session=session_id, kind=Step.Kind.WRITE)
    return steps.annotate(own_folded=count(person_id), others_folded=count(other_id)).order_by("position")[:1]


_to_write_ahead = CompiledQuery(_write_steps, uuid.UUID, uuid.UUID, uuid.UUID)


def _as_it_is_now(step: Step, person: Person) -> models.QuerySet[Step]:
    written_in = Step.objects.filter(
        pk=step.pk, session__partnership__archived_at=None, session__partnership__memberships__person=person
    )
    return written_in.annotate(sits=F("session__partnership__memberships__seat")).only("opened_a_at", "opened_b_at")


_sides_now = CompiledQuery(_as_it_is_now, Step, Person)
