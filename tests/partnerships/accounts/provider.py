"""A provider of identities of our own, served for the tests."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import requests

# It says its port, and ends with this process.
SERVE = """
import sys
import oidc_provider_mock
with oidc_provider_mock.run_server_in_thread() as server:
    print(server.server_port, flush=True)
    sys.stdin.read()
"""


class Provider:
    """`issuer` is its address; `says` is what it tells of somebody, by the id that it has for them."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer

    def says(self, sub: str, **claims: Any) -> None:
        said = {"email_verified": True, **claims}
        requests.put(f"{self.issuer}/users/{sub}", json=said, timeout=5).raise_for_status()


@pytest.fixture(scope="session")
def served_provider() -> Iterator[str]:
    command = [sys.executable, "-W", "ignore", "-c", SERVE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        assert server.stdin
        assert server.stdout
        yield f"http://localhost:{int(server.stdout.readline())}"
        server.stdin.close()


@pytest.fixture
def provider(served_provider: str, settings: Any) -> Provider:
    """As an installation has it that is given this issuer."""
    settings.OIDC_ISSUER, settings.OIDC_NAME = served_provider, "Example sign-in"
    app = {
        "provider_id": "oidc",
        "name": settings.OIDC_NAME,
        "client_id": "twofold",
        "secret": "kept by both",
        "settings": {"server_url": served_provider, "oauth_pkce_enabled": True},
    }
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
    return Provider(served_provider)
