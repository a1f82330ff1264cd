from __future__ import annotations

from django.urls import include, path

from config.health import healthz

urlpatterns = [
    path("", include("retros.urls")),
    path("", include("partnerships.urls")),  # before allauth's: it replaces some of those pages
    path("account/", include("allauth.account.urls")),
    path("healthz", healthz, name="healthz"),
]

handler500 = "config.errors.server_error"
