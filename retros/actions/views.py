"""Actions between retros: add, check off, change, put away, bring back."""

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
from retros.access import get_action
from retros.actions.forms import ActionChangeForm, ActionPageForm, DoneForm
from retros.actions.helped import UNSAID, Helped
from retros.actions.page import Actions
from retros.agreements.page import adopted
from retros.models import Action, Draft
from retros.pair import Pair

LISTS = {
    "home": "partnership_detail",
    "all": "action_list",
    "helped": "helped_list",
    UNSAID: "helped_list",
}  # the lists that an action can be pressed in


@require_safe
def action_list(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """Every action with what became of it."""
    pair = Actions(get_partnership(request.user, partnership_id), request.user)
    return render(request, "retros/actions/action_list.html", {**pair.context, "place": "all"})


@require_safe
def helped_list(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """What has helped the two, with its stories; and what waits for their answer."""
    asked = {name: request.GET.get(name, "") for name in ("outcome", "page")}
    pair = Helped(get_partnership(request.user, partnership_id), request.user, **asked)
    return render(request, "retros/actions/helped_list.html", {**pair.context, "place": "helped"})


@require_http_methods(["GET", "HEAD", "POST"])
def action_create(request: PersonRequest, partnership_id: UUID) -> HttpResponse:
    """Add an action between retros. For both: two actions, one each."""
    pair = Pair(get_partnership(request.user, partnership_id), request.user, place="action_list")
    form = ActionPageForm.of(request, pair=pair)
    if request.method == "POST":
        with form.on_page(htmx=bool(request.htmx)):
            made = Action.agree(pair.partnership, by=request.user, **form.agreed())
            messages.success(request, _("Action added for both of you") if len(made) > 1 else _("Action added"))
            return _added(request, pair)
    return render(request, "retros/actions/action_create.html", {**pair.context, "form": form}, status=form.status)


@require_http_methods(["GET", "HEAD", "POST"])
def action_update(request: PersonRequest, action_id: UUID) -> HttpResponse:
    """Other words, another owner, another date."""
    action = get_action(request.user, action_id)
    pair = Pair(get_partnership(request.user, action.partnership_id), request.user, place="action_list")
    draft = pair.draft_of(action)
    form = ActionChangeForm.of(request, pair=pair, action=action, draft=draft)
    if request.method == "POST":
        with form.on_page(htmx=bool(request.htmx)):
            action.edit(by=request.user, **form.checked())
            messages.success(request, _("Action changed"))
            return to_page(request, _back(request, action))
    context = {
        **pair.context,
        "form": form,
        "action": action,
        "draft": draft,
        "draft_key": Draft.Box.EDIT.key(action.pk),
        "helped": Action.Helped.choices,
        "adopted": adopted([action], request.user),
        "place": _place(request),
    }
    return render(request, "retros/actions/action_update.html", context, status=form.status)


@require_POST
def action_done_create(request: PersonRequest, action_id: UUID) -> HttpResponse:
    """Done, or didn’t fit; and, if somebody says so, whether it helped."""
    action = get_action(request.user, action_id)
    said = DoneForm(request.POST).checked()
    if action.finish(by=request.user, **said) or not said["helped"]:
        undo = _undo(request, "action_done_delete", action)
        messages.success(request, action.get_closed_as_display(), extra_tags=undo)
    else:
        messages.success(request, action.get_helped_display())
    return _row_again(request, action)


@require_POST
def action_done_delete(request: PersonRequest, action_id: UUID) -> HttpResponse:
    """Open again."""
    action = get_action(request.user, action_id)
    action.reopen(by=request.user)
    return _row_again(request, action)


@require_POST
def action_delete(request: PersonRequest, action_id: UUID) -> HttpResponse:
    action = get_action(request.user, action_id, deleted=True)
    action.soft_delete(by=request.user)
    messages.success(request, _("Action deleted"), extra_tags=_undo(request, "action_restore", action))
    return redirect(_back(request, action))


@require_POST
def action_restore(request: PersonRequest, action_id: UUID) -> HttpResponse:
    action = get_action(request.user, action_id, deleted=True)
    action.restore(by=request.user)
    return redirect(_back(request, action))


def _added(request: PersonRequest, pair: Pair) -> HttpResponse:
    """The list with the new one to htmx, whose form empties itself; from a page of its own home again."""
    if not request.htmx or request.POST.get("place") == "page":
        return to_page(request, reverse("partnership_detail", args=[pair.partnership.pk]))
    context = {"pair": Pair(pair.partnership, request.user), "partnership": pair.partnership, "place": "home"}
    return render(request, "retros/actions/action_create.swap.html", context)


def _row_again(request: PersonRequest, action: Action) -> HttpResponse:
    """The one line to htmx, in its place; else the list it stands in."""
    if not request.htmx:
        return redirect(_back(request, action))
    page = Actions if _place(request) == "all" else Pair
    pair = page(get_partnership(request.user, action.partnership_id), request.user)
    context = {"pair": pair, "line": pair.line_of(action), "place": _place(request)}
    return render(request, "retros/actions/action_done_create.swap.html", context)


def _place(request: PersonRequest) -> str:
    """The list that the form says it stands in: the name of a page, never an address."""
    said = request.POST.get("place") or request.GET.get("place", "")
    return said if said in LISTS else "home"


def _back(request: PersonRequest, action: Action) -> str:
    place = _place(request)
    url = reverse(LISTS[place], args=[action.partnership_id])
    return f"{url}?outcome={UNSAID}" if place == UNSAID else url


def _undo(request: PersonRequest, name: str, action: Action) -> str:
    """The way back that a toast offers."""
    return f"undo {reverse(name, args=[action.pk])}?place={_place(request)}"
