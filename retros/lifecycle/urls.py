"""The addresses of this package."""

from django.urls import path

from retros.lifecycle import views
from retros.paths import PARTNERSHIP

urlpatterns = [
    path("settings/data/", views.data_detail, name="data_detail"),
    path("settings/data/export/", views.data_export, name="data_export"),
    path("settings/data/erase/", views.data_erase, name="data_erase"),
    path(f"{PARTNERSHIP}/end/", views.partnership_end, name="partnership_end"),
    path(f"{PARTNERSHIP}/export/", views.partnership_export, name="partnership_export"),
    path(f"{PARTNERSHIP}/resume/", views.partnership_resume, name="partnership_resume"),
    path(f"{PARTNERSHIP}/farewell/", views.farewell_create, name="farewell_create"),
    path(f"{PARTNERSHIP}/handover/", views.handover_update, name="handover_update"),
]
