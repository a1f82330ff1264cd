"""The addresses of this package."""

from django.urls import path

from retros.paths import PARTNERSHIP
from retros.search import views

urlpatterns = [path(f"{PARTNERSHIP}/history/search/", views.search, name="search")]
