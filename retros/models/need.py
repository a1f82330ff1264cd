from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from partnerships.content import ContentField, content
from partnerships.models import Lead, Partnership
from partnerships.refusals import NotAllowed, Refusal, Stale
from retros.models.session import key_is_taken

if TYPE_CHECKING:
    from partnerships.models import Person


class NeedQuerySet(models.QuerySet["Need"]):
    def visible_to(self, person: Person) -> NeedQuerySet:
        """The two members (docs/rules/visibility.md V2). The lead reads what was released of it, and nothing else."""
        return self.filter(partnership__memberships__person=person)

    def asked_of(self, person: Person) -> NeedQuerySet:
        """What the two released to this lead."""
        shown = models.Q(releases__confirmed_at__isnull=False, releases__withdrawn_at=None)
        return self.filter(shown, lead__person=person).distinct()


class Need(models.Model):
    """What the two need from one named lead, in words of both; unseen until both release it. The lead may answer.

    The words stay the pair's when the lead ends, and the answer stays its author's to erase.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partnership = models.ForeignKey(Partnership, models.CASCADE, related_name="+")
    lead = models.ForeignKey(Lead, models.SET_NULL, null=True, related_name="+")
    text = ContentField()
    version = models.PositiveIntegerField(default=1)
    written_by = models.ForeignKey("partnerships.Person", models.PROTECT, related_name="+")
    written_at = models.DateTimeField(auto_now=True)
    created_at = models.DateTimeField(auto_now_add=True)
    answer = ContentField(blank=True)
    answered_by = models.ForeignKey("partnerships.Person", models.SET_NULL, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)

    objects: ClassVar = NeedQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "pk")

    def __str__(self) -> str:
        return str(self.pk)

    @classmethod
    def write(cls, lead: Lead, *, by: Person, text: str, id: uuid.UUID) -> Need:
        """Begin one, where none that this lead has not answered has these words. `id` is the client's own: a retry adds
        nothing, and other words under it raise Stale. Raises Refusal when they lead no more.
        """
        text = content(text, needed=_("There is nothing written here yet."))
        with lead.partnership.writing(by):
            check_leads(lead)
            if twin := cls.objects.filter(pk=id).first():
                if twin.lead_id != lead.pk:
                    raise key_is_taken()
                if twin.text != text:
                    raise Stale.kept_already(mine=text, theirs=twin.text, version=twin.version)
                return twin
            open_ones = cls.objects.filter(lead=lead, answered_at=None)
            if same := next((need for need in open_ones if need.text == text), None):
                return same
            return cls.objects.create(id=id, partnership=lead.partnership, lead=lead, text=text, written_by=by)

    def edit(self, *, by: Person, text: str, version: int) -> None:
        """Other words. What was released already stays as it was. Raises Stale, with both texts, after a lost race."""
        text = content(text, needed=_("There is nothing written here yet."))
        with self.partnership.writing(by):
            self.refresh_from_db(fields=["text", "version"])
            if text == self.text:
                return
            if version != self.version:
                raise Stale.by_both(mine=text, theirs=self.text, version=self.version)
            self.text, self.version, self.written_by = text, self.version + 1, by
            self.save(update_fields=["text", "version", "written_by", "written_at"])

    @property
    def answer_version(self) -> int:
        """When it was answered, to the microsecond; 0 before."""
        return round(self.answered_at.timestamp() * 1_000_000) if self.answered_at else 0

    def reply(self, *, by: Person, text: str, version: int) -> None:
        """The lead's answer, for the two to read. `version`: the `answer_version` that the page showed.

        Raises Refusal when it is no longer theirs to read, Stale after another answer, of another tab.
        """
        text = content(text, needed=_("There is nothing written here yet."))
        with leading(self.lead, by):
            if not Need.objects.asked_of(by).filter(pk=self.pk).exists():
                raise Refusal(_("The two took this back."))
            self.refresh_from_db(fields=["answer", "answered_at"])
            if text == self.answer:
                return
            if version != self.answer_version:
                raise Stale.kept_already(mine=text, theirs=self.answer, version=self.answer_version)
            Need.objects.filter(pk=self.pk).update(answer=text, answered_by=by, answered_at=timezone.now())


def check_leads(lead: Lead) -> None:
    """For a verb of the pair, under its lock: what hung on the assignment went with it. Raises Refusal."""
    if not _is_held(lead):
        raise Refusal(_("They are not your lead any more."))


@contextmanager
def leading(lead: Lead | None, by: Person) -> Iterator[None]:
    """A write by a lead to an active partnership, under its lock. Raises NotAllowed when the assignment has ended."""
    ended = NotAllowed(_("You are not a lead of this partnership any more."))
    if lead is None or lead.person_id != by.pk:
        raise ended
    with transaction.atomic():
        partnership = Partnership.objects.select_for_update(no_key=True).get(pk=lead.partnership_id)
        if not _is_held(lead):
            raise ended
        if partnership.is_archived:
            raise Refusal(_("This partnership has ended."))
        yield


def _is_held(lead: Lead) -> bool:
    """Whether the assignment stands. Who leads may erase themselves at any time, under no lock of the pair's: that
    waits until what hangs on the assignment now is written.
    """
    return bool(Lead.objects.select_for_update(no_key=True).filter(pk=lead.pk))
