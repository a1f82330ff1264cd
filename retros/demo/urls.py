"""The addresses of the demo."""

from django.urls import path

from retros.demo import views

urlpatterns = [path("demo/", views.demo, name="demo")]
