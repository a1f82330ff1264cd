"""The files of an export."""

from __future__ import annotations

import io
import zipfile


def files(packed: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(packed)) as zipped:
        return {name: zipped.read(name).decode() for name in zipped.namelist()}
