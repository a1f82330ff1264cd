from __future__ import annotations

from django.contrib.staticfiles.apps import StaticFilesConfig


class StaticFiles(StaticFilesConfig):
    """Collects of django-htmx what the pages name: the rest, for other versions of htmx, takes twice as long as all
    files that are served.
    """

    ignore_patterns = [
        *StaticFilesConfig.ignore_patterns,
        "django_htmx/htm*x-4.*",
        "django_htmx/htmx-2.js",
        "django_htmx/django-htmx.js",
        "django_htmx/ext/*",
    ]
