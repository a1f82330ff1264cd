"""One pair that has met every two months for ten years, made at once: rows as the verbs leave them behind."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from itertools import count

from django.utils import timezone

from partnerships.models import Agreement, Clause, Membership, Partnership, Signature, Version
from partnerships.wording import Wording, digest_of
from retros.models import Action, ClauseOrigin, Entry, Note, Prompt, Review, Session, Step, creation
from retros.recurrence.wall_time import stored

SESSIONS, ENTRIES, ACTIONS, VERSIONS, CLAUSES = 60, 2_400, 300, 20, 8
OF_A_RETRO, TAKEN = ENTRIES // SESSIONS, ACTIONS // SESSIONS
APART = timedelta(days=61)
WORDS = [
    "scope",
    "dates",
    "sketch",
    "customer",
    "morning",
    "quiet",
    "review",
    "trust",
    "numbers",
    "early",
    "handoff",
    "promise",
]
HELPED = ("helped", "no_difference", "helped", "not_tried", "")


def live_ten_years(partnership: Partnership) -> list[Session]:
    """60 retros, the last one two months ago; 2,400 entries, 300 actions with what became of them, an agreement in 20
    versions. The pair must be two, without a retro. Returns the retros.
    """
    now = timezone.now().replace(microsecond=0)
    members = list(Membership.objects.filter(partnership=partnership).select_related("person").order_by("seat"))
    Partnership.objects.filter(pk=partnership.pk).update(since=(now - APART * (SESSIONS + 1)).date())
    sessions = [_retro(n, now - APART * (SESSIONS - n)) for n in range(SESSIONS)]
    creation.new(partnership, sessions, members).insert()
    prompts: dict[uuid.UUID, list[Prompt]] = {}
    for prompt in Prompt.objects.filter(step__session__in=sessions).select_related("step__session"):
        prompts.setdefault(prompt.step.session_id, []).append(prompt)
    entries, notes, actions = [], [], []
    cards = {}
    for session in sessions:
        entries += (written := _entries(session, prompts[session.pk], members))
        cards[session.pk] = [entry for entry in written if entry.is_card]
        notes += _notes(session, cards[session.pk], members)
        actions += _actions(session, cards[session.pk], members)
    for session in sessions:
        Step.objects.filter(session=session).update(
            started_at=session.started_at, opened_a_at=session.started_at, opened_b_at=session.started_at
        )
    Entry.unrestricted.bulk_create(entries, batch_size=400)
    Note.objects.bulk_create(notes, batch_size=400)
    Action.objects.bulk_create(actions, batch_size=400)
    Review.objects.bulk_create(_reviews(actions, sessions, members), batch_size=400)
    _agree(partnership, members, sessions, cards)
    return sessions


def _retro(number: int, at: datetime) -> Session:
    return Session(
        id=uuid.uuid4(), number=number + 1, status=Session.Status.HELD, start_local=stored(at.replace(tzinfo=None)),
        timezone="UTC", start_utc=at, held_on=at.date(), started_at=at, closed_at=at, position=4,
    )  # fmt: skip


def _entries(session: Session, prompts: list[Prompt], members: list[Membership]) -> list[Entry]:
    """An answer of each to each question, and cards of both until there are as many as in every retro."""
    questions = [prompt for prompt in prompts if not prompt.takes_cards]
    columns = [prompt for prompt in prompts if prompt.takes_cards]
    made = [(prompt, member, False) for prompt in questions for member in members]
    made += [
        (columns[n % len(columns)], members[n % len(members)], True) for n in range(OF_A_RETRO - len(made))
    ]  # fmt: skip
    return [
        Entry(
            step_id=prompt.step_id, prompt=prompt, author=member.person, is_card=is_card,
            text=_text(session.number, n) if is_card or prompt.kind == Prompt.Kind.TEXT else "",
            value=int(prompt.choices[n % len(prompt.choices)][0]) if prompt.kind == Prompt.Kind.SCALE else None,
            sealed_at=session.started_at, opened_at=session.started_at, opened_version=1,
        )
        for n, (prompt, member, is_card) in enumerate(made)
    ]  # fmt: skip


def _text(number: int | None, n: int) -> str:
    return " ".join(WORDS[(n * step + (number or 0)) % len(WORDS)] for step in (1, 3, 5, 7)) + f" {number}-{n}"


def _notes(session: Session, cards: list[Entry], members: list[Membership]) -> list[Note]:
    conclude = next(step for step in session.steps if step.kind == Step.Kind.CONCLUDE)
    common = {"written_by": members[0].person}
    return [
        *(
            Note(step_id=card.step_id, entry=card, kind="came_up", text=_text(session.number, n), **common)
            for n, card in enumerate(cards[:4])
        ),
        Note(step=conclude, kind="learned", text=_text(session.number, 9), **common),
    ]


def _actions(session: Session, cards: list[Entry], members: list[Membership]) -> list[Action]:
    """Ended, but for those of the last retro; every fifth an experiment."""
    day = session.day + APART / 2
    is_last = session.number == SESSIONS
    return [
        Action(
            partnership=session.partnership, session=session, from_entry=cards[n], owner=members[n % 2].person,
            text=_text(session.number, n), is_experiment=not n, because=_text(n, 1) if not n else "",
            seen_by=_text(n, 2) if not n else "", due=day, closed_as="" if is_last else "done" if n < 4 else "dropped",
            closed_on=None if is_last else day, helped="" if is_last else HELPED[n],
        )
        for n in range(TAKEN)
    ]  # fmt: skip


def _reviews(actions: list[Action], sessions: list[Session], members: list[Membership]) -> list[Review]:
    """What was said of each at the next retro."""
    following = dict(zip((session.pk for session in sessions), sessions[1:], strict=False))
    return [
        Review(
            action=action, session=following[action.session_id], verdict=action.closed_as, helped=action.helped,
            remark=_text(n, 3), version=1, by=members[0].person,
        )
        for n, action in enumerate(actions)
        if action.session_id in following
    ]  # fmt: skip


def _agree(
    partnership: Partnership, members: list[Membership], sessions: list[Session], cards: dict[uuid.UUID, list[Entry]]
) -> None:
    """Twenty versions, each with other words for one clause, which came from a card."""
    agreement = Agreement.objects.create(partnership=partnership, kind="dream_team", title="Our Dream Team agreement")
    lines = [Wording(_text(n, n), line=uuid.uuid4()) for n in range(CLAUSES)]
    versions: list[Version] = []
    clauses, signatures, origins = [], [], []
    for number, session in zip(count(1), sessions[:: SESSIONS // VERSIONS]):
        at = number % CLAUSES
        lines[at] = Wording(_text(number, 11), line=lines[at].line)
        digest = digest_of(agreement.title, lines)
        version = Version(
            agreement=agreement, number=number, title=agreement.title, digest=digest, line=lines[at].line,
            base=versions[-1] if versions else None, proposed_by=members[number % 2].person,
            in_force_at=session.closed_at, reason=_text(number, 5),
        )  # fmt: skip
        versions.append(version)
        clauses += [
            Clause(version=version, position=n, line=clause.line, text=clause.text) for n, clause in enumerate(lines)
        ]
        signatures += [Signature(version=version, person=member.person, digest=digest) for member in members]
        card = cards[session.pk][number % 3]  # of each column in turn
        origins.append(ClauseOrigin(version=version, line=lines[at].line, session=session, entry=card))
    Version.objects.bulk_create(versions)
    Clause.objects.bulk_create(clauses)
    Signature.objects.bulk_create(signatures)
    ClauseOrigin.objects.bulk_create(origins)
