"""Numbers for Prometheus, behind a token: how the installation does; no person, no text, no path that was asked for."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from config.counters import counted
from partnerships.models import Delivery
from retros.backup.make import last_backup
from retros.models import Tick

TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Now(Collector):
    """What the database and the folder of backups say at this moment."""

    def collect(self) -> Iterator[Metric]:
        info = GaugeMetricFamily("twofold_info", "The version that runs.", labels=["version"])
        info.add_metric([settings.VERSION], 1)
        yield info
        mails = GaugeMetricFamily("twofold_mails", "Mails, by state.", labels=["state"])
        found = Delivery.objects.filter(channel=Delivery.Channel.EMAIL).values_list("status").annotate(Count("pk"))
        for state, many in (dict.fromkeys(Delivery.Status.values, 0) | dict(found.order_by())).items():
            mails.add_metric([state], many)
        yield mails
        moment = timezone.now()
        for name, words, last in (
            ("twofold_worker_age_seconds", "Since the worker last finished a round.", Tick.last()),
            ("twofold_backup_age_seconds", "Since the newest backup was made.", last_backup(moment)),
        ):
            if last is not None:
                yield GaugeMetricFamily(name, words, (moment - last).total_seconds())


@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """404 without a token in the settings, and for whoever does not bring it (`Authorization: Bearer …`)."""
    brought = request.headers.get("Authorization", "")
    if not settings.METRICS_TOKEN or not constant_time_compare(brought, f"Bearer {settings.METRICS_TOKEN}"):
        raise Http404
    now = CollectorRegistry(auto_describe=False)
    now.register(Now())
    return HttpResponse(generate_latest(counted()) + generate_latest(now), content_type=TYPE)
