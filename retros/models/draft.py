from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models, transaction
from django.utils.translation import gettext as _

from partnerships import limits
from partnerships.content import ContentField, clean_content
from partnerships.refusals import Refusal, Stale

if TYPE_CHECKING:
    from collections.abc import Iterable

    from partnerships.models import Person


class Draft(models.Model):
    """What one person is typing into one box, kept on every pause so that nothing is lost.

    `key` names the box: `card:<prompt>`, `edit:<entry>`, `action:<partnership>`. A draft is its author's alone, is
    never counted and tells nobody that it exists (RELIABILITY.md 2, row 1). Whatever verb takes the text over drops
    the draft in its own transaction.
    """

    person = models.ForeignKey("partnerships.Person", models.CASCADE, related_name="+")
    key = models.CharField(max_length=80)
    text = ContentField()
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["person", "key"], name="draft_once"),)

    def __str__(self) -> str:
        return self.key

    @classmethod
    def keep(cls, key: str, text: str, *, version: int, by: Person) -> int:
        """Store the text and return its version; 0 after an empty text, which keeps no row.

        Raises Stale when another tab of the same person stored something else since `version`, ValidationError for
        what is no text. Sending the stored text again is no conflict, whatever the version.
        """
        text = clean_content(text)
        with transaction.atomic():
            draft = cls.objects.select_for_update().filter(person=by, key=key).first()
            if draft is None:
                if not text:
                    return 0
                if cls.objects.filter(person=by).count() >= limits.ENTRIES_PER_PERSON:
                    raise Refusal(_("There are too many unfinished texts. Fold or clear one of them first."))
                return cls.objects.create(person=by, key=key, text=text).version
            if draft.text == text:
                return draft.version
            if draft.version != version:
                raise Stale(
                    _("You wrote something else here in another tab. Both texts are kept."),
                    mine=text,
                    theirs=draft.text,
                    version=draft.version,
                )
            if not text:
                draft.delete()
                return 0
            draft.text, draft.version = text, draft.version + 1
            draft.save(update_fields=["text", "version", "updated_at"])
            return draft.version

    @classmethod
    def drop(cls, key: str, *, by: Person) -> None:
        cls.objects.filter(person=by, key=key).delete()

    @classmethod
    def of(cls, person: Person, keys: Iterable[str]) -> dict[str, Draft]:
        return {draft.key: draft for draft in cls.objects.filter(person=person, key__in=list(keys))}
