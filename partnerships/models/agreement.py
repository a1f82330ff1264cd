"""The documents of the pair: agreements, their versions, clauses and signatures.

A version is a whole text, never a patch: it is proposed, signed by both, in force, superseded, and its words never
change. A proposal is a version that is not in force yet; it remembers which version it was written against.
"""

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
from partnerships.content import ContentField, clean_line, clean_name, content
from partnerships.models.partnership import Membership, Partnership, Seat
from partnerships.models.still_right import StillRight
from partnerships.refusals import Invalid, NotAllowed, Refusal, Stale
from partnerships.wording import Wording, digest_of, plain, rebase

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

        `id` is the client's own: the same form sent twice begins one agreement. Raises Invalid without a title.
        """
        title = _line(title, clean_name, needed=_("Give it a name."))
        with partnership.writing(by):
            if kind == cls.Kind.DREAM_TEAM and (
                known := cls.objects.filter(partnership=partnership, kind=kind).first()
            ):
                return known
            if id and (known := cls.objects.filter(pk=id).first()):
                if known.partnership_id == partnership.pk:
                    return known
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


class Version(models.Model):
    """One whole text of an agreement. `number` is given when it comes into force, with the second signature.

    Its words never change after they were written: title, clauses, reason, digest.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agreement = models.ForeignKey(Agreement, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(null=True)
    title = models.CharField(max_length=limits.TITLE_LENGTH)
    reason = ContentField(blank=True)
    digest = models.CharField(max_length=64)
    base = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+")
    answers = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+")  # the proposal it counters
    line = models.UUIDField(null=True)  # the clause that the proposal is about
    proposed_by = models.ForeignKey("partnerships.Person", models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(auto_now_add=True)
    in_force_at = models.DateTimeField(null=True)
    deferred_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)  # withdrawn, or answered by other words

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["agreement", "number"], name="version_number_once"),
            models.CheckConstraint(
                condition=models.Q(number=None, in_force_at=None)
                | models.Q(number__isnull=False, in_force_at__isnull=False),
                name="version_in_force_has_a_number",
            ),
        )

    def __str__(self) -> str:
        return f"{self.agreement_id} {self.number or 'proposed'}"

    @classmethod
    def write(
        cls, agreement: Agreement, text: Sequence[Wording], *, by: Person, reason: str, base: Version | None,
        line: uuid.UUID | None = None, id: uuid.UUID | None = None, answers: Version | None = None,
        signed_by: Person | None = None,
    ) -> Version:  # fmt: skip
        """Store a checked text with one signature under it. Part of a verb that holds the agreement's lock."""
        digest = digest_of(agreement.title, text)
        if base is not None and digest == base.digest:
            raise Invalid(_("This is the wording in force already."))
        version = cls.objects.create(
            id=id or uuid.uuid4(), agreement=agreement, title=agreement.title, reason=content(reason).strip(),
            digest=digest, base=base, line=line, answers=answers, proposed_by=by,
        )  # fmt: skip
        Clause.objects.bulk_create(
            Clause(
                version=version, position=n, line=w.line, heading=w.heading, text=w.text, review_on=w.review_on
            )
            for n, w in enumerate(text)
        )  # fmt: skip
        Signature.objects.create(version=version, person=signed_by or by, digest=digest)
        agreement.reread()
        return version

    # --- reading ------------------------------------------------------------------------------------------------

    @cached_property
    def wordings(self) -> list[Wording]:
        return [Wording(c.text, c.heading, c.line, c.review_on) for c in self.clauses.all()]

    @property
    def plain_text(self) -> str:
        """The words that the digest covers, as people read them."""
        return plain(self.wordings)

    @property
    def is_waiting(self) -> bool:
        return self.number is None and self.ended_at is None

    @property
    def is_outdated(self) -> bool:
        """Written against a version that is no longer in force: nobody can sign it as it stands."""
        current = self.agreement.in_force
        return self.is_waiting and self.base_id != (current.pk if current else None)

    @property
    def is_superseded(self) -> bool:
        current = self.agreement.in_force
        return self.number is not None and current is not None and current.pk != self.pk

    def signed_by(self, person: Person) -> Signature | None:
        return next((s for s in self.signatures.all() if s.person_id == person.pk), None)

    def brought_up_to_date(self) -> list[Wording]:
        """The same change on top of the version in force now: what `bring_up_to_date` will sign."""
        current = self.agreement.in_force
        base = self.base.wordings if self.base else []
        return rebase(base, self.wordings, current.wordings if current else [])

    # --- verbs --------------------------------------------------------------------------------------------------

    def sign(self, *, by: Person, digest: str) -> bool:
        """Sign exactly the text with this digest. The second signature puts it into force. Returns whether it is.

        Raises Stale when the signer looked at another text than this one, when other words answered it in between, or
        when another version came into force: in each case with both texts.
        """
        with self._deciding(by) as current:
            if self.number is not None:
                return True
            if newer := Version.objects.filter(answers=self).select_related("proposed_by").first():
                said = _("%(name)s changed these words in between. Look at the new ones before you sign.")
                raise Stale(
                    said % {"name": newer.proposed_by.first_name}, mine=self.plain_text, theirs=newer.plain_text
                )
            self._check_waiting()
            if digest != self.digest:
                raise Stale(_("This is not the text you looked at. Look once more."), theirs=self.plain_text)
            self._check_up_to_date(current)
            Signature.objects.get_or_create(version=self, person=by, defaults={"digest": digest})
            signed = Signature.objects.filter(version=self, digest=self.digest).count()
            if signed < len(Seat):
                return False
            self.number, self.in_force_at = (current.number or 0) + 1 if current else 1, timezone.now()
            self.save(update_fields=["number", "in_force_at"])
            self.agreement.reread()
            return True

    def unsign(self, *, by: Person) -> None:
        """Take the own signature back, before the other one signed."""
        with self._deciding(by):
            self._check_waiting()
            Signature.objects.filter(version=self, person=by).delete()

    def counter(self, wordings: Sequence[Wording], *, by: Person, reason: str, id: uuid.UUID | None = None) -> Version:
        """Suggest other words, for one's own proposal too. This one ends and stays readable; the new one is signed.

        Raises Stale when this proposal is not up to date: its words would undo what came into force in between.
        """
        with self._deciding(by) as current:
            text = self.agreement._checked(wordings)
            if twin := self.agreement._twin(id, text, reason):
                return twin
            if newer := Version.objects.filter(answers=self).first():
                raise Stale(
                    _("These words were answered in between. Look at the new ones first."),
                    mine=plain(text),
                    theirs=newer.plain_text,
                )
            self._check_waiting()
            self._check_up_to_date(current)
            if digest_of(self.title, text) == self.digest:
                raise Invalid(_("These are the words of the proposal already."))
            newer = Version.write(
                self.agreement, text, by=by, reason=reason, base=current, line=self.line, id=id, answers=self
            )
            self._end()
        return newer

    def defer(self, *, by: Person) -> None:
        """Not now: it comes up at the next retro."""
        with self._deciding(by):
            self._check_waiting()
            Version.objects.filter(pk=self.pk, deferred_at=None).update(deferred_at=timezone.now())

    def withdraw(self, *, by: Person) -> None:
        """Only its proposer takes a proposal back. It stays readable in the history of proposals."""
        with self._deciding(by):
            if self.proposed_by_id != by.pk:
                raise NotAllowed(_("Only the one who proposed it can take it back. You can suggest other words."))
            if self.ended_at is not None:
                return
            self._check_waiting()
            self._end()

    def bring_up_to_date(self, *, by: Person, digest: str) -> Version:
        """Put the same change onto the version that is in force now. It stays its proposer's; the presser signs it.

        `digest` is of the merged text that the presser looked at: nobody signs a text they did not see. Raises Stale
        when it is another one by now. Pressed twice, it is done once.
        """
        with self._deciding(by) as current:
            if (newer := Version.objects.filter(answers=self, digest=digest).first()) and newer.is_waiting:
                return newer
            self._check_waiting()
            if current is None or self.base_id == current.pk:
                raise Refusal(_("This proposal is up to date."))
            text = self.agreement._checked(self.brought_up_to_date())
            if digest != digest_of(self.agreement.title, text):
                raise Stale(_("This is not the text you looked at. Look once more."), theirs=plain(text))
            newer = Version.write(
                self.agreement, text, by=self.proposed_by, reason=self.reason, base=current, line=self.line,
                answers=self, signed_by=by,
            )  # fmt: skip
            if self.deferred_at:  # what waits for the retro goes on waiting for it
                Version.objects.filter(pk=newer.pk).update(deferred_at=self.deferred_at)
            self._end()
        return newer

    @contextmanager
    def _deciding(self, by: Person) -> Iterator[Version | None]:
        with self.agreement.writing(by) as current:
            self.refresh_from_db(fields=["number", "ended_at", "deferred_at", "digest"])
            yield current

    def _check_waiting(self) -> None:
        if self.number is not None:
            raise Refusal(_("You both signed it: it is in force. Propose a change to change it."))
        if self.ended_at is not None:
            raise Refusal(_("This proposal was taken back or answered. Look at the page again."))

    def _check_up_to_date(self, current: Version | None) -> None:
        if self.base_id == (current.pk if current else None):
            return
        raise Stale(
            _("Another version came into force in between. Bring this proposal up to date first."),
            mine=self.plain_text,
            theirs=current.plain_text if current else "",
        )

    def _end(self) -> None:
        self.ended_at = timezone.now()
        self.save(update_fields=["ended_at"])
        self.agreement.reread()


