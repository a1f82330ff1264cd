from __future__ import annotations

from django.urls import path

from partnerships.views import invitations, partnerships, people, sign_in

urlpatterns = [
    path("invitations/waiting/", invitations.invitation_waiting, name="invitation_waiting"),
    path("invitations/waiting/accept/", invitations.invitation_waiting_accept, name="invitation_waiting_accept"),
    path("invitations/<uuid:invitation_id>/renew/", invitations.invitation_update, name="invitation_update"),
    path("invitations/<uuid:invitation_id>/delete/", invitations.invitation_delete, name="invitation_delete"),
    path("invitations/<str:token>/", invitations.invitation_detail, name="invitation_detail"),
    path("invitations/<str:token>/accept/", invitations.invitation_accept, name="invitation_accept"),
    path("partnerships/new/", partnerships.partnership_create, name="partnership_create"),
    path("partnerships/<uuid:partnership_id>/invite/", partnerships.partnership_invite, name="partnership_invite"),
    path("settings/", people.person_update, name="person_update"),
    path("settings/sessions/end/", people.session_end_all, name="session_end_all"),
    path("sign-in/", sign_in.sign_in_here, name="sign_in_here"),
]
