"""Where somebody is signed in: what is known of a device without asking any service. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from allauth.account.adapter import get_adapter
from django.utils.translation import gettext as _

from partnerships.models import SignIn

if TYPE_CHECKING:
    from django.http import HttpRequest

    from partnerships.models import Person

DEVICE = "device"  # the key in a browser's session
# A part of what a browser calls itself, and how people call it. The first that fits, for many name others as well.
BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"), ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Macintosh", "Mac"),
    ("CrOS", "Chromebook"), ("Linux", "Linux"),
)  # fmt: skip


def browser_in_words(user_agent: str) -> str:
    """“Firefox on Windows”; as much of it as can be told."""
    browser, system = (next((word for part, word in known if part in user_agent), "") for known in (BROWSERS, SYSTEMS))
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("A browser")


def note(request: HttpRequest) -> None:
    """Put into the session what its list says of it."""
    adapter = get_adapter()
    browser = browser_in_words(request.headers.get("User-Agent", ""))
    request.session[DEVICE] = {"browser": browser, "address": adapter.get_client_ip(request)}


@dataclass(frozen=True)
class Device:
    """One sign-in. `started` and `seen` are instants in UTC, None before its second request."""

    id: str
    browser: str
    address: str
    started: datetime | None
    seen: datetime | None
    is_this: bool


def devices_of(person: Person, *, session_key: str | None = None) -> list[Device]:
    """This one first, then the others by when they were last used."""
    found = [_device(row, session_key) for row in SignIn.of(person)]
    found.sort(key=lambda device: (device.is_this, device.seen.timestamp() if device.seen else 0.0), reverse=True)
    return found


def _device(row: SignIn, session_key: str | None) -> Device:
    data = row.get_decoded()
    known = data.get(DEVICE, {})
    started, seen = (datetime.fromisoformat(data[key]) if key in data else None for key in ("started", "seen"))
    browser = known.get("browser") or _("A browser")
    return Device(row.public_id, browser, known.get("address", ""), started, seen, row.session_key == session_key)
