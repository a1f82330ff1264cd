"""What somebody hears of a role, an account or a partnership, whatever reminders they chose: the words of a delivery.

The verb that did it announced it in its own transaction (`Delivery.announce`), so no kill loses the mail.
"""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from partnerships.links import Page, url_of
from partnerships.mail.letters import Letter
from partnerships.models import Audit, Delivery, Partnership, Person

# The acts whose news people hear of, each with the stem of its words.
NEWS: dict[str, str] = {
    Audit.Act.ADMIN_MADE: "admin_change",
    Audit.Act.ADMIN_ENDED: "admin_change",
    Audit.Act.PERSON_DEACTIVATED: "account_change",
    Audit.Act.PERSON_REACTIVATED: "account_change",
    Audit.Act.SESSIONS_ENDED: "account_change",
    Audit.Act.LEAD_ASSIGNED: "lead_assigned",
    Audit.Act.LEAD_ENDED: "lead_ended",
    Audit.Act.ARCHIVED: "partnership_ended",
    Audit.Act.UNARCHIVED: "partnership_taken_up",
}


def letter(delivery: Delivery) -> Letter | None:
    """What a line of the record says (`Delivery.announce`), for one who is told of it.

    None for somebody who can no longer sign in: only that this is so is told to them.
    """
    line, reader = Audit.objects.get(pk=delivery.for_key), delivery.person
    if not reader.is_active and line.about_id != reader.pk:
        return None
    by, about = (Person.objects.filter(pk=pk).first() if pk else None for pk in (line.by_id, line.about_id))
    pair = Partnership.objects.filter(pk=delivery.subject_id).first()
    context = {
        "act": line.act, "on": line.at.astimezone(reader.tz), "reader": reader,
        "by": by, "about": about, "partnership": pair,
        "link": f"{settings.BASE_URL}{_page(line, pair, reader)}",
    }  # fmt: skip
    return Letter(NEWS[line.act], context, reader.email)


def _page(line: Audit, pair: Partnership | None, reader: Person) -> str:
    """Where its reader goes on: the owner of an account home, the admins to that person."""
    if line.act == Audit.Act.PERSON_DEACTIVATED and line.about_id != reader.pk:
        return reverse("person_detail", args=[line.about_id])
    leads = line.act in {Audit.Act.LEAD_ASSIGNED, Audit.Act.LEAD_ENDED}
    return url_of(Page.SHOWN_TO_LEADS if leads else Page.PAIR, pair.pk) if pair else "/"
