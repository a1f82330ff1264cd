"""An agreement as a Markdown file: the wording in force, then every version with its reason and its signatures.

The words are those that were signed, unchanged. They stand indented under their number, so that nothing in them can
be taken for the structure of the file.
"""

from __future__ import annotations

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from partnerships.agreements.page import AgreementPage, clause_rows, in_sections
from partnerships.models import Agreement, Audit, Person, RateCounter, Version


def export(agreement: Agreement, person: Person) -> str:
    """Hand it out to one of its two, and write that down. Raises TooMany beyond the limit of an hour."""
    RateCounter.count_export(person)
    Audit.record(Audit.Act.AGREEMENT_EXPORTED, by=person, about=agreement, partnership=agreement.partnership)
    return markdown(agreement, person)


def markdown(agreement: Agreement, person: Person) -> str:
    page = AgreementPage(agreement, person, shown=agreement.all_versions)
    parts = [f"# {agreement.title}", page.kind, page.state]
    if page.review:
        parts.append(_("To be looked at again on %(date)s") % {"date": page.review})
    if page.in_force:
        parts += [f"## {_('The wording in force')}", *_text(page.in_force, page), *_signed(page.in_force, page)]
    if agreement.proposals:
        parts.append(f"## {_('Proposed')}")
        parts += [part for version in agreement.proposals for part in _version(version, page)]
    parts.append(f"## {_('History')}")
    parts += [part for version in agreement.history for part in _version(version, page)]
    if agreement.ended:
        parts.append(f"## {_('Proposals that were taken back or answered')}")
        parts += [part for version in agreement.ended for part in _version(version, page)]
    parts.append(_("Times as in %(zone)s.") % {"zone": person.timezone})
    return "\n\n".join(parts) + "\n"


def _version(version: Version, page: AgreementPage) -> list[str]:
    words = {"name": version.proposed_by.full_name, "date": page.day(version.proposed_at)}
    proposed = _("Proposed by %(name)s on %(date)s") % words
    title = page.in_force_since(version) if version.number else proposed
    parts = [f"### {title}"]
    if version.number:
        parts.append(proposed)
    if ending := page.ending(version):
        parts.append(f"{ending.said}: {ending.other_name}" if ending.other else ending.said)
    if version.reason:
        parts += [_("Why:"), _indented(version.reason, "> ")]
    return [*parts, *_text(version, page), *_signed(version, page)]


def _text(version: Version, page: AgreementPage) -> list[str]:
    parts = []
    for section in in_sections(clause_rows(version.wordings, page.pair.today)):
        if section.heading:
            parts.append(f"**{section.heading}**")
        for row in section.rows:
            mark = f"{row.number}. "
            parts.append(mark + _indented(row.wording.text, " " * len(mark))[len(mark) :])
    return parts


def _signed(version: Version, page: AgreementPage) -> list[str]:
    return [
        _("Signed by %(name)s on %(date)s")
        % {"name": s.person.full_name, "date": date_format(s.at.astimezone(page.person.tz), "j F Y, H:i")}
        for s in sorted(version.signatures.all(), key=lambda s: s.at)
    ]


def _indented(text: str, by: str) -> str:
    return "\n".join(by + line for line in text.split("\n"))
