"""The addresses of this package."""

from django.urls import path

from partnerships.accounts import factor_views, views

OIDC = {"provider_id": "oidc"}  # there is one (config/settings.py)

urlpatterns = [
    path("settings/", views.person_update, name="person_update"),
    path("settings/devices/", views.device_list, name="device_list"),
    path("settings/devices/<str:device_id>/end/", views.device_end, name="device_end"),
    path("settings/sessions/end/", views.session_end_all, name="session_end_all"),
    path("sign-in/", views.sign_in_here, name="sign_in_here"),
    path("sign-in/undo/<str:token>/", views.sign_in_undo, name="sign_in_undo"),
    path("sign-in/link/<str:token>/", views.sign_in_link, name="sign_in_link"),
    path("settings/links/", views.sign_in_links, name="sign_in_links"),
    path("account/email/", views.email_addresses, name="account_email"),
    path("account/password/set/", views.first_password, name="account_set_password"),
    path("account/reauthenticate/code/", views.reauthenticate_by_code, name="reauthenticate_by_code"),
    path("account/oidc/", views.oidc_begin, OIDC, name="openid_connect_login"),
    path("account/oidc/callback/", views.oidc_come_back, OIDC, name="openid_connect_callback"),
    path("account/second-factor/", factor_views.factors, name="mfa_index"),
    path("account/second-factor/ask/", factor_views.authenticate, name="mfa_authenticate"),
    path("account/second-factor/again/", factor_views.reauthenticate, name="mfa_reauthenticate"),
    path("account/second-factor/app/", factor_views.set_up_app, name="mfa_activate_totp"),
    path("account/second-factor/app/image.svg", factor_views.app_image, name="mfa_app_image"),
    path("account/second-factor/app/remove/", factor_views.remove_app, name="mfa_deactivate_totp"),
    path("account/second-factor/codes/", factor_views.recovery_codes, name="mfa_view_recovery_codes"),
    path("account/second-factor/codes/new/", factor_views.renew_codes, name="mfa_generate_recovery_codes"),
    path("account/passkey/", factor_views.sign_in_by_passkey, name="mfa_login_webauthn"),
    path("account/second-factor/passkey/", factor_views.add_passkey, name="mfa_add_webauthn"),
    path("account/second-factor/passkey/<int:pk>/remove/", factor_views.remove_passkey, name="mfa_remove_webauthn"),
    path("account/second-factor/passkey/again/", factor_views.passkey_again, name="mfa_reauthenticate_webauthn"),
]
