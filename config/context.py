from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from partnerships.models import Organisation
from retros.guide.text import PARTS


def nonce(request: HttpRequest) -> dict[str, object]:
    """The nonce under the name that our templates and django-htmx read."""
    return {"csp_nonce": getattr(request, "csp_nonce", "")}


def mail(request: HttpRequest) -> dict[str, object]:
    """Whether mail reaches anybody, or goes to the log alone."""
    return {"mail_is_sent": settings.MAIL_IS_SENT}


def organisation(request: HttpRequest) -> dict[str, object]:
    """Its name, asked for by the pages that show it."""
    return {"organisation": SimpleLazyObject(Organisation.in_words)}


def guide(request: HttpRequest) -> dict[str, object]:
    """The part of the guide that tells of this page; empty where there is none."""
    match = request.resolver_match
    return {"guide_part": PARTS.get(match.url_name or "", "") if match else ""}


def ways_in(request: HttpRequest) -> dict[str, object]:
    """Whether there are passkeys; the organisation's own sign-in by name, empty for none; whether there is no other."""
    return {
        "passkeys": settings.PASSKEYS,
        "oidc_name": settings.OIDC_NAME if settings.OIDC_ISSUER else "",
        "oidc_only": settings.OIDC_ONLY,
    }
