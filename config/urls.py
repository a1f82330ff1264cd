from __future__ import annotations

from allauth.account import urls as accounts
from django.urls import include, path

from config.health import healthz
from config.metrics import metrics
from partnerships import urls as ours
from partnerships.accounts import urls as account_urls

OWN = {pattern.name for pattern in account_urls.urlpatterns}

urlpatterns = [
    path("", include("retros.urls")),
    path("", include(ours)),
    path("account/", include([pattern for pattern in accounts.urlpatterns if pattern.name not in OWN])),
    path("healthz", healthz, name="healthz"),
    path("metrics", metrics, name="metrics"),
]

handler500 = "config.errors.server_error"
