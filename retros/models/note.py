from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.utils.translation import gettext as _

from partnerships.content import ContentField, content
from partnerships.refusals import Invalid, Refusal, Stale
from retros.models.draft import Draft
from retros.models.entry import Entry
from retros.models.session import key_is_taken
from retros.models.told import Told

if TYPE_CHECKING:
    from partnerships.models import Person
    from retros.models.step import Prompt, Step


class NoteQuerySet(models.QuerySet["Note"]):
    def visible_to(self, person: Person) -> NoteQuerySet:
        """The two members (docs/rules/visibility.md V2)."""
        return self.filter(step__session__partnership__memberships__person=person, deleted_at=None)

    def deleted_for(self, person: Person) -> NoteQuerySet:
        """What one of the two put away; either may bring it back."""
        return self.filter(step__session__partnership__memberships__person=person, deleted_at__isnull=False)


class Note(models.Model):
    """Shared text written in the open: what came up on a card or in a step, what we learned, what surprised one of us;
    and the summary of a retro for somebody outside, who reads it only when both release it.

    Both may change it, so it carries a version, and a lost race shows both texts.
    """

    class Kind(models.TextChoices):
        CAME_UP = "came_up"
        LEARNED = "learned"
        SURPRISED = "surprised"  # by an answer of the other one
        SUMMARY = "summary"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    step = models.ForeignKey("retros.Step", models.CASCADE, related_name="+")
    entry = models.ForeignKey(Entry, models.CASCADE, null=True, related_name="+")
    kind = models.CharField(max_length=9, choices=Kind.choices)
    text = ContentField(blank=True)
    version = models.PositiveIntegerField(default=1)
    written_by = models.ForeignKey("partnerships.Person", models.PROTECT, related_name="+")
    written_at = models.DateTimeField(auto_now=True)
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True)

    objects: ClassVar = NoteQuerySet.as_manager()

    class Meta:
        ordering = ("created_at", "pk")
        constraints = (
            models.UniqueConstraint(fields=["entry"], condition=models.Q(kind="came_up"), name="note_one_a_card"),
            models.UniqueConstraint(
                fields=["step"], condition=models.Q(kind="came_up", entry=None), name="note_one_a_step"
            ),
            models.UniqueConstraint(fields=["step"], condition=models.Q(kind="summary"), name="note_one_summary"),
        )

    def __str__(self) -> str:
        return str(self.pk)

    @classmethod
    def came_up(cls, step: Step, *, by: Person, text: str, version: int, entry: Entry | None = None) -> Note:
        """Write the shared note of a card on the table, or of a step. `version` 0: there was none yet.

        Raises Stale, with both texts, when the other one wrote in between.
        """
        text = content(text)
        with step.session.writing(by=by, step=step) as change:
            if entry is not None:
                entry.must_take_words()
                if entry.step_id != step.pk:
                    raise Invalid(_("This card belongs to another step."))
            elif step.is_folded:
                raise Refusal(_("Open this step first, together. Both of you press “I’m ready”."))
            note = cls._in_box(step, cls.Kind.CAME_UP, entry)
            change.shared = note._fill(text, version, by)
        return note

    @classmethod
    def summarise(cls, step: Step, *, by: Person, text: str, version: int) -> Note:
        """Write the summary of a retro, at its wrap-up. `version` 0: there was none yet.

        Raises Stale, with both texts, when the other one wrote in between.
        """
        text = content(text)
        with step.session.writing(by=by) as change:
            if step.kind != step.Kind.CLOSE:
                raise Invalid(_("The summary belongs to the wrap-up."))
            note = cls._in_box(step, cls.Kind.SUMMARY)
            change.shared = note._fill(text, version, by)
        return note

    @classmethod
    def agree_on(cls, prompt: Prompt, *, by: Person, text: str, version: int) -> Note:
        """Write the sentence that comes out of a question of a sitting, under both answers. `version` 0: there was none
        yet. It is one of the sentences of the last step.

        Raises Refusal before the reveal; Stale, with both texts, when the other one wrote in between.
        """
        text = content(text)
        step = prompt.step
        with step.session.writing(by=by, step=step) as change:
            if not step.is_revealed:
                raise Refusal(_("Open this step first, together. Both of you press “I’m ready”."))
            last = step.session.steps[-1]
            if last.kind != step.Kind.AGREE or prompt.kind != prompt.Kind.TEXT or prompt.is_guess:
                raise Invalid(_("No sentence comes out of this one."))
            key = prompt.sentence_key
            note = cls.objects.filter(pk=key).first() or cls(id=key, step=last, kind=cls.Kind.LEARNED, version=0)
            is_new = note.version == 0
            change.shared = note._fill(text, version, by)
            if is_new and change.shared:  # it saves itself with every few keys
                change.tell(Told.LEARNED)
        return note

    @classmethod
    def _in_box(cls, step: Step, kind: str, entry: Entry | None = None) -> Note:
        """The one note of this kind there, or an unsaved one with version 0."""
        known = cls.objects.filter(step=step, entry=entry, kind=kind).first()
        return known or cls(step=step, entry=entry, kind=kind, version=0)

    @classmethod
    def learn(cls, step: Step, *, by: Person, text: str, id: uuid.UUID) -> Note:
        """Add one thing the two learned. `id` is the client's own, so that a retry adds nothing."""
        return cls._add(step, by=by, text=text, id=id, kind=cls.Kind.LEARNED, draft=Draft.Box.LEARN.key(step.pk))

    @classmethod
    def surprise(cls, entry: Entry, *, by: Person, text: str, id: uuid.UUID) -> Note:
        """Say what surprised one in an answer that lies open: a line for both. `id` as for `learn`."""
        if entry.author_id == by.pk:
            raise Invalid(_("This is your own answer."))
        draft = Draft.Box.SURPRISE.key(entry.pk)
        return cls._add(entry.step, by=by, text=text, id=id, kind=cls.Kind.SURPRISED, draft=draft, entry=entry)

    @classmethod
    def _add(
        cls, step: Step, *, by: Person, text: str, id: uuid.UUID, kind: str, draft: str, entry: Entry | None = None
    ) -> Note:
        text = content(text, needed=_("There is nothing written here yet."))
        with step.session.writing(by=by) as change:
            if entry is not None:
                entry.must_take_words()
            if twin := cls.objects.select_related("step").filter(pk=id).first():
                if twin.step.session_id != step.session_id:
                    raise key_is_taken()
                if twin.text != text:
                    raise Stale.kept_already(mine=text, theirs=twin.text, version=twin.version)
                return twin
            note = cls(id=id, step=step, entry=entry, kind=kind, version=0)
            note.write(text, by)
            Draft.take(draft, by=by, client_id=id)
            change.tell(Told.SURPRISED if kind == cls.Kind.SURPRISED else Told.LEARNED, note.pk)
        return note

    def edit(self, *, by: Person, text: str, version: int) -> None:
        """Raises Stale, with both texts, when the other one wrote in between."""
        text = content(text)
        with self.step.session.writing(by=by) as change:
            self.refresh_from_db(fields=["text", "version", "deleted_at"])
            if self.deleted_at is not None:
                raise Refusal(_("This was deleted in between. Bring it back first."))
            change.shared = self._change(text, version, by)

    def soft_delete(self, *, by: Person) -> None:
        with self.step.session.writing(by=by) as change:
            Note.objects.filter(pk=self.pk).update(deleted_at=change.now)
            change.tell(Told.NOTE_DELETED)

    def restore(self, *, by: Person) -> None:
        with self.step.session.writing(by=by) as change:
            Note.objects.filter(pk=self.pk).update(deleted_at=None)
            change.tell(Told.LEARNED, self.pk)

    def _fill(self, text: str, version: int, by: Person) -> bool:
        """Put the text of a box. Returns whether anything changed."""
        if self.version and self.deleted_at is None:
            return self._change(text, version, by)
        if not self.version and not text:  # an empty box that saves itself must not be in the other one's way
            return False
        self.deleted_at = None
        self.write(text, by)
        return True

    def _change(self, text: str, version: int, by: Person) -> bool:
        if text == self.text:
            return False
        if version != self.version:
            raise Stale.by_both(mine=text, theirs=self.text, version=self.version)
        self.write(text, by)
        return True

    def write(self, text: str, by: Person) -> None:
        """Store new words under a new version. Part of a verb that holds the session's lock."""
        self.text, self.written_by, self.version = text, by, self.version + 1
        changed = ["text", "written_by", "written_at", "version", "deleted_at"]
        self.save(update_fields=None if self._state.adding else changed)
