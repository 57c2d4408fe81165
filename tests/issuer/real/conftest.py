"""A served provider whose only login is the simulator, which says yes at once: what independent clients log in against."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.issuer.real.stage import CLIENTS, login_channel, open_provider
from tests.live import LiveGateway
from tests.ports import free_port
from tests.sandbox.server import SandboxServer


@dataclass
class Provider:
    """The gateway as a client's configuration names it, and where each client of it listens."""

    gateway: LiveGateway
    ports: dict[str, int]

    @property
    def issuer(self) -> str:
        return self.gateway.url

    def secret(self, client: str) -> str:
        return CLIENTS[client].secret


@dataclass
class Surfer:
    """A person's browser without pages: it follows what it is sent to, and stops where a test wants to take over."""

    session: requests.Session = field(default_factory=requests.Session)

    def go(self, url: str, *, until: str = "\n") -> requests.Response:
        """Visit an address and what it leads to; an address that begins with `until` is not visited."""
        answer = self.session.get(url, allow_redirects=False, timeout=20)
        for _ in range(20):
            where = answer.headers.get("Location")
            if where is None:
                return answer
            url = requests.compat.urljoin(answer.url, where)
            if url.startswith(until):
                return answer
            answer = self.session.get(url, allow_redirects=False, timeout=20)
        raise AssertionError(f"it goes round: {url}")

    def land(self, url: str, *, until: str) -> str:
        """Return the address that a visit would end at."""
        answer = self.go(url, until=until)
        assert "Location" in answer.headers, (answer.url, answer.status_code, answer.text[:300])
        return str(requests.compat.urljoin(answer.url, answer.headers["Location"]))


@pytest.fixture(scope="package")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    """One provider for all clients of a file."""
    folder: Path = tmp_path_factory.mktemp("provider")
    port, ports = free_port(), {name: free_port() for name in CLIENTS}
    with SandboxServer(gateway_url=f"http://127.0.0.1:{port}") as sandbox:
        sandbox.state.auto_person = "linxiao"
        with open_provider(folder, port, login_channel(sandbox), ports) as gateway:
            yield Provider(gateway, ports)


@pytest.fixture
def surfer() -> Surfer:
    return Surfer()


def is_logged_in(provider: Provider, surfer: Surfer) -> bool:
    """Say whether the person has a session at the provider."""
    answer: Any = surfer.session.get(f"{provider.issuer}/api/v1/me", timeout=20)
    return bool(answer.status_code == 200)
