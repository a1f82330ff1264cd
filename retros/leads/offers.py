"""What a lead offers: the times to start with; taking one of them, or an exercise, up."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from partnerships.models import Agreement, Lead, Person
from partnerships.refusals import Invalid
from retros.dates import one_date
from retros.dates.planning import planning
from retros.models import Offer, Session, creation
from retros.models.need import check_leads
from retros.models.offer import TIMES
from retros.pair import AFTERNOON
from retros.recurrence.common_hours import next_time


def proposed(lead: Lead, now: datetime) -> list[datetime]:
    """Three wall times on the lead's own clock to start an offer with: from a week on, two days apart, in working days
    and hours of both, on days without a retro. Where the two share no such time, in those of the lead.
    """
    zone = lead.person.timezone
    today = now.astimezone(ZoneInfo(zone)).date()
    planned = Session.objects.filter(partnership=lead.partnership).upcoming()
    taken = {session.start_utc.astimezone(ZoneInfo(zone)).date() for session in planned}
    both = [membership.person.hours for membership in lead.partnership.memberships.all()]
    found: list[datetime] = []
    for n in range(TIMES):
        wished = datetime.combine(found[-1].date() + timedelta(days=2) if n else today + timedelta(days=7), AFTERNOON)
        times = (
            next_time(wished, zone, hours, minutes=60, after=now, taken=taken) for hours in (both, [lead.person.hours])
        )
        found.append(next((wall for wall in times if wall), wished))
    return found


def accept(offer: Offer, *, by: Person, choice: int = 0) -> Session:
    """Plan the retro at the chosen one of the times, or begin the exercise. Pressed by both, it is done once.

    Raises Refusal when it was declined or its lead ended in between, or when the time cannot be planned (any more).
    """
    partnership = offer.lead.partnership
    with planning(partnership, by=by), partnership.writing(by):  # its locks first, in their order
        check_leads(offer.lead)
        offer.refresh_from_db(fields=["state", "session"])
        if offer.session is not None:
            return offer.session
        offer.check_open()
        if offer.kind == offer.Kind.TIMES:
            if not 0 <= choice < len(offer.starts):
                raise Invalid(_("Choose one of the times."))
            start = offer.wall_times[choice]
            offer.session = one_date.plan(partnership, by=by, start=start, zone=offer.timezone)
        else:
            offer.session = _begin_exercise(offer, by)
        offer.settle(offer.State.TAKEN)
        return offer.session


def _begin_exercise(offer: Offer, by: Person) -> Session:
    """A contract is about what the two work on; either of them can begin others with a name of their own."""
    partnership, exercise = offer.lead.partnership, offer.exercise
    if exercise.kind not in {Session.Kind.DREAM_TEAM, Session.Kind.CONTRACT}:
        return creation.start_now(partnership, by=by, template_key=exercise.key)
    dream_team = exercise.kind == Session.Kind.DREAM_TEAM
    kind = Agreement.Kind.DREAM_TEAM if dream_team else Agreement.Kind.CONTRACT
    title = _("Our Dream Team agreement") if dream_team else partnership.label
    return creation.begin(Agreement.begin(partnership, by=by, kind=kind, title=title), by=by)
