"""Rules of the whole site that nobody has to remember, because these tests do."""

from __future__ import annotations

import ast
import json
import os
import re
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing, suppress
from fnmatch import fnmatch
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client

from config import answers, bodies, env, pages
from tests.conftest import LONG_MODULES, LONGEST, LiveServer
from tests.factories import PersonFactory
from tests.headers import HEADERS, POLICY, policy

pytestmark = pytest.mark.one_database

ROOT = Path(settings.BASE_DIR)
TEMPLATES = sorted([*ROOT.glob("templates/**/*.html"), *ROOT.glob("*/templates/**/*.html")])
MANAGERS = {"objects", "_default_manager", "_base_manager"}
# Modules and packages without a query of their own: they load through access.py.
GUARDED = {"views", "templatetags", "letters", "partnerships/agreements/export"}
# Every module that reads entries without `visible_to`: verbs under the session's lock, and what removes text for good.
UNRESTRICTED = {
    "retros/lifecycle/erasure.py",
    "retros/models/entry.py",
    "retros/models/step.py",
    "retros/lifecycle/retention.py",
}


def python_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def guarded_by(path: Path) -> set[str]:
    """The names of GUARDED that this module, or a folder it is in, goes by."""
    place = path.relative_to(ROOT)
    return GUARDED & {path.stem.rpartition("_")[2], str(place.with_suffix("")), *place.parts[:-1]}


def guarded_files() -> list[Path]:
    return [path for path in python_files("partnerships", "retros") if guarded_by(path)]


def reads_unrestricted(source: str) -> bool:
    """Whether a module names a way to entries that asks nobody's rights: by attribute, by string, or by import."""
    return any(
        (isinstance(node, ast.Attribute) and node.attr == "unrestricted")
        or (isinstance(node, ast.Constant) and node.value == "unrestricted")
        or (isinstance(node, ast.Attribute) and node.attr in MANAGERS - {"objects"} and "Entry" in ast.dump(node.value))
        or (isinstance(node, ast.alias) and node.name == "EntryQuerySet")
        for node in ast.walk(ast.parse(source))
    )


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module


def found_in_templates(pattern: str) -> list[str]:
    """Where it stands, also over several lines: an element often takes more than one."""
    texts = {path.relative_to(ROOT): path.read_text(encoding="utf-8") for path in TEMPLATES}
    return [
        f"{path}:{text.count(chr(10), 0, match.start()) + 1} {match[0][:80]}"
        for path, text in texts.items()
        for match in re.finditer(pattern, text)
    ]


# --- Who may reach for what ----------------------------------------------------------------------


def test_the_guards_look_at_something() -> None:
    assert {name for path in guarded_files() for name in guarded_by(path)} == GUARDED
    assert TEMPLATES


def test_no_view_touches_a_manager() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno} .{node.attr}"
        for path in guarded_files()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in MANAGERS
    ]
    assert found == []


def test_entries_are_read_without_asking_for_rights_in_named_modules_only() -> None:
    """Equal, so that a listed name fails that matches no file or does not need it any more."""
    found = {
        str(path.relative_to(ROOT))
        for path in python_files("partnerships", "retros", "config")
        if "migrations" not in path.parts and reads_unrestricted(path.read_text(encoding="utf-8"))
    }
    assert found == UNRESTRICTED


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("Entry.unrestricted.all()", True),
        ("cls.unrestricted.filter(pk=pk)", True),
        ("getattr(Entry, 'unrestricted').all()", True),
        ("Entry._default_manager.all()", True),
        ("models.Entry._base_manager.all()", True),
        ("from retros.models.entry import EntryQuerySet", True),
        ("Entry.objects.visible_to(person)", False),
        ("Session._default_manager.all()", False),
    ],
)
def test_the_guard_of_entries_sees_every_way_to_them(source: str, found: bool) -> None:
    assert reads_unrestricted(source) is found


def test_one_place_names_the_boxes_of_drafts() -> None:
    """A key that a page spells in another way than the verb is a draft that is never emptied, or never found."""
    from retros.models import Draft

    kinds = {f"{kind}:" for kind in Draft.Box.values}
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in python_files("partnerships", "retros")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.JoinedStr)
        and isinstance(node.values[0], ast.Constant)
        and node.values[0].value in kinds
    ]
    assert found == []
    assert Draft.Box.CARD.key(UUID(int=7)) == "card:00000000-0000-0000-0000-000000000007"


def saves_a_whole_row(node: ast.AST) -> bool:
    """`x.save()` that neither names its columns nor inserts; a browser's session and a form of allauth may."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "save"):
        return False
    named = {keyword.arg for keyword in node.keywords} & {"update_fields", "force_insert"}
    return not named and ast.unparse(node.func.value) not in {"super()", "request.session", "form"}


def test_a_verb_names_the_columns_that_it_changes() -> None:
    """A whole row, read before, would also write back what somebody else changed in between."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"  # type: ignore[attr-defined]
        for path in python_files("partnerships", "retros")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if saves_a_whole_row(node)
    ]
    assert found == []


def test_partnerships_know_nothing_of_retros() -> None:
    found = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in python_files("partnerships")
        for name in imports(path)
        if name.split(".")[0] == "retros"
    ]
    assert found == []


def test_nobody_imports_the_configuration() -> None:
    found = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in python_files("partnerships", "retros")
        for name in imports(path)
        if name.split(".")[0] == "config"
    ]
    assert found == []


def unexplained_imports(source: str) -> list[int]:
    """Lines of imports inside functions without a comment there, on the line before, or at the one that they follow."""
    lines, explained, found = source.splitlines(), set(), []
    inside = {
        node.lineno
        for function in ast.walk(ast.parse(source))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    for number in sorted(inside):
        if "#" in lines[number - 1] or lines[number - 2].strip().startswith("#") or number - 1 in explained:
            explained.add(number)
        else:
            found.append(number)
    return found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import a\ndef f():\n    import b  # why", []),
        ("def f():\n    # Why.\n    import b\n    import c", []),
        ("def f():\n    import b", [2]),
        ("def f():\n    import b\n    import c  # why", [2]),
    ],
)
def test_an_import_inside_a_function_without_a_why_is_found(source: str, found: list[int]) -> None:
    assert unexplained_imports(source) == found


