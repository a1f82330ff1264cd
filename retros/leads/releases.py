"""What the leads of a pair see, what waits to be shown, and who looked: for the two alone. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partnerships.compiled import CompiledQuery
from partnerships.content import isolated
from partnerships.graphemes import shorten
from partnerships.header import Header
from partnerships.models import Lead, Look, Partnership, Person, Version
from retros.models import Action, Need, Note, Offer, Release
from retros.models.action import lines_of
from retros.models.release import Thing, Words, words_of

if TYPE_CHECKING:
    from django.db.models import QuerySet


LATELY = timedelta(days=14)  # how long home tells that somebody became a lead
LOOKS = 50
CHOICES = 30  # of each kind of thing
CHOICE_LENGTH = 80  # of its words in the list


def _looks(person: Person, partnership: Partnership) -> QuerySet[Look]:
    return Look.objects.of(person).filter(partnership=partnership).select_related("person", "about")


def _changes(person: Person, partnership: Partnership, since: datetime) -> QuerySet[Look]:
    changes = [Look.What.LEAD_ASSIGNED, Look.What.LEAD_ENDED]
    return _looks(person, partnership).filter(what__in=changes, at__gte=since)


_lately = CompiledQuery(_changes, Person, Partnership, datetime)


def _leads_of(person: Person, partnership: Partnership) -> QuerySet[Lead]:
    """Each with whether there is anything of it to read: most have nothing."""
    own = {"lead": OuterRef("pk")}
    return Lead.objects.of(partnership).annotate(
        has_releases=Exists(Release.objects.of(person).filter(**own)),
        has_needs=Exists(Need.objects.visible_to(person).filter(**own)),
        has_offers=Exists(Offer.objects.visible_to(person).open().filter(**own)),
    )


_leads = CompiledQuery(_leads_of, Person, Partnership)


@dataclass(frozen=True)
class LookRow:
    """One line of the log."""

    when: str
    words: str


@dataclass(frozen=True)
class ReleaseRow:
    release: Release
    state: str  # yours, theirs, shown, withdrawn
    said: str

    @property
    def url(self) -> str:
        return reverse("release_detail", args=[self.release.pk])


@dataclass(frozen=True)
class LeadRow:
    """One lead: what they see now, and what waits."""

    lead: Lead
    since: str
    releases: list[ReleaseRow]
    needs: list[Need]

    def _in(self, *states: str) -> list[ReleaseRow]:
        return [row for row in self.releases if row.state in states]

    @property
    def shown(self) -> list[ReleaseRow]:
        return self._in("shown")

    @property
    def waiting(self) -> list[ReleaseRow]:
        return self._in("yours", "theirs")

    @property
    def withdrawn(self) -> list[ReleaseRow]:
        return self._in("withdrawn")

    @property
    def known_needs(self) -> set[UUID]:
        """Those that are shown, or proposed to be, in their words of now."""
        said = {(row.release.need_id, row.release.text) for row in (*self.shown, *self.waiting)}
        return {need.pk for need in self.needs if (need.pk, need.text) in said}

    @property
    def now(self) -> str:
        """“Sees dates, counts and titles, and 2 things that you showed.”"""
        if not self.lead.person.is_active:
            return _("Sees nothing: the account is switched off.")
        count = len(self.shown)
        if not count:
            return _("Sees dates, counts and titles. Nothing of what you wrote.")
        return ngettext(
            "Sees dates, counts and titles, and %(count)d thing that you showed.",
            "Sees dates, counts and titles, and %(count)d things that you showed.",
            count,
        ) % {"count": count}


class LeadsNotice:
    """What home says of leads: who leads, who began or ended lately, what waits for the viewer."""

    def __init__(self, pair: Header) -> None:
        self.pair = pair
        self.person = pair.person
        self.partnership = pair.partnership

    @cached_property
    def leads(self) -> list[LeadRow]:
        found = self._leads
        shown = [lead for lead in found if lead.has_releases]  # type: ignore[attr-defined]
        releases = Release.objects.of(self.person).filter(lead__in=shown)
        rows = [self._row(release) for release in releases.select_related("lead__person", "proposed_by")]
        needs = self._needs if any(lead.has_needs for lead in found) else []  # type: ignore[attr-defined]
        return [
            LeadRow(
                lead, self._day(lead.since), [r for r in rows if r.release.lead_id == lead.pk],
                [n for n in needs if n.lead_id == lead.pk],
            )
            for lead in found
        ]  # fmt: skip

    @cached_property
    def _leads(self) -> list[Lead]:
        return _leads(self.person, self.partnership) if self.pair.is_led else []

    @cached_property
    def _needs(self) -> list[Need]:
        return list(Need.objects.visible_to(self.person).filter(partnership=self.partnership))

    def _row(self, release: Release) -> ReleaseRow:
        if release.withdrawn_at:
            said = _("Withdrawn %(day)s. What was read was read.") % {"day": self._day(release.withdrawn_at)}
            return ReleaseRow(release, "withdrawn", said)
        if release.confirmed_at:
            return ReleaseRow(release, "shown", _("Shown since %(day)s") % {"day": self._day(release.confirmed_at)})
        if release.proposed_by_id == self.person.pk:
            partner = self.pair.partner
            name = partner.person.first_name if partner else _("the other one")
            return ReleaseRow(release, "theirs", _("Waiting for %(name)s") % {"name": name})
        said = _("%(name)s would like to show this") % {"name": release.proposed_by.first_name}
        return ReleaseRow(release, "yours", said)

    @property
    def waiting_for_you(self) -> list[ReleaseRow]:
        return [row for lead in self.leads for row in lead.releases if row.state == "yours"]

    @property
    def answers(self) -> list[tuple[str, str]]:
        """Who of the leads answered, and what, as long as it is news."""
        since = self.pair.now - LATELY
        return [
            (row.lead.person.first_name, need.answer)
            for row in self.leads
            for need in row.needs
            if need.answered_at and need.answered_at > since
        ]

    @cached_property
    def offers(self) -> list[OfferRow]:
        if not any(lead.has_offers for lead in self._leads):  # type: ignore[attr-defined]
            return []
        offers = Offer.objects.visible_to(self.person).open().filter(lead__partnership=self.partnership)
        return [OfferRow(offer, self.person) for offer in offers.select_related("lead__person", "lead__partnership")]

    @cached_property
    def lately(self) -> list[LookRow]:
        """Who became a lead, or is it no longer, in the last days."""
        return self._lines(_lately(self.person, self.partnership, self.pair.now - LATELY))

    @property
    def line(self) -> str:
        names = ", ".join(row.lead.person.full_name for row in self.leads)
        return ngettext("Your lead: %(names)s", "Your leads: %(names)s", len(self.leads)) % {"names": names}

    def _lines(self, looks: Iterable[Look]) -> list[LookRow]:
        return [LookRow(self._moment(look.at), words_of_look(look)) for look in looks]

    def _day(self, moment: datetime) -> str:
        return date_format(moment.astimezone(self.person.tz), "j F Y")

    def _moment(self, moment: datetime) -> str:
        return date_format(moment.astimezone(self.person.tz), "j F Y, H:i")


class LeadsPage(LeadsNotice):
    """“What our leads see”, with the log of looks."""

    def __init__(self, partnership: Partnership, person: Person, *, page: str = "1") -> None:
        super().__init__(Header(partnership, person))
        self.number = page

    @property
    def earlier_needs(self) -> list[Need]:
        """What they once needed from somebody who leads them no more."""
        return [need for need in self._needs if need.lead_id is None]

    @cached_property
    def log(self) -> Page[Look]:
        """One page of the looks, the latest first; the first or the last one for a number that there is not."""
        return Paginator(_looks(self.person, self.partnership), LOOKS).get_page(self.number)

    @property
    def looks(self) -> list[LookRow]:
        return self._lines(self.log)


class OfferRow:
    """An offer as the two see it, its times in the reader's own zone."""

    def __init__(self, offer: Offer, person: Person) -> None:
        self.offer = offer
        self.person = person

    @property
    def words(self) -> str:
        name = self.offer.lead.person.first_name
        if self.offer.kind == Offer.Kind.TIMES:
            return _("%(name)s offers you three dates for a retro.") % {"name": name}
        return _("%(name)s suggests the exercise “%(title)s”.") % {"name": name, "title": self.offer.exercise.title}

    @property
    def times(self) -> list[tuple[int, str]]:
        """(which one, words)."""
        starts = [start.astimezone(self.person.tz) for start in self.offer.instants]
        return [(number, date_format(start, "l j F, H:i")) for number, start in enumerate(starts)]


