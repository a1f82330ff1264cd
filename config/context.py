from __future__ import annotations

from django.http import HttpRequest


def nonce(request: HttpRequest) -> dict[str, object]:
    """The nonce under the name that our templates and django-htmx read."""
    return {"csp_nonce": getattr(request, "csp_nonce", "")}
