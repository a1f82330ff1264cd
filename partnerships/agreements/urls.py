"""The addresses of this package."""

from django.urls import path

from partnerships.agreements import views

urlpatterns = [
    path("partnerships/<uuid:partnership_id>/agreements/", views.agreement_list, name="agreement_list"),
    path("partnerships/<uuid:partnership_id>/agreements/new/", views.agreement_create, name="agreement_create"),
    path("agreements/<uuid:agreement_id>/review/", views.agreement_review, name="agreement_review"),
    path("agreements/<uuid:agreement_id>/close/", views.agreement_close, name="agreement_close"),
    path("agreements/<uuid:agreement_id>/reopen/", views.agreement_reopen, name="agreement_reopen"),
    path("agreements/<uuid:agreement_id>/export/", views.agreement_export, name="agreement_export"),
    path("agreements/<uuid:agreement_id>/print/", views.agreement_print, name="agreement_print"),
    path("agreements/<uuid:agreement_id>/versions/new/", views.version_create, name="version_create"),
    path("versions/<uuid:version_id>/", views.version_detail, name="version_detail"),
    path("versions/<uuid:version_id>/sign/", views.version_sign, name="version_sign"),
    path("versions/<uuid:version_id>/sign/delete/", views.version_unsign, name="version_unsign"),
    path("versions/<uuid:version_id>/counter/", views.version_counter, name="version_counter"),
    path("versions/<uuid:version_id>/defer/", views.version_defer, name="version_defer"),
    path("versions/<uuid:version_id>/withdraw/", views.version_withdraw, name="version_withdraw"),
    path("versions/<uuid:version_id>/update/", views.version_update, name="version_update"),
]
