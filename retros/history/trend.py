"""What the two rate again and again, as two lines and the gap between them, never a mean: the data of an inline SVG and
its words. The pulse, the measures of the pair, the statements of the health check.

Only what lies open for both goes in, so both see the same chart. No answer and “only me” look alike: a gap in the line.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partnerships.compiled import CompiledQuery
from partnerships.models import Partnership, Person
from partnerships.models.partnership import Seat
from retros.models import Entry, Measure, Prompt, Session, Step

if TYPE_CHECKING:
    from datetime import date

    from django.db.models import QuerySet

    from partnerships.models import Membership


RETROS_SHOWN = 6  # retros
KEYS = ("weather_us", "weather_overall")
# The drawing, in the units of its viewBox.
FIRST_X, LAST_X, LABEL_X = 76, 298, 320
TOP, BOTTOM = 26, 156
APART = 5  # how far two equal answers stand to the sides of their place
LINE_HEIGHT = 19
LETTER = 9


@dataclass(frozen=True)
class TrendPoint:
    x: int
    y: int

    @property
    def left(self) -> int:
        return self.x - 4

    @property
    def top(self) -> int:
        return self.y - 4


@dataclass(frozen=True)
class TrendLine:
    """One person's weathers. `strokes` are the unbroken stretches, as SVG points."""

    seat: str
    name: str
    marks: list[TrendPoint]
    strokes: list[str]
    label_y: int
    words: str


@dataclass(frozen=True)
class AxisTick:
    """A word on an axis, at its place along it."""

    at: int
    label: str

    @property
    def baseline(self) -> int:
        return self.at + 4


@dataclass(frozen=True)
class Gap:
    """How far the two stood apart at one time, from the upper mark down to the lower one."""

    x: int
    top: int
    bottom: int


@dataclass(frozen=True)
class TrendRow:
    """One time in words: when, what each of the two said, and how far apart that is; empty for no answer."""

    when: str
    names: list[str]
    said: list[str]
    apart: str

    @property
    def cells(self) -> list[tuple[str, str]]:
        """Who, and what they said."""
        return list(zip(self.names, self.said, strict=True))


@dataclass(frozen=True)
class Trend:
    title: str
    lines: list[TrendLine]
    gaps: list[Gap]
    months: list[AxisTick]
    levels: list[AxisTick]
    words: str
    width: int
    rows: list[TrendRow]
    is_past: bool = False  # asked no more

    @property
    def count(self) -> int:
        return len(self.months)


class Asked(NamedTuple):
    """When something was asked: a step, by its id, and its session."""

    pk: UUID
    session: Session


def trends(
    partnership: Partnership, person: Person, members: Sequence[Membership], pulses: Sequence[Asked] | None = None
) -> list[Trend]:
    """One chart for each of the two weathers, once two pulses are open; else none.

    `pulses`: all that lie open on both sides, the oldest first, where the caller knows them.
    """
    if pulses is None:
        pulses = [Asked(step.pk, step.session) for step in _pulses(person, partnership)][::-1]
    steps = pulses[-RETROS_SHOWN:]
    if len(steps) < 2:
        return []
    shown = {step.pk for step in steps}
    answers = [entry for entry in _latest_weathers(person, partnership) if entry.step_id in shown]
    over = _("Pulse over the last %(count)d retros.") % {"count": len(steps)}
    mine = [[entry for entry in answers if entry.prompt.key == key] for key in KEYS]
    return [_trend(own, steps, members, over=over) for own in mine if own]


