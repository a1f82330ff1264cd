"""The linter of the stylesheets: Chromium knows every property and value, and every variable is set somewhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

pytestmark = pytest.mark.one_database

FILES = sorted((Path(settings.BASE_DIR) / "static/css").glob("*.css"))
DESCRIPTORS = re.compile(r"@(font-face|property|view-transition)[^{]*\{[^}]*\}")
DECLARATION = re.compile(r"(?<=[{};])\s*([\w-]+)\s*:\s*([^;{}]+?)\s*(?:!important\s*)?(?=[;}])")


def rules(path: Path) -> str:
    """The text of a stylesheet without comments and descriptors."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    return DESCRIPTORS.sub("", text)


def test_chromium_knows_every_declaration(browser: Any) -> None:
    declared = [
        (path.name, *found.groups())
        for path in FILES
        for found in DECLARATION.finditer(rules(path))
        if not found[1].startswith("--")
    ]
    assert len(declared) > 500
    page = browser.new_page()
    unknown = page.evaluate("all => all.filter(([file, name, value]) => !CSS.supports(name, value))", declared)
    page.close()
    assert unknown == []


def test_every_variable_is_set() -> None:
    text = "".join(map(rules, FILES))
    used, set_ = set(re.findall(r"var\((--[\w-]+)\)", text)), set(re.findall(r"(--[\w-]+)\s*:", text))
    assert len(used) > 50
    assert used - set_ == set()


# Classes that htmx sets, and those whose name is put together in a template.
MADE = re.compile(r"htmx-[a-z]+|icon-\d+|[ab]-name")


TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
QUOTED = re.compile(r"""["'`]([\w -]+)["'`]""")


def given(root: Path) -> set[str]:
    """Words that stand as classes in templates, and in strings of their tags, of scripts and of modules."""
    texts = [path.read_text(encoding="utf-8") for path in root.glob("templates/**/*.html")]
    found = [value for text in texts for value in re.findall(r'\bclass="([^"]*)"', TAG.sub(" ", text))]
    found += [value for text in texts for value in re.findall(r"block \w+_class %\}([^{]*)", text)]
    found += [value for text in texts for tag in TAG.findall(text) for value in QUOTED.findall(tag)]
    for pattern in ("partnerships/**/*.py", "retros/**/*.py", "static/js/*.js"):
        found += [value for path in root.glob(pattern) for value in QUOTED.findall(path.read_text(encoding="utf-8"))]
    return {word for value in found for word in value.split()}


def test_every_class_is_given_to_something() -> None:
    words = given(Path(settings.BASE_DIR))
    selectors = re.sub(r"\{[^{}]*\}|@import[^;]*;", "{}", "".join(map(rules, FILES)))
    classes = set(re.findall(r"\.([a-z][\w-]*)", selectors))
    assert len(classes) > 150
    assert [name for name in classes - words if not MADE.fullmatch(name)] == []
