"""Who may press at all, how often, and how a "no" looks (docs/rules/reliability.md R13, R15)."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.template.response import SimpleTemplateResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_htmx.http import HttpResponseClientRefresh

from partnerships import limits
from partnerships.forms import is_typed
from partnerships.http import is_autosave, is_own_path
from partnerships.models import RateCounter
from partnerships.refusals import Invalid, Refusal, Stale, TooMany

if TYPE_CHECKING:
    from django.forms import BoundField
    from django.http.response import HttpResponseBase
    from django.urls import ResolverMatch

log = logging.getLogger("twofold.again")

GetResponse = Callable[[HttpRequest], "HttpResponseBase"]
View = Callable[..., "HttpResponseBase"]

# What is raised of rows that went after they were read: nothing holds them between a loader and the lock of its verb,
# which has stored nothing then and may be repeated (R8); nor between two questions of a page.
GONE_FROM_VERB = (ObjectDoesNotExist, DatabaseError)
GONE_FROM_PAGE = (*GONE_FROM_VERB, LookupError, StopIteration)
ONLY_TO_READ = {403, 404}  # what would not go through however it is mended


class DatabaseBusy(Refusal):
    """The database is locked, away or has no place left in its pool. 503, with Retry-After."""

    status = 503

    def __init__(self) -> None:
        super().__init__(gettext_lazy("Busy. We try again."))
        self.retry_after = 2


class Missing(Refusal):
    """There is no such thing, or it is not for this person: what they typed for it comes back all the same."""

    status = 404

    def __init__(self) -> None:
        super().__init__(gettext_lazy("Not found."))


class DiskFull(Refusal):
    status = 507

    def __init__(self) -> None:
        super().__init__(gettext_lazy("Not saved. Your text is here."))


def wants_fragment(request: HttpRequest) -> bool:
    """Whether the answer goes into a form's notice: asked by htmx, or by autosave."""
    return bool(getattr(request, "htmx", False)) or is_autosave(request)


def way_back(request: HttpRequest) -> str:
    """The page that the form stood on, when the browser says so and it is ours; else home."""
    referrer = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(referrer, {request.get_host()}, require_https=request.is_secure()):
        parts = urlsplit(referrer)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        if is_own_path(path):  # not “//evil.example/x”
            return path
    return "/"


def typed(request: HttpRequest) -> list[tuple[str, str]]:
    """Every text of the refused form with the name of its field, so that a page can give it back. Never a password."""
    return [
        (name, value)
        for name, values in request.POST.lists()
        if "password" not in name
        for value in values
        if value.strip() and not _is_id(value) and is_typed(name, value)
    ]


def refuse(request: HttpRequest, refusal: Refusal, *, may_repeat: bool = False) -> HttpResponse:
    """The answer to a verb that said no. Nothing that was typed is lost by it. `may_repeat`: the same press may go
    through next time, whatever the status says.
    """
    stale = refusal if isinstance(refusal, Stale) else None
    context: dict[str, object] = {"message": refusal.message, "stale": stale, "field": refusal.field}
    if wants_fragment(request):
        response = render(request, "_refusal.html", context, status=refusal.status)
    else:
        context |= {"typed": typed(request), "back": way_back(request), "again": _again(request, stale)}
        if not stale and (may_repeat or refusal.status not in ONLY_TO_READ):
            wrong = _wrong(request, refusal)
            rest = [(name, value) for name, value in _rest(request) if wrong is None or name != wrong.name]
            context |= {"rest": rest, "wrong": wrong, "can_repeat": bool(wrong or context["typed"])}
        response = render(request, "refusal.html", context, status=refusal.status)
    if retry_after := getattr(refusal, "retry_after", 0):
        response["Retry-After"] = str(retry_after)
    return response


