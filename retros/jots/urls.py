"""The addresses of this package."""

from django.urls import path

from retros.jots import views
from retros.paths import PARTNERSHIP

urlpatterns = [
    path(f"{PARTNERSHIP}/jots/", views.jot_list, name="jot_list"),
    path("jots/new/", views.jot_create, name="jot_create"),
    path("jots/<uuid:jot_id>/delete/", views.jot_delete, name="jot_delete"),
    path("jots/<uuid:jot_id>/restore/", views.jot_restore, name="jot_restore"),
]
