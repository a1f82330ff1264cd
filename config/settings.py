"""Every setting of Twofold. What an operator may change comes from the environment (docs/configuration.md)."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config.deferred import defer
from config.env import BadValue, Environment, is_loopback
from partnerships import limits
from partnerships.public_holidays import countries

defer("allauth.mfa.webauthn.internal.auth")  # needs fido2, 10 MiB, which a process without a passkey does not

BASE_DIR = Path(__file__).resolve().parent.parent

VERSION: str = tomllib.loads((BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

# Whatever this process writes (the database and its log, the lock, a backup) is closed to other users.
os.umask(0o077)

env = Environment(os.environ)

# --- What the operator decides -------------------------------------------------------------------

DATA_DIR = env.folder("TWOFOLD_DATA_DIR", BASE_DIR / "data")
SECRET_KEY = env.secret_key(DATA_DIR)
_address = env.address("TWOFOLD_BASE_URL", "http://127.0.0.1:8000")
BASE_URL = _address.geturl()
_host = _address.hostname or ""
HTTPS = _address.scheme == "https"
LOOPBACK = is_loopback(_host)
ALLOW_HTTP = env.flag("TWOFOLD_ALLOW_HTTP")
DEMO = env.flag("TWOFOLD_DEMO")
# Browsers have passkeys where nobody can listen in: with https, and by this name of the machine itself.
PASSKEYS = HTTPS or _host == "localhost" or _host.endswith(".localhost")
DEBUG = env.flag("TWOFOLD_DEBUG")
MAIL_DOMAINS = env.domains("TWOFOLD_MAIL_DOMAINS")  # empty: any
_mail = env.mail("TWOFOLD_MAIL_URL")
MAIL_IS_SENT = bool(_mail)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("TWOFOLD_MAIL_FROM", f"Twofold <twofold@{_host}>")
COUNTRY = env.text("TWOFOLD_COUNTRY") and env.one_of("TWOFOLD_COUNTRY", sorted(code for code, _name in countries()))
SECOND_FACTOR = env.one_of("TWOFOLD_SECOND_FACTOR", ["none", "admins", "admins+leads", "all"])  # of whom
OIDC_ISSUER = env.issuer("TWOFOLD_OIDC_ISSUER")  # empty: nobody signs in by a provider
OIDC_CLIENT_ID = env.text("TWOFOLD_OIDC_CLIENT_ID")
OIDC_CLIENT_SECRET = env.text("TWOFOLD_OIDC_CLIENT_SECRET")
OIDC_NAME = env.text("TWOFOLD_OIDC_NAME", "your company sign-in")
OIDC_SIGN_UP = env.flag("TWOFOLD_OIDC_SIGN_UP")
OIDC_ONLY = env.flag("TWOFOLD_OIDC_ONLY")
OIDC_ADMIN = env.claim("TWOFOLD_OIDC_ADMIN")
RETENTION_MONTHS = env.number("TWOFOLD_RETENTION_MONTHS", 24, least=1, most=1200)
CALENDAR_REPLY_TO = env.mailbox("TWOFOLD_CALENDAR_REPLY_TO")  # empty: nobody is asked to answer an invitation
WORKER_ELSEWHERE = env.flag("TWOFOLD_WORKER_ELSEWHERE")
STREAM_LIMIT = env.number("TWOFOLD_STREAM_LIMIT", 2500, least=1, most=100_000)
PROXIES = env.networks("TWOFOLD_PROXIES")
_backups = env.text("TWOFOLD_BACKUP_DIR")
BACKUP_DIR = env.folder("TWOFOLD_BACKUP_DIR", DATA_DIR) if _backups else None
METRICS_TOKEN = env.token("TWOFOLD_METRICS_TOKEN")  # empty: there are no metrics
BACKUP_KEEP = env.number("TWOFOLD_BACKUP_KEEP", 35, least=1, most=10_000)

if not HTTPS and not LOOPBACK and not ALLOW_HTTP:
    raise BadValue("TWOFOLD_BASE_URL", BASE_URL, "https://, or http:// on this machine, or with TWOFOLD_ALLOW_HTTP=1")
if OIDC_ISSUER and not (OIDC_CLIENT_ID and OIDC_CLIENT_SECRET):
    raise ImproperlyConfigured("TWOFOLD_OIDC_ISSUER is given without TWOFOLD_OIDC_CLIENT_ID and …_CLIENT_SECRET.")
if OIDC_ONLY and not OIDC_ISSUER:
    raise ImproperlyConfigured("TWOFOLD_OIDC_ONLY is on without TWOFOLD_OIDC_ISSUER: nobody could sign in.")
if DEMO and (HTTPS or not LOOPBACK):
    raise BadValue("TWOFOLD_BASE_URL", BASE_URL, "http:// on this machine while TWOFOLD_DEMO is on")
if DEBUG and (HTTPS or not LOOPBACK):
    raise BadValue("TWOFOLD_BASE_URL", BASE_URL, "http:// on this machine while TWOFOLD_DEBUG is on")

DATABASES: dict[str, dict[str, Any]] = {
    "default": env.database("DATABASE_URL", DATA_DIR / ("demo.sqlite3" if DEMO else "twofold.sqlite3"))
}
if DEMO and env.text("DATABASE_URL"):
    raise ImproperlyConfigured("DATABASE_URL is given while TWOFOLD_DEMO is on: the demo has a database of its own.")

env.refuse_unknown(os.environ)

# --- Application ---------------------------------------------------------------------------------

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
AUTH_USER_MODEL = "partnerships.Person"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "config.static_files.StaticFiles",
    "django_htmx",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    *(["allauth.socialaccount.providers.openid_connect"] if OIDC_ISSUER else []),
    "partnerships",
    "retros",
]

MIDDLEWARE = [
    "config.logs.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "config.middleware.HeadersMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.middleware.SameOriginMiddleware",
    "config.middleware.ReadableMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "partnerships.accounts.sign_in.PersonMiddleware",
    "config.middleware.SessionLimitsMiddleware",
    *(["retros.demo.middleware.DemoMiddleware"] if DEMO else []),
    "partnerships.middleware.SignInMiddleware",
    "partnerships.middleware.OwnPageMiddleware",
    "partnerships.accounts.second_factor.SecondFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "partnerships.middleware.WriteRateMiddleware",
    "partnerships.middleware.RefusalMiddleware",  # last, so that it is the first to hear what a view raised
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["config.template_loader.Loader", "django.template.loaders.app_directories.Loader"],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.context.nonce",
                "config.context.organisation",
                "config.context.guide",
                "config.context.mail",
                "config.context.ways_in",
                "partnerships.accounts.came_from.header",
            ],
        },
    }
]

CACHES = {
    # The rate limits of the sign-in live here; in the database every process counts alike.
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "shared_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# --- Accounts ------------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["name", "email"]},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

ACCOUNT_ADAPTER = "partnerships.accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "signup": "partnerships.accounts.forms.SignUpForm",
    "add_email": "partnerships.accounts.forms.AddEmailForm",
    "change_password": "partnerships.accounts.forms.ChangePasswordForm",
    "request_login_code": "partnerships.accounts.forms.RequestCodeForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
# Without a mail server a code would reach nobody but the operator: the single-use link has to do.
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if MAIL_IS_SENT else "none"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = MAIL_IS_SENT
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True  # twice, within the limits of confirm_email
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # before an address is added, removed or made the main one
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _address.scheme
ACCOUNT_RATE_LIMITS = {
    "login_failed": "30/m/ip,10/300s/key",
    "reset_password": f"20/h/ip,{limits.RESET_MAILS_PER_HOUR}/h/key",
    "request_login_code": f"20/m/ip,{limits.CODES_PER_HOUR}/h/key",
    "confirm_email": f"1/10s/key,{limits.CODES_PER_HOUR}/h/key",
}
MFA_ADAPTER = "partnerships.accounts.second_factor.FactorAdapter"
MFA_FORMS = {
    "activate_totp": "partnerships.accounts.second_factor.SetUpAppForm",
    "authenticate": "partnerships.accounts.second_factor.CodeForm",
    "reauthenticate": "partnerships.accounts.second_factor.CodeAgainForm",
    "add_webauthn": "partnerships.accounts.second_factor.AddPasskeyForm",
    "login_webauthn": "partnerships.accounts.second_factor.PasskeyForm",
    "authenticate_webauthn": "partnerships.accounts.second_factor.PasskeySecondForm",
    "reauthenticate_webauthn": "partnerships.accounts.second_factor.PasskeyAgainForm",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", *(["webauthn"] if PASSKEYS else [])]
# For each use. The sign-in asks it anyway, but takes any challenge of the browser's session, another page's too.
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_RATE_LIMITS = {"webauthn_login": "30/m/ip", "webauthn_begin": "60/m/ip"}
MFA_TOTP_ISSUER = "Twofold"
MFA_TOTP_TOLERANCE = 1  # half minutes by which the clock of a phone may be wrong
# The address that signs in was verified before, where mail is sent; where none is, no address ever is.
MFA_ALLOW_UNVERIFIED_EMAIL = True
SOCIALACCOUNT_ADAPTER = "partnerships.accounts.oidc.ProviderAdapter"
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"  # the provider did it, or nobody is let in
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {
    "openid_connect": {
        "APPS": [
            {
                "provider_id": "oidc",
                "name": OIDC_NAME,
                "client_id": OIDC_CLIENT_ID,
                "secret": OIDC_CLIENT_SECRET,
                "settings": {"server_url": OIDC_ISSUER, "oauth_pkce_enabled": True},
            }
        ]
        if OIDC_ISSUER
        else []
    }
}
PASSWORD_RESET_TIMEOUT = int(limits.RESET_LINK_LIFE.total_seconds())
# The server resolves the proxies' headers itself (config/serve.py), exactly; nothing else may trust them again.
ALLAUTH_TRUSTED_PROXY_COUNT = 0

# --- Requests, cookies, headers (docs/rules/reliability.md R16, R17) ---------------------------

if DEMO:
    ALLOWED_HOSTS = [".localhost", "127.0.0.1"]
elif LOOPBACK:
    ALLOWED_HOSTS = sorted({_host, "localhost", "127.0.0.1", "[::1]"})
else:
    ALLOWED_HOSTS = [_host]

DATA_UPLOAD_MAX_MEMORY_SIZE = limits.BODY_BYTES
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]

SESSION_ENGINE = "partnerships.models.sign_in"
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 1_209_600
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_AGE = 1_209_600
CSRF_FAILURE_VIEW = "partnerships.accounts.views.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

SECURE_SSL_REDIRECT = False  # the proxy that ends TLS does it
SECURE_HSTS_SECONDS = 63_072_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [NONCE],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        # A form leads to the provider by a redirect.
        "form-action": [SELF, *(["{0.scheme}://{0.netloc}".format(urlsplit(OIDC_ISSUER))] if OIDC_ISSUER else [])],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        **({"upgrade-insecure-requests": True} if HTTPS else {}),
    }
}
SILENCED_SYSTEM_CHECKS = [
    "security.W008",  # no redirect to https of our own: the proxy that ends TLS does it
    "security.W021",  # no preload list: it would bind all of the operator's domain
]
if not HTTPS:
    # Plain http is a choice that was checked above; its cookies and headers follow from it.
    SILENCED_SYSTEM_CHECKS += ["security.W004", "security.W012", "security.W016"]

# --- Mail ----------------------------------------------------------------------------------------

_BACKENDS = "django.core.mail.backends."  # the people of the demo have no mailbox
_backend = f"{_BACKENDS}smtp" if MAIL_IS_SENT else f"{_BACKENDS}dummy" if DEMO else "partnerships.mail.console"
EMAIL_BACKEND = f"{_backend}.EmailBackend"
EMAIL_HOST = str(_mail.get("EMAIL_HOST", ""))
EMAIL_PORT = int(_mail.get("EMAIL_PORT", 25))
EMAIL_HOST_USER = str(_mail.get("EMAIL_HOST_USER", ""))
EMAIL_HOST_PASSWORD = str(_mail.get("EMAIL_HOST_PASSWORD", ""))
EMAIL_USE_TLS = bool(_mail.get("EMAIL_USE_TLS", False))
EMAIL_USE_SSL = bool(_mail.get("EMAIL_USE_SSL", False))
EMAIL_TIMEOUT = 10

# --- Languages and time --------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = len(LANGUAGES) > 1  # of one language there is nothing to look up
USE_TZ = True
TIME_ZONE = "UTC"  # people have their own; this is only what the server thinks in

# --- Static files --------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage" if DEBUG else "config.storage.LeanStorage"
    },
}
WHITENOISE_ROOT = BASE_DIR / "public"  # what browsers and crawlers ask for at the root of every site
WHITENOISE_MIMETYPES = {".webmanifest": "application/manifest+json"}
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = DEBUG

# --- Logs (docs/rules/reliability.md R22) ------------------------------------------------------

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"lines": {"()": "config.logs.JsonLines"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "twofold": {"level": "INFO"},
        # Django's own handlers would mail tracebacks and print paths; everything goes through ours.
        "django": {"handlers": [], "level": "WARNING", "propagate": True},
        # An answer of 4xx has its line by RequestLogMiddleware.
        "django.request": {"level": "ERROR"},
        "django.security": {"level": "CRITICAL"},
        "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
    },
}
