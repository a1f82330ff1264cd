"""Modules of others that are imported at the start by what needs them rarely, put off until something of them is asked.

What is ours imports a large library where it uses it. This is for what a library imports at the head of its own file.
"""

from __future__ import annotations

import sys
from importlib import import_module
from threading import RLock
from types import ModuleType
from typing import Any


class Deferred(ModuleType):
    """Stands where the module will stand, and becomes it when something of it is asked for."""

    _lock = RLock()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # the machinery of imports asks what kind of module it is
            raise AttributeError(name)
        with self._lock:
            if sys.modules.get(self.__name__) is self:
                del sys.modules[self.__name__]
            module = import_module(self.__name__)
        return getattr(module, name)


def defer(name: str) -> None:
    """Put this module off, unless it is there already."""
    sys.modules.setdefault(name, Deferred(name))
