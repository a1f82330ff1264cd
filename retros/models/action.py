from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from hashlib import sha1
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partnerships.content import ContentField, content, isolated
from partnerships.models import Membership, Partnership
from partnerships.refusals import Invalid, NotAllowed, Refusal, Stale
from retros import limits
from retros.models.draft import Draft
from retros.models.session import Session, key_is_taken
from retros.models.told import Told

if TYPE_CHECKING:
    from partnerships.models import Person
    from retros.models.entry import Entry
    from retros.models.session import Change


class ActionQuerySet(models.QuerySet["Action"]):
    def visible_to(self, person: Person) -> ActionQuerySet:
        """The two members (docs/rules/visibility.md V2)."""
        return self.filter(partnership__memberships__person=person, deleted_at=None)

    def deleted_for(self, person: Person) -> ActionQuerySet:
        """What one of the two put away; either may bring it back."""
        return self.filter(partnership__memberships__person=person, deleted_at__isnull=False)

    def open(self) -> ActionQuerySet:
        return self.filter(closed_as="")

    def states_of_each(self) -> dict[uuid.UUID, Counter[str]]:
        """By partnership: how many are in each state, as `count_states` has it. Of thousands, most of the time would go
        to making ids, so they are read as text.
        """
        found: dict[str, list[tuple[bytes, str]]] = defaultdict(list)
        partnership, pk = (Cast(name, models.TextField()) for name in ("partnership", "pk"))
        for pair, own, state in self.order_by().values_list(partnership, pk, "closed_as"):
            found[pair].append((bytes.fromhex(own.replace("-", "")), state))
        return {uuid.UUID(pair): count_states(states) for pair, states in found.items()}

    def with_owners(self) -> ActionQuerySet:
        return self.select_related("owner", "from_entry__prompt")


