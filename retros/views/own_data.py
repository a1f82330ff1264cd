"""What one person has here: take it along, or erase it."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from csp.constants import NONE
from csp.decorators import csp
from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partnerships.http import PersonRequest
from retros.erasure import erase
from retros.forms import EraseForm
from retros.own_data import export


@require_safe
def data_detail(request: PersonRequest) -> HttpResponse:
    return render(request, "retros/data_detail.html")


@require_POST
@reauthentication_required  # type: ignore[untyped-decorator]
@csp({"default-src": [NONE], "sandbox": True})  # type: ignore[arg-type]  # its types know no arguments
def data_export(request: PersonRequest) -> HttpResponse:
    headers = {"Content-Disposition": 'attachment; filename="twofold.zip"'}
    return HttpResponse(export(request.user), content_type="application/zip", headers=headers)


@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required(allow_get=True)  # type: ignore[untyped-decorator]
def data_erase(request: PersonRequest) -> HttpResponse:
    """First what goes and what stays, then, once that was ticked, all of it."""
    form = EraseForm.of(request)
    if request.method == "POST":
        with form.on_page(at="understood"):
            form.checked()
            erase(request.user)
            logout(request)
            return redirect("account_login")
    return render(request, "retros/data_erase.html", {"form": form}, status=form.status)
