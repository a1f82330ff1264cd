"""What a retro does to an agreement: verbs over several rows, with the actor named."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from partnerships.models import Agreement, Clause, Version
from partnerships.refusals import Invalid, NotAllowed, Refusal, Stale
from partnerships.wording import Wording, digest_of
from retros.models.action import Action, Review
from retros.models.clause import ClauseLink, ClauseOrigin, must_stand
from retros.models.entry import Entry
from retros.models.note import Note
from retros.models.session import Session
from retros.models.step import Ready, Step
from retros.models.told import Told

if TYPE_CHECKING:
    from partnerships.models import Person


def mention(session: Session, agreement: Agreement, *, by: Person, line: uuid.UUID | None, entry: Entry) -> None:
    """Say that a clause came up on a card, without other words for it."""
    if line is None:
        raise Invalid(_("Choose the clause that it is about."))
    with transaction.atomic(), session.writing(by=by, closed=True) as change:
        _must_be_ours(session, agreement)
        entry.must_take_words()
        with agreement.writing(by) as in_force:
            must_stand(line, in_force)
            ClauseLink.objects.get_or_create(agreement=agreement, line=line, entry=entry, defaults={"by": by})
        change.tell(Told.MENTIONED, entry.pk)


def put_into_agreement(
    session: Session, agreement: Agreement, *, by: Person, text: str, reason: str, line: uuid.UUID | None = None,
    changed: uuid.UUID | None = None, entry: Entry | None = None, note: Note | None = None, id: uuid.UUID | None = None,
) -> Version:  # fmt: skip
    """Propose new words for a clause (`line`), or a new clause, from what came up in a session, and sign them.

    `changed` is the version whose words of the clause were changed. Raises Stale or Invalid like `Agreement.propose`;
    Refusal for a card that is not open, and for a clause with other words than in `changed`.
    """
    if entry is not None and (entry.is_folded or entry.only_me):
        raise Refusal(_("This card is not open."))
    with transaction.atomic(), session.writing(by=by, closed=True) as change:
        _must_be_ours(session, agreement)
        change.tell(Told.PROPOSED)
        base = agreement.in_force
        wordings = list(base.wordings) if base else []
        if line is None:
            added = Wording(text)
            wordings, line = [*wordings, added], added.line
        elif (now := next((w.text for w in wordings if w.line == line), None)) is None:
            raise Refusal(_("This clause is not in the agreement any more."))
        elif changed and now not in {text, _words(agreement, changed, line)}:
            raise Refusal(_("This clause changed in between. Look at its new words first; yours are kept."))
        else:
            wordings = [Wording(text, w.heading, w.line, w.review_on) if w.line == line else w for w in wordings]
        version = agreement.propose(wordings, by=by, reason=reason, base=base, line=line, id=id)
        ClauseOrigin.objects.get_or_create(
            version=version, defaults={"session": session, "line": line, "entry": entry, "note": note}
        )
    return version


def _words(agreement: Agreement, version: uuid.UUID, line: uuid.UUID) -> str:
    """Those of a clause in a version; none where it does not stand."""
    words = Clause.objects.filter(version__agreement=agreement, version=version, line=line)
    return words.values_list("text", flat=True).first() or ""


def sign_here(session: Session, version: Version, *, by: Person, digest: str) -> bool:
    """Sign a proposal in the room in which it is seen. Returns whether it is in force; raises like `Version.sign`."""
    with transaction.atomic(), session.writing(by=by, closed=True) as change:
        _must_be_ours(session, version.agreement)
        change.tell(Told.SIGNED)
        return version.sign(by=by, digest=digest)


def sentences_of(session: Session, by: Person) -> list[Note]:
    """What the two agreed on in a sitting, in its last step."""
    notes = Note.objects.visible_to(by).filter(step=session.steps[-1], kind=Note.Kind.LEARNED)
    return list(notes.exclude(text=""))


def text_with(agreement: Agreement, sentences: Sequence[Note]) -> list[Wording]:
    """The whole text that a sitting signs: what is in force, with its sentences. A sentence is a clause for good, so
    that one which is signed again, in other words, changes its clause.
    """
    said = {note.pk: note.text for note in sentences}
    base = agreement.in_force.wordings if agreement.in_force else []
    kept = [replace(clause, text=said.pop(clause.line, clause.text)) for clause in base]
    return [*kept, *(Wording(text, line=line) for line, text in said.items())]


def to_sign(session: Session, by: Person) -> str:
    """The digest of the text that `sign_and_go_on` signs; empty when there is nothing left to sign."""
    agreement = session.agreement
    if agreement is None or agreement.is_closed or not (sentences := sentences_of(session, by)):
        return ""
    digest = digest_of(agreement.title, text_with(agreement, sentences))
    known = [v for v in [agreement.in_force, *agreement.proposals] if v is not None and v.digest == digest]
    return "" if any(version.number or version.signed_by(by) for version in known) else digest


def sign_and_go_on(step: Step, *, by: Person, digest: str, alone: bool = False) -> bool:
    """Sign what the sitting agreed on, as the page showed it (`digest`), and be done: both, or neither.

    The first of the two proposes it, the second puts it into force. When the sentences changed in between, the second
    signs the new ones, and the first is asked again. Returns whether the sitting is closed, like
    `Step.ready_for_next`; raises Stale when the sentences are others than the page showed.
    """
    session = step.session
    with transaction.atomic():
        with session.writing(by=by, closed=True) as change:
            agreement = session.agreement
            if session.is_running and agreement is not None and (wanted := to_sign(session, by)):
                if digest != wanted:
                    raise Stale(_("Your sentences changed. Look once more."))
                change.tell(Told.SIGNED)
                _sign(session, agreement, by=by, digest=digest)
        return step.ready_for_next(by=by, alone=alone)


def _sign(session: Session, agreement: Agreement, *, by: Person, digest: str) -> None:
    """Sign the version with this text: the one that waits, or a new one."""
    own = ClauseOrigin.objects.filter(session=session, line=None).values_list("version", flat=True)
    waiting = next((version for version in agreement.proposals if version.pk in own), None)
    if waiting is not None and waiting.digest == digest:
        waiting.sign(by=by, digest=digest)
        return
    text, reason = text_with(agreement, sentences_of(session, by)), _("From our answers")
    if waiting is None or waiting.is_outdated:
        version = agreement.propose(text, by=by, reason=reason, base=agreement.in_force)
    else:
        version = waiting.counter(text, by=by, reason=reason)
        session.steps[-1].ready_set.filter(purpose=Ready.Purpose.NEXT).delete()
    ClauseOrigin.objects.create(version=version, session=session)


def adopt(action: Action, agreement: Agreement, *, by: Person, session: Session | None = None) -> Version:
    """Make an experiment that helped a clause of an agreement: proposed, and signed by whoever pressed.

    The clause stands under an identity that comes from the experiment, so pressing it again, or both at once, is
    pressing it once, as long as the clause waits or is in force. `session` is the room in which it was pressed.
    """
    line = uuid.uuid5(agreement.pk, f"experiment:{action.pk}")
    with transaction.atomic(), ExitStack() as room:
        if session is not None:
            room.enter_context(session.writing(by=by)).tell(Told.PROPOSED)
        action.refresh_from_db(fields=["closed_as", "helped", "deleted_at"])
        if not action.was_adopted:
            raise Refusal(_("Only an experiment that is done and helped becomes a clause."))
        review = Review.objects.filter(action=action).order_by("-at").select_related("session").first()
        retro = review.session if review else action.session
        if retro is None or action.partnership_id != agreement.partnership_id:
            raise NotAllowed(_("This belongs to another partnership."))
        with agreement.writing(by) as base:
            for version in [base, *agreement.proposals]:
                if version and version.clauses.filter(line=line).exists():
                    return version
            clause = Wording(_("We keep to what we tried: %(what)s") % {"what": action.text}, line=line)
            wordings = [*(base.wordings if base else []), clause]
            version = agreement.propose(wordings, by=by, reason=_outcome(action, review), base=base, line=line)
            ClauseOrigin.objects.create(version=version, session=retro, line=line, action=action)
    return version


def reaffirm(session: Session, agreement: Agreement, *, by: Person, until: date, line: uuid.UUID | None = None) -> None:
    """“Still right”, said in the room: the other one's page follows."""
    with transaction.atomic(), session.writing(by=by) as change:
        _must_be_ours(session, agreement)
        agreement.still_true(by=by, until=until, line=line)
        change.tell(Told.STILL_RIGHT)


def _outcome(action: Action, review: Review | None) -> str:
    """What became of an experiment, as the reason of its clause."""
    said = [_("We tried it, and it helped.")]
    if action.because:
        said.append(_("We believed: %(because)s") % {"because": action.because})
    if review and review.remark:
        said.append(_("It showed: %(remark)s") % {"remark": review.remark})
    return "\n".join(said)


def _must_be_ours(session: Session, agreement: Agreement) -> None:
    """Who has two partners has two rooms: what belongs to the one pair must not turn up in the other's."""
    if session.partnership_id != agreement.partnership_id:
        raise NotAllowed(_("This belongs to another partnership."))