class Action(models.Model):
    """Something to do, or (an experiment) something to try because we believe something: one owner, a due date.

    It ends with an outcome: done or dropped, and whether it helped.
    """

    class Closed(models.TextChoices):
        DONE = "done", gettext_lazy("Done")
        DROPPED = "dropped", gettext_lazy("Didn’t fit")

    class Helped(models.TextChoices):
        HELPED = "helped", gettext_lazy("It helped")
        NO_DIFFERENCE = "no_difference", gettext_lazy("No difference")
        WORSE = "worse", gettext_lazy("Worse")
        NOT_TRIED = "not_tried", gettext_lazy("Not tried")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partnership = models.ForeignKey(Partnership, models.CASCADE, related_name="+")
    session = models.ForeignKey(Session, models.SET_NULL, null=True, related_name="+")
    from_entry = models.ForeignKey("retros.Entry", models.SET_NULL, null=True, related_name="+")
    owner = models.ForeignKey("partnerships.Person", models.PROTECT, related_name="+")
    text = ContentField()
    cue = ContentField(blank=True)  # “If …”, then `text`
    is_experiment = models.BooleanField(default=False)
    because = ContentField(blank=True)  # we try `text` because we believe …
    seen_by = ContentField(blank=True)  # … we will know it worked when …
    decider = ContentField(blank=True)  # who decides what is parked, when it is neither of the two; sees nothing of it
    due = models.DateField()
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    closed_as = models.CharField(max_length=7, choices=Closed.choices, blank=True)
    closed_on = models.DateField(null=True)
    helped = models.CharField(max_length=13, choices=Helped.choices, blank=True)
    carried = models.PositiveSmallIntegerField(default=0)  # how often it was “still going” at a retro
    deleted_at = models.DateTimeField(null=True)

    objects: ClassVar = ActionQuerySet.as_manager()

    WORDS = ("text", "cue", "because", "seen_by", "decider")

    class Meta:
        ordering = ("due", "created_at", "pk")

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_open(self) -> bool:
        return not self.closed_as

    @property
    def sentence(self) -> str:
        """In one sentence: with a cue it reads “If …, then I will: …”."""
        if not self.cue:
            return self.text
        return _("If %(cue)s, then I will: %(text)s") % {"cue": isolated(self.cue), "text": isolated(self.text)}

    @property
    def outlived(self) -> bool:
        """Carried over twice: the app asks “smaller, or drop?”."""
        return self.is_open and self.carried >= 2

    @property
    def was_adopted(self) -> bool:
        """An experiment that was done and helped: it may become a clause."""
        return self.is_experiment and (self.closed_as, self.helped) == (self.Closed.DONE, self.Helped.HELPED)

    # --- verbs --------------------------------------------------------------------------------------------------

    @classmethod
    def agree(
        cls, partnership: Partnership, *, by: Person, id: uuid.UUID, owners: list[str], text: str, due: date | None,
        cue: str = "", is_experiment: bool = False, because: str = "", seen_by: str = "",
        decider: str = "", session: Session | None = None, entry: Entry | None = None,
    ) -> list[Action]:  # fmt: skip
        """Add an action. `owners` are seats; two make two actions, one each, with the same words.

        `id` is the client's own: a retry adds nothing. Raises Invalid without words, an owner or a date.
        """
        fields = _checked(text, cue=cue, because=because, seen_by=seen_by, decider=decider)
        if due is None:
            raise Invalid(_("Pick a date. A decision holds when someone owns it and it has a date."), field="due")
        with _writing(partnership, by, session) as room:
            members = {m.seat: m for m in Membership.objects.filter(partnership=partnership)}
            seats = sorted(set(owners))
            if not seats or not set(seats) <= set(members):
                raise Invalid(_("Say who takes it."), field="owner")
            if entry is not None:
                entry.must_take_words()
            ids = [id, _twin(id)][: len(seats)]
            if twins := sorted(cls.objects.filter(pk__in=ids), key=lambda twin: ids.index(twin.pk)):
                if any(twin.partnership_id != partnership.pk for twin in twins):
                    raise key_is_taken()
                if twins[0].text != fields["text"]:
                    raise Stale.kept_already(mine=fields["text"], theirs=twins[0].text, version=twins[0].version)
                return twins
            _must_have_room(partnership, len(ids))
            actions = [
                cls(
                    id=pk, partnership=partnership, session=session, from_entry=entry,
                    owner_id=members[seat].person_id, due=due, is_experiment=is_experiment, **fields,
                )
                for pk, seat in zip(ids, seats, strict=True)
            ]  # fmt: skip
            Action.objects.bulk_create(actions)
            if room:
                room.tell(Told.ACTION, id)
            experiment = session.pk if is_experiment and session else None
            key = Draft.Box.TRY.key(experiment) if experiment else Draft.Box.ACTION.key((entry or partnership).pk)
            Draft.take(key, by=by, client_id=id)
        return actions

    @classmethod
    def bring_in(cls, partnership: Partnership, *, by: Person, rows: list[dict[str, Any]], id: uuid.UUID) -> None:
        """Add many at once, all or none, all of them the actor's. `id` is the client's own: a retry adds nothing, but
        what else stands in the form by then.
        """
        with _writing(partnership, by, None):
            actions = [
                Action(id=uuid.uuid5(id, f"{number} {sorted(row.items())}"), partnership=partnership, owner=by, **row)
                for number, row in enumerate(rows)
            ]
            known = cls.objects.filter(pk__in=[action.pk for action in actions])
            if any(twin.partnership_id != partnership.pk or twin.owner_id != by.pk for twin in known):
                raise key_is_taken()
            there = {twin.pk for twin in known}
            if new := [action for action in actions if action.pk not in there]:
                _must_have_room(partnership, len(new))
                Action.objects.bulk_create(new)

    def edit(
        self, *, by: Person, version: int, text: str, due: date | None, owner: str, cue: str | None = None,
        because: str | None = None, seen_by: str | None = None, decider: str | None = None,
        session: Session | None = None,
    ) -> None:  # fmt: skip
        """Other words, another date, another owner (a seat). `None` leaves words as they are. Raises Stale when the
        other one changed it meanwhile.
        """
        fields = _checked(text, cue=cue, because=because, seen_by=seen_by, decider=decider)
        if due is None:
            raise Invalid(_("Pick a date. A decision holds when someone owns it and it has a date."), field="due")
        with _writing(self.partnership, by, session):
            self._read_again()
            member = Membership.objects.filter(partnership=self.partnership_id, seat=owner).first()
            if member is None:
                raise Invalid(_("Say who takes it."), field="owner")
            new = {**fields, "due": due, "owner_id": member.person_id}
            if all(getattr(self, name) == value for name, value in new.items()):
                Draft.take(Draft.Box.EDIT.key(self.pk), by=by)
                return
            if version != self.version:
                raise Stale(
                    _("This action changed in between. Both texts are here; keep the one you want."),
                    mine=fields["text"], theirs=self.text, version=self.version,
                )  # fmt: skip
            for name, value in new.items():
                setattr(self, name, value)
            self.version += 1
            self.save(update_fields=[*new, "version"])
            Draft.take(Draft.Box.EDIT.key(self.pk), by=by)

    def finish(self, *, by: Person, closed_as: str = Closed.DONE, helped: str = "") -> bool:
        """Done, or didn’t fit. Pressing it twice is pressing it once. Returns whether this press ended it."""
        with _writing(self.partnership, by, None):
            self._read_again()
            ends = self.closed_as != closed_as
            if ends:
                self._close(closed_as, helped, timezone.localdate(timezone=by.tz))
            elif helped and helped != self.helped:
                self._close(closed_as, helped, self.closed_on)
            return ends

    def reopen(self, *, by: Person) -> None:
        with _writing(self.partnership, by, None):
            _must_have_room(self.partnership, Action.objects.filter(pk=self.pk).exclude(closed_as="").count())
            self._close("", "", None)

    def soft_delete(self, *, by: Person, session: Session | None = None, both: bool = False) -> None:
        """Delete; `both`: with the one that the same press made for the other one. `restore` undoes it."""
        with _writing(self.partnership, by, session) as room:
            gone = self._made(both).filter(deleted_at=None).update(deleted_at=timezone.now())
            if room and gone:
                room.tell(Told.ACTION_DELETED)

    def restore(self, *, by: Person, session: Session | None = None, both: bool = False) -> None:
        with _writing(self.partnership, by, session) as room:
            gone = self._made(both).exclude(deleted_at=None)
            _must_have_room(self.partnership, gone.filter(closed_as="").count())
            back = gone.update(deleted_at=None)
            if room and back:
                room.tell(Told.ACTION, self.pk)

    def _made(self, both: bool) -> models.QuerySet[Action]:
        ids = [self.pk, _twin(self.pk)] if both else [self.pk]
        return Action.objects.filter(pk__in=ids, partnership=self.partnership_id)

    def review(
        self, session: Session, *, by: Person, verdict: str, helped: str = "", remark: str | None = None,
        version: int = 0, due: date | None = None,
    ) -> int:  # fmt: skip
        """Say at a retro what became of it. Changing one's mind there changes the same review.

        It is of both, so it carries a version, which is returned: raises Stale, with both texts, when the other one
        wrote another remark since. `None`, and an empty box that has not seen it, leave the remark as it is.
        """
        remark = None if remark is None else content(remark)
        _same_pair(self.partnership, session)
        with session.writing(by=by) as change:
            self._read_again()
            _must_have_room(self.partnership, int(verdict == Review.Verdict.GOING and not self.is_open))
            review = Review.objects.filter(action=self, session=session).first()
            review = review or Review(action=self, session=session)
            before = (review.verdict, review.helped, review.remark)
            typed = remark if remark or version == review.version else None
            if typed is not None and typed != review.remark:
                if review.remark and version != review.version:
                    raise Stale.by_both(mine=typed, theirs=review.remark, version=review.version)
                review.remark = typed
            seen = typed is not None or version == review.version
            review.verdict, review.helped, review.by = verdict, helped, by
            review.version += before != (review.verdict, review.helped, review.remark)
            changed = ["verdict", "helped", "remark", "version", "by", "at"]
            review.save(update_fields=None if review._state.adding else changed)
            on = change.now.astimezone(ZoneInfo(session.timezone)).date()
            self._close("" if verdict == Review.Verdict.GOING else verdict, helped, on)
            self.carried = Review.objects.filter(action=self, verdict=Review.Verdict.GOING).count()
            if verdict == Review.Verdict.GOING and due is not None and due != self.due:
                self.due, self.version = due, self.version + 1
            self.save(update_fields=["carried", "due", "version"])
            change.shared = True
            if before[:2] != (verdict, helped):  # its remark saves itself with every few keys
                change.tell(Told.REVIEWED, self.pk)
        return review.version if seen else version

    def _read_again(self) -> None:
        """Lock the row and read it: the room and the home page write under different locks."""
        self.refresh_from_db(from_queryset=Action.objects.select_for_update(no_key=True))

    def _close(self, closed_as: str, helped: str, on: date | None) -> None:
        self.closed_as, self.helped, self.closed_on = closed_as, helped, on if closed_as else None
        self.save(update_fields=["closed_as", "helped", "closed_on"])


