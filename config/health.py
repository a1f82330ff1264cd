"""Whether all is well, for whoever runs it: no person, no text, no secret."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from retros.models import Tick


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 while pages are answered; “warn” when the worker was not heard of for ten minutes."""
    late = Tick.is_late(timezone.now())
    last = Tick.last()
    return JsonResponse({"status": "warn" if late else "ok", "worker": {"last_tick": last, "late": late}})
