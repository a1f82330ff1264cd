"""The header of one’s own pages (settings, the account, the guide, the shelf): that of where one came from.

The link to the settings says where it stands, and the session remembers it, for these pages lead to each other.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest

from partnerships.access import get_partnership
from partnerships.header import CameFrom, Header, admin_menu, lead_menu
from partnerships.models import Partnership, Person

OWN_PAGES = ("/settings/", "/account/", "/guide/", "/shelf/")
KEY = "came_from"


def header(request: HttpRequest) -> dict[str, Any]:
    """What base.html reads, for somebody signed in on a page of their own. A context processor."""
    person = getattr(request, "user", None)  # an early refusal has none
    if not isinstance(person, Person) or not request.path.startswith(OWN_PAGES):
        return {}
    known = request.session.get(KEY, "")
    asked = request.GET.get("from", known)
    if found := _header_at(asked, person):
        if asked != known:
            request.session[KEY] = asked
        return found
    only = list(Partnership.objects.of(person).active()[:2])
    return _header_at(str(only[0].pk), person) if len(only) == 1 else {}


def _header_at(place: str, person: Person) -> dict[str, Any]:
    """Nothing for a place that is not theirs, or is none."""
    if place == CameFrom.ADMIN:
        return admin_menu() if person.is_staff else {}
    if place == CameFrom.LED:
        return lead_menu() if Partnership.objects.led_by(person).exists() else {}
    try:
        return Header(get_partnership(person, UUID(place)), person).context
    except (ValueError, Http404):
        return {}
