"""The addresses of this package."""

from django.urls import path

from partnerships.accounts import views

urlpatterns = [
    path("settings/", views.person_update, name="person_update"),
    path("settings/sessions/end/", views.session_end_all, name="session_end_all"),
    path("sign-in/", views.sign_in_here, name="sign_in_here"),
    path("sign-in/undo/<str:token>/", views.sign_in_undo, name="sign_in_undo"),
    path("sign-in/link/<str:token>/", views.sign_in_link, name="sign_in_link"),
    path("settings/links/", views.sign_in_links, name="sign_in_links"),
    path("account/email/", views.email_addresses, name="account_email"),
    path("account/password/set/", views.first_password, name="account_set_password"),
    path("account/reauthenticate/code/", views.reauthenticate_by_code, name="reauthenticate_by_code"),
]
