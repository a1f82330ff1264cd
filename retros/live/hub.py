from __future__ import annotations


class Hub:
    def receive(self, payload: str) -> None: ...


hub = Hub()
