"""Formats Python, templates, scripts and styles, for bin/format: `python -m tests.formatting`.

djangofmt may break a long line at any space between two tags, and config/template_loader.py sends no line break there:
such a space would be gone. That is looked for here; the template is left as it was, and named.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from config.template_loader import TOKEN, without_layout

ROOT = Path(__file__).resolve().parent.parent
FORMATTERS = (
    ("ruff", "format", "--quiet", "."),
    ("djangofmt", "check", "--fix", "--quiet", "templates"),
    ("djangofmt", "--quiet", "templates"),
    ("oxfmt", "static/js", "static/css"),
)


def between_tags(source: str) -> str:
    """What a template sends: of an HTML tag its name alone, and no white space of comments and msgids."""
    parts = []
    for token in TOKEN.finditer(without_layout(source)):
        kind, text = token.lastgroup, token[0]
        if kind == "tag":
            text = re.match(r"</?!?[\w-]*", text)[0].lower()  # type: ignore[index]  # the pattern of a tag begins so
        elif kind == "content":
            text = token["element"].lower() + token["content"]
        elif kind == "kept":
            text = "".join(text.replace(" trimmed", "").split())
        parts.append(text)
    return "".join(parts)


def main() -> int:
    templates = {path: path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("templates/**/*.html"))}
    failed = 0
    for tool, *arguments in FORMATTERS:
        command = [str(Path(sys.executable).parent / tool), *arguments]
        failed |= subprocess.run(command, cwd=ROOT, check=False).returncode
    for path, before in templates.items():
        if between_tags(path.read_text(encoding="utf-8")) != between_tags(before):
            path.write_text(before, encoding="utf-8")
            told = f'{path.relative_to(ROOT)}: a space between two tags would go. Write it as {{{{ " " }}}}.'
            sys.stderr.write(f"bin/format: {told}\n")
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
