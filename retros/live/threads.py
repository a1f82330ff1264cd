"""Work for the event loop that is done in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(threads: ThreadPoolExecutor | None, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `work` returns or raises in one of these threads.

    A StopIteration, of a `next` whose row has gone meanwhile, is raised as RuntimeError: before Python 3.11.8 asyncio
    has nobody to hand it to, and whoever awaits the work would wait for ever.
    """

    def done() -> T:
        try:
            return work(*args, **kwargs)
        except StopIteration as error:
            raise RuntimeError("There was nothing more of what was asked for.") from error

    return await asyncio.get_running_loop().run_in_executor(threads, done)
