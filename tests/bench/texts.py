"""A database of cards alone, for the search: pairs that have written so many each, straight into the tables."""

from __future__ import annotations

import random
import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import quote_plus

from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from partnerships.models import Membership, Partnership, Person
from retros.models import Entry, Prompt, Session, Step
from retros.recurrence.wall_time import stored
from retros.search import index
from tests.bench.size import Table, World, address, analyse, at_once, fill_index

IN_ONE_TRANSACTION = 50  # pairs
OF_A_SESSION = 40  # entries
COMMON = "We said that "  # every second text begins with it


def fill(pairs: int, entries: int) -> None:
    """So many pairs, each with so many entries that lie open, the last one of each still folded. Half of the texts
    share three words; the others are of 2,000, each as often as the other. The index is made at the end, at once.
    """
    index.remove(connection)
    now = timezone.now().replace(microsecond=0)
    world = World(random.Random(pairs), now, years=1)
    people = [Person(email=address(n), name=f"Person {n}", joined_at=now) for n in range(2 * pairs)]
    for person in people:
        person.set_unusable_password()
    Person.objects.bulk_create(people, batch_size=500)
    tables: dict[Any, Table] = {model: Table(model) for model in (Session, Step, Prompt, Entry)}
    with at_once(*tables):
        for first in range(0, pairs, IN_ONE_TRANSACTION):
            with transaction.atomic():
                for number in range(first, min(first + IN_ONE_TRANSACTION, pairs)):
                    pair(world, tables, people[2 * number : 2 * number + 2], entries)
                for table in tables.values():
                    table.write()
    with at_once():
        fill_index()
        analyse()


def pair(world: World, tables: dict[Any, Table], two: list[Person], entries: int) -> None:
    partnership = Partnership.objects.create(kind="other", label="Bench")
    Membership.objects.bulk_create(
        Membership(partnership=partnership, person=person, seat=seat) for person, seat in zip(two, "ab", strict=True)
    )
    number = 0
    while entries > 0:
        number += 1
        begun = world.now - timedelta(days=60 * number)
        session = tables[Session].add(
            partnership_id=partnership.pk, number=number, status="held", kind="retro", template_key="retro-quick",
            start_local=stored(begun.replace(tzinfo=None)), start_utc=begun, timezone="UTC", held_on=begun.date(),
            started_at=begun, closed_at=begun, ical_stamp=begun,
        )  # fmt: skip
        step = tables[Step].add(
            session_id=session, position=0, kind="write", title="Write", heading="Write", started_at=begun,
            opened_a_at=begun, opened_b_at=begun,
        )  # fmt: skip
        prompt = tables[Prompt].add(step_id=step, position=0, key="good", kind="cards", title="The good")
        for n in range(min(OF_A_SESSION, entries)):
            is_last = entries == n + 1
            tables[Entry].add(
                step_id=step, prompt_id=prompt, author_id=two[n % 2].pk, client_id=uuid.uuid4(),
                text=(COMMON if n % 2 else "") + world.text(), created_at=begun, sealed_at=begun,
                opened_at=None if is_last else begun, opened_version=None if is_last else 1,
            )  # fmt: skip
        entries -= OF_A_SESSION


def visits(pairs: int) -> dict[str, list[tuple[str, str]]]:
    """By what is looked for: the addresses and the cookies of one person of each of so many pairs."""
    from tests.retros.streams import cookie_of

    found: dict[str, list[tuple[str, str]]] = {}
    for number in range(min(pairs, Partnership.objects.count())):
        person = Person.objects.get(email=address(2 * number))
        partnership = Partnership.objects.of(person).get()
        entries = Entry.objects.visible_to(person)
        text = entries[number].text.removeprefix(COMMON).lower().rstrip(".")
        words, cookie = text.split(), cookie_of(person)
        looked_for = {
            "rare": words[0], "common": "said", "beginning": words[1][:2], "two": f"{words[1]} {words[2][:3]}",
            "phrase": f'"{words[0]} {words[1]}"', "nothing": "xyzzy",
        }  # fmt: skip
        for name, typed in looked_for.items():
            path = f"{reverse('search', args=[partnership.pk])}?q={quote_plus(typed)}"
            found.setdefault(name, []).append((path, cookie))
        found.setdefault("bare", []).append((f"/bare/{entries[0].step.session_id}/", cookie))
    return found