class Trends:
    """All that the two rate again and again, for a page: the same for both."""

    most = RETROS_SHOWN

    def __init__(self, partnership: Partnership, person: Person, members: Sequence[Membership]) -> None:
        self.partnership = partnership
        self.person = person
        self.members = members

    @cached_property
    def pulse(self) -> list[Trend]:
        return trends(self.partnership, self.person, self.members)

    @cached_property
    def measures(self) -> list[Trend]:
        """Those that were rated, in the words of today; the ones that are asked no more come last."""
        known = Measure.objects.visible_to(self.person).filter(partnership=self.partnership)
        steps = list(_revealed(self.partnership, self.person, Session.Kind.RETRO, Step.Kind.PULSE))
        drawn = self._drawn(steps, Prompt.objects.filter(measure__isnull=False), lambda prompt: prompt.measure)
        own = [(measure, drawn[measure.pk]) for measure in known if measure.pk in drawn]
        found = [replace(each, title=m.text, is_past=m.retired_at is not None) for m, each in own]
        return sorted(found, key=lambda trend: trend.is_past)

    @cached_property
    def health(self) -> list[Trend]:
        """The statements of the health check, in their order. There is no total."""
        steps = list(_revealed(self.partnership, self.person, Session.Kind.HEALTH, Step.Kind.QUESTIONS))
        return list(self._drawn(steps, Prompt.objects.all(), lambda prompt: prompt.key).values())

    def _drawn(
        self, steps: Sequence[Step], prompts: QuerySet[Prompt], of: Callable[[Prompt], Hashable]
    ) -> dict[Hashable, Trend]:
        """One chart for each that was asked, by what `of` says of its questions, over the last times it was asked."""
        asked: dict[Hashable, set[UUID]] = {}
        scales = prompts.filter(step__in=steps, kind=Prompt.Kind.SCALE, set_aside=False)
        for prompt in scales.order_by("position"):
            asked.setdefault(of(prompt), set()).add(prompt.step_id)
        answers: dict[Hashable, list[Entry]] = {}
        for entry in _answers(self.person, steps).filter(prompt__in=scales) if asked else []:
            answers.setdefault(of(entry.prompt), []).append(entry)
        found = {}
        for key, asked_in in asked.items():
            shown = [step for step in steps if step.pk in asked_in][-RETROS_SHOWN:]
            own = [entry for entry in answers.get(key, []) if entry.step_id in {step.pk for step in shown}]
            if own:
                over = ngettext("The last time.", "The last %(count)d times.", len(shown)) % {"count": len(shown)}
                found[key] = _trend(own, shown, self.members, over=over)
        return found


def _revealed(partnership: Partnership, person: Person, session_kind: str, kind: str) -> QuerySet[Step]:
    """The steps of that kind that lie open on both sides, the oldest first."""
    seen = Session.objects.of(person).filter(
        partnership=partnership, kind=session_kind, status__in=[Session.Status.IN_PROGRESS, Session.Status.HELD]
    )
    steps = Step.objects.filter(session__in=seen, kind=kind, opened_a_at__isnull=False, opened_b_at__isnull=False)
    return steps.select_related("session").order_by("session__started_at")


def _answers(person: Person, steps: Sequence[Step]) -> QuerySet[Entry]:
    """What lies open for both there."""
    open_to_both = Entry.objects.visible_to(person).filter(opened_at__isnull=False, value__isnull=False)
    return open_to_both.filter(step__in=steps).select_related("prompt")


_pulses = CompiledQuery(
    lambda person, partnership: _revealed(partnership, person, Session.Kind.RETRO, Step.Kind.PULSE).order_by(
        "-session__started_at"
    )[:RETROS_SHOWN],
    Person, Partnership,
)  # fmt: skip


def _weathers(person: Person, partnership: Partnership) -> QuerySet[Entry]:
    """What lies open for both of the last pulses, the latest first."""
    answers = Entry.objects.visible_to(person).filter(
        opened_at__isnull=False, value__isnull=False, prompt__key__in=KEYS, step__kind=Step.Kind.PULSE,
        step__session__kind=Session.Kind.RETRO, step__session__partnership=partnership,
        step__opened_a_at__isnull=False, step__opened_b_at__isnull=False,
    )  # fmt: skip
    most = RETROS_SHOWN * len(KEYS) * len(Seat)
    return answers.select_related("prompt").order_by("-step__session__started_at")[:most]


_latest_weathers = CompiledQuery(_weathers, Person, Partnership)


