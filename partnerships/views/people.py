from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from partnerships.forms import PersonForm
from partnerships.http import PersonRequest


@require_http_methods(["GET", "HEAD", "POST"])
def person_update(request: PersonRequest) -> HttpResponse:
    form = PersonForm(request.POST if request.method == "POST" else None, instance=request.user)
    if form.is_valid():
        form.keep()
        messages.success(request, _("Settings kept"))
        return redirect("person_update")
    return render(request, "partnerships/person_update.html", {"form": form}, status=422 if form.is_bound else 200)


@require_POST
def session_end_all(request: PersonRequest) -> HttpResponse:
    request.user.end_sessions()
    logout(request)
    return redirect("account_login")
