from __future__ import annotations

from django.urls import include, path

from config.health import healthz

urlpatterns = [
    path("", include("partnerships.urls")),  # first: it replaces some of the pages of allauth
    path("account/", include("allauth.account.urls")),
    path("", include("retros.urls")),
    path("healthz", healthz, name="healthz"),
]

handler500 = "config.errors.server_error"
