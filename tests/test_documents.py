"""The documents name nothing that is not there: commands, their options, settings, links, places in the app."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from config import settings as ours
from tests.pictures import FOLDER, SCHEMES
from tests.served import ROOT

pytestmark = pytest.mark.one_database

DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md"))]
DEPLOYED = [ROOT / "Dockerfile", ROOT / "compose.yaml", *sorted(ROOT.glob("deploy/*"))]
LINK = re.compile(r"\]\(([^()\s]+)\)")
SETTING = re.compile(r"\b(TWOFOLD_[A-Z_]+[A-Z])\b")
COMMAND = re.compile(r"manage\.py ([a-z_]+)([^\n`;]*)")
PROGRAM = re.compile(r"(?<![\w/.])bin/([a-z]+)")
PICTURE = re.compile(r'(?:src|srcset)="([^"]+)"')
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
CODE = [path for app in ("config", "partnerships", "retros") for path in sorted(ROOT.glob(f"{app}/**/*.py"))]
TESTS = sorted(ROOT.glob("tests/**/*.py"))
NAME_OF = re.compile(r"`(\w+)\.(\w+)")
FIGURES = ROOT / "docs/performance.md"  # its names are those of `bin/bench`
FILES = {"py", "js", "html", "toml", "sqlite3"}


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def anchors(path: Path) -> set[str]:
    """As Git hosts make them of headings."""
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in HEADING.findall(text(path))}


def is_dead(link: str, of: Path) -> bool:
    if re.match(r"[a-z]+:", link):
        return False
    name, _, anchor = link.partition("#")
    target = of.parent / name if name else of
    return not target.exists() or bool(anchor and anchor not in anchors(target))


@pytest.mark.parametrize(
    ("link", "dead"),
    [
        ("docs/deploy.md#behind-a-proxy", False),
        ("docs/deploy.md#nowhere", True),
        ("static/nowhere.html", True),
        ("#run-it", False),
    ],
)
def test_a_dead_link_is_seen(link: str, dead: bool) -> None:
    assert is_dead(link, ROOT / "README.md") is dead


def test_no_link_is_dead() -> None:
    found = {f"{path.name}: {link}" for path in DOCUMENTS for link in LINK.findall(text(path)) if is_dead(link, path)}
    assert found == set()


def test_every_picture_that_is_shown_is_there_and_small() -> None:
    shown = {name for path in DOCUMENTS for name in PICTURE.findall(text(path))}
    assert {f"docs/pictures/{name}-{scheme}.webp" for name in ("alone", "together") for scheme in SCHEMES} <= shown
    assert {name for name in shown if not (ROOT / name).is_file()} == set()
    assert {path.name for path in FOLDER.iterdir() if path.stat().st_size > 150_000} == set()  # bytes
    assert {f"docs/pictures/{path.name}" for path in FOLDER.iterdir()} <= shown


def test_every_setting_that_is_named_exists() -> None:
    known = ours.env.known | {f"{name}_FILE" for name in ours.env.known}
    found = {f"{path.name}: {name}" for path in DOCUMENTS + DEPLOYED for name in SETTING.findall(text(path))}
    assert len(found) > 40
    assert {each for each in found if each.partition(": ")[2] not in known} == set()


def test_every_command_that_is_named_exists_with_its_options() -> None:
    apps, missing, seen = get_commands(), set(), set()
    for path in DOCUMENTS + DEPLOYED:
        for name, rest in COMMAND.findall(text(path)):
            seen.add(name)
            if name not in apps:
                missing.add(f"{path.name}: manage.py {name}")
                continue
            app = apps[name]
            command = load_command_class(app, name) if isinstance(app, str) else app
            has = command.create_parser("manage.py", name)._option_string_actions
            missing |= {
                f"{path.name}: {name} {option}" for option in re.findall(r"--[a-z-]+", rest) if option not in has
            }
    assert seen >= {"backup", "restore", "check_backup", "prepare", "worker", "tick"}
    assert missing == set()


def test_every_program_of_ours_that_is_named_exists() -> None:
    found = {name for path in DOCUMENTS + DEPLOYED for name in PROGRAM.findall(text(path))}
    ours_in_bin = {path.name for path in (ROOT / "bin").iterdir()}
    assert {name for name in found if name not in ours_in_bin | {"python", "bash"}} == set()
    assert found >= {"run", "start", "setup", "test"}


@cache
def names() -> dict[str, set[str]]:
    """What each class and each module of ours has, by its name."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in (each for each in CODE if "migrations" not in each.parts):
        tree, parts = ast.parse(text(path)), path.relative_to(ROOT).with_suffix("").parts
        found[path.stem] |= set(_bound(tree))
        for folder, name in pairwise(parts):
            found[folder].add(name)
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                of_django = dir(getattr(import_module(".".join(parts)), node.name, None))
                found[node.name] |= {*_bound(node), *of_django}
    return found


def _bound(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.id if isinstance(node, ast.Name) else node.attr


def unknown_names(words: str) -> list[str]:
    """The cited names of something in a class or module of ours that are not there."""
    cited = sorted(set(NAME_OF.findall(words)))
    return [f"{of}.{name}" for of, name in cited if of in names() and name not in names()[of] | FILES]


@pytest.mark.parametrize(
    ("words", "unknown"),
    [
        ("as `one_date.plan(…)` does", []),
        ("`Session.writing` and `partnerships.models`", []),
        ("as `Session.plan(…)` does", ["Session.plan"]),
        ("`rhythm.EXCUSED`", ["rhythm.EXCUSED"]),
        ("`str.upper` is Python's", []),
    ],
)
def test_a_name_of_nothing_is_seen(words: str, unknown: list[str]) -> None:
    assert unknown_names(words) == unknown


def test_every_name_that_is_cited_exists() -> None:
    cites = [path for path in [*DOCUMENTS, *CODE, *TESTS] if path not in {FIGURES, Path(__file__)}]
    found = {str(path.relative_to(ROOT)): unknown for path in cites if (unknown := unknown_names(text(path)))}
    assert found == {}


def test_every_number_for_prometheus_that_is_named_exists() -> None:
    code = text(ROOT / "config/metrics.py") + text(ROOT / "config/counters.py")
    made = set(re.findall(r'"(twofold_\w+)"', code))
    named = set(re.findall(r"`(twofold_\w+)`", text(ROOT / "docs/deploy.md")))
    assert {name.removesuffix("_total") for name in named} == made


def test_what_the_admins_are_told_to_press_is_on_a_page() -> None:
    pages = "".join(text(path) for path in [*ROOT.glob("templates/**/*.html"), *ROOT.glob("*/apps.py")])
    for name in ("admin", "backup", "upgrade"):
        quoted = set(re.findall(r"“([^”]+)”", text(ROOT / f"docs/{name}.md")))
        assert {each for each in quoted if f'"{each}"' not in pages and f"'{each}'" not in pages} == set()


def test_the_readme_is_one_screen() -> None:
    assert len(text(ROOT / "README.md").splitlines()) <= 50