def test_no_import_inside_a_function_without_a_why() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in python_files("partnerships", "retros", "config")
        for number in unexplained_imports(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_every_package_says_what_lives_there_and_what_never_does() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in [*ROOT.glob("partnerships/*/__init__.py"), *ROOT.glob("retros/*/__init__.py")]
        if path.parent.name not in {"management", "migrations", "templatetags"}
        and not re.match(
            r'""".*(?:[Nn]ever|[Nn]o rows|[Nn]othing|is (?:retros|partnerships)/)', path.read_text("utf-8")
        )
    ]
    assert silent == []


def test_a_class_has_a_name_of_its_own() -> None:
    """Two things of one name are taken for one. Commands are called by their files."""
    places: dict[str, list[str]] = {}
    for path in (path for path in python_files("partnerships", "retros", "config") if "migrations" not in path.parts):
        for name in re.findall(r"^class (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE):
            places.setdefault(name, []).append(str(path.relative_to(ROOT)))
    several = {name: found for name, found in places.items() if len(found) > 1 and not name.startswith("_")}
    assert set(several) == {"Command"}


def test_what_templates_are_said_to_be_given_exists() -> None:
    """`page` is a retros.home.page.Home: the module and the name."""
    named = {
        match
        for path in TEMPLATES
        for comment in re.findall(r"{% comment %}(.*?){% endcomment %}", path.read_text(encoding="utf-8"), re.DOTALL)
        for match in re.findall(r"\b((?:retros|partnerships)(?:\.\w+)+)\.([A-Z]\w+)", comment)
    }
    assert len(named) > 30
    assert [f"{module}.{name}" for module, name in sorted(named) if not hasattr(import_module(module), name)] == []


def test_no_signals_of_our_own() -> None:
    found = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in python_files("partnerships", "retros")
        for name in imports(path)
        if name in {"django.dispatch", "django.db.models.signals"}
    ]
    assert found == []


# --- Markup --------------------------------------------------------------------------------------


def test_templates_mark_nothing_safe() -> None:
    assert found_in_templates(r"\|\s*safe\b|\|\s*safeseq\b|autoescape\s+off") == []


def test_only_regions_mark_safe() -> None:
    """They add attributes and rows to what a template drew."""
    found = [
        str(path.relative_to(ROOT))
        for path in python_files("partnerships", "retros", "config")
        if re.search(r"\bmark_safe\b|\bSafeString\b|\bSafeText\b", path.read_text(encoding="utf-8"))
    ]
    assert found == ["retros/room/regions.py"]


def test_templates_carry_no_inline_style_or_script() -> None:
    """But for the mails, which bring all their style along; no policy of ours reaches a mail program."""
    found = found_in_templates(r"""\sstyle\s*=|<style\b""")
    assert {line.partition(":")[0] for line in found} == {"templates/partnerships/mail/letter.html"}
    assert found_in_templates(r"""\son[a-z]+\s*=\s*["']|javascript:""") == []
    assert found_in_templates(r"<script(?![^>]*\bnonce=)") == []


INCLUDE = re.compile(r"""{%\s*include\s+"([^"]+)"([^%]*)%}""")


def posts(template: str) -> bool:
    """Whether it, or something that it includes, holds a form with a token."""
    text = (ROOT / "templates" / template).read_text(encoding="utf-8")
    return "csrf_token" in text or any(posts(match[1]) for match in INCLUDE.finditer(text) if match[1] != template)


def test_what_is_included_alone_holds_no_form_with_a_token() -> None:
    """`only` leaves the token behind, so that each press there is answered by “Press again.”."""
    texts = [path.read_text(encoding="utf-8") for path in TEMPLATES]
    alone = {match[1] for text in texts for match in INCLUDE.finditer(text) if re.search(r"\bonly\b", match[2])}
    assert alone
    assert [template for template in sorted(alone) if posts(template)] == []


