"""The addresses of this package."""

from django.urls import path

from retros.bring_in import views
from retros.paths import PARTNERSHIP

urlpatterns = [
    path(f"{PARTNERSHIP}/cards/import/", views.card_import, name="card_import"),
    path(f"{PARTNERSHIP}/actions/import/", views.action_import, name="action_import"),
]
