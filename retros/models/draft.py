from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from django.db import models, transaction
from django.utils.translation import gettext as _

from partnerships.compiled import CompiledQuery
from partnerships.content import ContentField, content
from partnerships.models import Person
from partnerships.refusals import Invalid, Refusal, Stale
from retros import limits

if TYPE_CHECKING:
    from collections.abc import Iterable

_KEY = re.compile(r"[\w:.-]{1,80}", re.ASCII)
_CARD = re.compile(r"card:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


class Begun(NamedTuple):
    """What somebody began to write in a box, as a page shows it: nothing, and version 0, before they do."""

    key: str  # `Draft.Box.key`
    text: str = ""
    version: int = 0


class Draft(models.Model):
    """What one person is typing into one box, kept on every pause so that nothing is lost.

    `key` names the box (`Box.key`). A draft is its author's alone, is never counted and tells nobody that it exists
    (docs/rules/visibility.md V2). Whatever verb takes the text over empties the draft in its own transaction.
    """

    class Box(models.TextChoices):
        """The kinds of boxes, and what the id in their key names."""

        CARD = "card"  # a prompt
        EDIT = "edit"  # the entry or the action that gets other words
        ACTION = "action"  # the partnership, or the card on the table
        TRY = "try"  # a session
        LEARN = "learn"  # a step
        SURPRISE = "surprise"  # the entry of the other one
        DECISION = "decision"  # a step
        JOT = "jot"  # the partnership
        WORD = "word"  # the partnership
        LATE = "late"  # what a text was about that came after the session had ended: a step, prompt, entry or action

        def key(self, pk: UUID) -> str:
            """“card:<id>”: what the page, the browser's own copy and the verb that takes the text over call the box."""
            return f"{self.value}:{pk}"

    person = models.ForeignKey("partnerships.Person", models.CASCADE, related_name="+")
    key = models.CharField(max_length=80)
    text = ContentField()
    version = models.PositiveIntegerField(default=1)
    spent = models.UUIDField(null=True)  # the client id of the thing that took the last text over
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["person", "key"], name="draft_once"),)

    def __str__(self) -> str:
        return self.key

    @classmethod
    def keep(cls, key: str, text: str, *, version: int, by: Person, client_id: UUID | None = None) -> int:
        """Store the text and return its version; 0 for nothing; -1 when it came too late and is not stored.

        `client_id` is that of the thing which the text will become: a save that comes late, after that thing took the
        text over, stores nothing. Sending the stored text again is no conflict, whatever the version.

        Raises Stale when another tab of the same person stored something else since `version`, Invalid for what is no
        text, Refusal when there are too many drafts.
        """
        text = content(text)
        if not _KEY.fullmatch(key):
            raise Invalid(_("This box is not one of ours. Your text is here."))
        with transaction.atomic():
            draft = cls.objects.select_for_update(no_key=True).filter(person=by, key=key).first()
            if draft is None:
                if not text:
                    return 0
                if cls.objects.filter(person=by).exclude(text="").count() >= limits.DRAFTS:
                    raise Refusal(_("There are too many unfinished texts. Fold or clear one of them first."))
                by.check_here()  # what an erasure has deleted comes back by no save that was under way
                draft, created = cls.objects.get_or_create(person=by, key=key, defaults={"text": text})
                if created:
                    return draft.version
            if draft.text == text:
                return draft.version
            if client_id is not None and draft.spent == client_id:
                return -1
            if draft.text and draft.version != version:
                raise Stale(
                    _("You wrote something else here in another tab. Both texts are kept."),
                    mine=text, theirs=draft.text, version=draft.version,
                )  # fmt: skip
            draft.text, draft.version = text, draft.version + 1
            draft.save(update_fields=["text", "version", "updated_at"])
            return draft.version

    @classmethod
    def take(cls, key: str, *, by: Person, client_id: UUID | None = None) -> None:
        """The text became something: empty its draft. Part of the verb that took it over."""
        Draft.objects.bulk_create(
            [Draft(person=by, key=key, spent=client_id)],
            update_conflicts=True, unique_fields=["person", "key"], update_fields=["text", "spent", "updated_at"],
        )  # fmt: skip

    @classmethod
    def keep_late(cls, pk: UUID, *, by: Person, text: str) -> None:
        """Keep for its author what came after the session had ended, where nobody can write any more."""
        if text.strip():
            key = cls.Box.LATE.key(pk)
            with transaction.atomic():
                by.check_here()
                cls.objects.update_or_create(person=by, key=key, defaults={"text": content(text)})

    @classmethod
    def begun(cls, person: Person) -> dict[str, Draft]:
        """All that the person began to write, by the key of the box; the oldest first. `keep` bounds how many."""
        return {draft.key: draft for draft in _begun(person)}

    @classmethod
    def of(cls, person: Person, keys: Iterable[str]) -> dict[str, Draft]:
        begun = cls.begun(person)
        return {key: begun[key] for key in keys if key in begun}


def card_of(key: str) -> UUID | None:
    """The column's prompt, where the box is that of a new card."""
    found = _CARD.fullmatch(key)
    return UUID(found[1]) if found else None


_begun: CompiledQuery[Draft] = CompiledQuery(
    lambda person: Draft.objects.filter(person=person).exclude(text="").order_by("updated_at"), Person
)
