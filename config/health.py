"""Whether all is well, for whoever runs it: no person, no text, no secret."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from retros.backup.make import is_late, last_backup
from retros.models import Tick


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 while pages are answered; “warn” when the worker was not heard of for ten minutes, or a backup is missing."""
    now = timezone.now()
    worker = {"last_tick": Tick.last(), "late": Tick.is_late(now)}
    backup = {"last": last_backup(now), "late": is_late(now)}
    status = "warn" if worker["late"] or backup["late"] else "ok"
    return JsonResponse({"status": status, "version": settings.VERSION, "worker": worker, "backup": backup})
