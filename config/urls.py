from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("partnerships.urls")),  # first: it replaces some of the pages of allauth
    path("account/", include("allauth.account.urls")),
    path("", include("retros.urls")),
]

handler500 = "config.errors.server_error"
