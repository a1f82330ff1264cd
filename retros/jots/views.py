"""Jotting something down, and what one has jotted down."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partnerships.access import get_partnership
from partnerships.http import PersonRequest, is_own_path, to_page
from retros.access import get_jot
from retros.fields import starters
from retros.jots.forms import JotForm, shared_words
from retros.jots.page import Jots, open_pairs
from retros.models import Jot


@require_http_methods(["GET", "HEAD", "POST"])
def jot_list(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """One's own, and a box for another one; `?jot=` and what a phone shares bring their words along."""
    pair = Jots(get_partnership(request.user, partnership_id), request.user)
    form = JotForm.of(request, draft=pair.draft, shared=shared_words(request.GET))
    if request.method == "POST":
        with form.on_page(at="text", htmx=bool(request.htmx)):
            Jot.keep(pair.partnership, by=request.user, **form.jot())
            messages.success(request, _("Kept for you"))
            return to_page(request, reverse("jot_list", args=[partnership_id]))
    context = {**pair.context, "form": form, "starters": starters}
    return render(request, "retros/jots/jot_list.html", context, status=form.status)


@require_safe
def jot_create(request: PersonRequest) -> HttpResponse:
    """From anywhere: the box of the one pair; who has several says for which. It keeps nothing yet."""
    pairs = open_pairs(request.user)
    if len(pairs) == 1:
        return jot_list(request, pairs[0].partnership.pk)
    return render(request, "retros/jots/jot_create.html", {"pairs": pairs, "shared": request.GET.urlencode()})


@require_POST
def jot_delete(request: PersonRequest, jot_id: UUID) -> HttpResponse:
    jot = get_jot(request.user, jot_id)
    jot.soft_delete(by=request.user)
    messages.info(request, _("Dropped"), extra_tags=f"undo {reverse('jot_restore', args=[jot_id])}")
    return _back(request, jot)


@require_POST
def jot_restore(request: PersonRequest, jot_id: UUID) -> HttpResponse:
    jot = get_jot(request.user, jot_id)
    jot.restore(by=request.user)
    return _back(request, jot)


def _back(request: PersonRequest, jot: Jot) -> HttpResponse:
    """To the page on which it was pressed: the board, or the list of all."""
    came_from = request.POST.get("next", "")
    return redirect(came_from) if is_own_path(came_from) else redirect("jot_list", jot.partnership_id)
