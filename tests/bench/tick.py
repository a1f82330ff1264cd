"""What the worker costs when nothing is due: one round over many rhythms. The floor reads their dates, nothing else."""

from __future__ import annotations

from tests.bench.figures import Figure, percentile
from tests.served import Served

SERIES = 2_000
ROUNDS = 7

TICKS = f"""
import json, time
from datetime import UTC, date, datetime, time as clock, timedelta
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
override_settings(EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend").enable()
from partnerships.models import Delivery, Membership, Partnership, Person
from retros.models import RuleVersion, Series, Session
from retros.notifications.plan import plan_deliveries
from retros.worker import tick

now = datetime(2027, 3, 8, 12, 0, tzinfo=UTC)
zones = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia")
two = range(2 * {SERIES})
people = [Person(name=f"Person {{n}}", email=f"p{{n}}@example.org", timezone=zones[n % 4]) for n in two]
Person.objects.bulk_create(people, batch_size=500)
pairs = [Partnership(kind="other", label=f"Pair {{n}}") for n in range({SERIES})]
Partnership.objects.bulk_create(pairs, batch_size=500)
Membership.objects.bulk_create(
    [Membership(partnership=pairs[n // 2], person=people[n], seat="ab"[n % 2]) for n in two], batch_size=500
)
rhythms = [Series(partnership=pair, work_at=now + timedelta(days=300)) for pair in pairs]
Series.objects.bulk_create(rhythms, batch_size=500)
rules = [
    RuleVersion(
        series=series, n=1, start_date=date(2027, 1, 4), unit="week", interval=2, local_time=clock(12), timezone="UTC"
    )
    for series in rhythms
]
RuleVersion.objects.bulk_create(rules, batch_size=500)
rows = []
for n, rule in enumerate(rules):
    for slot in range(-3, 13):
        start = now + timedelta(days=14 * slot + 1 + n % 14)
        rows.append(Session(
            partnership=pairs[n], series=rule.series, rule_version=rule, slot_date=start.date(), start_local=start,
            start_utc=start, timezone="UTC", template_key="retro-classic", ical_stamp=now,
            status="scheduled" if start > now else "held",
        ))
Session.objects.bulk_create(rows, batch_size=500)
del people, pairs, rhythms, rules, rows, rule  # a worker does not carry them: its collector walks what it has
plan_deliveries(now)
Delivery.objects.due(now).update(status="sent", sent_at=now)
tick(now + timedelta(seconds=60))
seconds = []
for n in range({ROUNDS}):
    began = time.perf_counter()
    tick(now + timedelta(seconds=120 + n))
    seconds.append(time.perf_counter() - began)
with CaptureQueriesContext(connection) as found:
    tick(now + timedelta(seconds=200))
floors = []
for n in range({ROUNDS}):
    began = time.perf_counter()
    list(Session.objects.filter(status="scheduled").values_list("pk", "start_utc"))
    floors.append(time.perf_counter() - began)
print(json.dumps([seconds, len(found), floors]))
"""


def measure(served: Served, database: str) -> list[Figure]:
    seconds, queries, floors = served.ask(TICKS)
    return [
        Figure(f"tick.idle.{database}.p50", percentile(seconds, 50), "s", percentile(floors, 50)),
        Figure(f"tick.idle.{database}.max", max(seconds), "s", max(floors)),
        Figure(f"tick.queries.{database}", queries, "queries"),
    ]
