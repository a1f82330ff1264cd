from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partnerships import limits as shared_limits
from partnerships.content import ContentField
from partnerships.models import Audit, Lead, Membership, Version
from partnerships.refusals import Invalid, NotAllowed, Refusal, Stale
from retros.models.action import Action, Review
from retros.models.need import Need, check_leads
from retros.models.note import Note

if TYPE_CHECKING:
    from partnerships.models import Person

Thing = Note | Action | Version | Need


@dataclass(frozen=True)
class Words:
    """What a lead is going to read, in full. `on` is its place on the timeline."""

    title: str
    text: str
    on: date

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps([self.title, self.text, self.on.isoformat()]).encode()).hexdigest()


class ReleaseQuerySet(models.QuerySet["Release"]):
    def of(self, person: Person) -> ReleaseQuerySet:
        """The two members: every one, waiting and withdrawn too (docs/rules/visibility.md V8)."""
        return self.filter(lead__partnership__memberships__person=person)

    def shown_to(self, lead: Lead) -> ReleaseQuerySet:
        """What this lead reads now: both members agreed, and nobody withdrew."""
        return self.shown().filter(lead=lead)

    def shown(self) -> ReleaseQuerySet:
        """Those that both agreed to and nobody withdrew."""
        return self.filter(confirmed_at__isnull=False, withdrawn_at=None)


