"""What the two write, reveal and agree on."""

from retros.agreements.verbs import came_up, keep_as_clause, put_into_agreement, put_lines_into_agreement, still_right
from retros.dates.planning import Outdated, Unconfirmed
from retros.models.action import Action, Review
from retros.models.bulk import Bulk
from retros.models.clause import ClauseLink, ClauseOrigin
from retros.models.draft import Draft
from retros.models.entry import Entry, EntryRevision, Pick
from retros.models.expiry import Expiry
from retros.models.handover import Handover
from retros.models.need import Need
from retros.models.note import Note
from retros.models.offer import Offer
from retros.models.presence import Presence
from retros.models.release import Release
from retros.models.series import Pause, RuleVersion, Series, SeriesChange
from retros.models.session import Session
from retros.models.step import Prompt, Ready, Step
from retros.models.tick import Tick
from retros.recurrence.wall_time import Misplaced
from retros.room.decisions import name_decision, settle_decision, settled

__all__ = [
    "Action",
    "Bulk",
    "ClauseLink",
    "ClauseOrigin",
    "Draft",
    "Entry",
    "EntryRevision",
    "Expiry",
    "Handover",
    "Misplaced",
    "Need",
    "Note",
    "Offer",
    "Outdated",
    "Pause",
    "Pick",
    "Presence",
    "Prompt",
    "Ready",
    "Release",
    "Review",
    "RuleVersion",
    "Series",
    "SeriesChange",
    "Session",
    "Step",
    "Tick",
    "Unconfirmed",
    "came_up",
    "keep_as_clause",
    "name_decision",
    "put_into_agreement",
    "put_lines_into_agreement",
    "settle_decision",
    "settled",
    "still_right",
]
