"""How long a draft waits to be saved while an admin previews a change of a hundred pairs, while it is done, and while
none of that happens.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable
from urllib.parse import urlencode

from tests.bench.figures import Figure, percentile
from tests.served import Served
from tests.visitor import Visitor

PAIRS = 100
PREVIEWS = 2
SAVES = 60  # without a preview; as many a person may send in a minute, and more
PAUSE = 0.05  # seconds between two saves

MADE = f"""
import json
from datetime import timedelta
from django.test import override_settings
from django.utils import timezone
override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]).enable()
from tests.factories import PersonFactory
from tests.retros.play import make_pair
from tests.retros.streams import cookie_of
pairs = [make_pair() for _ in range({PAIRS})]
ada = PersonFactory.create(is_staff=True)
writers = [(str(pair.hands(pair.started())[0].prompt("good").pk), cookie_of(pair.ines)) for pair in pairs[:8]]
day = (timezone.localdate() + timedelta(days=10)).isoformat()
print(json.dumps([[str(pair.partnership.pk) for pair in pairs], cookie_of(ada), writers, day]))
"""


def measure(served: Served, database: str) -> list[Figure]:
    pairs, ada, writers, day = served.ask(MADE)
    plan = {"act": "plan", "pick": pairs, "cadence": "every_2_months", "first_day": day, "duration_min": 60}
    path = f"/admin/schedule/many/?{urlencode(plan, doseq=True)}"
    look(served, ada, path)
    versions = [0] * len(writers)
    quiet = saves(served, writers, versions, lambda: None)
    took: list[float] = []

    def looking() -> None:
        for _ in range(PREVIEWS):
            took.append(look(served, ada, path)[0])

    busy = saves(served, writers, versions, looking)
    page = look(served, ada, path)[1]
    done: list[float] = []
    doing = saves(served, writers, versions, lambda: done.append(do(served, ada, page, pairs)), least=1)
    return [
        Figure(f"many.preview.{database}.p50", percentile(took, 50), "ms"),
        *drafts(f"many.draft.{database}", busy, quiet),
        Figure(f"many.do.{database}.ms", done[0], "ms"),
        *drafts(f"many.draft_while_done.{database}", doing, quiet),
    ]


def drafts(name: str, busy: list[float], quiet: list[float]) -> list[Figure]:
    middle = [Figure(f"{name}.p{n}", percentile(busy, n), "ms", percentile(quiet, n)) for n in (50, 95)]
    return [*middle, Figure(f"{name}.max", max(busy), "ms", max(quiet)), Figure(f"{name}.samples", len(busy), "saves")]


def do(served: Served, ada: str, page: bytes, pairs: list[str]) -> float:
    """Milliseconds until the change is done that this page shows, and is seen to be."""
    form = page.decode().partition('class="bulk')[2]
    fields: dict[str, str | list[str]] = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    del fields["csrfmiddlewaretoken"]
    began = time.perf_counter()
    with Visitor(served.port, ada) as admin:
        answer = admin.post("/admin/schedule/many/new/", **{**fields, "pick": pairs})
        took = (time.perf_counter() - began) * 1000
        if answer.status != 302 or b"stopped" in admin.get(answer.header("location")).body:
            raise RuntimeError(f"The change answers {answer.status}")
    return took


def look(served: Served, ada: str, path: str) -> tuple[float, bytes]:
    """Milliseconds of a preview, and its page."""
    began = time.perf_counter()
    with Visitor(served.port, ada) as admin:
        page = admin.get(path)
    if page.status != 200 or b"%d pairs would change" % PAIRS not in page.body:
        raise RuntimeError(f"The preview answers {page.status}, and does not change every pair.")
    return (time.perf_counter() - began) * 1000, page.body


def saves(
    served: Served, writers: list[tuple[str, str]], versions: list[int], meanwhile: Callable[[], None],
    least: int = SAVES,
) -> list[float]:  # fmt: skip
    """Milliseconds of each save, one person after the other, at least so many and until `meanwhile` is over."""
    found: list[float] = []
    other = threading.Thread(target=meanwhile)
    other.start()
    visitors = [(Visitor(served.port, cookie), f"/drafts/card:{prompt}/") for prompt, cookie in writers]
    while len(found) < least or other.is_alive():
        at = len(found) % len(visitors)
        visitor, path = visitors[at]
        began = time.perf_counter()
        while (page := visitor.post(path, text=f"Sentence {len(found)}", version=str(versions[at]))).status == 503:
            time.sleep(int(page.header("retry-after")))  # as the browser does
        found.append((time.perf_counter() - began) * 1000)
        if page.status != 200:
            raise RuntimeError(f"A draft answers {page.status}")
        versions[at] = json.loads(page.body)["version"]
        time.sleep(PAUSE)
    for visitor, _path in visitors:
        visitor.close()
    return found
