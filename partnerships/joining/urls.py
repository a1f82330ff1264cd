"""The addresses of this package."""

from django.urls import path

from partnerships.joining import views

urlpatterns = [
    path("invitations/waiting/", views.invitation_waiting, name="invitation_waiting"),
    path("invitations/waiting/accept/", views.invitation_waiting_accept, name="invitation_waiting_accept"),
    path("invitations/<uuid:invitation_id>/renew/", views.invitation_update, name="invitation_update"),
    path("invitations/<uuid:invitation_id>/delete/", views.invitation_delete, name="invitation_delete"),
    path("invitations/<str:token>/", views.invitation_detail, name="invitation_detail"),
    path("invitations/<str:token>/accept/", views.invitation_accept, name="invitation_accept"),
    path("partnerships/new/", views.partnership_create, name="partnership_create"),
    path("partnerships/<uuid:partnership_id>/invite/", views.partnership_invite, name="partnership_invite"),
]
