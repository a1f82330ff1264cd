"""The addresses of this package."""

from django.urls import path

from retros.home import views
from retros.paths import PARTNERSHIP

urlpatterns = [
    path("", views.home, name="home"),
    path(f"{PARTNERSHIP}/", views.partnership_detail, name="partnership_detail"),
    path(f"{PARTNERSHIP}/course/", views.partnership_course, name="partnership_course"),
    path("together/<uuid:partnership_id>/", views.together, name="together"),
]
