from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.utils.translation import gettext as _

from partnerships.content import ContentField, content
from partnerships.models import Delivery, Membership, Partnership
from partnerships.refusals import Invalid, Refusal, Stale
from retros import limits
from retros.models.draft import Draft
from retros.models.droppable import Droppable
from retros.models.session import key_is_taken

if TYPE_CHECKING:
    from partnerships.models import Person


class KindWordQuerySet(models.QuerySet["KindWord"]):
    def of(self, person: Person) -> KindWordQuerySet:
        """What they were given, dropped or not (docs/rules/visibility.md V22)."""
        return self.filter(receiver=person, partnership__memberships__person=person)

    def visible_to(self, person: Person) -> KindWordQuerySet:
        """What stands on their shelf. Nobody else reads it, not even who gave it: so nobody learns what was dropped."""
        return self.of(person).filter(dropped_at=None).order_by("-created_at", "pk")


class KindWord(Droppable):
    """A line that one of the two gives the other between retros. From then on it is the other one's."""

    OWNER = "receiver"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partnership = models.ForeignKey(Partnership, models.CASCADE, related_name="+")
    giver = models.ForeignKey("partnerships.Person", models.PROTECT, related_name="+")
    receiver = models.ForeignKey("partnerships.Person", models.PROTECT, related_name="+")
    text = ContentField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = KindWordQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.pk)

    @classmethod
    def give(cls, partnership: Partnership, *, by: Person, text: str, id: uuid.UUID) -> KindWord:
        """`id` is the client's own: a retry gives nothing again. The partner is told in the app that there is one.

        Raises Invalid for nothing, more than a line or too long a one; NotAllowed for who may not write here; Refusal
        while the other seat is free; Stale when it was given already in other words.
        """
        text = content(text, needed=_("There is nothing written here yet."))
        if "\n" in text or len(text) > limits.KIND_WORD_LENGTH:
            most = {"most": limits.KIND_WORD_LENGTH}
            raise Invalid(_("A kind word is one line of at most %(most)d characters. Your text is here.") % most)
        with partnership.writing(by):
            if twin := cls.objects.filter(pk=id).first():
                if (twin.giver_id, twin.partnership_id) != (by.pk, partnership.pk):
                    raise key_is_taken()
                if twin.text != text:
                    raise Stale(
                        _("This was given already, with other words. Both texts are here."),
                        mine=text, theirs=twin.text, version=0,
                    )  # fmt: skip
                return twin
            other = (
                Membership.objects.filter(partnership=partnership).exclude(person=by).select_related("person").first()
            )
            if other is None:
                raise Refusal(_("The other seat is still free."))
            word: KindWord = cls.objects.create(
                id=id, partnership=partnership, giver=by, receiver=other.person, text=text
            )
            Draft.take(Draft.Box.WORD.key(partnership.pk), by=by, client_id=id)
            Delivery.show([other.person], Delivery.Kind.KIND_WORD, about=word, at=word.created_at)
        return word