def elements(text: str) -> Iterator[tuple[str, str]]:
    """(name, all between it and `>`) of each element in a template; what Django fills in stands in neither."""
    plain = re.sub(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", "", text)
    yield from re.findall(r"<([a-z][a-z0-9]*)\b([^<>]*)>", plain)


def is_of_people(name: str, attributes: str) -> bool:
    """What people wrote (`typed`, `hx-disable` but on a list of it), and each box that they write in."""
    if re.search(r'class="[^"]*\btyped\b', attributes) or (name != "ul" and re.search(r"\shx-disable\b", attributes)):
        return True
    kind = re.search(r'\stype="([a-z-]*)"', attributes)
    is_line = name == "input" and (kind is None or kind[1] in {"text", "search"})
    return name == "textarea" or (is_line and "readonly" not in attributes)  # a link to copy


def test_what_people_write_has_the_direction_of_its_script() -> None:
    found = [
        (path.relative_to(ROOT), name, attributes)
        for path in TEMPLATES
        for name, attributes in elements(path.read_text(encoding="utf-8"))
        if is_of_people(name, attributes)
    ]
    assert {name for _path, name, _attributes in found} >= {"p", "textarea", "input"}
    assert [each for each in found if 'dir="auto"' not in each[2]] == []


def test_what_a_page_lets_people_press_or_choose_is_never_given_back_as_their_words() -> None:
    from partnerships.forms import is_typed

    import_module(settings.ROOT_URLCONF)  # all forms there are
    found = [
        (path.relative_to(ROOT), name, value)
        for path in TEMPLATES
        for tag, attributes in elements(path.read_text(encoding="utf-8"))
        if tag == "button" or re.search(r'\stype="(hidden|radio|checkbox)"', attributes)
        for name in re.findall(r'\sname="([^"]+)"', attributes)
        for value in re.findall(r'\svalue="([^"]+)"', attributes)
    ]
    assert len(found) > 20
    assert [each for each in found if is_typed(*each[1:])] == []


def test_every_box_of_a_form_has_the_direction_of_its_script() -> None:
    from django import forms

    from partnerships.forms import ContentFormField, LineFormField, NameFormField

    for field in (ContentFormField, LineFormField, NameFormField):
        assert field().widget.attrs["dir"] == "auto"
        assert field(widget=forms.TextInput(attrs={"autocomplete": "name"})).widget.attrs["dir"] == "auto"


def test_every_icon_is_drawn_has_its_place_and_is_used() -> None:
    sheet = (ROOT / "static/icons.svg").read_text(encoding="utf-8")
    drawn = re.findall(r'<g id="([a-z0-9-]+)" transform="translate\(0 (\d+)\)">', sheet)
    assert [int(top) for _name, top in drawn] == [24 * n for n in range(len(drawn))]
    assert f'viewBox="0 0 24 {24 * len(drawn)}"' in sheet

    style = (ROOT / "static/css/icon.css").read_text(encoding="utf-8")
    placed = re.findall(r'\[data-i="([a-z0-9-]+)"\] \{\s*--n: (\d+);', style)
    assert placed == [(name, str(n)) for n, (name, _top) in enumerate(drawn)]

    text = "".join(path.read_text(encoding="utf-8") for path in [*TEMPLATES, *python_files("partnerships", "retros")])
    names = {name for name, _top in drawn}
    assert set(re.findall(r'data-i="([a-z0-9-]+)"', text)) <= names
    assert [name for name in names if f'"{name}"' not in text] == []


def test_templates_keep_to_the_htmx_that_will_last() -> None:
    assert found_in_templates(r"hx-on\b|hx-on:|hx-vars|hx-vals\s*=\s*[\"']\s*js:|\bjs:\{") == []


def test_only_reading_elements_select_a_part() -> None:
    """hx-select on a form that posts would throw away what a .swap.html sends out of band."""
    tag = re.compile(r"<[a-z][^<>]*\bhx-select=[^<>]*>", re.DOTALL)
    found = [
        f"{path.relative_to(ROOT)} {match[0][:80]}"
        for path in TEMPLATES
        for match in tag.finditer(path.read_text(encoding="utf-8"))
        if "hx-get=" not in match[0] or "hx-post=" in match[0]
    ]
    assert found == []


def test_htmx_hears_of_every_button_outside_its_form() -> None:
    """It looks for `type="submit"`; without, the press goes to the form's own address (docs/decisions.md)."""
    buttons = [
        (path.relative_to(ROOT), button)
        for path in TEMPLATES
        for button in re.findall(r"<button\b[^>]*>", path.read_text(encoding="utf-8"))
        if " form=" in button
    ]
    assert buttons
    assert [found for found in buttons if 'type="submit"' not in found[1]] == []


def test_the_day_of_a_moment_is_that_of_a_person() -> None:
    """Django thinks in UTC here, so a day of a moment that is not told whose it is is nobody’s."""
    ours = [path for app in ("partnerships", "retros") for path in (ROOT / app).rglob("*.py")]
    days = {path.relative_to(ROOT).as_posix() for path in ours if re.search(r"_at\.date\(\)", path.read_text("utf-8"))}
    assert days == {"retros/models/release.py"}  # written down once, for several readers
    said = [path.name for path in TEMPLATES if re.search(r"_at\|(date|time)\b", path.read_text("utf-8"))]
    assert said == []


def test_every_form_of_htmx_has_an_id() -> None:
    """By which a press that waits for the network finds its form again after a reload; an Undo goes with its toast."""
    forms = [
        (path.name, form)
        for path in TEMPLATES
        for form in re.findall(r"<form\b[^>]*>", path.read_text(encoding="utf-8"))
        if "hx-post" in form and path.name != "_message.html"
    ]
    assert forms
    assert [found for found in forms if not re.search(r"\sid=", found[1])] == []


def test_what_takes_the_focus_in_a_part_that_follows_by_itself_has_an_id() -> None:
    """Home's top and the list of pairs are exchanged while somebody is on them: the id gives the focus back."""
    home = ROOT / "templates/retros/home"
    top = {
        "partnership_course", "_sitting", "_dream_team", "_next_retro", "_start", "_no_retro", "_rhythm", "_sides",
        "_agreement_looks", "_beginnings",
    }  # fmt: skip
    course = (home / "partnership_course.html").read_text(encoding="utf-8")
    assert set(re.findall(r"retros/home/(\w+)\.html", course)) <= top
    listed = (home / "partnership_list.html").read_text(encoding="utf-8").partition('id="pairs"')[2]
    parts = [(home / f"{name}.html").read_text(encoding="utf-8") for name in sorted(top)]
    parts.append(listed.partition("data-notice")[0])
    takes = [tag for part in parts for tag in re.findall(r"<(?:a|button|input|summary)\b[^>]*>", part)]
    assert len(takes) > 30
    assert [tag for tag in takes if not re.search(r"\sid=", tag) and 'type="hidden"' not in tag] == []


def test_no_raw_htmx_headers() -> None:
    """Redirects go through django-htmx's own answers, so that nobody can be sent to an address of a stranger."""
    found = [
        f"{path.relative_to(ROOT)} {match[0]}"
        for path in python_files("partnerships", "retros")
        for match in re.finditer(r"""["']HX-[A-Z][A-Za-z-]*["']""", path.read_text(encoding="utf-8"))
    ]
    assert found == []


# --- Documents -----------------------------------------------------------------------------------


def is_ours(path: Path) -> bool:
    return not {".venv", "data", "build"} & set(path.relative_to(ROOT).parts)


WRITTEN = ("*.md", "*.toml", "bin/*", "docs/**/*.md", "*/**/*.py", "*/**/*.html", "static/css/*.css", "static/js/*.js")
TEXTS = sorted(path for pattern in WRITTEN for path in ROOT.glob(pattern) if path.is_file() and is_ours(path))
FILE = re.compile(r"(?<![\w/.-])(?:[\w.-]+/)*[\w-]+\.md\b|(?<![\w/.-])docs/[\w/.-]*[\w/]")
NUMBERS = re.compile(r"docs/rules/(\w+)\.md((?:,? *(?:and |to )?[A-Z]\d+)*)")
HANDED_OUT = {"agreement.md", "partnership.md", "twofold.md"}  # files that the app makes for people
RULE = re.compile(r"^\*\*([A-Z]\d+)\.", re.MULTILINE)
NAMED = re.compile(r"`((?:partnerships|retros|config|templates|static|tests|bin|docs|deploy)/[\w/.-]+)`")


def rules_of(name: str) -> list[str]:
    return RULE.findall((ROOT / "docs/rules" / f"{name}.md").read_text(encoding="utf-8"))


def broken_citations(text: str, folder: Path) -> list[str]:
    """Files that a text names and that are not there, as seen from the root and its folder; rules without a number."""
    named = set(FILE.findall(text)) - HANDED_OUT
    files = {name for name in named if not (ROOT / name).exists() and not (folder / name).exists()}
    rules = {
        f"{name}.md {number}"
        for name, numbers in NUMBERS.findall(text)
        for number in re.findall(r"[A-Z]\d+", numbers)
        if (ROOT / f"docs/rules/{name}.md").exists() and number not in rules_of(name)
    }
    return sorted(files | rules)


def test_what_is_cited_is_in_the_repository() -> None:
    found = {
        str(path.relative_to(ROOT)): broken
        for path in TEXTS
        if path != Path(__file__)
        if (broken := broken_citations(path.read_text(encoding="utf-8"), path.parent))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("as RELIABILITY.md 2 has it", ["RELIABILITY.md"]),
        ("(docs/decisions.md)", []),
        ("see docs/nothing.md, and docs/rules", ["docs/nothing.md"]),
        ("docs/rules/visibility.md V1", []),
        ("docs/rules/visibility.md V1, V99", ["visibility.md V99"]),
        ("docs/rules/scheduling.md S1 to S4, S12 and S99", ["scheduling.md S99"]),
        ("docs/rules/scheduling.md V1", ["scheduling.md V1"]),
    ],
)
def test_a_citation_of_nothing_is_seen(text: str, broken: list[str]) -> None:
    assert broken_citations(text, ROOT) == broken


