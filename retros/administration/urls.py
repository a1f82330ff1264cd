"""The addresses of this package."""

from django.urls import path

from retros.administration import template_views, views
from retros.paths import BULK, PARTNERSHIP, SESSION, TEMPLATE

urlpatterns = [
    path("admin/partnerships/import/", views.partnership_import, name="partnership_import"),
    path("admin/partnerships/import/new/", views.partnership_import_create, name="partnership_import_create"),
    path("admin/partnerships/import/example/", views.partnership_import_example, name="partnership_import_example"),
    path("admin/organisation/", views.organisation_update, name="organisation_update"),
    path("admin/mail/", views.mail_list, name="mail_list"),
    path("admin/mail/test/", views.mail_test, name="mail_test"),
    path("admin/mail/retry/", views.mail_retry_all, name="mail_retry_all"),
    path("admin/mail/<uuid:delivery_id>/retry/", views.mail_retry, name="mail_retry"),
    path("admin/templates/", template_views.template_list, name="template_list"),
    path("admin/templates/new/", template_views.template_create, name="template_create"),
    path(f"{TEMPLATE}/", template_views.template_detail, name="template_detail"),
    path(f"{TEMPLATE}/export/", template_views.template_export, name="template_export"),
    path(f"{TEMPLATE}/clone/", template_views.template_clone, name="template_clone"),
    path(f"{TEMPLATE}/edit/", template_views.template_update, name="template_update"),
    path(f"{TEMPLATE}/steps/<int:position>/", template_views.template_step_update, name="template_step_update"),
    path(f"{TEMPLATE}/retire/", template_views.template_retire, name="template_retire"),
    path(f"{TEMPLATE}/restore/", template_views.template_restore, name="template_restore"),
    path(f"{TEMPLATE}/usual/", template_views.template_usual, name="template_usual"),
    path("admin/schedule/", views.schedule, name="schedule"),
    path("admin/schedule/month/", views.schedule_month, name="schedule_month"),
    path("admin/schedule/load/", views.schedule_load, name="schedule_load"),
    path("admin/schedule/checks/", views.schedule_checks, name="schedule_checks"),
    path("admin/schedule/many/", views.bulk_preview, name="bulk_preview"),
    path("admin/schedule/many/new/", views.bulk_create, name="bulk_create"),
    path(f"{BULK}/", views.bulk_detail, name="bulk_detail"),
    path(f"{BULK}/resume/", views.bulk_resume, name="bulk_resume"),
    path(f"{BULK}/undo/", views.bulk_undo, name="bulk_undo"),
    path(f"admin/{PARTNERSHIP}/dates/", views.admin_partnership_dates, name="admin_partnership_dates"),
    path(f"admin/{PARTNERSHIP}/dates/new/", views.admin_session_create, name="admin_session_create"),
    path(f"admin/{SESSION}/move/", views.admin_session_move, name="admin_session_move"),
    path(f"admin/{SESSION}/skip/", views.admin_session_skip, name="admin_session_skip"),
    path(f"admin/{SESSION}/met/", views.admin_session_met, name="admin_session_met"),
    path(f"admin/{PARTNERSHIP}/end/", views.admin_partnership_end, name="admin_partnership_end"),
    path(f"admin/{PARTNERSHIP}/resume/", views.admin_partnership_resume, name="admin_partnership_resume"),
]
