from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partnerships.content import ContentField, content
from partnerships.models import Membership, Partnership
from partnerships.refusals import NotAllowed, Refusal, Stale
from retros import limits
from retros.models.draft import Draft
from retros.models.droppable import Droppable
from retros.models.entry import Entry
from retros.models.session import key_is_taken

if TYPE_CHECKING:
    from partnerships.models import Person


class JotQuerySet(models.QuerySet["Jot"]):
    def of(self, person: Person) -> JotQuerySet:
        """Their own, and nobody else's, ever (docs/rules/visibility.md V2)."""
        return self.filter(person=person, partnership__memberships__person=person)

    def kept(self, person: Person) -> JotQuerySet:
        """Those of their own that wait: neither dropped nor ever a card. A card has the id of its jot."""
        own = Entry.objects.visible_to(person).filter(author=person)
        used = [cards.filter(client_id=models.OuterRef("pk")) for cards in (own, Entry.objects.deleted_by(person))]
        return self.of(person).exclude(models.Exists(used[0])).exclude(models.Exists(used[1])).filter(dropped_at=None)


class Jot(Droppable):
    """A line that one of the two keeps between retros, for themselves: on the day it can become a card.

    Nobody else learns that there is one.
    """

    class Column(models.TextChoices):
        """Where it belongs on a board: the hue of `Prompt.column`."""

        GOOD = "good", gettext_lazy("What goes well")
        BAD = "bad", gettext_lazy("What holds us back")
        TALK = "talk", gettext_lazy("To talk about")

    OWNER = "person"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partnership = models.ForeignKey(Partnership, models.CASCADE, related_name="+")
    person = models.ForeignKey("partnerships.Person", models.CASCADE, related_name="+")
    text = ContentField()
    column = models.CharField(max_length=4, choices=Column.choices, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = JotQuerySet.as_manager()

    class Meta:
        ordering = ("created_at", "pk")

    def __str__(self) -> str:
        return str(self.pk)

    @classmethod
    def keep(cls, partnership: Partnership, *, by: Person, text: str, id: uuid.UUID, column: str = "") -> Jot:
        """`id` is the client's own: a retry adds nothing, and with other words it raises Stale.

        Takes no lock that the other one could wait for. Raises NotAllowed for who may not write in the partnership,
        Invalid for an empty or over-long text, Refusal when too many wait.
        """
        text = content(text, needed=_("There is nothing written here yet."))
        if not Membership.objects.filter(partnership=partnership, partnership__archived_at=None, person=by).exists():
            raise NotAllowed(_("You can read this, and no longer write in it."))
        if not cls.objects.filter(pk=id).exists():
            _must_have_room(by)
        with transaction.atomic():
            by.check_here()
            jot, is_new = cls.objects.get_or_create(
                pk=id, defaults={"partnership": partnership, "person": by, "text": text, "column": column}
            )
            if is_new:
                Draft.take(Draft.Box.JOT.key(partnership.pk), by=by, client_id=id)
        if (jot.person_id, jot.partnership_id) != (by.pk, partnership.pk):
            raise key_is_taken()
        if jot.text != text:
            raise Stale.kept_already(mine=text, theirs=jot.text)
        return jot

    def restore(self, *, by: Person) -> None:
        """Raises Refusal when others took its place."""
        if self.dropped_at is not None:
            _must_have_room(by)
        super().restore(by=by)


def _must_have_room(person: Person) -> None:
    if Jot.objects.kept(person).count() >= limits.JOTS:
        raise Refusal(_("There are too many jots. Drop one, or use one on a board first."))
