from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from partnerships.http import PersonRequest
from retros.guide import text


@require_safe
def guide_detail(request: PersonRequest) -> HttpResponse:
    """How to hold a good retro: the same for everybody who is signed in."""
    return render(request, "retros/guide/guide_detail.html", {"guide": text.guide()})
