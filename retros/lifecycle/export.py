"""All that one person can see here, as data and as text to read: the export of one's own.

Everything goes through the same loaders as the pages: what is folded by the other one, or theirs alone, is not in it.
"""

from __future__ import annotations

import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, tzinfo
from typing import IO, TYPE_CHECKING, Any, NamedTuple, Self

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.utils import timezone
from django.utils.formats import date_format

from partnerships.accounts.devices import devices_of
from partnerships.models import Agreement, Audit, Lead, Look, Partnership, Person, RateCounter, Version
from retros.models import (
    Action,
    Draft,
    Entry,
    EntryRevision,
    Handover,
    Jot,
    KindWord,
    Measure,
    Need,
    Note,
    Release,
    Review,
    Series,
    Session,
)
from retros.pair import clock_time

if TYPE_CHECKING:
    from uuid import UUID


Data = dict[str, Any]
FORMAT = "twofold-own-data"
IN_MEMORY = 2**20  # bytes of the file to read; what is beyond waits on disk until it is packed
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip file knows: the files say themselves when they were made


def export(person: Person) -> bytes:
    """Hand it out to its owner, and write that down. Raises TooMany beyond the limit of an hour."""
    RateCounter.count_export(person)
    packed = archive(person)
    Audit.record(Audit.Act.EXPORTED, by=person, about=person)
    return packed