def _trend(answers: list[Entry], steps: Sequence[Step | Asked], members: Sequence[Membership], *, over: str) -> Trend:
    """The answers to one question, as it is asked now. `over`: which times these are, in a sentence."""
    place = {step.pk: n for n, step in enumerate(steps)}
    prompt = max(answers, key=lambda entry: place[entry.step_id]).prompt
    scale = {int(value): label for value, label in prompt.choices}
    lowest, highest = min(scale), max(scale)
    given = {(entry.step_id, entry.author_id): entry.value for entry in answers}
    labels = _labels([step.session.day for step in steps])
    xs = _places(len(steps))

    def height(value: int) -> int:
        return BOTTOM - (BOTTOM - TOP) * (value - lowest) // max(1, highest - lowest)

    values = {m.seat: [given.get((step.pk, m.person_id)) for step in steps] for m in members}
    lines = []
    for member in members:
        own = values[member.seat]
        others = next((v for seat, v in values.items() if seat != member.seat), [None] * len(steps))
        side = -APART if member.seat == "a" else APART
        marks = [
            None if value is None else TrendPoint(x + (side if value == other else 0), height(value))
            for x, value, other in zip(xs, own, others, strict=True)
        ]
        words = ", ".join(
            _("%(month)s %(weather)s") % {"month": label, "weather": scale[value].lower()}
            if value is not None
            else _("%(month)s no answer") % {"month": label}
            for label, value in zip(labels, own, strict=True)
        )
        lines.append(_line(member, marks, words))
    times = list(zip(*values.values(), strict=True))
    pairs = [(x, [value for value in said if value is not None]) for x, said in zip(xs, times, strict=True)]
    middle = (lowest + highest) // 2
    names = [line.name for line in lines]
    return Trend(
        title=prompt.title,
        lines=_labels_apart(lines),
        gaps=[Gap(x, height(max(two)), height(min(two))) for x, two in pairs if len(set(two)) > 1],
        months=[AxisTick(x, label) for x, label in zip(xs, _thinned(labels), strict=True)],
        levels=[AxisTick(height(value), scale[value]) for value in (lowest, middle, highest)],
        words=_words(lines, over),
        width=LABEL_X + max(50, LETTER * max(len(line.name) for line in lines)),
        rows=[_row(step.session.day, names, said, scale) for step, said in zip(steps, times, strict=True)],
    )


def _places(count: int) -> list[int]:
    """Where so many times stand on the axis; one alone in its middle."""
    if count == 1:
        return [(FIRST_X + LAST_X) // 2]
    return [FIRST_X + (LAST_X - FIRST_X) * n // (count - 1) for n in range(count)]


def _row(on: date, names: list[str], said: Sequence[int | None], scale: dict[int, str]) -> TrendRow:
    when = date_format(on, "j F Y")
    known = [value for value in said if value is not None]
    apart = max(known) - min(known) if len(known) > 1 else 0
    words = [scale[value] if value is not None else "" for value in said]
    if len(known) < 2:
        return TrendRow(when, names, words, "")
    if not apart:
        return TrendRow(when, names, words, _("The same"))
    return TrendRow(when, names, words, ngettext("%(n)d place", "%(n)d places", apart) % {"n": apart})


def _line(member: Membership, marks: list[TrendPoint | None], words: str) -> TrendLine:
    strokes: list[list[TrendPoint]] = [[]]
    for mark in marks:
        if mark is None:
            strokes.append([])
        else:
            strokes[-1].append(mark)
    drawn = [mark for mark in marks if mark]
    return TrendLine(
        seat=member.seat,
        name=member.person.first_name,
        marks=drawn,
        strokes=[" ".join(f"{m.x},{m.y}" for m in stroke) for stroke in strokes if len(stroke) > 1],
        label_y=drawn[-1].y + 4 if drawn else 0,
        words=words,
    )


def _labels_apart(lines: list[TrendLine]) -> list[TrendLine]:
    """Names stand where their lines end, moved apart when they would cover each other; A above B when level."""
    named = sorted((line for line in lines if line.marks), key=lambda line: (line.label_y, line.seat))
    if len(named) == 2 and (gap := named[1].label_y - named[0].label_y) < LINE_HEIGHT:
        up = (LINE_HEIGHT - gap) // 2
        moved = {named[0].seat: named[0].label_y - up, named[1].seat: named[1].label_y + LINE_HEIGHT - gap - up}
        return [
            TrendLine(**{**line.__dict__, "label_y": moved[line.seat]}) if line.seat in moved else line
            for line in lines
        ]
    return lines


def _words(lines: list[TrendLine], over: str) -> str:
    """The chart as a text, for those who do not see it."""
    said = [_("%(name)s: %(answers)s.") % {"name": line.name, "answers": line.words} for line in lines]
    return " ".join([over, *said])


def _thinned(labels: list[str]) -> list[str]:
    """Every second one, where they are too long to stand side by side on a phone; the last one always."""
    if len(labels) <= 3 or all(label.isalpha() for label in labels):
        return labels
    return [label if (len(labels) - n) % 2 else "" for n, label in enumerate(labels)]


def _labels(dates: list[date]) -> list[str]:
    months = [date_format(day, "M") for day in dates]
    if len(set(months)) == len(months):
        return months
    return [date_format(day, "j M") for day in dates]
