"""The documents of the pair: agreements. Their texts are versions (`partnerships.models.version`)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partnerships import limits, reactions
from partnerships.content import clean_line, clean_name, content
from partnerships.models.partnership import Membership, Partnership
from partnerships.models.still_right import StillRight
from partnerships.models.version import Clause, Signature, Version
from partnerships.refusals import Invalid, Refusal, Stale
from partnerships.wording import Wording, digest_of, plain

if TYPE_CHECKING:
    from partnerships.models.person import Person


class AgreementQuerySet(models.QuerySet["Agreement"]):
    def of(self, person: Person) -> AgreementQuerySet:
        """Those of the person's own partnerships."""
        return self.filter(partnership__memberships__person=person)

    def open(self) -> AgreementQuerySet:
        return self.filter(closed_at=None)

    def with_members(self) -> AgreementQuerySet:
        """With the partnership and its two people, as the pages need them."""
        members = Membership.objects.select_related("person").order_by("seat")
        return self.select_related("partnership").prefetch_related(models.Prefetch("partnership__memberships", members))

    def with_state(self) -> AgreementQuerySet:
        """Each with `latest` (the number in force, or None), `since` (when) and `waiting` (how many proposals)."""
        waiting = models.Q(versions__number=None, versions__ended_at=None, versions__isnull=False)
        return self.annotate(
            latest=models.Max("versions__number"),
            since=models.Max("versions__in_force_at"),
            waiting=models.Count("versions", filter=waiting),
        )


