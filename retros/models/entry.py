from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.utils.translation import gettext as _

from partnerships import limits as shared_limits
from partnerships.compiled import CompiledQuery
from partnerships.content import ContentField, content
from partnerships.graphemes import shorten
from partnerships.models import Person
from partnerships.refusals import Invalid, NotAllowed, Refusal, Stale
from retros import limits
from retros.models.draft import Draft
from retros.models.told import Told
from retros.paths import mark

if TYPE_CHECKING:
    from partnerships.models import Partnership
    from retros.models.session import Change
    from retros.models.step import Prompt, Step


NOT_HELD = ("missed", "skipped", "cancelled")  # of `Session.Status`: what was written for these is offered once more
WHEN_IT_CAME = ("created_at", "sealed_at", "opened_at", "opened_version")


class EntryQuerySet(models.QuerySet["Entry"]):
    def in_step(self, step: Step) -> EntryQuerySet:
        return self.filter(step=step).order_by("prompt__position", "created_at", "pk")

    def with_picks(self, person: Person) -> EntryQuerySet:
        """Adds `picked_by_you` and `picked_by_partner`."""
        picks = Pick.objects.filter(entry=models.OuterRef("pk"))
        return self.annotate(
            picked_by_you=models.Exists(picks.filter(person=person)),
            picked_by_partner=models.Exists(picks.exclude(person=person)),
        )

    def left_over(self, partnership: Partnership, person: Person) -> EntryQuerySet:
        """A person's own entries from retros that did not take place, the oldest first; “only me” ones too."""
        return self.filter(
            author=person, opened_at=None, step__session__partnership=partnership, step__session__kind="retro",
            step__session__status__in=NOT_HELD,
        ).order_by("created_at", "pk")  # fmt: skip

    def answers(self, step: Step, person: Person) -> EntryQuerySet:
        """A person's entries to the prompts that take one answer, not cards."""
        return self.filter(step=step, author=person, is_card=False)

    def that_say_something(self) -> EntryQuerySet:
        """Without the answers that were begun and taken back: to the other one they are as if never begun."""
        return self.exclude(is_card=False, text="", value=None, tags=[])


class VisibleEntries(models.Manager["Entry"]):
    """The only public way to entries."""

    def get_queryset(self) -> EntryQuerySet:
        raise TypeError("Entries are read through Entry.objects.visible_to(person).")

    def visible_to(self, person: Person) -> EntryQuerySet:
        """The rule who may read an entry, written once (docs/rules/visibility.md V1).

        Its author, always; the other member of the partnership, once it was opened, unless it is “only me”. Nobody
        else: a lead and an admin have no membership here. Deleted entries are gone for both.
        """
        opened = models.Q(opened_at__isnull=False, only_me=False)
        return self._of(person).filter(models.Q(author=person) | opened, deleted_at=None)

    def deleted_by(self, person: Person) -> EntryQuerySet:
        """What its author put away and may bring back."""
        return self._of(person).filter(author=person, deleted_at__isnull=False)

    def _of(self, person: Person) -> EntryQuerySet:
        """Of the partnerships the person is a member of: one row of theirs in each, so no entry comes twice."""
        return EntryQuerySet(self.model, using=self._db).filter(step__session__partnership__memberships__person=person)


