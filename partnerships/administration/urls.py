"""The addresses of this package."""

from django.urls import path

from partnerships.administration import views
from partnerships.paths import FRAME, INVITATION, PERSON

urlpatterns = [
    path("admin/people/", views.person_list, name="person_list"),
    path("admin/people/new/", views.person_invite, name="person_invite"),
    path(f"{PERSON}/", views.person_detail, name="person_detail"),
    path(f"{PERSON}/role/", views.person_role_update, name="person_role_update"),
    path(f"{PERSON}/admin/", views.person_admin_create, name="person_admin_create"),
    path(f"{PERSON}/admin/delete/", views.person_admin_delete, name="person_admin_delete"),
    path(f"{PERSON}/off/", views.person_deactivate, name="person_deactivate"),
    path(f"{PERSON}/on/", views.person_reactivate, name="person_reactivate"),
    path(f"{PERSON}/link/", views.person_link_create, name="person_link_create"),
    path(f"{PERSON}/second-factor/reset/", views.person_factor_reset, name="person_factor_reset"),
    path(f"{PERSON}/sessions/end/", views.person_sessions_end, name="person_sessions_end"),
    path(f"{INVITATION}/renew/", views.admin_invitation_update, name="admin_invitation_update"),
    path(f"{INVITATION}/delete/", views.admin_invitation_delete, name="admin_invitation_delete"),
    path("admin/partnerships/", views.admin_partnership_list, name="admin_partnership_list"),
    path("admin/partnerships/new/", views.admin_partnership_create, name="admin_partnership_create"),
    path(f"{FRAME}/", views.admin_partnership_detail, name="admin_partnership_detail"),
    path(f"{FRAME}/roles/", views.admin_partnership_roles, name="admin_partnership_roles"),
    path(f"{FRAME}/update/", views.admin_partnership_update, name="admin_partnership_update"),
    path("admin/record/", views.audit_list, name="audit_list"),
    path(f"{FRAME}/leads/", views.lead_create, name="lead_create"),
    path(f"{FRAME}/leads/<uuid:person_id>/delete/", views.lead_delete, name="lead_delete"),
]