class Release(models.Model):
    """One thing that both agreed to show to one named lead, in exactly these words. What changes later is not shown.

    One of the two proposes, the other one agrees; until then, and once either withdrew it, the lead knows nothing of
    it. Only the kinds below can be released: there is no column for a card, an answer or a pulse.
    """

    class Kind(models.TextChoices):
        SUMMARY = "summary", gettext_lazy("Summary")
        ACTION = "action", gettext_lazy("Action")
        OUTCOME = "outcome", gettext_lazy("Outcome of an experiment")
        VERSION = "version", gettext_lazy("Agreement")
        NEED = "need", gettext_lazy("Needs from you")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    lead = models.ForeignKey(Lead, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=7, choices=Kind.choices)
    note = models.ForeignKey(Note, models.CASCADE, null=True, related_name="+")
    action = models.ForeignKey(Action, models.CASCADE, null=True, related_name="+")
    version = models.ForeignKey(Version, models.CASCADE, null=True, related_name="+")
    need = models.ForeignKey(Need, models.CASCADE, null=True, related_name="releases")
    title = models.CharField(max_length=2 * shared_limits.TITLE_LENGTH)
    text = ContentField()
    on = models.DateField()
    digest = models.CharField(max_length=64)
    proposed_by = models.ForeignKey("partnerships.Person", models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(auto_now_add=True)
    confirmed_by = models.ForeignKey("partnerships.Person", models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    objects: ClassVar = ReleaseQuerySet.as_manager()

    class Meta:
        ordering = ("-on", "-proposed_at", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=["lead", "kind", "digest"], condition=models.Q(withdrawn_at=None), name="release_once"
            ),
            models.CheckConstraint(
                condition=models.Q(kind="summary", note__isnull=False, action=None, version=None, need=None)
                | models.Q(kind__in=["action", "outcome"], action__isnull=False, note=None, version=None, need=None)
                | models.Q(kind="version", version__isnull=False, note=None, action=None, need=None)
                | models.Q(kind="need", need__isnull=False, note=None, action=None, version=None),
                name="release_of_one_thing",
            ),
            models.CheckConstraint(
                condition=models.Q(confirmed_at=None, confirmed_by=None)
                | models.Q(confirmed_at__isnull=False) & ~models.Q(confirmed_by=models.F("proposed_by")),
                name="release_by_both",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} to {self.lead_id}"

    @property
    def is_shown(self) -> bool:
        return self.confirmed_at is not None and self.withdrawn_at is None

    @property
    def is_waiting(self) -> bool:
        return self.confirmed_at is None

    @classmethod
    def propose(cls, lead: Lead, kind: str, thing: Thing, *, by: Person, digest: str) -> Release:
        """Propose to show this to that lead, in the words with this digest; the preview has just shown them.

        When the other one proposed the very same, that is the second yes. Raises Stale when the words changed since
        the preview, Refusal for what cannot be shown.
        """
        with lead.partnership.writing(by, ended=True):
            check_leads(lead)
            _check_both_are_here(lead)
            thing.refresh_from_db()
            words = words_of(kind, thing, lead)
            if words.digest != digest:
                raise Stale(_("This changed since you looked. Look once more."), theirs=words.text)
            same = cls.objects.filter(lead=lead, kind=kind, digest=digest, withdrawn_at=None).first()
            if same is not None:
                same._agree(by)
                return same
            release = cls.objects.create(
                lead=lead, kind=kind, title=words.title, text=words.text, on=words.on, digest=digest, proposed_by=by,
                **{_COLUMNS[type(thing)]: thing},
            )  # fmt: skip
            release._record(Audit.Act.RELEASE_PROPOSED, by)
            return release

    def confirm(self, *, by: Person, digest: str) -> bool:
        """“Yes, show it”, to the words with this digest. Returns whether the lead reads it now."""
        with self.lead.partnership.writing(by, ended=True):
            known = self._held()
            if known is None or known.withdrawn_at:
                raise Refusal(_("This was taken back in between. Nobody else saw it."))
            _check_both_are_here(self.lead)
            if known.digest != digest:
                raise Stale(_("This is not the text you looked at. Look once more."), theirs=known.text)
            known._agree(by)
            return known.is_shown

    def withdraw(self, *, by: Person) -> None:
        """Either may, any time. What nobody agreed to yet leaves no trace; what was shown stays in the pair's list."""
        with self.lead.partnership.writing(by, ended=True):
            known = self._held()
            if known is None or known.withdrawn_at:
                return
            if known.is_waiting:
                known._record(Audit.Act.RELEASE_DECLINED, by)
                known.delete()
                return
            known.withdrawn_at = timezone.now()
            known.save(update_fields=["withdrawn_at"])
            known._record(Audit.Act.RELEASE_WITHDRAWN, by)

    def _held(self) -> Release | None:
        """As it is by now. It goes with its lead, whose erasure waits for this; then there is nothing left."""
        held: Release | None = Release.objects.select_for_update(no_key=True).filter(pk=self.pk).first()
        return held

    def _agree(self, by: Person) -> None:
        if self.is_waiting and self.proposed_by_id != by.pk:
            self.confirmed_by, self.confirmed_at = by, timezone.now()
            self.save(update_fields=["confirmed_by", "confirmed_at"])
            self._record(Audit.Act.RELEASE_AGREED, by)

    def _record(self, act: Audit.Act, by: Person) -> None:
        Audit.record(act, by=by, about=self, partnership=self.lead.partnership)


_COLUMNS: dict[type, str] = {Note: "note", Action: "action", Version: "version", Need: "need"}


def _check_both_are_here(lead: Lead) -> None:
    if Membership.objects.filter(partnership=lead.partnership_id, left_at__isnull=False).exists():
        raise Refusal(_("One of you has left. Nothing new can be shown; what is shown can be withdrawn."))


def words_of(kind: str, thing: Thing, lead: Lead) -> Words:
    """What a lead would read of it, as it is now. Raises Invalid for what is not ready or never shown."""
    if isinstance(thing, Note) and kind == Release.Kind.SUMMARY:
        words, pair = _summary(thing), thing.step.session.partnership_id
    elif isinstance(thing, Action) and kind in {Release.Kind.ACTION, Release.Kind.OUTCOME}:
        words, pair = (_outcome(thing) if kind == Release.Kind.OUTCOME else _action(thing)), thing.partnership_id
    elif isinstance(thing, Version) and kind == Release.Kind.VERSION:
        words, pair = _version(thing), thing.agreement.partnership_id
    elif isinstance(thing, Need) and kind == Release.Kind.NEED and thing.lead_id == lead.pk:
        words, pair = Words(_("Needs from you"), thing.text, thing.created_at.date()), thing.partnership_id
    else:
        raise Invalid(_("This cannot be shown to a lead."))
    if pair != lead.partnership_id:
        raise NotAllowed(_("This belongs to another partnership."))
    return words


def _summary(note: Note) -> Words:
    session = note.step.session
    if note.kind != Note.Kind.SUMMARY or note.deleted_at or not note.text.strip():
        raise Invalid(_("There is nothing written here yet."))
    title = _("Summary: %(retro)s") % {"retro": session.title}
    return Words(title, note.text, session.day)


def _action(action: Action) -> Words:
    if action.deleted_at:
        raise Invalid(_("This cannot be shown to a lead."))
    title = _("Experiment") if action.is_experiment else _("Action")
    return Words(title, "\n".join([*_said(action), _whose(action)]), action.created_at.date())


def _outcome(action: Action) -> Words:
    if not action.is_experiment or action.is_open or action.deleted_at or action.closed_on is None:
        raise Invalid(_("This experiment has no outcome yet."))
    said = [str(action.get_closed_as_display()), str(action.get_helped_display()) if action.helped else ""]
    lines = [*_said(action), " ".join(f"{words}." for words in said if words)]
    if remark := Review.objects.filter(action=action).exclude(remark="").order_by("-at").first():
        lines.append(remark.remark)
    return Words(_("Outcome of an experiment"), "\n".join(lines), action.closed_on)


def _said(action: Action) -> list[str]:
    if not action.is_experiment:
        return [action.sentence, *([_("Decided by: %(name)s") % {"name": action.decider}] if action.decider else [])]
    lines = [_("We try: %(text)s") % {"text": action.text}]
    if action.because:
        lines.append(_("Because we believe: %(text)s") % {"text": action.because})
    if action.seen_by:
        lines.append(_("We will know it worked when: %(text)s") % {"text": action.seen_by})
    return lines


def _whose(action: Action) -> str:
    words = {"name": action.owner.first_name, "date": date_format(action.due, "j F Y")}
    if action.is_open:
        return _("%(name)s, by %(date)s") % words
    return f"{action.owner.first_name}. {action.get_closed_as_display()}"


def _version(version: Version) -> Words:
    if version.number is None or version.in_force_at is None:
        raise Invalid(_("Only what you both signed can be shown."))
    title = _("%(title)s, version %(number)d") % {"title": version.title, "number": version.number}
    lines: list[str] = []
    for number, clause in enumerate(version.wordings, 1):
        if clause.heading and clause.heading != (version.wordings[number - 2].heading if number > 1 else ""):
            lines.append(clause.heading)
        lines.append(f"{number}. {clause.text}")
    return Words(title, "\n\n".join(lines), version.in_force_at.date())
