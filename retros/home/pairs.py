"""The list of a person's partnerships, for somebody with several or none."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from partnerships.models import Delivery, Invitation, Partnership
from retros.models import Action, Session
from retros.models.action import count_states
from retros.notifications.wording import Notice, notices_for
from retros.pair import Pair, PlannedRetro

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

    @property
    def ended(self) -> list[Pair]:
        return [pair for pair in self.all if not pair.is_open]

    def _row(self, pair: Pair) -> PairRow:
        pk = pair.partnership.pk
        return PairRow(pair, self._next_words(pair), self._open_actions.get(pk, 0), self._awaited.get(pk, ""))

    def _next_words(self, pair: Pair) -> str:
        session = self._next.get(pair.partnership.pk)
        if session is None:
            return _("No retro planned")
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
    def _awaited(self) -> dict[UUID, str]:
        free = [pair.partnership.pk for pair in self.all if pair.partner is None]
        invitations = Invitation.objects.open().filter(partnership__in=free) if free else ()
        return {each.partnership_id: each.email for each in invitations if each.partnership_id}

    @cached_property
    def _open_actions(self) -> dict[UUID, int]:
        found: dict[UUID, list[tuple[UUID, str]]] = {}
        rows = Action.objects.visible_to(self.person).open().order_by()
        for partnership, pk, state in rows.values_list("partnership", "pk", "closed_as"):
            found.setdefault(partnership, []).append((pk, state))
        return {partnership: count_states(states).total() for partnership, states in found.items()}
