"""The addresses of this package."""

from django.urls import path

from retros.notifications import views
from retros.paths import SESSION

urlpatterns = [
    path("cal/<str:token>.ics", views.calendar_feed, name="calendar_feed"),
    path(f"{SESSION}/calendar.ics", views.session_calendar, name="session_calendar"),
]
