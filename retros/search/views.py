"""Finding again what was written."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from partnerships.access import get_partnership
from partnerships.http import PersonRequest
from retros.search.page import Search


@require_safe
def search(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """In all that one of the two may read, drafts and jots of their own too."""
    pair = Search(get_partnership(request.user, partnership_id), request.user, request.GET)
    return render(request, "retros/search/search.html", pair.context)
