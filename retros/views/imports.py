"""An admin reads in a file of partnerships: a look first, then all of it or nothing."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from partnerships.access import for_admins
from partnerships.administration import admin_menu
from partnerships.http import PersonRequest
from retros import imports
from retros.admin_forms import FileForm, ImportForm
from retros.csv_import import COLUMNS


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def partnership_import(request: PersonRequest) -> HttpResponse:
    """Choose a file, then see what each line would become. Nothing is put in."""
    form = FileForm.of(request, files=request.FILES or None)
    context = {**admin_menu("admin_partnership_list"), "form": form, "columns": ", ".join(COLUMNS)}
    if request.method == "POST":
        with form.on_page(at="file"):
            text = form.checked()["file"]
            context |= {"text": text, "found": imports.look(text)}
    return render(request, "retros/partnership_import.html", context, status=form.status)


@require_POST
@for_admins
def partnership_import_create(request: PersonRequest) -> HttpResponse:
    count = imports.put_in(by=request.user, **ImportForm(request.POST).checked())
    words = _("%(new)d partnerships put in. %(known)d were there already, %(bad)d lines were left out.")
    messages.success(request, words % count)
    return redirect("admin_partnership_list")
