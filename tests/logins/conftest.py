"""A gateway that has a channel for every described login, in front of the simulator."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from app.platforms.oauth2.tables import presets
from app.storage.database.db import Database
from app.wire.logins.settings import settings_of
from sandbox.platforms.alipay.credentials import ALIPAY_PUBLIC_KEY
from tests.builders import FrozenClock, make_services
from tests.databases import copy_of, memory_folder
from tests.login.gateway import Gateway
from tests.login.simulated import ENVIRONMENT
from tests.logins.signing_keys import ALIPAY_KEY, APPLE_KEY
from tests.sandbox.conftest import running_sandbox, sandbox
from tests.sandbox.server import SandboxServer

__all__ = ["running_sandbox", "sandbox"]

VALUES = {
    "client_secret": "client-secret-0123456789", "private_key": APPLE_KEY, "team_id": "TEAM123456", "key_id": "KEY1234567",
    "agent_id": "1000002", "team": "acme", "tenant": "organizations", "corp_id": "ding9f",
}  # fmt: skip
NAMED_BY_A_NUMBER = ("qq", "huawei")
SLUGS = sorted(presets())
DIRECT = [slug for slug in SLUGS if presets()[slug].is_direct]
BY_PAGE = [slug for slug in SLUGS if slug not in DIRECT]


def keys_of(slug: str, base: str) -> dict[str, Any]:
    """Return the keys of a channel that leads to the simulator."""
    own = f"{base}/oauth2/presets/{slug}"
    keys: dict[str, Any] = {"platform": "oauth2", "preset": slug, "base": own}
    for name, said in settings_of(presets()[slug]).items():
        if name == "client_id":
            keys[name] = "1234567" if slug in NAMED_BY_A_NUMBER else f"client-{slug}"
        elif name == "issuer":
            keys[name] = said.default or own
        elif name in VALUES and (said.default in (None, "") and not said.listed):
            keys[name] = VALUES[name]
    if slug == "alipay":
        keys["client_secret"] = ALIPAY_KEY
    return keys


def channels_file(base: str) -> str:
    tables = []
    for slug in SLUGS:
        keys = keys_of(slug, base) | ({"alipay_public_key": ALIPAY_PUBLIC_KEY} if slug == "alipay" else {})
        lines = [f"{name} = {json.dumps(value)}" for name, value in keys.items()]
        tables.append("\n".join([f"[channels.{slug}]", *lines]))
    return "\n\n".join(tables)


@pytest.fixture(scope="module")
def all_logins(sqlite_template: Path, running_sandbox: SandboxServer) -> Iterator[Gateway]:
    """A gateway with all of them, made once: its channels take a second to open."""
    with TemporaryDirectory(prefix="callgate-", dir=memory_folder()) as folder:
        database, clock = Database(copy_of(sqlite_template, Path(folder))), FrozenClock()
        env = ENVIRONMENT | {"RATELIMIT_ENABLED": "0"}
        services = make_services(database, clock=clock, channels=channels_file(running_sandbox.url), env=env)
        made = Gateway(services, clock)
        made.closing.append(database.close)
        yield made
        made.close()


@pytest.fixture
def gateway(all_logins: Gateway, sandbox: SandboxServer) -> Gateway:
    """That gateway; the simulator's clock goes by its clock."""
    sandbox.state.clock_offset = all_logins.clock.now().timestamp() - time.time()
    return all_logins
