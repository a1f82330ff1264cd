"""What the bench stands on; nothing is measured here."""

from __future__ import annotations

import os

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from partnerships.models import Person
from tests.bench.__main__ import NAMES, main
from tests.bench.bare import CountQueries
from tests.bench.process import cpu

pytestmark = pytest.mark.one_database


@pytest.mark.both_databases
@pytest.mark.django_db
def test_queries_are_counted_for_whoever_asks(rf: RequestFactory) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(str([Person.objects.count() for _ in range(3)]))

    assert "Bench-Queries" not in CountQueries(view)(rf.get("/"))
    assert CountQueries(view)(rf.get("/", headers={"Bench-Queries": "1"}))["Bench-Queries"] == "3"


def test_the_time_of_a_process_is_that_of_its_work() -> None:
    before = cpu([os.getpid()])
    assert sum(range(1_000_000)) > 0
    assert cpu([os.getpid()]) > before > 0


@pytest.mark.parametrize("arguments", [["nothing"], ["compare"], ["compare", "HEAD", "nothing"]])
def test_what_it_does_not_know_it_refuses(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["bin/bench", *arguments])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert ", ".join(NAMES) in capsys.readouterr().err or arguments == ["compare"]