def archive(person: Person) -> bytes:
    """Two files with the same content: one for programs, one to read. One partnership at a time is in memory."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as zipped, tempfile.SpooledTemporaryFile(IN_MEMORY) as text:
        with zipped.open(_file("twofold.json"), "w") as data:
            _write(person, data, text)
        text.seek(0)
        with zipped.open(_file("twofold.md"), "w") as readable_one:
            shutil.copyfileobj(text, readable_one)
    return packed.getvalue()


def _file(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def _write(person: Person, data: IO[bytes], text: IO[bytes]) -> None:
    """The same to both: as JSON, and to read."""
    data.write(b"{")
    text.write("\n\n".join(["# Twofold", *readable(clock_of(person), 2, person.tz)]).encode())
    for n, (name, value) in enumerate(_parts(person)):
        data.write(f'{"," if n else ""}\n  "{name}": '.encode())
        if isinstance(value, Iterator):
            _write_each(name, value, data, text, person.tz)
        else:
            data.write(_json(value, 2).encode())
            text.write("".join(f"\n\n{part}" for part in readable({name: value}, 2, person.tz)).encode())
    data.write(b"\n}\n")
    text.write(b"\n")


def _write_each(name: str, items: Iterator[Data], data: IO[bytes], text: IO[bytes], zone: tzinfo) -> None:
    number = 0  # no enumerate: it holds the last one while the next one is made
    for item in items:
        data.write(f"{',' if number else '['}\n    {_json(item, 4)}".encode())
        number += 1
        numbered = map(_markdown, _numbered(_title(name), number, item, 2, zone))
        text.write("".join(f"\n\n{part}" for part in numbered).encode())
        del item
    data.write(b"\n  ]" if number else b"[]")


def _json(value: Any, depth: int) -> str:
    """Set in by so many spaces. Within a text JSON has no line break of its own."""
    return json.dumps(value, ensure_ascii=False, indent=2).replace("\n", "\n" + " " * depth)


def everything(person: Person) -> Data:
    return {name: list(value) if isinstance(value, Iterator) else value for name, value in _parts(person)}


def _parts(person: Person) -> Iterator[tuple[str, Any]]:
    """What is exported, by name. The partnerships are made one after the other, as somebody asks for them."""
    yield "format", FORMAT
    yield "version", 1
    yield "made_at", _time(timezone.now())
    yield "you", _you(person)
    drafts = Draft.objects.filter(person=person).exclude(text="").order_by("key")
    yield "unfinished", [{"box": draft.key, "text": draft.text, "at": _time(draft.updated_at)} for draft in drafts]
    partnerships = Partnership.objects.of(person).with_members().order_by("created_at")
    yield "partnerships", (partnership_data(partnership, person) for partnership in partnerships)
    leads = Lead.objects.filter(person=person).select_related("partnership").order_by("since")
    yield "leads", [{"partnership": lead.partnership.label, "since": _time(lead.since)} for lead in leads]


class Passage(NamedTuple):
    """A heading of this level, or (level 0) what stands under a name: words of one or of several."""

    level: int
    title: str
    words: tuple[str, ...] = ()


def clock_of(person: Person) -> Data:
    """What stands above everything that is laid out to be read: whose clock its days and times are by."""
    return {"times_as_in": person.timezone}


def blocks(value: Data, level: int, zone: tzinfo) -> Iterator[Passage]:
    """The same, laid out to be read: days and times in words, by the clock of the reader's `zone`; what is empty, and
    what does not hold, is left out.
    """
    for name, held in value.items():
        if isinstance(held, dict):
            yield Passage(level, _title(name))
            yield from blocks(held, level + 1, zone)
        elif isinstance(held, list) and held and isinstance(held[0], dict):
            for number, item in enumerate(held, 1):
                yield from _numbered(_title(name), number, item, level, zone)
        elif words := _words(held, zone):
            yield Passage(0, _title(name), words)


def _words(held: Any, zone: tzinfo) -> tuple[str, ...]:
    match held:
        case None | "" | False:
            return ()
        case True:
            return ("yes",)
        case Stamp():
            return (held.words(zone),)
        case list():
            return tuple(map(str, held))
    return (str(held),)


def parts(value: Data, level: int, zone: tzinfo) -> list[list[Passage]]:
    """The same in parts that belong together on paper: a heading with what stands under it."""
    found: list[list[Passage]] = [[]]
    for block in blocks(value, level, zone):
        if block.level and any(not each.level for each in found[-1]):
            found.append([])
        found[-1].append(block)
    return found


def readable(value: Data, level: int, zone: tzinfo) -> list[str]:
    """The same as Markdown: paragraphs, with an empty line between two."""
    return [_markdown(block) for block in blocks(value, level, zone)]


def _markdown(block: Passage) -> str:
    """Words that people wrote are quoted, each by itself, so that nothing in them reads as structure."""
    if block.level:
        return f"{'#' * min(block.level, 6)} {block.title}"
    quoted = ["\n".join(f"> {line}" for line in words.split("\n")) for words in block.words]
    return f"{block.title}:\n" + "\n\n".join(quoted)


def _numbered(title: str, number: int, item: Data, level: int, zone: tzinfo) -> Iterator[Passage]:
    yield Passage(level, f"{title} {number}")
    yield from blocks(item, level + 1, zone)


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _you(person: Person) -> Data:

    addresses = EmailAddress.objects.filter(user=person).order_by("email").values_list("email", flat=True)
    return {
        "name": person.name, "email": person.email, "addresses": list(addresses), "role": person.role_label,
        "time_zone": person.timezone, "theme": person.theme, "since": _time(person.joined_at),
        "signed_in_at": [
            {"browser": one.browser, "address": one.address, "since": _time(one.started), "last_used": _time(one.seen)}
            for one in devices_of(person)
        ],
        **_second_factor(person),
    }  # fmt: skip


def _second_factor(person: Person) -> Data:
    """What there is and since when; never what codes are made from."""

    passkeys, apps = (
        Authenticator.objects.filter(user=person, type=kind).order_by("created_at", "pk")
        for kind in (Authenticator.Type.WEBAUTHN, Authenticator.Type.TOTP)
    )
    return {
        "passkeys": [
            {"name": one.wrap().name, "since": _time(one.created_at), "last_used": _time(one.last_used_at)}
            for one in passkeys
        ],
        "authenticator_app": [{"since": _time(one.created_at), "last_used": _time(one.last_used_at)} for one in apps],
    }


def partnership_data(partnership: Partnership, person: Person) -> Data:
    """What one of its members may read of a partnership: always in the same order."""
    handover = Handover.of(partnership)
    looks = Look.objects.of(person).filter(partnership=partnership).select_related("person", "about")
    agreements = Agreement.objects.of(person).filter(partnership=partnership)
    return {
        "label": partnership.label,
        "kind": partnership.get_kind_display(),
        "since": _time(partnership.since),
        "ended_at": _time(partnership.archived_at),
        "members": [
            {
                "name": member.person.bare_name, "role": member.role_label, "seat": member.seat,
                "joined_at": _time(member.joined_at), "left_at": _time(member.left_at),
            }
            for member in partnership.memberships.all()
        ],
        "leads": [
            {"name": lead.person.bare_name, "since": _time(lead.since)} for lead in Lead.objects.of(partnership)
        ],
        "looks": [
            {
                "by": look.person.bare_name, "what": str(look.get_what_display()),
                "about": look.about.bare_name if look.about else "", "at": _time(look.at),
            }
            for look in looks
        ],
        "rhythm": [
            {
                "title": series.title, "every": series.rule.words, "time_zone": series.rule.timezone,
                "link": series.meeting_url, "status": series.status,
            }
            for series in Series.objects.filter(partnership=partnership)
        ],
        "sessions": _sessions(partnership, person),
        "health_check_every": partnership.health_every or None,
        "measures": [
            {"text": measure.text, "since": _time(measure.created_at), "retired_at": _time(measure.retired_at)}
            for measure in Measure.objects.visible_to(person).filter(partnership=partnership)
        ],
        "actions": _actions(partnership, person),
        "agreements": [_agreement(agreement) for agreement in agreements],
        "needs": [
            {"text": need.text, "answer": need.answer, "at": _time(need.created_at)}
            for need in Need.objects.visible_to(person).filter(partnership=partnership)
        ],
        "shown_to_leads": [
            {
                "to": release.lead.person.bare_name, "title": release.title, "text": release.text,
                "proposed_at": _time(release.proposed_at), "shown_since": _time(release.confirmed_at),
                "withdrawn_at": _time(release.withdrawn_at),
            }
            for release in Release.objects.of(person)
            .filter(lead__partnership=partnership)
            .select_related("lead__person")
        ],
        "handover": handover.text if handover else "",
        "jots": [
            {"text": jot.text, "at": _time(jot.created_at)}
            for jot in Jot.objects.kept(person).filter(partnership=partnership)
        ],
        "kind_words": [
            {"by": word.giver.bare_name, "text": word.text, "at": _time(word.created_at)}
            for word in KindWord.objects.visible_to(person).filter(partnership=partnership).select_related("giver")
        ],
    }  # fmt: skip


def _sessions(partnership: Partnership, person: Person) -> list[Data]:
    sessions = Session.objects.of(person).filter(partnership=partnership).select_related("agreement")
    # Of two at one time, by what is shown of them: the ids are random.
    rows = list(sessions.prefetch_related("step_set").order_by("start_utc", "status", "kind", "timezone", "pk"))
    entries = (
        Entry.objects.visible_to(person)
        .filter(step__session__in=rows)
        .select_related("author", "prompt")
        .order_by("prompt__position", "author__name", "author", "created_at", "pk")
    )
    own = EntryRevision.objects.filter(entry__in=[entry.pk for entry in entries if entry.author_id == person.pk])
    earlier: dict[UUID, list[str]] = {}
    for revision in own.order_by("version"):
        earlier.setdefault(revision.entry_id, []).append(revision.text)
    notes = Note.objects.visible_to(person).filter(step__session__in=rows).select_related("written_by")
    by_step: dict[UUID, tuple[list[Data], list[Data]]] = {}
    texts = {entry.pk: entry.text for entry in entries}
    for entry in entries:
        by_step.setdefault(entry.step_id, ([], []))[0].append(_entry(entry, person, earlier.get(entry.pk, [])))
    for note in notes:
        about = texts.get(note.entry_id, "") if note.entry_id else ""
        line = {"text": note.text, "last_by": note.written_by.bare_name, "about": about, "at": _time(note.written_at)}
        by_step.setdefault(note.step_id, ([], []))[1].append(line)
    return [_session(session, by_step) for session in rows]


def _session(session: Session, by_step: dict[UUID, tuple[list[Data], list[Data]]]) -> Data:
    steps = []
    for step in session.step_set.all():
        cards, notes = by_step.get(step.pk, ([], []))
        steps.append({"title": step.title, "question": step.heading, "written": cards, "notes": notes})
    return {
        "title": session.title,
        "status": session.status,
        "planned": Stamp.of(
            session.start_utc, f"{session.wall_start.isoformat(timespec='minutes')} {session.timezone}"
        ),
        "held_on": _time(session.held_on),
        "steps": steps,
    }


def _entry(entry: Entry, person: Person, earlier: list[str]) -> Data:
    """When the other one wrote something is theirs alone; since when it lies open is not."""
    at = entry.created_at if entry.author_id == person.pk else entry.opened_at
    words = {str(value): label for value, label in entry.prompt.choices}
    chosen = [*([] if entry.value is None else [entry.value]), *entry.tags]
    return {
        "by": entry.author.bare_name,
        "to": entry.prompt.title,
        "text": entry.text,
        "chosen": [words.get(str(choice), str(choice)) for choice in chosen],
        "only_me": entry.only_me,
        "in_person": entry.in_person,
        "open_since": _time(entry.opened_at),
        "talked": entry.talk,
        "earlier_words": earlier,
        "at": _time(at),
    }


def _actions(partnership: Partnership, person: Person) -> list[Data]:
    rows = Action.objects.visible_to(person).filter(partnership=partnership).with_owners()
    actions = list(rows.select_related("session__agreement"))
    said: dict[UUID, list[Data]] = {}
    for review in Review.objects.filter(action__in=actions).select_related("by").order_by("at", "pk"):
        line = {"verdict": review.verdict, "helped": review.helped, "remark": review.remark, "by": review.by.bare_name}
        said.setdefault(review.action_id, []).append(line)
    cards = cards_of(actions, person)
    return [
        {
            "owner": action.owner.bare_name, "if": action.cue, "text": action.text, "because": action.because,
            "seen_by": action.seen_by, "decider": action.decider, "experiment": action.is_experiment,
            "added_at": _time(action.created_at), "due": _time(action.due), "closed_as": action.closed_as,
            "closed_on": _time(action.closed_on), "helped": action.helped,
            "from_session": action.session.title if action.session else "",
            "from_card": cards.get(action.from_entry_id, ""), "reviews": said.get(action.pk, []),
        }
        for action in actions
    ]  # fmt: skip


def cards_of(actions: list[Action], person: Person) -> dict[UUID | None, str]:
    """The words of the cards that the actions came from, by the id of the card, as far as the person may read them."""
    cards = Entry.objects.visible_to(person).filter(pk__in=[a.from_entry_id for a in actions if a.from_entry_id])
    return dict(cards.values_list("pk", "text"))


def _agreement(agreement: Agreement) -> Data:
    agreement.read_clauses(agreement.all_versions)
    return {
        "title": agreement.title,
        "kind": str(agreement.get_kind_display()),
        "closed_at": _time(agreement.closed_at),
        "versions": [_version(version) for version in agreement.all_versions],
    }


def _version(version: Version) -> Data:
    return {
        "number": version.number,
        "proposed_by": version.proposed_by.bare_name,
        "proposed_at": _time(version.proposed_at),
        "reason": version.reason,
        "in_force_at": _time(version.in_force_at),
        "ended_at": _time(version.ended_at),
        "clauses": [{"heading": wording.heading, "text": wording.text} for wording in version.wordings],
        "signatures": [
            {"name": signature.person.bare_name, "at": _time(signature.at)} for signature in version.signatures.all()
        ],
    }


class Stamp(str):
    """A day or a moment (`at`) as programs read it; people read it in words."""

    __slots__ = ("at",)
    at: date

    @classmethod
    def of(cls, at: date, written: str = "") -> Self:
        """As ISO 8601 writes it, unless something else is `written`."""
        stamp = cls(written or (at.isoformat(timespec="seconds") if isinstance(at, datetime) else at.isoformat()))
        stamp.at = at
        return stamp

    def words(self, zone: tzinfo) -> str:
        """“9 February 2027”, of a moment “9 February 2027, 14:00” by the clock of that zone."""
        if not isinstance(self.at, datetime):
            return date_format(self.at, "j F Y")
        local = self.at.astimezone(zone)
        return f"{date_format(local, 'j F Y')}, {clock_time(local)}"


def _time(at: date | None) -> Stamp | None:
    return Stamp.of(at) if at else None
