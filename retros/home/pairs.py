"""The list of a person's partnerships, for somebody with several or none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from partnerships.models import Delivery, Invitation, Partnership
from retros.models import Action, Series, Session
from retros.notifications.wording import Notice, notices_for
from retros.pair import Pair, PlannedRetro
from retros.room.regions import DIGEST, short

if TYPE_CHECKING:
    from partnerships.models import Person


@dataclass(frozen=True)
class PairRow:
    """One of a person's partnerships in the list of all."""

    pair: Pair
    next: str
    open_actions: int
    awaited: str  # the address that is invited to the free seat


class Pairs:
    """All partnerships of a person, the ended ones last."""

    def __init__(self, person: Person) -> None:
        self.person = person
        partnerships = Partnership.objects.of(person).with_members().order_by("created_at")
        self.all = [Pair(partnership, person) for partnership in partnerships]

    @cached_property
    def notices(self) -> list[tuple[Delivery, Notice]]:
        return notices_for(self.person, timezone.now())

    @property
    def only(self) -> Partnership | None:
        return self.all[0].partnership if len(self.all) == 1 else None

    @cached_property
    def leads_others(self) -> bool:
        return Partnership.objects.led_by(self.person).exists()

    @cached_property
    def active(self) -> list[PairRow]:
        return [self._row(pair) for pair in self.all if pair.is_open]

    @cached_property
    def _open_now(self) -> dict[UUID, Session]:
        return {pk: session for pk, session in self._next.items() if session.is_running}

    @cached_property
    def mark(self) -> str:
        """Two digests of the list, like the mark of a pair's home: of what is open now, and of all that it says."""
        opened = sorted(str(session.pk) for session in self._open_now.values())
        rows = [(row.pair.title, row.next, row.awaited, row.open_actions) for row in self.active]
        return short(opened) + short((rows, [pair.title for pair in self.ended]))

    def news_for(self, shown: str) -> str:
        """What is open now, when a page with another mark does not say so yet; else empty."""
        if not shown or shown[:DIGEST] == self.mark[:DIGEST]:
            return ""
        rows = [row for row in self.active if row.pair.partnership.pk in self._open_now]
        return " ".join(_("%(pair)s: %(state)s.") % {"pair": row.pair.title, "state": row.next} for row in rows)

    @property
    def ended(self) -> list[Pair]:
        return [pair for pair in self.all if not pair.is_open]

    def _row(self, pair: Pair) -> PairRow:
        pk = pair.partnership.pk
        return PairRow(pair, self._next_words(pair), self._open_actions.get(pk, 0), self._awaited.get(pk, ""))

    def _next_words(self, pair: Pair) -> str:
        session = self._next.get(pair.partnership.pk)
        if session is None:
            return _("The rhythm is paused") if pair.partnership.pk in self._paused else _("No retro planned")
        if session.is_running:
            return _("%(title)s is open now") % {"title": session.title}
        return _("Next retro: %(when)s") % {"when": PlannedRetro(session, pair).when}

    @cached_property
    def _next(self) -> dict[UUID, Session]:
        """The open or the next planned retro of each partnership."""
        waiting = [Session.Status.IN_PROGRESS, Session.Status.SCHEDULED]
        sessions = Session.objects.of(self.person).filter(status__in=waiting).select_related("agreement")
        sessions = sessions.order_by("status", "start_utc")
        found: dict[UUID, Session] = {}
        for session in sessions:
            found.setdefault(session.partnership_id, session)
        return found

    @cached_property
    def _paused(self) -> set[UUID]:
        """Those without a next retro whose rhythm is paused."""
        bare = [pair.partnership.pk for pair in self.all if pair.partnership.pk not in self._next]
        paused = Series.objects.filter(partnership__in=bare, status=Series.Status.PAUSED)
        return set(paused.values_list("partnership", flat=True))

    @cached_property
    def _awaited(self) -> dict[UUID, str]:
        free = [pair.partnership.pk for pair in self.all if pair.partner is None]
        invitations = Invitation.objects.open().filter(partnership__in=free) if free else ()
        return {each.partnership_id: each.email for each in invitations if each.partnership_id}

    @cached_property
    def _open_actions(self) -> dict[UUID, int]:
        states = Action.objects.visible_to(self.person).open().states_of_each()
        return {partnership: count.total() for partnership, count in states.items()}
