from __future__ import annotations

from typing import ClassVar

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from partnerships import limits
from partnerships.content import isolated
from partnerships.seen import check_seen


class Organisation(models.Model):
    """Whoever this installation is for: at most one row, which is there once an admin was asked for the name."""

    ONLY: ClassVar = 1

    name = models.CharField(_("Name"), max_length=limits.NAME_LENGTH, blank=True)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def was_asked(cls) -> bool:
        return cls.objects.exists()

    @classmethod
    def bare_name(cls) -> str:
        """Empty where nobody gave one."""
        return cls.objects.filter(pk=cls.ONLY).values_list("name", flat=True).first() or ""

    @classmethod
    def in_words(cls) -> str:
        """As it stands in a sentence; see `content.isolated`."""
        return isolated(cls.bare_name())

    @classmethod
    def call(cls, name: str, *, version: int) -> None:
        """`version`: of the name that the page showed. Raises Stale when it was changed meanwhile."""
        with transaction.atomic():
            known, _is_new = cls.objects.select_for_update(no_key=True).get_or_create(pk=cls.ONLY)
            check_seen(version, mine=[name], theirs=[known.name])
            known.name = name
            known.save(update_fields=["name"])

    @classmethod
    def ask_no_more(cls) -> None:
        """The name stays what it is, maybe none."""
        cls.objects.get_or_create(pk=cls.ONLY)
