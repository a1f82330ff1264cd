"""Dates on their way into people's own calendars."""

from __future__ import annotations

import hashlib
from uuid import UUID

from csp.constants import NONE
from csp.decorators import csp
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import condition, require_safe

from partnerships.access import get_feed_owner
from partnerships.http import PersonRequest
from retros.access import get_session
from retros.notifications.ics import download, feed

ICS = "text/calendar; charset=utf-8"


@login_not_required
@require_safe
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """What a calendar program reads: the address is all it has, and shows a time, “Retro” and a link."""
    document = feed(get_feed_owner(token), timezone.now())
    answer = _unless_known(request, document)
    answer.headers["Cache-Control"] = "private, max-age=0"
    return answer


@require_safe
@csp({"default-src": [NONE], "sandbox": True})  # type: ignore[arg-type]  # its types know no arguments
def session_calendar(request: PersonRequest, session_id: UUID) -> HttpResponse:
    session = get_session(request.user, session_id)
    people = [side.person for side in session.sides.values() if side.pk]
    headers = {"Content-Disposition": 'attachment; filename="retro.ics"'}
    return HttpResponse(download(session, people), content_type=ICS, headers=headers)


def _unless_known(request: HttpRequest, document: bytes) -> HttpResponse:
    """304 when the program has these very bytes already."""
    etag = f'"{hashlib.sha256(document).hexdigest()[:32]}"'

    @condition(etag_func=lambda request: etag)
    def answer(request: HttpRequest) -> HttpResponse:
        return HttpResponse(document, content_type=ICS)

    return answer(request)
