"""Readies database and files, then serves: `python -m config.start` takes the arguments of config/serve.py."""

from __future__ import annotations

import multiprocessing
import os
from importlib import import_module

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import autoreload


def main() -> None:
    if os.environ.get(autoreload.DJANGO_AUTORELOAD_ENV) != "true":  # that one was readied before it was reloaded
        prepare()
    from config import serve  # what it loads looks for the files that were just made

    serve.main()


def prepare() -> None:
    """Everything that a start needs, in a process that ends with it, so that the memory it took is given back.

    Raises SystemExit when it failed; why was said.
    """
    import_module(settings.ROOT_URLCONF)  # loaded here, once for both
    child = multiprocessing.get_context("fork").Process(target=make_ready)
    child.start()
    child.join()
    if child.exitcode:
        raise SystemExit(1)


def make_ready() -> None:
    """Database and files; then the demo, or the link for the first admin where there is none yet."""
    try:
        call_command("prepare")
        call_command("demo" if settings.DEMO else "setup_link")
    except CommandError as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
