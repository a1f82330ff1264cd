"""Prints each sentence of ours that is translated while the modules are imported: `python -m tests.early_translations`.

That is too early: it stays in the language of that moment, for every reader, as long as the process lives.
"""

from __future__ import annotations

import importlib
import inspect
import os
from pathlib import Path

import django
from django.utils import translation

ROOT = Path(__file__).parent.parent
OURS = ("partnerships", "retros", "config")


def record(message: str, *_more: object) -> str:
    """In the place of gettext: prints the message when a line of ours asked for it, directly or by a lazy string."""
    asking = inspect.currentframe()
    while asking and (asking.f_code is record.__code__ or "/django/utils/" in asking.f_code.co_filename):
        asking = asking.f_back
    assert asking
    path = Path(asking.f_code.co_filename)
    if path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in OURS:
        print(f"{path.relative_to(ROOT)}:{asking.f_lineno} {message}")  # noqa: T201
    return message


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    for name in ("gettext", "ngettext", "pgettext", "npgettext"):
        setattr(translation._trans, name, record)  # type: ignore[attr-defined]  # what all of them come down to
    django.setup()
    for folder in OURS[:2]:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                importlib.import_module(module_of(path))
    importlib.import_module("config.urls")
