"""The versions of an agreement, with their clauses and the signatures under them.

A version is a whole text, never a patch: it is proposed, signed by both, in force, superseded, and its words never
change. A proposal is a version that is not in force yet; it remembers which version it was written against.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from partnerships import limits
from partnerships.content import ContentField, content
from partnerships.models.partnership import Seat
from partnerships.refusals import Invalid, NotAllowed, Refusal, Stale
from partnerships.wording import Wording, digest_of, plain, rebase

if TYPE_CHECKING:
    from partnerships.models.agreement import Agreement
    from partnerships.models.person import Person


class Version(models.Model):
    """One whole text of an agreement. `number` is given when it comes into force, with the second signature.

    Its words never change after they were written: title, clauses, reason, digest.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agreement = models.ForeignKey("partnerships.Agreement", models.CASCADE, related_name="versions")
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
