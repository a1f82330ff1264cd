"""The pulse as two lines that show the gap, never a mean: the data of an inline SVG and its words.

Only what lies open for both goes in, so both see the same chart. No answer and “only me” look alike: a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from retros.models import Entry, Session, Step

if TYPE_CHECKING:
    from datetime import date

    from partnerships.models import Membership, Partnership, Person


RETROS_SHOWN = 6  # retros
KEYS = ("weather_us", "weather_overall")
# The drawing, in the units of its viewBox.
FIRST_X, LAST_X, LABEL_X = 76, 298, 320
TOP, BOTTOM = 26, 156
APART = 5  # how far two equal answers stand to the sides of their place
LINE_HEIGHT = 19
LETTER = 7


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
class Trend:
    title: str
    lines: list[TrendLine]
    months: list[AxisTick]
    levels: list[AxisTick]
    words: str
    width: int

    @property
    def count(self) -> int:
        return len(self.months)


def trends(partnership: Partnership, person: Person, members: Sequence[Membership]) -> list[Trend]:
    """One chart for each of the two weathers, once two pulses are open; else none. Two queries."""
    steps = _revealed(partnership, person)
    if len(steps) < 2:
        return []
    open_to_both = Entry.objects.visible_to(person).filter(opened_at__isnull=False)
    answers = list(open_to_both.filter(step__in=steps, prompt__key__in=KEYS).select_related("prompt"))
    dates = [step.session.day for step in steps]
    charts = []
    for key in KEYS:
        mine = [entry for entry in answers if entry.prompt.key == key]
        if mine:
            charts.append(_trend(mine, steps, _labels(dates), members))
    return charts


def _revealed(partnership: Partnership, person: Person) -> list[Step]:
    """The last pulse steps that lie open on both sides, the oldest first."""
    seen = Session.objects.of(person).filter(
        partnership=partnership, kind=Session.Kind.RETRO, status__in=[Session.Status.IN_PROGRESS, Session.Status.HELD]
    )
    steps = Step.objects.filter(
        session__in=seen, kind=Step.Kind.PULSE, opened_a_at__isnull=False, opened_b_at__isnull=False
    )
    return list(reversed(steps.select_related("session").order_by("-session__started_at")[:RETROS_SHOWN]))


def _trend(answers: list[Entry], steps: list[Step], labels: list[str], members: Sequence[Membership]) -> Trend:
    place = {step.pk: n for n, step in enumerate(steps)}
    prompt = max(answers, key=lambda entry: place[entry.step_id]).prompt  # the question as it is asked now
    scale = {int(value): label for value, label in prompt.choices}
    lowest, highest = min(scale), max(scale)
    given = {(entry.step_id, entry.author_id): entry.value for entry in answers}
    xs = [FIRST_X + (LAST_X - FIRST_X) * n // (len(steps) - 1) for n in range(len(steps))]

    def height(value: int) -> int:
        return BOTTOM - (BOTTOM - TOP) * (value - lowest) // (highest - lowest)

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
    middle = (lowest + highest) // 2
    return Trend(
        title=prompt.title,
        lines=_labels_apart(lines),
        months=[AxisTick(x, label) for x, label in zip(xs, labels, strict=True)],
        levels=[AxisTick(height(value), scale[value]) for value in (lowest, middle, highest)],
        words=_words(lines, len(steps)),
        width=LABEL_X + max(50, LETTER * max(len(line.name) for line in lines)),
    )


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


def _words(lines: list[TrendLine], count: int) -> str:
    """The chart as a text, for those who do not see it."""
    said = [_("%(name)s: %(answers)s.") % {"name": line.name, "answers": line.words} for line in lines]
    return " ".join([_("Pulse over the last %(count)d retros.") % {"count": count}, *said])


def _labels(dates: list[date]) -> list[str]:
    months = [date_format(day, "M") for day in dates]
    if len(set(months)) == len(months):
        return months
    return [date_format(day, "j M") for day in dates]
