"""The one application: its life, and who answers what. Streams have an endpoint of their own; the rest are pages."""

from __future__ import annotations

import logging
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from django.utils.translation import gettext as _

from config.answers import Complete, Receive, Scope, Send, answer
from config.counters import streams
from config.one_server import OneServer
from config.pages import Pages
from retros.live import endpoint
from retros.live.hub import hub

log = logging.getLogger("twofold.server")


class Application:
    def __init__(self) -> None:
        self.pages = Pages()
        self.server = OneServer()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.live_and_die(receive, send)
        elif scope["type"] == "http":
            await self.answer(scope, receive, Complete(scope, send))

    async def answer(self, scope: Scope, receive: Receive, send: Complete) -> None:
        try:
            if scope["path"].startswith("/live/"):
                with streams.labels("room").track_inprogress():
                    await endpoint.app(scope, receive, send)
            else:
                await self.pages(scope, receive, send)
        except Exception:
            if send.begun:
                raise
            log.exception("A request could not be answered.")
            await answer(send, 500, _("That did not work, and the fault is ours. Try again in a moment."))

    async def live_and_die(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            self.server.take()
            await hub.start()
        except (Exception, SystemExit) as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await hub.stop()
        self.server.give_back()
        await send({"type": "lifespan.shutdown.complete"})


application = Application()