def refuse_unasked(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """`refuse` for when the database is away: neither the person nor the session is asked for anything."""
    context: dict[str, object] = {"message": refusal.message, "csp_nonce": str(getattr(request, "csp_nonce", ""))}
    if wants_fragment(request):
        body = render_to_string("_refusal.html", context)
    else:
        context |= {"typed": typed(request), "rest": _rest(request), "can_repeat": bool(typed(request))}
        context |= {"csrf_token": request.POST.get("csrfmiddlewaretoken"), "path": request.path}
        body = render_to_string("refusal.html", {**context, "back": way_back(request)})
    return HttpResponse(body, status=refusal.status, headers={"Retry-After": "2"})


class SignInMiddleware(LoginRequiredMiddleware):
    """Everything needs a signed-in person, unless the view says otherwise (`login_not_required`)."""

    def handle_no_permission(  # type: ignore[override]  # Django declares only the redirect of its own
        self, request: HttpRequest, view_func: View
    ) -> HttpResponseBase:
        if wants_fragment(request):
            return render(request, "signed_out.html", {"message": _("Sign in again. Your text is kept.")}, status=401)
        if request.method == "GET":
            return super().handle_no_permission(request, view_func)
        if texts := typed(request):
            context = {
                "message": _("Sign in again. Your text is kept."),
                "typed": texts,
                "rest": _rest(request),
                "can_repeat": True,
                "sign_in_first": True,
                "back": way_back(request),
            }
            return render(request, "refusal.html", context, status=401)
        return self.sign_in_then(way_back(request), view_func)

    def sign_in_then(self, path: str, view_func: View) -> HttpResponseBase:
        """To the sign-in and from there to a page: the address of a form answers only to POST."""
        return redirect_to_login(path, self.get_login_url(view_func), self.get_redirect_field_name(view_func))

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """A sign-out clears what the browser kept; a session that ran out does not, because it may hold unsent text."""
        match = request.resolver_match
        ends = match is not None and (match.url_name == "account_logout" or getattr(match.func, "signs_out", False))
        if ends and request.method == "POST" and not request.user.is_authenticated:
            response["Clear-Site-Data"] = '"cache", "storage"'
        return response


class OwnPageMiddleware:
    """Has a page loaded anew that was made for another person, who was signed in in this browser before.

    A press of it is refused for its token. What it asks for by itself has none, and says whose page it is.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: View, args: object, kwargs: object) -> HttpResponse | None:
        whose = request.headers.get("Twofold-Person")
        if request.method != "GET" or not whose or not request.user.is_authenticated or whose == str(request.user.pk):
            return None
        return HttpResponseClientRefresh()


class WriteRateMiddleware:
    """Bounds how often one person may write: drafts in a minute, and everything else in a minute."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: View, args: object, kwargs: object) -> HttpResponse | None:
        if request.method in {"GET", "HEAD", "OPTIONS"} or not request.user.is_authenticated:
            return None
        draft = is_autosave(request) or getattr(view, "saves_draft", False)
        kind, most = ("draft", limits.DRAFT_SAVES_PER_MINUTE) if draft else ("write", limits.WRITES_PER_MINUTE)
        try:
            count = RateCounter.hit(f"{kind}:{request.user.pk}", per=timedelta(minutes=1))
        except (OperationalError, InterfaceError) as error:
            return refuse(request, from_database(error))
        return refuse(request, TooMany()) if count > most else None


class RefusalMiddleware:
    """Turns what a verb raised into an answer. Stands last, so that it hears first."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        answer = self._refused(request, error)
        gone = GONE_FROM_PAGE if request.method in {"GET", "HEAD"} else GONE_FROM_VERB
        if answer is None and isinstance(error, gone) and not request.FILES:  # a file is read once
            log.warning("A row may have gone meanwhile; the request is made once more.", exc_info=error)
            return self._made_again(request)
        return answer

    def _made_again(self, request: HttpRequest) -> HttpResponseBase:
        """What the same request is answered now. What it raises this time is no accident, and raised."""
        match = cast("ResolverMatch", request.resolver_match)  # a view raised
        try:
            answer: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
            return answer.render() if isinstance(answer, SimpleTemplateResponse) else answer
        except Exception as error:
            if (refused := self._refused(request, error)) is None:
                raise
            return refused

    def _refused(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, Refusal):
            return refuse(request, error)
        if isinstance(error, ValidationError):
            return refuse(request, Invalid(error.messages[0]))
        if isinstance(error, Http404) and not wants_fragment(request) and typed(request):
            return refuse(request, Missing())
        if isinstance(error, (OperationalError, InterfaceError)):
            return refuse(request, from_database(error))
        return None


def from_database(error: BaseException) -> Refusal:
    """SQLite says it in words, PostgreSQL in a code (53100: disk full)."""
    code = getattr(error.__cause__, "sqlstate", None)
    return DiskFull() if code == "53100" or "disk is full" in str(error) else DatabaseBusy()


def _again(request: HttpRequest, stale: Stale | None) -> list[tuple[str, str]]:
    """The refused form once more, on top of the version that is stored now. Empty when there is none to build on."""
    if stale is None or "version" not in request.POST:
        return []
    fields = [(name, value) for name, values in request.POST.lists() for value in values]
    kept = [(name, value) for name, value in fields if name not in {"csrfmiddlewaretoken", "version"}]
    return [*kept, ("version", str(stale.version))]


def _rest(request: HttpRequest) -> list[tuple[str, str]]:
    """What else the refused form sent, to be sent with its texts once they are mended."""
    texts = typed(request)
    fields = [(name, value) for name, values in request.POST.lists() for value in values]
    kept = [(name, value) for name, value in fields if name != "csrfmiddlewaretoken" and "password" not in name]
    return [field for field in kept if field not in texts]


def _wrong(request: HttpRequest, refusal: Refusal) -> BoundField | None:
    """The field that the refusal is about, unless it is among the texts: the page asks for it once more."""
    texts = {name for name, _value in typed(request)}
    if refusal.form is None or refusal.field not in refusal.form.fields or refusal.field in texts:
        return None
    field = refusal.form[refusal.field]
    if not field.field.label or field.is_hidden:
        return None  # nobody fills it in: a button says it, or the page does
    if field.name not in refusal.form.errors:
        refusal.form.add_error(field.name, str(refusal.message))
    field.field.widget.attrs["autofocus"] = True
    return field


def _is_id(value: str) -> bool:
    try:
        uuid.UUID(value)
    except ValueError:
        return False
    return True
