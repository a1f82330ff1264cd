"""One's shelf, and giving a kind word."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partnerships.access import get_partnership
from partnerships.http import PersonRequest, to_page
from retros.access import get_kind_word
from retros.models import KindWord
from retros.shelf.forms import KindWordForm
from retros.shelf.page import Giving, Shelf


@require_safe
def shelf_detail(request: PersonRequest) -> HttpResponse:
    return render(request, "retros/shelf/shelf_detail.html", {"shelf": Shelf(request.user)})


@require_http_methods(["GET", "HEAD", "POST"])
def kind_word_create(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """To the partner, who sees it at once."""
    pair = Giving(get_partnership(request.user, partnership_id), request.user)
    form = KindWordForm.of(request, draft=pair.draft)
    if request.method == "POST":
        with form.on_page(at="text", htmx=bool(request.htmx)):
            KindWord.give(pair.partnership, by=request.user, **form.word())
            messages.success(request, _("Given. It is theirs now"))
            return to_page(request, reverse("partnership_detail", args=[partnership_id]))
    return render(request, "retros/shelf/kind_word_create.html", {**pair.context, "form": form}, status=form.status)


@require_POST
def kind_word_delete(request: PersonRequest, word_id: UUID) -> HttpResponse:
    get_kind_word(request.user, word_id).soft_delete(by=request.user)
    messages.info(request, _("Taken off"), extra_tags=f"undo {reverse('kind_word_restore', args=[word_id])}")
    return redirect("shelf_detail")


@require_POST
def kind_word_restore(request: PersonRequest, word_id: UUID) -> HttpResponse:
    get_kind_word(request.user, word_id).restore(by=request.user)
    return redirect("shelf_detail")
