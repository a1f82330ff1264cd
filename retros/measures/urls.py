"""The addresses of this package."""

from django.urls import path

from retros.measures import views
from retros.paths import PARTNERSHIP

urlpatterns = [
    path(f"{PARTNERSHIP}/measures/", views.measure_list, name="measure_list"),
    path("measures/<uuid:measure_id>/", views.measure_update, name="measure_update"),
    path("measures/<uuid:measure_id>/delete/", views.measure_delete, name="measure_delete"),
    path("measures/<uuid:measure_id>/restore/", views.measure_restore, name="measure_restore"),
]
