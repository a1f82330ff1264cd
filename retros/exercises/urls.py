"""The addresses of this package."""

from django.urls import path

from retros.exercises import views
from retros.paths import PARTNERSHIP

urlpatterns = [
    path(f"{PARTNERSHIP}/exercises/", views.exercise_list, name="exercise_list"),
    path(f"{PARTNERSHIP}/health-checks/", views.health_interval_update, name="health_interval_update"),
    path(f"{PARTNERSHIP}/exercises/<slug:exercise>/", views.exercise_detail, name="exercise_detail"),
]
