"""The addresses of this package."""

from django.urls import path

from retros.paths import PARTNERSHIP
from retros.shelf import views

urlpatterns = [
    path("shelf/", views.shelf_detail, name="shelf_detail"),
    path(f"{PARTNERSHIP}/kind-word/", views.kind_word_create, name="kind_word_create"),
    path("shelf/<uuid:word_id>/delete/", views.kind_word_delete, name="kind_word_delete"),
    path("shelf/<uuid:word_id>/restore/", views.kind_word_restore, name="kind_word_restore"),
]
