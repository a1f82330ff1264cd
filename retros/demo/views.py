"""The front page of the demo: each of the cast at an address of their own. There is no such page otherwise."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from retros.demo.cast import addresses, is_on


@login_not_required
@require_safe
def demo(request: HttpRequest) -> HttpResponse:
    if not is_on():
        raise Http404
    return render(request, "retros/demo/demo.html", {"addresses": addresses(request.get_host())})