@pytest.mark.parametrize("name", ["visibility", "scheduling", "reliability"])
def test_the_rules_are_numbered_in_order(name: str) -> None:
    numbers = rules_of(name)
    assert numbers == [f"{name[0].upper()}{n}" for n in range(1, len(numbers) + 1)]


def test_each_rule_names_the_tests_that_hold_it() -> None:
    for path in sorted((ROOT / "docs/rules").glob("*.md")):
        parts = RULE.split(path.read_text(encoding="utf-8"))[1:]
        without = [number for number, text in zip(parts[::2], parts[1::2], strict=True) if "Tests: `tests/" not in text]
        assert without == [], path.name


def test_each_decision_has_a_number_a_day_and_a_status() -> None:
    """`### 7. 2026-11-21: in force`, or `…: replaced by 9`; each has its reasons under it."""
    text = (ROOT / "docs/decisions.md").read_text(encoding="utf-8")
    heads = re.findall(r"^### (.*)\n\n\*\*", text, re.MULTILINE)
    day = r"\d{4}-\d\d-\d\d"
    said = [re.fullmatch(rf"(\d+)\. {day}(?:, changed {day})?: (?:in force|replaced by (\d+))", head) for head in heads]
    assert [match and int(match[1]) for match in said] == list(range(1, text.count("\n\n**") + 1))
    assert all(1 <= int(match[2]) <= len(said) for match in said if match and match[2])


def test_the_files_that_the_documents_name_exist() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in TEXTS
        if path.suffix == ".md"
        for name in NAMED.findall(path.read_text(encoding="utf-8"))
        if not (ROOT / name).exists()
    }
    assert found == set()


def test_the_hooks_before_a_commit_fetch_nothing_and_run_what_the_whole_check_runs() -> None:
    text = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"repo: (.*)", text)) == {"local"}
    assert set(re.findall(r"language: (.*)", text)) == {"system"}
    check = (ROOT / "bin/test").read_text(encoding="utf-8")
    entries = [entry.replace(" --force-exclude", "") for entry in re.findall(r"entry: (.*)", text)]
    assert len(entries) == 4
    assert [entry for entry in entries if entry not in check] == []


def test_the_tests_that_are_told_apart_by_name_exist() -> None:
    texts = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")}
    assert texts.keys() >= LONG_MODULES
    assert [name for name in LONGEST if not any(f"def {name}(" in text for text in texts.values())] == []


def test_no_test_module_imports_another() -> None:
    """What several share stands in a helper module, beside them or above."""
    imports = re.compile(r"^\s*(?:from|import) tests[.\w]*\.test_|^from tests[.\w]* import \(?\s*test_", re.MULTILINE)
    found = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("*.py")
        if imports.search(path.read_text(encoding="utf-8"))
    }
    assert found == set()


# --- Words ---------------------------------------------------------------------------------------


def test_no_sentence_is_translated_at_import() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.early_translations"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == []


