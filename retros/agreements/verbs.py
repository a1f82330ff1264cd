"""What a retro does to an agreement: verbs over several rows, with the actor named."""

from __future__ import annotations

import uuid
from contextlib import ExitStack
from datetime import date
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from partnerships.models import Agreement, Version
from partnerships.refusals import Invalid, NotAllowed, Refusal
from partnerships.wording import Wording
from retros.models.action import Action, Review
from retros.models.clause import ClauseLink, ClauseOrigin, _must_stand
from retros.models.entry import Entry
from retros.models.note import Note
from retros.models.session import Session

if TYPE_CHECKING:
    from partnerships.models import Person


def mention(session: Session, agreement: Agreement, *, by: Person, line: uuid.UUID | None, entry: Entry) -> None:
    """Say that a clause came up on a card, without other words for it."""
    if line is None:
        raise Invalid(_("Choose the clause that it is about."))
    with transaction.atomic(), session.writing(by=by, closed=True) as change:
        _must_be_ours(session, agreement)
        entry.must_be_open()
        with agreement.writing(by) as in_force:
            _must_stand(line, in_force)
            ClauseLink.objects.get_or_create(agreement=agreement, line=line, entry=entry, defaults={"by": by})
        change.shared = True


def put_into_agreement(
    session: Session, agreement: Agreement, *, by: Person, text: str, reason: str, line: uuid.UUID | None = None,
    entry: Entry | None = None, note: Note | None = None, id: uuid.UUID | None = None,
) -> Version:  # fmt: skip
    """Propose new words for a clause (`line`), or a new clause, from what came up in a session, and sign them.

    Raises Stale or Invalid like `Agreement.propose`; Refusal for a card that is not open.
    """
    if entry is not None and (entry.is_folded or entry.only_me):
        raise Refusal(_("This card is not open."))
    with transaction.atomic(), session.writing(by=by, closed=True) as change:
        _must_be_ours(session, agreement)
        change.shared = True
        base = agreement.in_force
        wordings = list(base.wordings) if base else []
        if line is None:
            added = Wording(text)
            wordings, line = [*wordings, added], added.line
        elif line not in {w.line for w in wordings}:
            raise Refusal(_("This clause is not in the agreement any more."))
        else:
            wordings = [Wording(text, w.heading, w.line, w.review_on) if w.line == line else w for w in wordings]
        version = agreement.propose(wordings, by=by, reason=reason, base=base, line=line, id=id)
        ClauseOrigin.objects.get_or_create(
            version=version, defaults={"session": session, "line": line, "entry": entry, "note": note}
        )
    return version


def put_lines_into_agreement(session: Session, *, by: Person, id: uuid.UUID | None = None) -> Version:
    """Make the first (or the next) version out of the lines that the two agreed on here, and sign it."""
    agreement = session.agreement
    if agreement is None:
        raise Refusal(_("This session is not about an agreement."))
    with transaction.atomic(), session.writing(by=by, closed=True) as change:
        change.shared = True
        step = session.steps[-1]
        lines = [note.text for note in Note.objects.visible_to(by).filter(step=step, kind=Note.Kind.LEARNED)]
        base = agreement.in_force
        wordings = [*(base.wordings if base else []), *(Wording(text) for text in lines)]
        version = agreement.propose(wordings, by=by, reason=_("From our answers"), base=base, id=id)
        ClauseOrigin.objects.get_or_create(version=version, defaults={"session": session})
    return version


def adopt(action: Action, agreement: Agreement, *, by: Person, session: Session | None = None) -> Version:
    """Make an experiment that helped a clause of an agreement: proposed, and signed by whoever pressed.

    The clause stands under an identity that comes from the experiment, so pressing it again, or both at once, is
    pressing it once, as long as the clause waits or is in force. `session` is the room in which it was pressed.
    """
    line = uuid.uuid5(agreement.pk, f"experiment:{action.pk}")
    with transaction.atomic(), ExitStack() as room:
        if session is not None:
            room.enter_context(session.writing(by=by)).shared = True
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
        change.shared = True


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
