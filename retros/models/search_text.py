from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from partnerships.content import ContentField

FOUND = ("entry", "note", "action", "review", "clause", "version", "need", "handover", "kind_word")


def _points_at(model: str) -> Any:
    """To the one thing that a row is about. The triggers keep it, so the database need not check it."""
    return models.ForeignKey(model, models.DO_NOTHING, null=True, db_constraint=False, db_index=False, related_name="+")


class SearchText(models.Model):
    """The words of one thing as a search compares them. Written by triggers of the database alone
    (retros/search/index.py), in the transaction of whatever changes the thing.

    It says where words stand, never who may read them: what is found is asked of the loaders' own filters. `shelf` is
    the id of whose it is: of the partnership, or of the author as long as nothing of it is open. So a search looks at
    nothing that lies folded on the other side.
    """

    entry: ClassVar = _points_at("retros.Entry")
    note: ClassVar = _points_at("retros.Note")
    action: ClassVar = _points_at("retros.Action")
    review: ClassVar = _points_at("retros.Review")
    clause: ClassVar = _points_at("partnerships.Clause")
    version: ClassVar = _points_at("partnerships.Version")
    need: ClassVar = _points_at("retros.Need")
    handover: ClassVar = _points_at("retros.Handover")
    kind_word: ClassVar = _points_at("retros.KindWord")
    shelf = models.UUIDField()
    by = models.UUIDField()  # who wrote it last; of an action, whose it is
    at = models.DateTimeField()  # since when both can read it, or it was written
    words = ContentField()  # retros/search/folding.py

    class Meta:
        constraints = tuple(
            models.UniqueConstraint(
                fields=[name], condition=models.Q((f"{name}__isnull", False)), name=f"search_{name}"
            )
            for name in FOUND
        )

    def __str__(self) -> str:
        return str(self.pk)
