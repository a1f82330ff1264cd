"""The addresses as they are with TWOFOLD_DEMO: the front page of the demo, and everything else."""

from __future__ import annotations

from django.urls import include, path

from retros.demo.views import demo

urlpatterns = [path("demo/", demo, name="demo"), path("", include("config.urls"))]