class Entry(models.Model):
    """What one person writes alone to one prompt: a card, or the one answer to a question.

    unsealed (an answer still being written) → sealed (folded) → opened. Nothing opened is ever folded again, and
    “only me” never opens. `version` rises with every edit; `opened_version` is the one that the reveal showed.
    """

    class Talk(models.TextChoices):
        """What became of a card while talking."""

        ON_TABLE = "on_table"
        TALKED = "talked"
        PARKED = "parked"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    step = models.ForeignKey("retros.Step", models.CASCADE, related_name="+")
    prompt = models.ForeignKey("retros.Prompt", models.CASCADE, related_name="+")
    author = models.ForeignKey("partnerships.Person", models.PROTECT, related_name="+")
    client_id = models.UUIDField(default=uuid.uuid4)
    is_card = models.BooleanField(default=True)
    text = ContentField(blank=True)
    value = models.PositiveSmallIntegerField(null=True)  # of a scale
    tags = models.JSONField(default=list)
    only_me = models.BooleanField(default=False)
    in_person = models.BooleanField(
        default=False
    )  # a card that is said: its heading is kept, and that it was talked about
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    sealed_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    opened_version = models.PositiveIntegerField(null=True)
    deleted_at = models.DateTimeField(null=True)
    talk = models.CharField(max_length=8, choices=Talk.choices, blank=True)

    # Checks no rights: tests/test_site.py lists the modules that may use it (docs/rules/visibility.md V1).
    unrestricted: ClassVar = EntryQuerySet.as_manager()
    objects: ClassVar[VisibleEntries] = VisibleEntries()

    class Meta:
        verbose_name_plural = "entries"
        base_manager_name = "unrestricted"
        default_manager_name = "unrestricted"
        constraints = (
            models.UniqueConstraint(fields=["author", "client_id"], name="entry_once_a_client_id"),
            models.UniqueConstraint(
                fields=["prompt", "author"], condition=models.Q(is_card=False), name="entry_one_answer"
            ),
            models.UniqueConstraint(
                fields=["step"], condition=models.Q(talk="on_table"), name="entry_one_on_the_table"
            ),
            models.CheckConstraint(
                condition=models.Q(only_me=False) | models.Q(opened_at=None), name="entry_only_me_never_opens"
            ),
        )

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_folded(self) -> bool:
        return self.opened_at is None

    @property
    def why_its_reader_stays(self) -> str:
        """Why “only me” is not set or lifted once its author's side is open (docs/rules/visibility.md V7)."""
        if self.only_me:
            return _(
                "This card was “only me” when your side opened, and stays so. To share it, write it on a new card."
            )
        return _("This card has been open for both of you, so it can no longer be “only me”.")

    @property
    def mark(self) -> str:
        """What a page calls it by."""
        return mark(self.pk)

    @property
    def preview(self) -> str:
        """The start of the text, for the accessible name of a button on the card."""
        return shorten(self.text, limits.PREVIEW_LENGTH)

    # --- cards --------------------------------------------------------------------------------------------------

    @classmethod
    def fold(
        cls, prompt: Prompt, *, by: Person, text: str, client_id: uuid.UUID, only_me: bool = False,
        in_person: bool = False,
    ) -> Entry:  # fmt: skip
        """Fold a card. In a step whose side is open already it lies open at once.

        `in_person`: what it is about will be said, so its text is a heading. The same `client_id` again is the same
        card (a retry); with another text it raises Stale and both are kept. Raises Invalid for an empty or over-long
        text, for more than a heading where one is kept, and for a prompt that takes no cards.
        """
        text = _words_of(text, in_person)
        step = prompt.step
        with step.session.writing(by=by, step=step) as change:
            if not prompt.takes_cards:
                raise Invalid(_("This question takes one answer, not cards."))
            for twin in _twins(by, client_id):
                if (twin.text, twin.prompt_id, twin.only_me, twin.in_person) != (text, prompt.pk, only_me, in_person):
                    raise Stale(
                        _("This card was kept already, with other words. Both texts are here."),
                        mine=text, theirs=twin.text, version=twin.version,
                    )  # fmt: skip
                return twin
            _must_fit(change, 1)
            entry = cls(
                prompt=prompt, step=step, author=by, client_id=client_id, text=text, only_me=only_me,
                in_person=in_person, sealed_at=change.now,
            )  # fmt: skip
            entry._settle(change)
            entry.save(force_insert=True)
            Draft.take(Draft.Box.CARD.key(prompt.pk), by=by, client_id=client_id)
        return entry

    @classmethod
    def fold_all(cls, step: Step, *, by: Person, cards: list[tuple[Prompt, str]], id: uuid.UUID) -> None:
        """Fold many at once, all or none. `id` is the client's own: a retry folds nothing again but what else stands
        in the form by then.

        Raises Refusal when one's own side lies open already, and when they do not fit.
        """
        with step.session.writing(by=by, step=step) as change:
            entries = [
                Entry(
                    prompt=prompt, step=step, author=by, text=text, sealed_at=change.now,
                    client_id=uuid.uuid5(id, f"{number} {prompt.pk} {text}"),
                )
                for number, (prompt, text) in enumerate(cards)
            ]  # fmt: skip
            own = cls.unrestricted.filter(author=by, client_id__in=[entry.client_id for entry in entries])
            known = set(own.values_list("client_id", flat=True))
            entries = [entry for entry in entries if entry.client_id not in known]
            if not entries:
                return
            if step.side_open(change.seat):
                raise Refusal(_("Your side of the board is open, so these would be at once. Write them there."))
            _must_fit(change, len(entries))
            for entry in entries:
                entry._settle(change)
            Entry.unrestricted.bulk_create(entries)

    def edit(self, *, by: Person, text: str, version: int, only_me: bool | None = None) -> None:
        """New words for a card of one's own, or another reader; `None` leaves that as it is. An opened card keeps its
        earlier text beside it.

        “Only me” is set and lifted while the card is folded: to the other one it is then a card less or a card more.
        Raises Stale when the card changed since `version`, showing both texts; Refusal for another reader after that.
        """
        text = _words_of(text, self.in_person)
        with self._changing(by) as change:
            changes_reader = only_me is not None and only_me != self.only_me
            if self.text != text or changes_reader:
                self._check_version(version, text)
                if changes_reader and self.step.side_open(change.seat):
                    raise Refusal(self.why_its_reader_stays)
                changed: dict[str, Any] = {"text": text, **({"only_me": only_me} if changes_reader else {})}
                self._revise(change, Told.CARD_CHANGED, private=False if changes_reader else None, **changed)
            Draft.take(Draft.Box.EDIT.key(self.pk), by=by)

    def move(self, prompt: Prompt, *, by: Person) -> None:
        """To another column of the same step."""
        with self._changing(by) as change:
            if prompt.step_id != self.step_id or not prompt.takes_cards:
                raise Invalid(_("A card moves between the columns of its own step."))
            if prompt.pk != self.prompt_id:
                self._revise(change, prompt=prompt)

    def soft_delete(self, *, by: Person) -> None:
        """Put the card away. `restore` brings it back."""
        with self._changing(by, deleted=True) as change:
            if self.deleted_at is None:
                self._revise(change, Told.CARD_DELETED, deleted_at=change.now, talk="")

    def restore(self, *, by: Person) -> None:
        """Bring a deleted card back; if its side was opened in between, it comes back open. Raises Refusal when others
        took its place.
        """
        with self._changing(by, deleted=True) as change:
            if self.deleted_at is not None:
                _must_fit(change, 1)
                self._revise(change, Told.CARD, deleted_at=None)

    # --- answers ------------------------------------------------------------------------------------------------

    @classmethod
    def answer(
        cls, prompt: Prompt, *, by: Person, version: int, text: str = "", value: int | None = None,
        tags: list[str] | None = None, only_me: bool = False,
    ) -> Entry:  # fmt: skip
        """Keep a person's one answer to a question, as often as they change it. A draft until they are ready.

        After the reveal it lies open at once and keeps its earlier text; “only me” then can no longer be changed.
        Raises Stale when another tab stored something else since `version`; 0 means “there was none yet”.
        """
        text = content(text)
        tags = tags or []
        step = prompt.step
        with step.session.writing(by=by, step=step) as change:
            if prompt.takes_cards:
                raise Invalid(_("This question takes cards."))
            if prompt.set_aside:
                raise Refusal(_("This is asked no more."))
            known = {str(choice) for choice, _label in prompt.choices}
            if (value is not None and str(value) not in known) or not known.issuperset(tags):
                raise Invalid(_("That is not one of the choices."))
            entry = cls.unrestricted.filter(prompt=prompt, author=by).first()
            if entry is None:
                entry = cls(prompt=prompt, step=step, author=by, is_card=False, version=0)
            if entry.version and step.side_open(change.seat):
                only_me = entry.only_me
            same = (entry.text, entry.value, entry.tags, entry.only_me) == (text, value, tags, only_me)
            if same and entry.version:
                return entry
            entry._check_version(version, text)
            private = only_me and (entry.only_me or not entry.version)  # it never was anybody else's business
            entry.only_me = only_me
            if entry.version:
                entry._revise(change, private=private, text=text, value=value, tags=tags, only_me=only_me)
            else:
                entry.text, entry.value, entry.tags, entry.version = text, value, tags, 1
                entry._settle(change, private=private)
                entry.save(force_insert=True)
        return entry

    # --- picks and talk -----------------------------------------------------------------------------------------

    def pick(self, *, by: Person) -> None:
        """“I want to talk about this card.”"""
        with self._talking(by) as change:
            _pick, is_new = Pick.objects.get_or_create(entry=self, person=by)
            if is_new:
                change.tell(Told.PICKED, self.pk)

    def unpick(self, *, by: Person) -> None:
        with self._talking(by) as change:
            gone, _rows = Pick.objects.filter(entry=self, person=by).delete()
            if gone:
                change.tell(Told.UNPICKED, self.pk)

    def put_on_table(self, *, by: Person) -> None:
        """One card on the table at a time. The one that lay there goes back, as talked about if anything came up."""
        from retros.models.action import Action  # an action, a note is about an entry
        from retros.models.note import Note

        with self._talking(by) as change:
            self.must_take_words()
            if self.talk != self.Talk.ON_TABLE:
                change.tell(Told.TABLED, self.pk)
            for other in Entry.unrestricted.filter(step=self.step_id, talk=self.Talk.ON_TABLE).exclude(pk=self.pk):
                noted = Note.objects.filter(entry=other).exclude(text="").exists()
                agreed = Action.objects.filter(from_entry=other, deleted_at=None).exists()
                Entry.unrestricted.filter(pk=other.pk).update(talk=self.Talk.TALKED if noted or agreed else "")
            self.talk = self.Talk.ON_TABLE
            self.save(update_fields=["talk"])

    def set_talk(self, talk: str, *, by: Person) -> None:
        """Talked about, parked, or (empty) neither any more."""
        if talk not in {"", self.Talk.TALKED, self.Talk.PARKED}:
            raise Invalid(_("That is not one of the choices."))
        with self._talking(by) as change:
            change.shared = self.talk != talk
            if self.talk != talk and talk:
                change.tell(Told(talk), self.pk)
            self.talk = talk
            self.save(update_fields=["talk"])

    # --- inside -------------------------------------------------------------------------------------------------

    @contextmanager
    def _changing(self, by: Person, *, deleted: bool = False) -> Iterator[Change]:
        """One change by the author to a card of theirs."""
        with self.step.session.writing(by=by, step=self.step) as change:
            self._read_again()
            self.must_be_of(by)
            if not self.is_card:
                raise Invalid(_("This question takes one answer, not cards."))
            if self.deleted_at is not None and not deleted:
                raise Refusal(_("This card was deleted. Bring it back first."))
            yield change

    @contextmanager
    def _talking(self, by: Person) -> Iterator[Change]:
        """Something the two do with a card that lies open."""
        with self.step.session.writing(by=by) as change:
            if not self.is_card:
                raise Invalid(_("This question takes one answer, not cards."))
            self.must_be_open()
            yield change

    def must_be_of(self, person: Person) -> None:
        """Raises NotAllowed for somebody who can read it and has not written it."""
        if self.author_id != person.pk:
            raise NotAllowed(_("Only its author can change this card."))

    def must_be_open(self) -> None:
        """Raises Refusal unless both can see this now. Part of a verb that holds the session's lock."""
        self._read_again()
        if self.is_folded or self.deleted_at is not None:
            raise Refusal(_("This card is not open."))

    def must_take_words(self) -> None:
        """`must_be_open`, for who writes something down about it: also raises Refusal for what is said in person."""
        self.must_be_open()
        if self.in_person:
            raise Refusal(_("This one is said in person: nothing more of it is kept. Tick it when you have talked."))

    def _read_again(self) -> None:
        written = ("prompt_id", "text", "version", "only_me", "deleted_at", "talk")
        self.refresh_from_db(fields=[*written, *WHEN_IT_CAME])

    def _check_version(self, version: int, mine: str) -> None:
        if version != self.version:
            raise Stale(
                _("This changed in between. Both texts are here; keep the one you want."),
                mine=mine, theirs=self.text, version=self.version,
            )  # fmt: skip

    def _settle(self, change: Change, told: Told = Told.CARD, *, private: bool | None = None) -> None:
        """Decide, while the session is locked, whether what is written now lies open, and take back a Ready it upsets.

        Work on what is “only me” (`private`, by default as the entry says) upsets nothing and shows nobody anything.
        `told` is what an open card tells; an answer that saves itself tells nothing.
        """
        private = self.only_me if private is None else private
        if self.step.side_open(change.seat):
            self.sealed_at = self.sealed_at or change.now
            if not self.only_me and self.opened_at is None:
                self._come(change)
            change.shared = change.shared or not self.is_folded
            if self.is_card and not self.is_folded:
                change.tell(told, self.pk)
        elif not private:
            if self.step.withdraw_ready(change.person):
                change.tell(Told.NOT_READY)
            if not self.is_card:
                self.sealed_at = None

    def _come(self, change: Change) -> None:
        """Lie open from here on, for both as if it was written just now: how long its author had it is theirs alone."""
        self.opened_at = self.created_at = change.now
        self.opened_version = self.version + (0 if self._state.adding else 1)

    def _revise(
        self, change: Change, told: Told = Told.CARD_CHANGED, /, *, private: bool | None = None, **fields: Any
    ) -> None:
        """Store new values under a new version; keep the earlier text of what was open."""
        self._settle(change, told, private=private)
        if not self.is_folded and "text" in fields and self.text and self.text != fields["text"]:
            EntryRevision.objects.create(entry=self, version=self.version, text=self.text)
        for name, value in fields.items():
            setattr(self, name, value)
        self.version += 1
        self.save(update_fields=[*fields, "version", *WHEN_IT_CAME])


