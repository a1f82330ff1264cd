"""The environment of the tests, then the one settings module. Nothing of the developer's own environment gets in."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

for _name in [name for name in os.environ if name.startswith(("TWOFOLD_", "SECRET_KEY"))]:
    del os.environ[_name]

# One folder for each process (pytest-xdist starts several), gone with the process.
_folder = tempfile.TemporaryDirectory(prefix="twofold-tests-")
os.environ["TWOFOLD_DATA_DIR"] = _folder.name
os.environ["SECRET_KEY"] = "a key for tests alone, long enough and of many different letters 0123456789"

from config.settings import *
from config.settings import ALLOWED_HOSTS, DATABASES, INSTALLED_APPS, STATIC_ROOT, STORAGES

ALLOWED_HOSTS = [*ALLOWED_HOSTS, ".localhost"]
# Tests of signing in by a provider give one while they run.
INSTALLED_APPS = [*INSTALLED_APPS, "allauth.socialaccount.providers.openid_connect"]
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, because WAL and locks are what is tested; in memory there are neither.
    DATABASES["default"]["TEST"] = {"NAME": str(Path(_folder.name) / "test.sqlite3")}
    # Speed, not safety: this data is thrown away. Servers that tests kill have processes and settings of their own.
    DATABASES["default"]["OPTIONS"]["init_command"] += "; PRAGMA synchronous=OFF"

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the real ones are slow on purpose
# Pages are tested unhashed; the browser gets the joined and hashed files (tests/conftest.py, `static_files`).
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
STATIC_ROOT.mkdir()  # Whitenoise warns of a missing folder
