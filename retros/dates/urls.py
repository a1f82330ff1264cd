"""The addresses of this package."""

from django.urls import path

from retros.dates import views
from retros.paths import PARTNERSHIP, SESSION

urlpatterns = [
    path(f"{PARTNERSHIP}/sessions/new/", views.session_create, name="session_create"),
    path(f"{PARTNERSHIP}/sessions/now/", views.session_create_now, name="session_create_now"),
    path(f"{SESSION}/move/", views.session_move, name="session_move"),
    path(f"{PARTNERSHIP}/rhythm/", views.series_detail, name="series_detail"),
    path(f"{PARTNERSHIP}/rhythm/new/", views.series_create, name="series_create"),
    path(f"{PARTNERSHIP}/rhythm/about/", views.series_update, name="series_update"),
    path(f"{PARTNERSHIP}/rhythm/pause/", views.series_pause, name="series_pause"),
    path(f"{PARTNERSHIP}/rhythm/resume/", views.series_resume, name="series_resume"),
    path(f"{PARTNERSHIP}/rhythm/end/", views.series_end, name="series_end"),
    path(f"{SESSION}/following/", views.series_change, name="series_change"),
    path(f"{SESSION}/skip/", views.session_skip, name="session_skip"),
    path(f"{SESSION}/restore/", views.session_restore, name="session_restore"),
    path(f"{SESSION}/met/", views.session_met, name="session_met"),
]