def _words_of(text: str, in_person: bool) -> str:
    """The text of a card; of one that is said in person a heading."""
    text = content(text, needed=_("There is nothing on this card yet."))
    if in_person and ("\n" in text or len(text) > shared_limits.NAME_LENGTH):
        most = shared_limits.NAME_LENGTH
        raise Invalid(_("Of what you say in person a heading is kept: one line, %(most)d letters.") % {"most": most})
    return text


def _must_fit(change: Change, more: int) -> None:
    """Raises Refusal when so many more entries are too many of this person in this session."""
    if sum(count for (count,) in _counts(change.session.pk, change.person)) + more > limits.ENTRIES_PER_PERSON:
        raise Refusal(_("That is a lot for one hour. Nothing more fits in this session."))


_twins = CompiledQuery(
    lambda author, client_id: Entry.unrestricted.filter(author=author, client_id=client_id), Person, uuid.UUID
)
_counts = CompiledQuery(
    lambda session, author: (
        Entry.unrestricted.filter(step__session=session, author=author, deleted_at=None)
        .order_by()
        .values("author")
        .annotate(count=models.Count("pk"))
        .values_list("count")
    ),
    uuid.UUID,
    Person,
)


class EntryRevision(models.Model):
    """The words an opened entry had before its author changed them."""

    entry = models.ForeignKey(Entry, models.CASCADE, related_name="+")
    version = models.PositiveIntegerField()
    text = ContentField(blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["entry", "version"], name="entry_revision_once"),)

    def __str__(self) -> str:
        return f"{self.entry_id} v{self.version}"


class Pick(models.Model):
    """“I want to talk about this card.”"""

    entry = models.ForeignKey(Entry, models.CASCADE, related_name="+")
    person = models.ForeignKey("partnerships.Person", models.CASCADE, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["entry", "person"], name="pick_once"),)

    def __str__(self) -> str:
        return f"{self.person_id} picked {self.entry_id}"