def test_days_and_months_are_named_by_django() -> None:
    """`strftime` names them in the language of the machine, never in the reader's."""
    named = re.compile(r"strftime\(.*%[aAbBcpxX]|\{[^{}]*:[^{}]*%[aAbBcpxX]")
    found = [
        f"{path.relative_to(ROOT)} {match[0]}"
        for path in python_files("partnerships", "retros", "config")
        for match in named.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []


# --- Files that are good to read -----------------------------------------------------------------

LINE = 120
EVENT = r'"(twofold:[a-z-]+)"'


# Migrations stay as they were made; the rest is not ours, drawn, or written by a program.
NOT_LAID_OUT = (
    "*/migrations/*", "*/vendor/*", "static/fonts/*", "static/icons*", "tests/releases/*.json",
    "tests/retros/scheduling_cases.json",
)  # fmt: skip


def lines_of_ours() -> Iterator[tuple[str, str]]:
    """Each line of each file that is text, with its place."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [f for f in folders if f == ".ci" or not (f.startswith((".", "__")) or f in {"data", "build"})]
        for path in (Path(folder) / name for name in names):
            place = path.relative_to(ROOT).as_posix()
            if not any(fnmatch(place, pattern) for pattern in NOT_LAID_OUT):
                with suppress(UnicodeDecodeError):  # it is no text
                    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                        yield f"{place}:{number}", line


def test_no_line_is_too_long() -> None:
    lines = dict(lines_of_ours())
    files = {place.partition(":")[0] for place in lines}
    assert {"bin/test", ".ci/run", "Dockerfile", "README.md", "templates/base.html", "pyproject.toml"} <= files
    assert len(files) > 1000
    assert [f"{place} {len(line)} characters" for place, line in lines.items() if len(line) > LINE] == []


IMPORTED = re.compile(r'^import "\./([\w-]+\.js)";$', re.MULTILINE)


def test_every_script_is_on_some_page() -> None:
    """By its name in a template, or joined into one that has it there."""
    scripts = {path.name: path.read_text(encoding="utf-8") for path in ROOT.glob("static/js/*.js")}
    joined = [name for text in scripts.values() for name in IMPORTED.findall(text)]
    pages = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES)
    named = set(re.findall(r"\{% static 'js/([\w-]+\.js)' %\}", pages))
    assert len(joined) == len(set(joined))
    assert named | set(joined) == scripts.keys()


def code(script: str) -> list[str]:
    """Its lines without comments. No text of a script holds what looks like one behind a line."""
    lines = [line.partition(" // ")[0].strip() for line in script.splitlines()]
    return [line for line in lines if line and not line.startswith("//")]


def test_scripts_are_joined_where_files_are_collected(static_files: Path) -> None:
    for name, least in (("site.js", 12), ("room.js", 7)):
        source = code((ROOT / "static/js" / name).read_text(encoding="utf-8"))
        parts = [ROOT / "static/js" / line.removeprefix('import "').removesuffix('";') for line in source]
        assert len(parts) >= least
        blocks = [["{", *code(part.read_text(encoding="utf-8")), "}"] for part in parts]
        collected = (static_files / "js" / name).read_text(encoding="utf-8")
        lines = [line for block in blocks for line in block]
        # An end of a line means something only behind what is no sign of an end itself.
        expected = "".join(line + "\n" * (line[-1] not in "()[{};,>") for line in lines)
        assert re.sub(r"\n+", "\n", collected.strip()) == expected


def test_of_htmx_is_collected_what_the_pages_name(static_files: Path) -> None:
    pages = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("templates/**/*.html"))
    paths = json.loads((static_files / "staticfiles.json").read_text(encoding="utf-8"))["paths"]
    collected = {path for path in paths if path.startswith("django_htmx/")}
    assert collected == set(re.findall(r"django_htmx/[\w./-]+", pages))


def test_no_text_of_a_script_spans_lines() -> None:
    """config/storage.py takes the indentation away, in front of whatever stands on a line."""
    found = [
        f"{path.name}:{number}"
        for path in ROOT.glob("static/js/*.js")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if line.count("`") % 2
    ]
    assert found == []


def scripts_with(pattern: str) -> dict[str, set[str]]:
    """For each event of our own, the scripts in which it stands so."""
    found: dict[str, set[str]] = {}
    for path in ROOT.glob("static/js/*.js"):
        for name in re.findall(pattern, path.read_text(encoding="utf-8")):
            found.setdefault(name, set()).add(path.name)
    return found


def test_the_events_of_the_scripts_stand_in_the_documentation() -> None:
    sent = scripts_with(r"(?:new CustomEvent|\.tell)\(" + EVENT)
    heard = scripts_with(r"addEventListener\(" + EVENT)
    listed = (ROOT / "docs/scripts.md").read_text(encoding="utf-8").partition("## Their events")[2]
    rows = re.findall(r"^- `(twofold:[a-z-]+)`, sent by ([^:]+), heard\s+by ([^:]+):", listed, re.MULTILINE)
    names = re.compile(r"`([\w.-]+\.js)`")
    assert {name: set(names.findall(by)) for name, by, _ in rows if ".js" in by} == sent
    assert {name: set(names.findall(by)) for name, _, by in rows if ".js" in by} == heard
    assert scripts_with(EVENT).keys() == sent.keys() | heard.keys()  # none is written in another way


def test_an_event_of_the_scripts_has_our_name() -> None:
    told = scripts_with(r"(?:new CustomEvent|\.tell)\(\"([^\"]+)")
    assert [name for name in told if not name.startswith("twofold:")] == []


# --- Headers -------------------------------------------------------------------------------------


class Answer:
    """What the running application sends to a request, given as bytes; the connection is closed after it."""

    def __init__(self, server: LiveServer, line: str, *headers: str, body: bytes = b"") -> None:
        given = {"Host": f"127.0.0.1:{server.port}", "Connection": "close"} | dict(h.split(": ") for h in headers)
        head = "\r\n".join([f"{line} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items())])
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            connection.sendall(head.encode() + b"\r\n\r\n" + body)
            told = b""
            while part := connection.recv(65536):
                told += part
        head, _end, self.text = told.decode(errors="replace").partition("\r\n\r\n")
        self.status = int(head.split()[1])
        pairs = [line.split(": ", 1) for line in head.split("\r\n")[1:] if not line.startswith("Set-Cookie")]
        self.headers = {name.title(): value for name, value in pairs}
        assert len(self.headers) == len(pairs), head

    def carries(self) -> None:
        """Fails unless it has every header of the site, once, and its exact policy."""
        named = {name.title() for name in HEADERS}
        assert {name: value for name, value in self.headers.items() if name in named} == {
            name.title(): value for name, value in HEADERS.items()
        }
        sent = policy(self.headers["Content-Security-Policy"])
        nonces = sent.pop("script-src")
        assert all(re.fullmatch(r"'nonce-[A-Za-z0-9+/=]{22,}'", source) for source in nonces)
        assert sent == POLICY
        assert "camera=()" in self.headers["Permissions-Policy"]
        assert "clipboard-write=(self)" in self.headers["Permissions-Policy"]
        assert "Access-Control-Allow-Origin" not in self.headers
        assert "Strict-Transport-Security" not in self.headers  # plain http on this machine


@pytest.mark.parametrize(("path", "status"), [("/account/login/", 200), ("/no-such-page/", 404)])
def test_every_page_carries_the_headers(live_server: LiveServer, path: str, status: int) -> None:
    answer = Answer(live_server, f"GET {path}")
    assert answer.status == status
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    answer.carries()


def test_what_django_shows_a_developer_has_a_policy_too(settings: Any) -> None:
    """Only its own style and script are let in besides."""
    settings.DEBUG = True
    sent = policy(dict(answers.of_every_answer.__wrapped__())[b"content-security-policy"].decode())
    assert sent.pop("script-src") == {"'self'", "'unsafe-inline'"}
    assert sent == POLICY | {"style-src": {"'self'", "'unsafe-inline'"}}


FORM = "Content-Type: application/x-www-form-urlencoded"
LIVE = f"GET /live/{uuid.uuid4()}/"
# Answers of the server itself, and of middleware before that which adds headers to pages.
EARLY: dict[str, tuple[int, str, tuple[str, ...]]] = {
    "a host of somebody else": (400, "GET /account/login/", ("Host: elsewhere.example.org",)),
    "a cookie that is no text": (400, "GET /account/login/", ('Cookie: session="\\000aaaaaaaaaa"',)),
    "a form that is no text": (400, "POST /account/login/", (FORM + "; charset=utf-16", "Content-Length: 0")),
    "a form from elsewhere": (403, "POST /account/login/", ("Sec-Fetch-Site: cross-site", "Content-Length: 0")),
    "no token": (403, "POST /account/login/", (FORM, "Content-Length: 0")),
    "too large a body": (413, "POST /account/login/", (FORM, "Content-Length: 1000001")),
    "no such static file": (404, "GET /static/nothing.css", ()),
    "no such stream": (404, "GET /live/", ()),
    "another method": (405, LIVE.replace("GET", "DELETE"), ()),
    "a stream of another host": (400, LIVE, ("Host: elsewhere.example.org",)),
    "a folded head": (400, "GET /account/login/", ("X-One: 1\r\n 2",)),
    "too large a head": (431, "GET /account/login/", ("X-Long: " + "y" * 20_000,)),
}  # fmt: skip


def test_every_early_answer_carries_the_headers(live_server: LiveServer) -> None:
    for name, (status, line, headers) in EARLY.items():
        answer = Answer(live_server, line, *headers)
        assert answer.status == status, name
        if "/live/" in line:
            assert answer.headers.pop("Cache-Control") == "private, no-store, no-transform"
            assert answer.headers.pop("Vary") == "Cookie"
            answer.headers |= {name: HEADERS[name] for name in ("Cache-Control", "Vary")}
        answer.carries()


def test_every_answer_of_a_server_in_need_carries_the_headers(
    live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Busy, full, late, broken: what no page was made for."""
    page = "GET /account/login/"
    with monkeypatch.context() as patch:
        patch.setattr(pages, "WAITING", -pages.AT_ONCE)
        busy = Answer(live_server, page)
    with monkeypatch.context() as patch:
        patch.setattr(live_server.app.pages.bodies, "budget", 4)
        crowded = Answer(live_server, "POST /account/login/", "Content-Length: 5", body=b"12345")
    with monkeypatch.context() as patch:
        patch.setattr(live_server.settings, "limit_concurrency", 0)
        full = Answer(live_server, page)
    with monkeypatch.context() as patch:
        patch.setattr(bodies, "SECONDS", 0.05)
        patch.setattr(bodies, "DRAIN_SECONDS", 0.05)
        late = Answer(live_server, "POST /account/login/", "Content-Length: 5", body=b"1234")
    with monkeypatch.context() as patch:
        patch.setattr(pages.Pages, "page", lambda *_: 1 / 0)
        broken = Answer(live_server, page)
    answers = [busy, crowded, full, late, broken]
    assert [answer.status for answer in answers] == [503, 503, 503, 408, 500]
    assert [answer.headers.get("Retry-After") for answer in answers] == ["2", "2", "2", None, None]
    for answer in answers:
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        answer.carries()


def test_static_files_carry_the_headers_and_are_kept(live_server: LiveServer, static_files: Path) -> None:
    for pattern in ("css/site.*.css", "icons.*.svg"):
        path = next(static_files.glob(pattern)).relative_to(static_files)
        answer = Answer(live_server, f"GET /static/{path}")
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "max-age=315360000, public, immutable"
        assert "Cookie" not in answer.headers["Vary"]
        answer.headers |= {name: HEADERS[name] for name in ("Cache-Control", "Vary")}
        answer.carries()


AT_THE_ROOT = {
    "robots.txt": "text/plain", "favicon.ico": "image/x-icon", "apple-touch-icon.png": "image/png",
    "icon-192.png": "image/png", "icon-512.png": "image/png", "icon-maskable.png": "image/png",
    "manifest.webmanifest": "application/manifest+json",
}  # fmt: skip


def test_what_is_asked_for_at_the_root_of_every_site(live_server: LiveServer) -> None:
    assert {path.name for path in (ROOT / "public").iterdir()} == set(AT_THE_ROOT)
    for name, kind in AT_THE_ROOT.items():
        answer = Answer(live_server, f"GET /{name}")
        assert answer.status == 200, name
        assert answer.headers["Content-Type"].partition(";")[0] == kind, name
        assert answer.headers["X-Content-Type-Options"] == "nosniff", name
    assert Answer(live_server, "GET /robots.txt").text.split() == ["User-agent:", "*", "Disallow:", "/"]


def test_the_icons_are_as_large_as_they_say() -> None:
    def size(name: str) -> str:
        head = (ROOT / "public" / name).read_bytes()[16:24]
        return f"{int.from_bytes(head[:4])}x{int.from_bytes(head[4:])}"

    manifest = json.loads((ROOT / "public/manifest.webmanifest").read_text(encoding="utf-8"))
    assert {icon["src"]: icon["sizes"] for icon in manifest["icons"]} == {
        f"/{path.name}": size(path.name) for path in (ROOT / "public").glob("icon-*.png")
    }
    assert {"192x192", "512x512"} == {icon["sizes"] for icon in manifest["icons"]}
    assert any(icon.get("purpose") == "maskable" for icon in manifest["icons"])
    assert size("apple-touch-icon.png") == "180x180"
    favicon = (ROOT / "public/favicon.ico").read_bytes()
    assert [favicon[6 + 16 * n] for n in range(favicon[4])] == [16, 32, 48]


@pytest.mark.parametrize(
    ("theme", "colours"),
    [
        ("system", [("#f4f3ee", "(prefers-color-scheme: light)"), ("#111919", "(prefers-color-scheme: dark)")]),
        ("light", [("#f4f3ee", "")]), ("dark", [("#111919", "")]),
    ],
)  # fmt: skip
@pytest.mark.django_db
def test_a_page_says_what_it_is_and_how_it_is_coloured(client: Client, theme: str, colours: list[Any]) -> None:
    client.force_login(PersonFactory.create(theme=theme))
    head = client.get("/settings/").text.split("</head>")[0]
    found = re.findall(r'<meta name="theme-color" content="(#\w+)"(?: media="([^"]+)")?\s*>', head)
    assert found == colours
    assert '<meta name="description" content="Collaboration retros' in head
    for name in ("/favicon.ico", "/apple-touch-icon.png", "/manifest.webmanifest"):
        assert f'href="{name}"' in head


@pytest.mark.django_db
def test_the_cookies_are_the_two(client: Client) -> None:
    response = client.get("/account/login/")
    assert set(response.cookies) <= {"csrf", "session"}
    cookie = response.cookies["csrf"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert cookie["domain"] == ""
    assert cookie["max-age"] == 1_209_600


@pytest.mark.django_db
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_changing_request_from_elsewhere_is_refused(client: Client, site: str) -> None:
    response = client.post("/account/login/", {"login": "ines@example.org"}, headers={"Sec-Fetch-Site": site})
    assert response.status_code == 403


# --- Database, settings --------------------------------------------------------------------------


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_every_variable_stands_in_the_documentation() -> None:
    text = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    listed = text.partition("## For the tests alone")[0]
    documented = set(re.findall(r"^- `([A-Z_]+)` \(", listed, re.MULTILINE))
    from config import settings as ours

    assert documented == ours.env.known


def test_the_environment_is_read_in_one_place() -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in python_files("partnerships", "retros", "config")
        if re.search(r"os\.(environ|getenv)", path.read_text(encoding="utf-8"))
    ]
    # asgi.py and start.py name the settings module, as every entry of Django does, and start.py looks whether it is
    # Django's reloader that started it; counters.py names a folder, as its library does.
    assert found == ["config/asgi.py", "config/counters.py", "config/settings.py", "config/start.py"]


def test_every_setting_is_set_once() -> None:
    """The second of two would win, and who changes the first would not see why nothing happens."""
    lines = [
        node.targets[0].id
        for node in ast.parse((ROOT / "config/settings.py").read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    ]
    assert lines
    assert sorted({name for name in lines if lines.count(name) > 1}) == []


def settings_with(tmp_path: Path, expression: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Loads the real settings in a process of their own, with only these variables."""
    return subprocess.run(
        [sys.executable, "-c", f"import config.settings as s; print(({expression}))"],
        env={"PATH": os.environ["PATH"], "TWOFOLD_DATA_DIR": str(tmp_path / "data"), **variables},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_https_gets_the_strict_cookies_and_headers(tmp_path: Path) -> None:
    done = settings_with(
        tmp_path,
        "s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE,"
        " s.SECURE_HSTS_SECONDS, s.ALLOWED_HOSTS, s.CONTENT_SECURITY_POLICY['DIRECTIVES']['upgrade-insecure-requests'],"
        " s.PASSWORD_HASHERS[0].rsplit('.')[-1]",
        TWOFOLD_BASE_URL="https://twofold.example.org",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == (
        "('__Host-session', '__Host-csrf', True, True, 63072000, ['twofold.example.org'], True, 'Argon2PasswordHasher')"
    )


def test_a_form_may_lead_to_the_provider_and_nowhere_else(tmp_path: Path) -> None:
    done = settings_with(
        tmp_path,
        "s.CONTENT_SECURITY_POLICY['DIRECTIVES']['form-action'], s.SOCIALACCOUNT_PROVIDERS",
        TWOFOLD_OIDC_ISSUER="https://id.example.org/realms/all/",
        TWOFOLD_OIDC_CLIENT_ID="twofold",
        TWOFOLD_OIDC_CLIENT_SECRET="kept by both",
    )
    assert done.stdout.startswith("""(["'self'", 'https://id.example.org'], """), done.stderr
    assert "'server_url': 'https://id.example.org/realms/all'" in done.stdout


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"TWOFOLD_BASE_URL": "http://twofold.example.org"}, "TWOFOLD_BASE_URL is 'http://twofold.example.org'"),
        ({"TWOFOLD_BASE_URL": "twofold.example.org"}, "TWOFOLD_BASE_URL is 'twofold.example.org'"),
        ({"TWOFOLD_DEMO": "1", "TWOFOLD_BASE_URL": "https://twofold.example.org"}, "while TWOFOLD_DEMO is on"),
        ({"TWOFOLD_DEMO": "1", "DATABASE_URL": "postgres://u@h/d"}, "a database of its own"),
        ({"TWOFOLD_DEMO": "perhaps"}, "TWOFOLD_DEMO is 'perhaps'. Allowed: 1 or 0"),
        ({"TWOFOLD_STREAM_LIMIT": "many"}, "TWOFOLD_STREAM_LIMIT is 'many'. Allowed: a whole number from 1"),
        ({"TWOFOLD_STREAM_LIMT": "5"}, "TWOFOLD_STREAM_LIMT is not a setting of Twofold"),
        ({"DATABASE_URL": "mysql://u:hidden@h/d"}, "DATABASE_URL has a value that is kept secret here"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY has a value that is kept secret here. Allowed: at least 50"),
        ({"SECRET_KEY_FILE": "/no/such/file"}, "SECRET_KEY_FILE is '/no/such/file'"),
        ({"TWOFOLD_MAIL_URL": "http://mail.example.org"}, "TWOFOLD_MAIL_URL has a value"),
        ({"TWOFOLD_MAIL_DOMAINS": "example"}, "TWOFOLD_MAIL_DOMAINS is 'example'"),
        (
            {"TWOFOLD_METRICS_TOKEN": "hidden"},
            "TWOFOLD_METRICS_TOKEN has a value that is kept secret here. Allowed: at",
        ),
        ({"TWOFOLD_PROXIES": "proxy"}, "TWOFOLD_PROXIES is 'proxy'"),
        ({"TWOFOLD_SECOND_FACTOR": "some"}, "TWOFOLD_SECOND_FACTOR is 'some'. Allowed: one of none, admins,"),
        (
            {"TWOFOLD_OIDC_ISSUER": "http://id.example.org"},
            "TWOFOLD_OIDC_ISSUER is 'http://id.example.org'. Allowed: https",
        ),
        ({"TWOFOLD_OIDC_ISSUER": "https://id.example.org"}, "without TWOFOLD_OIDC_CLIENT_ID"),
        ({"TWOFOLD_OIDC_ADMIN": "admins"}, "TWOFOLD_OIDC_ADMIN is 'admins'. Allowed: a claim and its value"),
        ({"TWOFOLD_OIDC_ONLY": "1"}, "TWOFOLD_OIDC_ONLY is on without TWOFOLD_OIDC_ISSUER"),
    ],
)
def test_a_bad_value_is_told_in_one_sentence(tmp_path: Path, variables: dict[str, str], told: str) -> None:
    done = settings_with(tmp_path, "1", **variables)
    assert done.returncode != 0
    said = done.stderr.strip().splitlines()[-1]
    assert told in said
    assert "hidden" not in done.stderr.split("ImproperlyConfigured")[-1]


def test_a_secret_is_made_once_and_kept_closed(tmp_path: Path) -> None:
    first = settings_with(tmp_path, "s.SECRET_KEY")
    second = settings_with(tmp_path, "s.SECRET_KEY")
    assert len(first.stdout.strip()) > 80
    assert first.stdout == second.stdout
    kept = tmp_path / "data" / "secret_key"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in kept.parent.iterdir()] == ["secret_key"]


def test_a_secret_comes_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("a" * 30 + "bcdefghijklmnopqrstuvwxyz\n")
    done = settings_with(tmp_path, "s.SECRET_KEY", SECRET_KEY_FILE=str(tmp_path / "key"))
    assert done.stdout.strip() == "a" * 30 + "bcdefghijklmnopqrstuvwxyz"
    assert not (tmp_path / "data" / "secret_key").exists()


def test_postgresql_gets_its_pool_and_limits(tmp_path: Path) -> None:
    done = settings_with(
        tmp_path,
        "s.DATABASES['default']['HOST'], s.DATABASES['default']['PASSWORD'], s.DATABASES['default']['OPTIONS']",
        DATABASE_URL="postgres://twofold:p%40ss@db.example.org:5433/retros?sslmode=require",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(
        (
            "db.example.org",
            "p@ss",
            {
                "sslmode": "require",
                "options": "-c statement_timeout=15s -c lock_timeout=5s -c idle_in_transaction_session_timeout=30s "
                "-c jit=off",
                "pool": {"min_size": 2, "max_size": 8, "timeout": 10},
                "server_side_binding": True,
                "prepare_threshold": 5,
            },
        )
    )


def test_new_files_are_closed_to_others(tmp_path: Path) -> None:
    made = "__import__('sqlite3').connect(s.DATABASES['default']['NAME']).execute('create table t (c)')"
    done = settings_with(tmp_path, made)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "data" / "twofold.sqlite3").stat().st_mode & 0o777 == 0o600


@pytest.mark.both_databases
@pytest.mark.django_db
def test_the_database_is_set_as_promised(tmp_path: Path) -> None:
    from django.db import connection
    from django.db.utils import ConnectionHandler

    if connection.vendor == "sqlite":
        served = ConnectionHandler({"default": env.sqlite(tmp_path / "x")})["default"]  # tests wait for no disk
        found = {}
        with closing(served), served.cursor() as cursor:
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout"):
                cursor.execute(f"PRAGMA {name}")
                found[name] = cursor.fetchone()[0]
        expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
        assert found == {**expected, "busy_timeout": 5000}
    else:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")
            assert cursor.fetchone() == ("15s", "5s")
            cursor.execute("SHOW jit")
            assert cursor.fetchone() == ("off",)
