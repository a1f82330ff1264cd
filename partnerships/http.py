from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

    from partnerships.models import Person

View = TypeVar("View", bound=Callable[..., HttpResponse])


# Keys of a browser's session: links to sign in of which its person is still to be told; and that it began with one.
UNTOLD, BY_LINK = "untold_links", "by_link"


class PersonRequest(HttpRequest):
    """A request behind the sign-in, for the type checker: it has a person and a nonce, and knows if htmx sent it."""

    user: Person
    htmx: HtmxDetails
    csp_nonce: object  # made when somebody reads it


def to_page(request: PersonRequest, url: str) -> HttpResponse:
    """To another page, also for htmx, which would otherwise follow a redirect in the background."""
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


def own_origin(request: HttpRequest) -> str:
    """Scheme, host and port, as a browser calls them that asks for this."""
    return f"{request.scheme}://{request.get_host()}"


def is_own_path(url: str) -> bool:
    """Whether a browser that follows `url` from a page of ours stays here: a path, and no host in any spelling."""
    return url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)


def is_autosave(request: HttpRequest) -> bool:
    """Whether a browser saves by itself while somebody types; it wants a version back, not a page."""
    return request.headers.get("X-Requested-With") == "autosave"


def saves_draft(view: View) -> View:
    """Mark a view that keeps what is being typed: it has a limit of its own (`WriteRateMiddleware`)."""
    view.saves_draft = True  # type: ignore[attr-defined]
    return view


def signs_out(view: View) -> View:
    """Mark a view that ends the sign-in: the browser then clears what it kept (`SignInMiddleware`)."""
    view.signs_out = True  # type: ignore[attr-defined]
    return view