@dataclass(frozen=True)
class Choice:
    """Something that can be shown: a link to its preview."""

    kind: str
    thing: UUID
    words: str

    @property
    def query(self) -> str:
        return f"?kind={self.kind}&thing={self.thing}"


class Choices:
    """Everything that can be shown to one lead; nothing that was written alone is among it."""

    def __init__(self, lead: Lead, person: Person) -> None:
        self.lead = lead
        self.person = person

    @property
    def groups(self) -> list[tuple[str, list[Choice]]]:
        found = [
            (_("Summaries"), list(self._summaries())),
            (_("What you need from them"), list(self._needs())),
            (_("Outcomes of experiments"), list(self._outcomes())),
            (_("Agreements"), list(self._versions())),
            (_("Actions"), list(self._actions())),
        ]
        return [(title, choices) for title, choices in found if choices]

    def _summaries(self) -> Iterator[Choice]:
        notes = Note.objects.visible_to(self.person).filter(
            kind=Note.Kind.SUMMARY, step__session__partnership=self.lead.partnership_id
        )
        for note in notes.exclude(text="").select_related("step__session").order_by("-created_at")[:CHOICES]:
            yield Choice(Release.Kind.SUMMARY, note.pk, note.step.session.title)

    def _needs(self) -> Iterator[Choice]:
        for need in Need.objects.visible_to(self.person).filter(lead=self.lead)[:CHOICES]:
            yield Choice(Release.Kind.NEED, need.pk, shorten(need.text, CHOICE_LENGTH))

    @cached_property
    def _all_actions(self) -> list[Action]:
        actions = Action.objects.visible_to(self.person).filter(partnership=self.lead.partnership_id)
        return list(actions.select_related("owner").order_by("-created_at", "pk")[: 2 * CHOICES])

    @cached_property
    def _of_both(self) -> set[UUID]:
        lines = lines_of(self._all_actions, each=True)
        return {action.pk for line in lines if len(line.actions) > 1 for action in line.actions}

    def _label(self, action: Action) -> str:
        """Its words; of what both took, and each finishes for themselves, whose it is, too."""
        words = shorten(action.text, CHOICE_LENGTH)
        if action.pk not in self._of_both:
            return words
        return _("%(name)s: %(text)s") % {"name": action.owner.first_name, "text": isolated(words)}

    def _outcomes(self) -> Iterator[Choice]:
        for action in self._all_actions:
            if action.is_experiment and not action.is_open:
                yield Choice(Release.Kind.OUTCOME, action.pk, self._label(action))

    def _actions(self) -> Iterator[Choice]:
        for action in self._all_actions[:CHOICES]:
            yield Choice(Release.Kind.ACTION, action.pk, self._label(action))

    def _versions(self) -> Iterator[Choice]:
        versions = Version.objects.filter(agreement__partnership=self.lead.partnership_id, number__isnull=False)
        for version in versions.order_by("-in_force_at")[:CHOICES]:
            words = _("%(title)s, version %(number)d") % {"title": isolated(version.title), "number": version.number}
            yield Choice(Release.Kind.VERSION, version.pk, words)