BOTH = b"both"


class ActionLine(NamedTuple):
    """One line of a list of actions: an action, or the two that "both" made, as long as they say the same."""

    action: Action
    actions: tuple[Action, ...]

    @property
    def owners(self) -> list[Person]:
        return [action.owner for action in self.actions]


def lines_of(actions: Iterable[Action], *, each: bool = False) -> list[ActionLine]:
    """The actions in their order, those of both in one line, as long as they have the same words and date. `each`: for
    a list that says of each owner by when, so that the words are enough.
    """
    lines: dict[uuid.UUID, ActionLine] = {}
    rest = {action.pk: action for action in actions}
    said = {pk: _words(action, each) for pk, action in rest.items()}
    times = Counter(said.values())
    for action in list(rest.values()):
        twin = rest.get(_twin(action.pk)) if times[said[action.pk]] > 1 else None
        if twin is not None and twin.owner_id != action.owner_id and said[twin.pk] == said[action.pk]:
            del rest[twin.pk]
            lines[action.pk] = ActionLine(action, (action, twin))
    return [lines.get(action.pk) or ActionLine(action, (action,)) for action in rest.values()]


def count_states(states: Iterable[tuple[bytes, str]]) -> Counter[str]:
    """How many are open (""), done, dropped, of actions by the bytes of their id and `closed_as`. The two that "both"
    made are one: open as long as one of them is, dropped when both are. Without their words, which not everybody reads
    who counts.
    """
    rest = dict(states)
    starts = {pk[:6] for pk in rest}  # of an id made of another's, that of the digest
    for pk in list(rest):
        if sha1(pk + BOTH, usedforsecurity=False).digest()[:6] not in starts or pk not in rest:
            continue
        if (twin := _twin(uuid.UUID(bytes=pk)).bytes) in rest:
            ends = {rest[pk], rest.pop(twin)}
            rest[pk] = "" if "" in ends else ends.pop() if len(ends) == 1 else Action.Closed.DONE
    return Counter(rest.values())


