from __future__ import annotations

import pytest

from tests.bench.figures import Figure, percentile

pytestmark = pytest.mark.one_database


@pytest.mark.parametrize(("percent", "found"), [(50, 5), (95, 10), (90, 9), (1, 1), (100, 10)])
def test_a_percentile_is_one_of_the_values(percent: float, found: float) -> None:
    assert percentile([10, 1, 9, 2, 8, 3, 7, 4, 6, 5], percent) == found


def test_a_figure_stands_beside_its_floor() -> None:
    assert Figure("latency.sqlite.p95", 21.4, "ms", 14.0).as_json() == {
        "name": "latency.sqlite.p95",
        "value": 21.4,
        "unit": "ms",
        "floor": 14.0,
        "ratio": 1.53,
    }


def test_a_figure_without_a_floor_has_no_ratio() -> None:
    assert Figure("streams.threads.sqlite.more", 0, "threads").as_json()["ratio"] is None