@dataclass(frozen=True)
class ReleasePreview:
    """What the lead would read, before anybody agreed to it."""

    kind: str
    thing: UUID
    words: Words

    @classmethod
    def of(cls, lead: Lead, kind: str, thing: Thing) -> ReleasePreview:
        """Raises Invalid for what cannot be shown."""
        return cls(kind, thing.pk, words_of(kind, thing, lead))


def words_of_look(look: Look) -> str:
    """“Sara opened your history, with 2 things that you showed”."""
    name = look.person.full_name
    about = look.about.full_name if look.about else _("somebody")
    if look.what == Look.What.HISTORY:
        if not look.shown:
            return _("%(name)s opened your history") % {"name": name}
        words = ngettext(
            "%(name)s opened your history, with %(count)d thing that you showed",
            "%(name)s opened your history, with %(count)d things that you showed",
            look.shown,
        )
        return words % {"name": name, "count": look.shown}
    said = {
        Look.What.LEAD_ASSIGNED: _("%(name)s made %(about)s your lead"),
        Look.What.LEAD_ENDED: _("%(name)s took the role of your lead from %(about)s"),
        Look.What.SCHEDULE: _("%(name)s changed the dates of your retros"),
        Look.What.REMINDED: _("%(name)s reminded you two of your next retro"),
        Look.What.DETAILS: _("%(name)s changed the name or the kind of your partnership"),
        Look.What.ARCHIVED: _("%(name)s ended your partnership"),
        Look.What.REOPENED: _("%(name)s took up your partnership again"),
    }
    return said[Look.What(look.what)] % {"name": name, "about": about}