def _twin(id: uuid.UUID) -> uuid.UUID:
    """The id of the second action, of the two that "both" makes."""
    return uuid.uuid5(id, BOTH.decode())


def _words(action: Action, each: bool) -> tuple[object, ...]:
    """What a line says of an action, whosever it is."""
    said = (*(getattr(action, name) for name in Action.WORDS), action.is_experiment, action.from_entry_id)
    return said if each else (*said, action.due)


def _checked(text: str, **others: str | None) -> dict[str, str]:
    """The words of an action by their field, without those that are None. Raises Invalid without `text`."""
    needed = _("Say what it is, so you can tell when it’s done.")
    given = {name: content(words) for name, words in others.items() if words is not None}
    return {"text": content(text, needed=needed), **given}


class Review(models.Model):
    """What the two said of an action at a later retro."""

    class Verdict(models.TextChoices):
        DONE = "done", gettext_lazy("Done")
        GOING = "going", gettext_lazy("Still going")
        DROPPED = "dropped", gettext_lazy("Didn’t fit")

    action = models.ForeignKey(Action, models.CASCADE, related_name="+")
    session = models.ForeignKey(Session, models.CASCADE, related_name="+")
    verdict = models.CharField(max_length=7, choices=Verdict.choices)
    helped = models.CharField(max_length=13, choices=Action.Helped.choices, blank=True)
    remark = ContentField(blank=True)
    version = models.PositiveIntegerField(default=0)  # rises with every change; 0: there was none yet
    by = models.ForeignKey("partnerships.Person", models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["action", "session"], name="review_once_a_session"),)

    def __str__(self) -> str:
        return f"{self.action_id} {self.verdict}"

    @classmethod
    def for_session(cls, session: Session, person: Person) -> list[tuple[Action, Review | None]]:
        """What the look-back asks about: every earlier action that is open, or was answered here; experiments first."""
        said = {review.action_id: review for review in cls.objects.filter(session=session)}
        begun = session.started_at or timezone.now()
        actions = (
            Action.objects.visible_to(person)
            .filter(
                models.Q(closed_as="", created_at__lt=begun) | models.Q(pk__in=said), partnership=session.partnership_id
            )
            .exclude(session=session)
            .with_owners()
            .order_by("-is_experiment", "due", "created_at")
        )
        return [(action, said.get(action.pk)) for action in actions]


@contextmanager
def _writing(partnership: Partnership, by: Person, session: Session | None) -> Iterator[Change | None]:
    """A write to the pair's actions: inside the room it shows there at once, between retros (None) it needs a
    membership.
    """
    if session is not None:
        _same_pair(partnership, session)
        with session.writing(by=by) as change:
            change.shared = True
            yield change
        return
    with partnership.writing(by):
        yield None
        Session.refresh_rooms(partnership)


def _must_have_room(partnership: Partnership, more: int) -> None:
    """Raises Refusal for more open actions than a pair has. Pages show all of them."""
    known = Action.objects.filter(partnership=partnership, deleted_at=None).open()
    if more and known.count() + more > limits.OPEN_ACTIONS:
        most = {"most": limits.OPEN_ACTIONS}
        raise Refusal(_("You have up to %(most)d open actions. Close some of them, or drop them, first.") % most)


def _same_pair(partnership: Partnership, session: Session) -> None:
    """Who has two partners has two rooms: what belongs to the one pair must not turn up in the other's."""
    if session.partnership_id != partnership.pk:
        raise NotAllowed(_("This belongs to another partnership."))
