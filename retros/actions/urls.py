"""The addresses of this package."""

from django.urls import path

from retros.actions import views
from retros.paths import ACTION, PARTNERSHIP

urlpatterns = [
    path(f"{PARTNERSHIP}/actions/", views.action_list, name="action_list"),
    path(f"{PARTNERSHIP}/helped/", views.helped_list, name="helped_list"),
    path(f"{PARTNERSHIP}/actions/new/", views.action_create, name="action_create"),
    path(f"{ACTION}/", views.action_update, name="action_update"),
    path(f"{ACTION}/done/", views.action_done_create, name="action_done_create"),
    path(f"{ACTION}/done/delete/", views.action_done_delete, name="action_done_delete"),
    path(f"{ACTION}/delete/", views.action_delete, name="action_delete"),
    path(f"{ACTION}/restore/", views.action_restore, name="action_restore"),
]
