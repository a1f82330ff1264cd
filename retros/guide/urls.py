"""The address of this package."""

from django.urls import path

from retros.guide import views

urlpatterns = [path("guide/", views.guide_detail, name="guide_detail")]