class Agreement(models.Model):
    """A document of the pair: the Dream Team agreement, one per partnership, or a contract, one per project."""

    class Kind(models.TextChoices):
        DREAM_TEAM = "dream_team", gettext_lazy("Dream Team agreement")
        CONTRACT = "contract", gettext_lazy("Collaboration contract")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partnership = models.ForeignKey(Partnership, models.CASCADE, related_name="agreements")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    title = models.CharField(max_length=limits.TITLE_LENGTH)
    review_on = models.DateField(null=True)
    closed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = AgreementQuerySet.as_manager()

    class Meta:
        ordering = ("-kind", "created_at")
        constraints = (
            models.UniqueConstraint(
                fields=["partnership"], condition=models.Q(kind="dream_team"), name="agreement_one_dream_team"
            ),
        )

    def __str__(self) -> str:
        return self.title

    @classmethod
    def begin(
        cls, partnership: Partnership, *, by: Person, kind: str, title: str, id: uuid.UUID | None = None
    ) -> Agreement:
        """An empty agreement, to be filled by a first version. Beginning the Dream Team one twice is once.

        `id` is the client's own: the same form sent twice begins one agreement, and so does a form with another id and
        the same title as long as nothing is written. Raises Invalid without a title.
        """
        title = _line(title, clean_name, needed=_("Give it a name."))
        with partnership.writing(by):
            begun = cls.objects.filter(partnership=partnership, kind=kind)
            if kind != cls.Kind.DREAM_TEAM:
                begun = begun.filter(models.Q(pk=id) | models.Q(title=title, closed_at=None, versions=None))
            if known := begun.first():
                return known
            if id and cls.objects.filter(pk=id).exists():
                id = None  # somebody else's: never told, never touched
            return cls.objects.create(id=id or uuid.uuid4(), partnership=partnership, kind=kind, title=title)

    # --- reading ------------------------------------------------------------------------------------------------

    @cached_property
    def all_versions(self) -> list[Version]:
        """Every version and proposal with its signatures, the oldest first. Their clauses come with `read_clauses`."""
        signatures = models.Prefetch("signatures", Signature.objects.select_related("person").order_by("at", "pk"))
        rows = self.versions.order_by("proposed_at", "pk").select_related("proposed_by").prefetch_related(signatures)
        versions = {version.pk: version for version in rows}
        for version in versions.values():
            version.agreement = self
            for name in ("base", "answers"):
                if known := versions.get(getattr(version, f"{name}_id")):
                    setattr(version, name, known)
        return list(versions.values())

    def read_clauses(self, versions: Iterable[Version]) -> None:
        """The clauses of these, in one query. Fifty versions of 200 clauses are never needed at once on a page."""
        models.prefetch_related_objects(list(versions), "clauses")

    def read_shown(self, *also: Version | None) -> None:
        """The clauses of all that a page may show: what is in force, what waits, and what that was written against."""
        shown = [*self.proposals, *(v.base for v in self.proposals), self.in_force, *also]
        self.read_clauses({v.pk: v for v in shown if v}.values())

    @property
    def number_in_force(self) -> int:
        """0 before the first version is in force."""
        return (self.in_force.number or 0) if self.in_force else 0

    @property
    def in_force(self) -> Version | None:
        return max((v for v in self.all_versions if v.number), key=lambda v: v.number or 0, default=None)

    @property
    def history(self) -> list[Version]:
        """All that were ever in force, the newest first."""
        return sorted((v for v in self.all_versions if v.number), key=lambda v: -(v.number or 0))

    @property
    def proposals(self) -> list[Version]:
        """What waits for somebody's word."""
        return [v for v in self.all_versions if v.is_waiting]

    @property
    def ended(self) -> list[Version]:
        """Proposals that were taken back or answered by other words, the newest first."""
        return [v for v in reversed(self.all_versions) if v.ended_at]

    @property
    def is_closed(self) -> bool:
        return self.closed_at is not None

    def reread(self) -> None:
        self.__dict__.pop("all_versions", None)

    # --- verbs --------------------------------------------------------------------------------------------------

    def propose(
        self, wordings: Sequence[Wording], *, by: Person, reason: str, base: Version | None = None,
        line: uuid.UUID | None = None, id: uuid.UUID | None = None,
    ) -> Version:  # fmt: skip
        """Propose a whole new text, and sign it. `base` is the version in force that the proposer looked at.

        `line` is the clause it is about. `id` is the client's own: a retry proposes nothing twice. Raises Stale when
        another version came into force since `base`, or when `id` was used for other words; Invalid for an empty
        text or no change; Refusal when as many wait as may.
        """
        with self.writing(by) as now_in_force:
            text = self._checked(wordings)
            if twin := self._twin(id, text, reason):
                return twin
            if len(self.proposals) >= limits.PROPOSALS:
                raise Refusal(
                    _("%(count)d proposals wait here already. Sign one or take one back, then propose this.")
                    % {"count": limits.PROPOSALS}
                )
            self._check_base(base, now_in_force, text)
            return Version.write(self, text, by=by, reason=reason, base=base, line=line, id=id)

    def still_true(self, *, by: Person, until: date, line: uuid.UUID | None = None) -> None:
        """“Still right”: nothing changes but the date of the next look, at the whole or at one clause of it.

        The date is no part of the text: nobody has to sign it again. Raises Invalid for a day that is not ahead.
        """
        with self.writing(by) as now_in_force:
            if until <= timezone.localdate(timezone=by.tz):
                raise Invalid(_("Choose a day that is still ahead."))
            if line is None:
                Agreement.objects.filter(pk=self.pk).update(review_on=until)
            elif not Clause.objects.filter(version=now_in_force, line=line).update(review_on=until):
                raise Refusal(_("This clause is no longer there."))
            StillRight.objects.create(agreement=self, line=line, person=by)

    def close(self, *, by: Person) -> None:
        """The project is over. The contract stays readable; nothing can be proposed any more."""
        if self.kind == self.Kind.DREAM_TEAM:
            raise Refusal(_("The Dream Team agreement lasts as long as your partnership."))
        with self.partnership.writing(by):
            Agreement.objects.filter(pk=self.pk, closed_at=None).update(closed_at=timezone.now())

    def reopen(self, *, by: Person) -> None:
        with self.partnership.writing(by):
            Agreement.objects.filter(pk=self.pk).update(closed_at=None)

    @contextmanager
    def writing(self, by: Person) -> Iterator[Version | None]:
        """One transaction of one verb here; yields the version in force now, read under the lock."""
        with self.partnership.writing(by):
            self.refresh_from_db(from_queryset=Agreement.objects.select_for_update(no_key=True))
            if self.is_closed:
                raise Refusal(_("This contract is closed. Open it again to change it."))
            self.reread()
            yield self.versions.filter(number__isnull=False).order_by("-number").first()
            for react in reactions.agreement_changed:
                react(self)

    def _checked(self, wordings: Sequence[Wording]) -> list[Wording]:
        """The clauses as they will be stored. Raises Invalid for what is no text of an agreement."""
        text = [
            replace(w, text=content(w.text, needed=_("A clause needs words.")), heading=_line(w.heading, clean_line))
            for w in wordings
        ]
        if not text:
            raise Invalid(_("An agreement needs at least one clause."))
        if len({w.line for w in text}) < len(text):
            raise Invalid(_("One clause stands here twice."))
        if len(text) > limits.CLAUSES or sum(len(w.text) + len(w.heading) for w in text) > limits.AGREEMENT_LENGTH:
            raise Invalid(_("That is longer than an agreement can be. Your text is here."))
        return text

    def _check_base(self, base: Version | None, current: Version | None, text: Sequence[Wording]) -> None:
        if (current.pk if current else None) == (base.pk if base else None):
            return
        raise Stale(
            _("Another version came into force in between. Look at it, then propose again."),
            mine=plain(text),
            theirs=current.plain_text if current else "",
        )

    def _twin(self, id: uuid.UUID | None, text: Sequence[Wording], reason: str) -> Version | None:
        """What was stored under the client's id before. Raises Stale when it says something else."""
        if id is None or (twin := Version.objects.filter(pk=id).first()) is None:
            return None
        same = (twin.digest, twin.reason) == (digest_of(twin.title, text), content(reason).strip())
        if same and twin.agreement_id == self.pk:
            return twin
        known = twin if twin.agreement_id == self.pk else None
        raise Stale(
            _("You proposed this before, in other words. Look at both, then propose again."),
            mine=plain(text),
            theirs=known.plain_text if known else "",
        )


def _line(text: str, clean: Callable[..., str], *, needed: str = "") -> str:
    """`clean_name` or `clean_line` for a verb: raises Invalid, also for an empty one when `needed` says what lacks."""
    try:
        text = clean(text, limit=limits.TITLE_LENGTH)
    except ValidationError as error:
        raise Invalid(error.messages[0]) from error
    if needed and not text:
        raise Invalid(needed)
    return text
