"""The settings that a bench serves with: those of the application, with the bare view beside its pages."""

from config.settings import *

ROOT_URLCONF = "tests.bench.bare"
MIDDLEWARE = ["tests.bench.bare.CountQueries", *MIDDLEWARE]
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
