"""The addresses of this package."""

from django.urls import path

from retros.history import views
from retros.paths import PARTNERSHIP, SESSION

urlpatterns = [
    path(f"{PARTNERSHIP}/history/", views.history_detail, name="history_detail"),
    path(f"{PARTNERSHIP}/trends/", views.trend_list, name="trend_list"),
    path(f"{SESSION}/print/", views.session_print, name="session_print"),
]
