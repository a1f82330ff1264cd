"""The templates of sittings, for admins: those that ship, to look at and to clone; those of this installation."""

from __future__ import annotations

from csp.constants import NONE
from csp.decorators import csp
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partnerships.access import for_admins
from partnerships.header import admin_menu
from partnerships.http import PersonRequest
from retros.access import get_own_template, get_template
from retros.administration.template_forms import StepForm, TemplateForm, TemplateTextForm
from retros.administration.templates import TemplatePage, Templates
from retros.catalogue.text import written
from retros.models import OwnTemplate, UsualTemplate


@require_safe
@for_admins
def template_list(request: PersonRequest) -> HttpResponse:
    context = {**admin_menu("template_list"), "templates": Templates()}
    return render(request, "retros/administration/template_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def template_create(request: PersonRequest) -> HttpResponse:
    """From its text: a file, or pasted."""
    form = TemplateTextForm(request.POST, request.FILES) if request.method == "POST" else TemplateTextForm()
    if request.method == "POST":
        with form.on_page(at="text"):
            own = OwnTemplate.make(form.source(), by=request.user)
            return redirect("template_detail", own.key)
    context = {**admin_menu("template_list"), "form": form}
    return render(request, "retros/administration/template_create.html", context, status=form.status)


@require_safe
@for_admins
def template_detail(request: PersonRequest, template: str) -> HttpResponse:
    """As a pair would see it, and what can be done with it."""
    context = {**admin_menu("template_list"), "page": TemplatePage(get_template(template))}
    return render(request, "retros/administration/template_detail.html", context)


@require_safe
@for_admins  # type: ignore[arg-type]  # csp’s types know no PersonRequest
@csp({"default-src": [NONE], "sandbox": True})  # type: ignore[arg-type]  # its types know no arguments
def template_export(_request: PersonRequest, template: str) -> HttpResponse:
    headers = {"Content-Disposition": 'attachment; filename="template.toml"'}
    return HttpResponse(written(get_template(template)), content_type="application/toml", headers=headers)


@require_POST
@for_admins
def template_clone(request: PersonRequest, template: str) -> HttpResponse:
    own = OwnTemplate.clone(get_template(template), by=request.user)
    return redirect("template_update", own.key)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def template_update(request: PersonRequest, template: str) -> HttpResponse:
    own = get_own_template(template)
    form = TemplateForm.of(request, own=own)
    if request.method == "POST":
        with form.on_page():
            own.edit(by=request.user, **form.changed())
            return redirect("template_detail", own.key)
    context = {**admin_menu("template_list"), "own": own, "form": form}
    return render(request, "retros/administration/template_update.html", context, status=form.status)


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def template_step_update(request: PersonRequest, template: str, position: int) -> HttpResponse:
    """One step with its questions; after the last one, a new step."""
    own = get_own_template(template)
    if position > len(own.template.steps):
        raise Http404
    form = StepForm.of(request, own=own, number=position)
    if request.method == "POST":
        with form.on_page():
            own.edit(by=request.user, **form.changed())
            return redirect("template_update", own.key)
    context = {**admin_menu("template_list"), "own": own, "form": form}
    return render(request, "retros/administration/template_step_update.html", context, status=form.status)


@require_POST
@for_admins
def template_retire(request: PersonRequest, template: str) -> HttpResponse:
    get_own_template(template).retire(by=request.user)
    messages.success(request, _("It is no longer offered. What is planned with it takes place"))
    return redirect("template_detail", template)


@require_POST
@for_admins
def template_restore(request: PersonRequest, template: str) -> HttpResponse:
    get_own_template(template).restore(by=request.user)
    return redirect("template_detail", template)


@require_POST
@for_admins
def template_usual(request: PersonRequest, template: str) -> HttpResponse:
    """What this kind of pair gets from now on where nobody chooses."""
    UsualTemplate.choose(get_template(template), request.POST.get("pair_kind", ""), by=request.user)
    messages.success(request, _("New sittings of these pairs begin with it"))
    return redirect("template_detail", template)
