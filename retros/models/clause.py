from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import functions
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partnerships.models import Agreement, Clause, StillRight, Version
from partnerships.refusals import Invalid, Refusal
from retros.models.action import Action
from retros.models.entry import Entry
from retros.models.session import Session

if TYPE_CHECKING:
    from partnerships.models import Person


class ClauseOrigin(models.Model):
    """Why a version says what it says: the card, the learning, the experiment or the session that caused it.

    It stands here and not with the agreement, because only retros know cards.
    """

    version = models.ForeignKey(Version, models.CASCADE, related_name="+")
    line = models.UUIDField(null=True)  # the clause; None: the whole text
    session = models.ForeignKey("retros.Session", models.CASCADE, related_name="+")
    entry = models.ForeignKey("retros.Entry", models.SET_NULL, null=True, related_name="+")
    note = models.ForeignKey("retros.Note", models.SET_NULL, null=True, related_name="+")
    action = models.ForeignKey(Action, models.SET_NULL, null=True, related_name="+")  # an experiment that helped

    words: str | None  # of the clause; `proposed_in` annotates it
    is_visible: bool  # whether the viewer may see the card; `of` annotates it
    kept_at: datetime | None  # the last “still right” about the clause; likewise

    class Meta:
        constraints = (models.UniqueConstraint(fields=["version"], name="clause_origin_once_a_version"),)

    def __str__(self) -> str:
        return f"{self.version_id} from {self.session_id}"

    @classmethod
    def of(cls, agreements: Iterable[Agreement], person: Person) -> list[ClauseOrigin]:
        """Where versions and proposals of these came from, the newest first; cards only as the person may see them."""
        shown = models.Exists(Entry.objects.visible_to(person).filter(pk=models.OuterRef("entry")))
        return list(
            cls.objects.filter(version__agreement__in=agreements, session__in=Session.objects.of(person))
            .select_related("version", "session__agreement", "entry__step", "entry__prompt", "note__step", "action")
            .annotate(is_visible=shown, kept_at=_kept("version__agreement"))
            .order_by("-version__proposed_at")
        )

    @classmethod
    def proposed_in(cls, session: Session) -> list[ClauseOrigin]:
        """Clauses that came up in this session, the earliest first; not what was taken back or answered since.

        Nothing is asked for a session whose loader found that there is none.
        """
        if not getattr(session, "proposes", True):
            return []
        clause = Clause.objects.filter(version=models.OuterRef("version"), line=models.OuterRef("line"))
        found = cls.objects.filter(session=session, line__isnull=False, version__ended_at=None)
        found = found.select_related("version").prefetch_related("version__signatures")
        return list(found.annotate(words=models.Subquery(clause.values("text")[:1])).order_by("version__proposed_at"))

    @property
    def card(self) -> Entry | None:
        """The entry, as far as the viewer may see it."""
        return self.entry if self.is_visible else None

    @property
    def said(self) -> str:
        """The words that it came from."""
        said = self.card or self.note or self.action
        return said.text if said else ""

    @property
    def position(self) -> int:
        """The step of the session where it came up."""
        if self.card is not None:
            return self.card.step.position
        return self.note.step.position if self.note is not None else self.session.position


class ClauseLinkQuerySet(models.QuerySet["ClauseLink"]):
    def with_looks(self, person: Person) -> ClauseLinkQuerySet:
        """Adds when somebody last told of the change, after it was linked (`told_at`, and `told_in`: the number of the
        retro), and when the clause was last said to be still right (`kept_at`).

        Only answers that both have opened are asked.
        """
        tag = functions.Concat(models.Value('"'), models.OuterRef("tag"), models.Value('"'))
        told = (
            Entry.objects.visible_to(person)
            .annotate(words=functions.Cast("tags", models.TextField()))
            .filter(
                step__session__partnership=models.OuterRef("agreement__partnership"), prompt__kind="tags",
                only_me=False, opened_at__gt=models.OuterRef("at"), words__contains=tag,
            )
            .order_by("-opened_at")
        )  # fmt: skip
        looks = {
            "told_at": models.Subquery(told.values("opened_at")[:1]),
            "told_in": models.Subquery(told.values("step__session__number")[:1]),
            "kept_at": _kept("agreement"),
        }
        return self.annotate(**looks)


class ClauseLink(models.Model):
    """What a clause has to do with: a change in somebody's life or work (`tag`), or a card on which it came up.

    A clause is known by its `line`, so a link outlives every new version. When the change is told of afterwards, or
    a second card holds the pair back, the clause asks for a look (retros/agreements/attention.py).
    """

    class Tag(models.TextChoices):
        """The change tags of the pulse."""

        LIFE = "life", gettext_lazy("Life and hours")
        CAREER = "career", gettext_lazy("Career")
        COMPANY = "company", gettext_lazy("Company")

    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="+")
    line = models.UUIDField()
    tag = models.CharField(max_length=7, choices=Tag.choices, blank=True)
    entry = models.ForeignKey(Entry, models.CASCADE, null=True, related_name="+")
    by = models.ForeignKey("partnerships.Person", models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = ClauseLinkQuerySet.as_manager()

    told_at: datetime | None  # `with_looks` annotates these
    told_in: int | None
    kept_at: datetime | None

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["agreement", "line", "tag"], condition=models.Q(entry=None), name="clause_link_once_a_tag"
            ),
            models.UniqueConstraint(fields=["agreement", "line", "entry"], name="clause_link_once_a_card"),
            models.CheckConstraint(
                condition=models.Q(tag="", entry__isnull=False) | (~models.Q(tag="") & models.Q(entry=None)),
                name="clause_link_to_one_thing",
            ),
        )

    def __str__(self) -> str:
        return f"{self.line} {self.tag or self.entry_id}"

    @classmethod
    def set_tags(cls, agreement: Agreement, line: uuid.UUID, tags: Iterable[str], *, by: Person) -> None:
        """Link a clause to these changes and to no others. Changes that were told of before count for nothing."""
        wanted = set(tags)
        if not wanted <= set(cls.Tag.values):
            raise Invalid(_("That is not one of the choices."))
        with agreement.writing(by) as in_force:
            must_stand(line, in_force)
            links = cls.objects.filter(agreement=agreement, line=line, entry=None)
            links.exclude(tag__in=wanted).delete()
            known = set(links.values_list("tag", flat=True))
            for tag in sorted(wanted - known):
                cls.objects.create(agreement=agreement, line=line, tag=tag, by=by)


def _kept(agreement: str) -> models.Subquery:
    """When the clause, or the whole agreement, was last said to be still right."""
    kept = StillRight.objects.filter(
        models.Q(line=models.OuterRef("line")) | models.Q(line=None), agreement=models.OuterRef(agreement)
    )
    return models.Subquery(kept.order_by("-at").values("at")[:1])


def must_stand(line: uuid.UUID, in_force: Version | None) -> None:
    if in_force is None or not in_force.clauses.filter(line=line).exists():
        raise Refusal(_("This clause is no longer there."))
