"""How long a search takes where thousands of pairs have written for years: the time of the whole page, by what is
looked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.bench import scale
from tests.bench.figures import Figure, percentile
from tests.served import Served

PAIRS = {"sqlite": 200, "postgresql": 2_000}
ENTRIES = {"sqlite": 1_000, "postgresql": 700}  # of a pair
PLACES = 20  # pairs
SECONDS, MOST = 2.0, 40  # for each way of looking, and requests
LOOKED_FOR = ("rare", "common", "beginning", "two", "phrase", "nothing")

FILL = "from tests.bench.texts import fill\nfill({pairs}, {entries})\nprint('true')"
VISITS = "import json\nfrom tests.bench.texts import visits\nprint(json.dumps(visits({places})))"


def rows(database: str, pairs: int | None) -> scale.Rows:
    pairs = pairs or PAIRS[database]
    return scale.Rows(f"search_{pairs}x{ENTRIES[database]}", FILL.format(pairs=pairs, entries=ENTRIES[database]))


def measure(database: str, pairs: int | None) -> Iterator[Figure]:
    with scale.filled(database, rows(database, pairs)) as served:
        ways = visits(served)
        size = served.ask("from retros.models import SearchText\nprint(SearchText.objects.count())")
        floor = percentile(by_the_clock(served, ways.pop("bare")), 95)
        yield Figure(f"search.size.{database}", size, "entries")
        for name, each in ways.items():
            took = by_the_clock(served, each)
            yield Figure(f"search.{name}.{database}.p50", percentile(took, 50), "ms")
            yield Figure(f"search.{name}.{database}.p95", percentile(took, 95), "ms", floor)


def visits(served: Served) -> scale.Visits:
    found: scale.Visits = served.ask(VISITS.format(places=json.dumps(PLACES)))
    return found


def by_the_clock(served: Served, ways: list[tuple[str, str]]) -> list[float]:
    return [each.clock for each in scale.took(served, ways, SECONDS, MOST)]
