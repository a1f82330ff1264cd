"""Hears what other processes publish, on PostgreSQL: one connection of its own, outside the pool."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
from django.db import connection

from retros.live.publish import CHANNEL

NAME = "twofold-live"  # by which the operator knows this connection among the others
QUIET = 15  # seconds without a notification after which the connection has to prove that it lives
ANSWER = 10  # seconds it has for that
BACK_OFF = (0.2, 5.0)  # seconds between attempts: the first, the longest

log = logging.getLogger("twofold.live")


async def listen(deliver: Callable[[str], None], resync: Callable[[], Awaitable[None]]) -> None:
    """Listen for ever. After each LISTEN `resync` is awaited: what was sent before it, nobody heard."""
    wait = BACK_OFF[0]
    while True:
        try:
            async with await _connect() as database:
                await database.execute(f"LISTEN {CHANNEL}")
                wait = BACK_OFF[0]
                looking = asyncio.create_task(_try(resync))
                try:
                    await _hear(database, deliver)
                finally:
                    looking.cancel()
        except (psycopg.Error, OSError, TimeoutError) as error:
            log.warning("Live updates lost their connection to the database.", extra={"kind": type(error).__name__})
        await asyncio.sleep(wait * random.uniform(0.5, 1.5))  # noqa: S311
        wait = min(wait * 2, BACK_OFF[1])


async def _hear(database: psycopg.AsyncConnection[Any], deliver: Callable[[str], None]) -> None:
    while True:
        async for heard in database.notifies(timeout=QUIET):
            deliver(heard.payload)
        async with asyncio.timeout(ANSWER):
            await database.execute("SELECT 1")


async def _try(resync: Callable[[], Awaitable[None]]) -> None:
    try:
        await resync()
    except Exception:
        log.exception("The database did not answer the streams.")


async def _connect() -> psycopg.AsyncConnection[Any]:
    """To the database of the settings, directly: a pooler would drop the notifications."""
    given = connection.get_connection_params()
    ours = {name: value for name, value in given.items() if name not in {"cursor_factory", "context"}}
    alive = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "application_name": NAME}
    async with asyncio.timeout(ANSWER):
        return await psycopg.AsyncConnection.connect(**{**ours, **alive}, autocommit=True)