class ClauseQuerySet(models.QuerySet["Clause"]):
    def in_force(self) -> ClauseQuerySet:
        """Those of the versions in force now, of agreements that are open."""
        numbered = Version.objects.filter(agreement=models.OuterRef("version__agreement"), number__isnull=False)
        newest = models.Subquery(numbered.order_by("-number").values("pk")[:1])
        return self.filter(version=newest, version__agreement__closed_at=None)


class Clause(models.Model):
    """One clause of one version. `line` is the same through all versions of the agreement.

    `review_on` is no part of the wording and may change: when to ask “still right?”.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(Version, models.CASCADE, related_name="clauses")
    position = models.PositiveSmallIntegerField()
    line = models.UUIDField()
    heading = models.CharField(max_length=limits.TITLE_LENGTH, blank=True)
    text = ContentField()
    review_on = models.DateField(null=True)

    objects: ClassVar = ClauseQuerySet.as_manager()

    class Meta:
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=["version", "position"], name="clause_one_a_position"),
            models.UniqueConstraint(fields=["version", "line"], name="clause_one_a_line"),
        )

    def __str__(self) -> str:
        return str(self.pk)


class Signature(models.Model):
    """A person's name under one exact text: the digest is of what they saw."""

    version = models.ForeignKey(Version, models.CASCADE, related_name="signatures")
    person = models.ForeignKey("partnerships.Person", models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["version", "person"], name="signature_once"),)

    def __str__(self) -> str:
        return f"{self.person_id} under {self.version_id}"


def _line(text: str, clean: Callable[..., str], *, needed: str = "") -> str:
    """`clean_name` or `clean_line` for a verb: raises Invalid, also for an empty one when `needed` says what lacks."""
    try:
        text = clean(text, limit=limits.TITLE_LENGTH)
    except ValidationError as error:
        raise Invalid(error.messages[0]) from error
    if needed and not text:
        raise Invalid(needed)
    return text
