from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

from partnerships.content import ContentField, content
from partnerships.models import Partnership
from partnerships.refusals import Stale

if TYPE_CHECKING:
    from partnerships.models import Person


class Handover(models.Model):
    """A short text of the two for whoever works with one of them next. Read by the two, as all they write."""

    partnership = models.OneToOneField(Partnership, models.CASCADE, related_name="+")
    text = ContentField(blank=True)
    version = models.PositiveIntegerField(default=1)
    written_by = models.ForeignKey("partnerships.Person", models.PROTECT, related_name="+")
    written_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"handover of {self.partnership_id}"

    @classmethod
    def of(cls, partnership: Partnership) -> Handover | None:
        """The one of a partnership whose member asks."""
        return cls.objects.filter(partnership=partnership).first()

    @classmethod
    def write(cls, partnership: Partnership, *, by: Person, text: str, version: int) -> Handover:
        """Keep these words. `version` 0: there were none yet. Raises Stale, with both texts, after the other wrote."""
        text = content(text)
        with partnership.writing(by):
            known = cls.of(partnership)
            handover = known or cls(partnership=partnership, version=0)
            if handover.text != text:
                if version != handover.version:
                    raise Stale.by_both(mine=text, theirs=handover.text, version=handover.version)
                handover.text, handover.written_by, handover.version = text, by, handover.version + 1
                changed = ["text", "written_by", "written_at", "version"]
                handover.save(update_fields=changed if known else None)
        return handover
