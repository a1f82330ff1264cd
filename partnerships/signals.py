"""What this app tells those above it, in the transaction in which it happens."""

from __future__ import annotations

from django.dispatch import Signal

seat_taken = Signal()  # `membership`: of the person who sits there now
