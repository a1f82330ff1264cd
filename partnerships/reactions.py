"""What the app above does in the transaction of a verb of this one.

It registers that when it is ready (retros/apps.py), so that this app names none of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from partnerships.models.agreement import Agreement
    from partnerships.models.partnership import Membership

seat_taken: set[Callable[[Membership], None]] = set()  # somebody sits there now
agreement_changed: set[Callable[[Agreement], None]] = set()  # something was proposed, signed or taken back
