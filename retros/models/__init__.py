"""What the two write, reveal and agree on: rows, and verbs of one row. Never what stands above them."""

from retros.models.action import Action, Review
from retros.models.bulk import Bulk, BulkLine
from retros.models.clause import ClauseLink, ClauseOrigin
from retros.models.draft import Draft
from retros.models.entry import Entry, EntryRevision, Pick
from retros.models.expiry import Expiry
from retros.models.handover import Handover
from retros.models.jot import Jot
from retros.models.kind_word import KindWord
from retros.models.measure import Measure
from retros.models.need import Need
from retros.models.note import Note
from retros.models.offer import Offer
from retros.models.presence import Presence
from retros.models.release import Release
from retros.models.search_text import SearchText
from retros.models.series import Pause, RuleVersion, Series, SeriesChange
from retros.models.session import Session
from retros.models.step import Prompt, Ready, Step
from retros.models.template import OwnTemplate, UsualTemplate
from retros.models.tick import Tick

__all__ = [
    "Action",
    "Bulk",
    "BulkLine",
    "ClauseLink",
    "ClauseOrigin",
    "Draft",
    "Entry",
    "EntryRevision",
    "Expiry",
    "Handover",
    "Jot",
    "KindWord",
    "Measure",
    "Need",
    "Note",
    "Offer",
    "OwnTemplate",
    "Pause",
    "Pick",
    "Presence",
    "Prompt",
    "Ready",
    "Release",
    "Review",
    "RuleVersion",
    "SearchText",
    "Series",
    "SeriesChange",
    "Session",
    "Step",
    "Tick",
    "UsualTemplate",
]
