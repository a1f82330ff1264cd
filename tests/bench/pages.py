"""The pages of a database that `size.fill` filled, each as its person.

    python -m tests.bench.pages PARTNERSHIPS YEARS

fills the database of DATABASE_URL (or of TWOFOLD_DATA_DIR) when it is empty, and prints for each page its queries, the
processor time (with PostgreSQL's own for its connections, on Linux) and how long it takes: the median and the 95th
percentile of ten requests in milliseconds, each for another pair. A busy machine makes the latter longer.
"""

from __future__ import annotations

import logging
import sys
import time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from django.test import Client

    from partnerships.models import Person

REQUESTS = 10  # for each page
Page = tuple["Person", str]


def pages(pair: int) -> dict[str, Page]:
    """Each page by a name, with who opens it and its address. Raises DoesNotExist for a pair without a next retro."""
    from django.urls import reverse

    from partnerships.models import Agreement, Partnership, Person, Version
    from retros.models import Session
    from tests.bench.size import ADMIN, HEAD, address, people_of

    a, member = (Person.objects.get(email=address(number)) for number in people_of(pair))
    partnership = Partnership.objects.active().of(a).get(memberships__person=member)
    sessions = Session.objects.filter(partnership=partnership)
    held, coming = sessions.held()[0], sessions.upcoming()[0]
    agreement = Agreement.objects.filter(partnership=partnership)[0]
    version = Version.objects.filter(agreement=agreement).latest("number")
    lead = Person.objects.filter(leads__partnership=partnership).exclude(email=HEAD).get()
    admin, head = Person.objects.get(email=ADMIN), Person.objects.get(email=HEAD)
    word, year, month = a.name[:4], f"?year={held.day.year}", f"?month={coming.wall_start:%Y-%m}"

    def of(person: Person, name: str, *args: UUID | int, query: str = "") -> Page:
        return person, reverse(name, args=args) + query

    found = {
        "home": of(member, "home"),
        "pair": of(member, "partnership_detail", partnership.pk),
        "history": of(member, "history_detail", partnership.pk),
        "history of a year": of(member, "history_detail", partnership.pk, query=year),
        "closed retro": of(member, "step_detail", held.pk, 2),
        "closed retro, last time": of(member, "step_detail", held.pk, 0),
        "retro on one page": of(member, "session_print", held.pk),
        "next retro": of(member, "step_detail", coming.pk, 2),
        "agreements": of(member, "agreement_list", partnership.pk),
        "agreement": of(member, "agreement_detail", agreement.pk),
        "agreement on one page": of(member, "agreement_print", agreement.pk),
        "version": of(member, "version_detail", version.pk),
        "actions": of(member, "action_list", partnership.pk),
        "rhythm": of(member, "series_detail", partnership.pk),
        "shown to leads": of(member, "release_list", partnership.pk),
        "end": of(member, "partnership_end", partnership.pk),
        "lead, list": of(lead, "lead_list"),
        "lead, history": of(lead, "history_detail", partnership.pk),
        "lead of all, list": of(head, "lead_list"),
        "lead of all, list by name": of(head, "lead_list", query=f"?label={word}"),
        "lead of all, could use a word": of(head, "lead_list", query="?state=word"),
        "load": of(admin, "schedule_load"),
        "clashes and checks": of(admin, "schedule_checks"),
        "month": of(admin, "schedule_month", query=month),
        "month by name": of(admin, "schedule_month", query=f"{month}&q={word}"),
        "mail": of(admin, "mail_list"),
        "mail that waits": of(admin, "mail_list", query="?state=pending"),
        "person": of(admin, "person_detail", member.pk),
        "person who leads all": of(admin, "person_detail", head.pk),
        "partnership": of(admin, "admin_partnership_detail", partnership.pk),
        "import": of(admin, "partnership_import"),
    }
    states = {
        "schedule": ("all", "none", "due", "overdue", "paused", "attention"),
        "admin_partnership_list": ("on", "waiting", "unled", "ended"),
        "person_list": ("on", "admin", "off"),
        "audit_list": ("all", "accounts", "roles", "schedule"),
    }
    for name, each in states.items():
        found |= {f"{name}, {state}": of(admin, name, query=f"?state={state}") for state in each}
        found[f"{name} by name"] = of(admin, name, query=f"?q={word}")
    return found


def with_a_date(partnerships: int) -> Iterator[dict[str, Page]]:
    """The pages of one pair after the other, of those with a next retro."""
    from django.core.exceptions import ObjectDoesNotExist

    for pair in range(partnerships):
        try:
            yield pages(pair)
        except (ObjectDoesNotExist, IndexError):
            continue


def visits(partnerships: int, pairs: int) -> dict[str, list[tuple[str, str]]]:
    """By the name of a page: its address and the cookie of who opens it, for so many pairs. “bare” is the floor."""
    from django.utils.encoding import iri_to_uri

    from tests.retros.streams import cookie_of

    cookies: dict[UUID, str] = {}
    found: dict[str, list[tuple[str, str]]] = {}
    for each in islice(with_a_date(partnerships), pairs):
        member, board = each["closed retro"]
        each.pop("home")  # of somebody with one pair it leads there
        each["bare"] = member, f"/bare/{board.split('/')[2]}/"
        for name, (person, path) in each.items():
            if person.pk not in cookies:
                cookies[person.pk] = cookie_of(person)
            found.setdefault(name.replace(", ", "-").replace(" ", "-"), []).append(
                (iri_to_uri(path), cookies[person.pk])
            )
    return found


def main(partnerships: int, years: int) -> None:
    import django

    django.setup()
    logging.disable(logging.CRITICAL)

    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from partnerships.models import Partnership
    from tests.bench.figures import percentile
    from tests.bench.size import fill

    if not Partnership.objects.exists():
        fill(partnerships, years)
    clients: dict[Any, Client] = {}
    shown = list(islice(with_a_date(partnerships), REQUESTS))
    for name in shown[0]:
        took, worked = [], []
        for person, path in [each[name] for each in shown]:
            client = clients.setdefault(person.pk, Client(headers={"host": "localhost"}))
            if not client.cookies:
                client.force_login(person)
                client.get(path)
            began, before = time.perf_counter(), processor()
            status = client.get(path).status_code
            took.append((time.perf_counter() - began) * 1000)
            worked.append((processor() - before) * 1000)
            assert status in {200, 302}, f"{path} answers {status}"
        with CaptureQueriesContext(connection) as queries:
            client.get(path)
        figures = " ".join(f"{percentile(each, part):6.0f}" for each in (worked, took) for part in (50, 95))
        sys.stdout.write(f"{name:32} {len(queries):3} queries {figures} ms\n")


def processor() -> float:
    """Seconds that this process, and the PostgreSQL processes behind the connections of its pool, have worked."""
    from django.db import connection

    seconds = time.process_time()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
            own = [Path(f"/proc/{pid}/schedstat") for (pid,) in cursor.fetchall()]
        seconds += sum(int(each.read_text().split()[0]) / 1e9 for each in own if each.exists())
    return seconds


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
