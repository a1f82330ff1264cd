"""Every address of this app, package by package; the room first: it is asked for most."""

from django.conf import settings
from django.urls import include, path

urlpatterns = [
    path("", include("retros.room.urls")),
    path("", include("retros.home.urls")),
    path("", include("retros.dates.urls")),
    path("", include("retros.exercises.urls")),
    path("", include("retros.jots.urls")),
    path("", include("retros.shelf.urls")),
    path("", include("retros.bring_in.urls")),
    path("", include("retros.measures.urls")),
    path("", include("retros.lifecycle.urls")),
    path("", include("retros.notifications.urls")),
    path("", include("retros.history.urls")),
    path("", include("retros.search.urls")),
    path("", include("retros.leads.urls")),
    path("", include("retros.actions.urls")),
    path("", include("retros.administration.urls")),
    path("", include("retros.agreements.urls")),
    path("", include("retros.guide.urls")),
]

if settings.DEMO:
    urlpatterns.append(path("", include("retros.demo.urls")))
