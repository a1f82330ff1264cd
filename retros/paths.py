"""Parts of addresses that several packages share."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

from django.urls import register_converter


def short_id(id: UUID) -> str:
    """The same id in 22 letters instead of 36: a board writes each of its cards' out several times."""
    return urlsafe_b64encode(id.bytes)[:22].decode()


def mark(id: UUID) -> str:
    """What a page calls a thing by: the 8 letters with which its short id begins, 48 bits."""
    return short_id(id)[:8]


class ShortId:
    """`<short:…>` in an address: a UUID in 22 letters. Of a page of an earlier release it is understood in 36, too."""

    regex = r"[A-Za-z0-9_-]{21}[AQgw]|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

    def to_python(self, value: str) -> UUID:
        return UUID(value) if len(value) == 36 else UUID(bytes=urlsafe_b64decode(f"{value}=="))

    def to_url(self, value: UUID | str) -> str:
        return short_id(value if isinstance(value, UUID) else UUID(value))


register_converter(ShortId, "short")

SESSION = "sessions/<uuid:session_id>"
PARTNERSHIP = "partnerships/<uuid:partnership_id>"
LEAD = f"{PARTNERSHIP}/leads/<uuid:lead_id>"
ACTION = "actions/<uuid:action_id>"
STEP = f"{SESSION}/steps/<int:position>"
BULK = "admin/schedule/many/<uuid:bulk_id>"
TEMPLATE = "admin/templates/by-key/<slug:template>"
ENTRY = f"{SESSION}/entries/<short:entry_id>"
