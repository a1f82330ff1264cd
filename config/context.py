from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def nonce(request: HttpRequest) -> dict[str, object]:
    """The nonce under the name that our templates and django-htmx read."""
    return {"csp_nonce": getattr(request, "csp_nonce", "")}


def mail(request: HttpRequest) -> dict[str, object]:
    """Whether mail reaches anybody, or goes to the log alone."""
    return {"mail_is_sent": settings.MAIL_IS_SENT}


def provider(request: HttpRequest) -> dict[str, object]:
    """The organisation's own sign-in: its name, empty for none, and whether there is no other way in."""
    return {"oidc_name": settings.OIDC_NAME if settings.OIDC_ISSUER else "", "oidc_only": settings.OIDC_ONLY}
