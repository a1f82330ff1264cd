"""Who works with whom, and what lasts between them: rows, and verbs of one row. Never requests, forms or HTML."""

from partnerships.models.agreement import Agreement
from partnerships.models.audit import Audit
from partnerships.models.delivery import Delivery, Preference
from partnerships.models.feed import CalendarFeed
from partnerships.models.invitation import Invitation
from partnerships.models.look import Look
from partnerships.models.organisation import Organisation
from partnerships.models.partnership import Lead, Membership, Partnership
from partnerships.models.person import Person
from partnerships.models.rate import RateCounter
from partnerships.models.sign_in import SignIn
from partnerships.models.sign_in_change import SignInChange
from partnerships.models.sign_in_link import SignInLink
from partnerships.models.still_right import StillRight
from partnerships.models.version import Clause, Signature, Version

__all__ = [
    "Agreement",
    "Audit",
    "CalendarFeed",
    "Clause",
    "Delivery",
    "Invitation",
    "Lead",
    "Look",
    "Membership",
    "Organisation",
    "Partnership",
    "Person",
    "Preference",
    "RateCounter",
    "SignIn",
    "SignInChange",
    "SignInLink",
    "Signature",
    "StillRight",
    "Version",
]
