from __future__ import annotations

from pathlib import Path

from tests.retros.streams import Answer, live
from tests.served import Served

ROOM = """
import json
from tests.retros.play import make_pair
from tests.retros.streams import cookie_of
pair = make_pair()
session = pair.started()
print(json.dumps([str(session.pk), cookie_of(pair.ines), cookie_of(pair.tom)]))
"""


def test_a_server_with_open_streams_stops_at_once_and_cleanly(tmp_path: Path) -> None:
    with Served(tmp_path) as served:
        session_id, ines, tom = served.ask(ROOM)
        streams = [Answer(served, live(session_id), cookie) for cookie in [ines, tom] * 4]
        assert [stream.status for stream in streams] == [200] * 8
        took = served.stop()
        assert took < 5  # what uvicorn would wait for connections that do not end
        assert served.process is not None
        assert served.process.returncode in {0, -15}  # ours, or the signal's own
        for stream in streams:
            assert stream.ended()
            stream.close()
