from __future__ import annotations

from django.urls import path

from partnerships.views import (
    account,
    admin_partnerships,
    admin_people,
    admin_record,
    agreements,
    invitations,
    partnerships,
    people,
    reminders,
    sign_in,
)

PERSON = "admin/people/<uuid:person_id>"
FRAME = "admin/partnerships/<uuid:partnership_id>"
INVITATION = "admin/invitations/<uuid:invitation_id>"

urlpatterns = [
    path("invitations/waiting/", invitations.invitation_waiting, name="invitation_waiting"),
    path("invitations/waiting/accept/", invitations.invitation_waiting_accept, name="invitation_waiting_accept"),
    path("invitations/<uuid:invitation_id>/renew/", invitations.invitation_update, name="invitation_update"),
    path("invitations/<uuid:invitation_id>/delete/", invitations.invitation_delete, name="invitation_delete"),
    path("invitations/<str:token>/", invitations.invitation_detail, name="invitation_detail"),
    path("invitations/<str:token>/accept/", invitations.invitation_accept, name="invitation_accept"),
    path("partnerships/new/", partnerships.partnership_create, name="partnership_create"),
    path("partnerships/<uuid:partnership_id>/invite/", partnerships.partnership_invite, name="partnership_invite"),
    path("partnerships/<uuid:partnership_id>/agreements/", agreements.agreement_list, name="agreement_list"),
    path("partnerships/<uuid:partnership_id>/agreements/new/", agreements.agreement_create, name="agreement_create"),
    path("agreements/<uuid:agreement_id>/review/", agreements.agreement_review, name="agreement_review"),
    path("agreements/<uuid:agreement_id>/close/", agreements.agreement_close, name="agreement_close"),
    path("agreements/<uuid:agreement_id>/reopen/", agreements.agreement_reopen, name="agreement_reopen"),
    path("agreements/<uuid:agreement_id>/export/", agreements.agreement_export, name="agreement_export"),
    path("agreements/<uuid:agreement_id>/print/", agreements.agreement_print, name="agreement_print"),
    path("agreements/<uuid:agreement_id>/versions/new/", agreements.version_create, name="version_create"),
    path("versions/<uuid:version_id>/", agreements.version_detail, name="version_detail"),
    path("versions/<uuid:version_id>/sign/", agreements.version_sign, name="version_sign"),
    path("versions/<uuid:version_id>/sign/delete/", agreements.version_unsign, name="version_unsign"),
    path("versions/<uuid:version_id>/counter/", agreements.version_counter, name="version_counter"),
    path("versions/<uuid:version_id>/defer/", agreements.version_defer, name="version_defer"),
    path("versions/<uuid:version_id>/withdraw/", agreements.version_withdraw, name="version_withdraw"),
    path("versions/<uuid:version_id>/update/", agreements.version_update, name="version_update"),
    path("settings/", people.person_update, name="person_update"),
    path("settings/sessions/end/", people.session_end_all, name="session_end_all"),
    path("settings/reminders/", reminders.reminder_update, name="reminder_update"),
    path("settings/feed/", reminders.feed_create, name="feed_create"),
    path("settings/feed/delete/", reminders.feed_delete, name="feed_delete"),
    path("notices/<uuid:delivery_id>/dismiss/", reminders.notice_dismiss, name="notice_dismiss"),
    path("n/unsubscribe/<str:token>/", reminders.unsubscribe, name="unsubscribe"),
    path("sign-in/", sign_in.sign_in_here, name="sign_in_here"),
    path("sign-in/undo/<str:token>/", account.sign_in_undo, name="sign_in_undo"),
    # instead of allauth's own of the same name (config/urls.py)
    path("account/email/", account.email_addresses, name="account_email"),
    path("account/password/set/", account.first_password, name="account_set_password"),
    path("account/reauthenticate/code/", account.reauthenticate_by_code, name="reauthenticate_by_code"),
    # the admin's pages
    path("admin/people/", admin_people.person_list, name="person_list"),
    path("admin/people/new/", admin_people.person_invite, name="person_invite"),
    path(f"{PERSON}/", admin_people.person_detail, name="person_detail"),
    path(f"{PERSON}/role/", admin_people.person_role_update, name="person_role_update"),
    path(f"{PERSON}/admin/", admin_people.person_admin_create, name="person_admin_create"),
    path(f"{PERSON}/admin/delete/", admin_people.person_admin_delete, name="person_admin_delete"),
    path(f"{PERSON}/off/", admin_people.person_deactivate, name="person_deactivate"),
    path(f"{PERSON}/on/", admin_people.person_reactivate, name="person_reactivate"),
    path(f"{PERSON}/sessions/end/", admin_people.person_sessions_end, name="person_sessions_end"),
    path(f"{INVITATION}/renew/", admin_people.admin_invitation_update, name="admin_invitation_update"),
    path(f"{INVITATION}/delete/", admin_people.admin_invitation_delete, name="admin_invitation_delete"),
    path("admin/partnerships/", admin_partnerships.admin_partnership_list, name="admin_partnership_list"),
    path("admin/partnerships/new/", admin_partnerships.admin_partnership_create, name="admin_partnership_create"),
    path(f"{FRAME}/", admin_partnerships.admin_partnership_detail, name="admin_partnership_detail"),
    path("admin/record/", admin_record.audit_list, name="audit_list"),
    path(f"{FRAME}/leads/", admin_partnerships.lead_create, name="lead_create"),
    path(f"{FRAME}/leads/<uuid:person_id>/delete/", admin_partnerships.lead_delete, name="lead_delete"),
]
