from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import normpath
from typing import Any, cast

from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

IMPORT = re.compile(r'@import url\("([\w-]+\.css)"\) layer\(([\w.-]+)\);')
STYLESHEET = "css/site.css"
SCRIPT = re.compile(r'^import "([\w./-]+\.js)";$', re.MULTILINE)
NOT_CODE = re.compile(r"^[ \t]*(?://.*)?|(?<=[;,)}|]) // .*$", re.MULTILINE)
LINE_ENDS = re.compile(r"(?<=[()\[{};,>])\n+")  # oxfmt ends each statement with one of these
NOT_STYLE = re.compile(r"/\*.*?\*/|^\s+", re.MULTILINE | re.DOTALL)


class LeanStorage(CompressedManifestStaticFilesStorage):
    """Makes css/site.css and js/*.js smaller, then hashes and compresses as usual.

    The files that the stylesheet imports are joined into it, each in its layer, and those that a script imports into
    the script, each in a block, so that its names stay its own: twenty imports of styles cost a first paint of 428 ms,
    one file 152 ms. Indentation, comments and ends of lines are left out, a quarter of the bytes of scripts and a sixth
    of those of styles. Unbuilt, all of them work as they stand.
    """

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        if not dry_run:
            paths = {name: self._lean(name, paths) for name in paths}
        yield from super().post_process(paths, dry_run, **options)

    def _lean(self, name: str, paths: dict[str, Any]) -> tuple[Any, str]:
        """The storage and path of a file, once its leaner text is stored under its own name."""

        def read(name: str) -> str:
            storage, path = paths[name]
            with storage.open(path) as file:
                return str(file.read().decode("utf-8"))

        if name == STYLESHEET:
            text = IMPORT.sub(lambda m: f"@layer {m[2]} {{\n{read('css/' + m[1])}}}\n", read(name))
            text = NOT_STYLE.sub("", text)
        elif name.startswith("js/"):
            text = SCRIPT.sub(lambda m: f"{{\n{read(normpath('js/' + m[1]))}}}", read(name))
            text = LINE_ENDS.sub("", NOT_CODE.sub("", text))
        else:
            return cast("tuple[Any, str]", paths[name])
        self.delete(name)
        self._save(name, ContentFile(text.encode("utf-8")))
        return self, name
