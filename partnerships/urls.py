"""Every address of this app, package by package."""

from django.urls import include, path

urlpatterns = [
    path("", include("partnerships.joining.urls")),
    path("", include("partnerships.agreements.urls")),
    path("", include("partnerships.accounts.urls")),
    path("", include("partnerships.mail.urls")),
    path("", include("partnerships.administration.urls")),
]
