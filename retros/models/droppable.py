"""What belongs to one of the two alone, who may put it away and bring it back."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from partnerships.refusals import NotAllowed

if TYPE_CHECKING:
    from partnerships.models import Person


class Droppable(models.Model):
    """`OWNER` names the field of the person whose it is; `dropped_at`: since when it is put away."""

    OWNER: str

    dropped_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    def soft_delete(self, *, by: Person) -> None:
        """Put it away. `restore` brings it back. Raises NotAllowed for anybody but whose it is."""
        self._put(timezone.now(), by)

    def restore(self, *, by: Person) -> None:
        self._put(None, by)

    def _put(self, at: datetime | None, by: Person) -> None:
        owner: Any = getattr(self, f"{self.OWNER}_id")
        if owner != by.pk:
            raise NotAllowed(_("This is somebody else’s."))
        self.dropped_at = at and (self.dropped_at or at)
        self.save(update_fields=["dropped_at"])
