from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from partnerships.limits import TITLE_LENGTH
from partnerships.models import Partnership
from partnerships.refusals import Refusal, Stale
from retros import limits
from retros.models.session import Session, key_is_taken
from retros.models.step import Prompt, Step

if TYPE_CHECKING:
    from partnerships.models import Person


HOW_TRUE = [["1", "Not yet"], ["2", "Rarely"], ["3", "Partly"], ["4", "Mostly"], ["5", "Yes"]]


class MeasureQuerySet(models.QuerySet["Measure"]):
    def visible_to(self, person: Person) -> MeasureQuerySet:
        """The two members (docs/rules/visibility.md V2)."""
        return self.filter(partnership__memberships__person=person)

    def asked(self) -> MeasureQuerySet:
        return self.filter(retired_at=None)


class Measure(models.Model):
    """A statement by which the two look at how they do, in their own words; each rates it alone in every pulse.

    It is a question of a session like others: `Prompt.measure` is its id. A planned retro asks what stands on the list,
    one that has begun keeps its questions. Other words are another question: what was answered to the earlier ones
    stays an answer to those. The line of both goes by the id, so it goes on after a change, and stays after the end.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partnership = models.ForeignKey(Partnership, models.CASCADE, related_name="+")
    text = models.CharField(max_length=TITLE_LENGTH)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True)

    objects: ClassVar = MeasureQuerySet.as_manager()

    class Meta:
        ordering = ("created_at", "pk")

    def __str__(self) -> str:
        return self.text

    @property
    def key(self) -> str:
        """Of the question in these words."""
        return f"m{self.version}-{self.pk.hex}"

    # --- verbs: shared acts, under the partnership's lock -----------------------------------------------------------

    @classmethod
    def define(cls, partnership: Partnership, *, by: Person, text: str, id: uuid.UUID) -> Measure:
        """Put one on the list, where no other one has these words. `id` is the client's own: a retry adds nothing, and
        with other words it raises Stale.

        Raises Refusal when the list is full, NotAllowed for who may not write here.
        """
        with partnership.writing(by):
            if twin := cls.objects.filter(pk=id).first():
                if twin.partnership_id != partnership.pk:
                    raise key_is_taken()
                if twin.text != text:
                    raise Stale.kept_already(mine=text, theirs=twin.text, version=twin.version)
                return twin
            if asked := cls.objects.asked().filter(partnership=partnership, text=text).first():
                return asked
            _must_have_room(partnership)
            measure = cls.objects.create(id=id, partnership=partnership, text=text)
            _planned_ones_follow(partnership)
        return measure

    def edit(self, *, by: Person, text: str, version: int) -> None:
        """Other words, from the next retro on that begins. Raises Stale, with both texts, after a lost race."""
        with self.partnership.writing(by):
            self.refresh_from_db(fields=["text", "version"])
            if text == self.text:
                return
            if version != self.version:
                raise Stale.by_both(mine=text, theirs=self.text, version=self.version)
            self.text, self.version = text, self.version + 1
            self.save(update_fields=["text", "version"])
            _planned_ones_follow(self.partnership)

    def retire(self, *, by: Person) -> None:
        """Ask it no more; its lines stay. Pressed twice is pressed once."""
        with self.partnership.writing(by):
            Measure.objects.asked().filter(pk=self.pk).update(retired_at=timezone.now())
            _planned_ones_follow(self.partnership)

    def restore(self, *, by: Person) -> None:
        """Ask it again. Raises Refusal when the list is full."""
        with self.partnership.writing(by):
            if Measure.objects.asked().filter(pk=self.pk).exists():
                return
            _must_have_room(self.partnership)
            Measure.objects.filter(pk=self.pk).update(retired_at=None)
            _planned_ones_follow(self.partnership)


def prompts_of(measures: Iterable[Measure], step_id: uuid.UUID, first: int) -> list[Prompt]:
    """What a pulse asks of them, from that position on; not stored yet."""
    return [
        Prompt(
            step_id=step_id, position=first + n, key=each.key, kind=Prompt.Kind.SCALE, title=each.text,
            choices=HOW_TRUE, measure=each.pk,
        )
        for n, each in enumerate(measures)
    ]  # fmt: skip


def ask_by_the_list(partnership_id: uuid.UUID, sessions: models.QuerySet[Session]) -> None:
    """Make the pulses of these sessions, which nobody has opened, ask what stands on the list now.

    A question that is asked no more is set aside with what was answered to it: asked again, it is all there. Part of a
    verb that holds the partnership's lock; whether somebody answered ahead changes nothing of it.
    """
    asked = {measure.key: measure for measure in Measure.objects.asked().filter(partnership=partnership_id)}
    prompts = Prompt.objects.filter(step__session__in=sessions, step__kind=Step.Kind.PULSE)
    by_step: dict[uuid.UUID, list[Prompt]] = {}
    turned, new = [], []
    for prompt in prompts.order_by("step", "position"):
        by_step.setdefault(prompt.step_id, []).append(prompt)
        if prompt.measure and prompt.set_aside == (prompt.key in asked):
            prompt.set_aside = not prompt.set_aside
            turned.append(prompt)
    for step_id, there in by_step.items():
        missing = [asked[key] for key in asked.keys() - {prompt.key for prompt in there}]
        new += prompts_of(sorted(missing, key=lambda each: each.created_at), step_id, there[-1].position + 1)
    Prompt.objects.bulk_update(turned, ["set_aside"])
    Prompt.objects.bulk_create(new)


def _planned_ones_follow(partnership: Partnership) -> None:
    """Whoever stands in a room sees it, also in one that is written ahead."""
    ask_by_the_list(partnership.pk, Session.objects.filter(partnership=partnership).upcoming())
    Session.refresh_rooms(partnership, ahead=True)


def _must_have_room(partnership: Partnership) -> None:
    if Measure.objects.asked().filter(partnership=partnership).count() >= limits.MEASURES:
        raise Refusal(_("You have five already. Retire one of them first."))
