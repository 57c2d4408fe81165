"""What each platform says of its tokens: where a call carries one, which answers call it stale, and how it words that."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from app.core.relay import RelaySource
from app.pipeline.services import Services
from tests.relay.gateway import channels_file
from tests.sandbox.server import SandboxServer

pytestmark = pytest.mark.backends("sqlite")
STALE: dict[str, list[dict[str, Any]]] = {
    "wechat": [{"errcode": code} for code in (40001, 40014, 42001)],
    "wecom": [{"errcode": code} for code in (40001, 40014, 42001)],
    "feishu": [{"code": code} for code in (99991663, 99991664, 99991665, 99991668, 99991671, 99991677)],
    "dingtalk": [
        {"code": "InvalidAuthentication"},
        {"errcode": 40014},
        {"errcode": 42001},
        {"errcode": 88, "sub_code": "40014"},
    ],
}
NOT_STALE: list[dict[str, Any]] = [
    {},
    {"errcode": 0},
    {"errcode": 48001},
    {"errcode": True},
    {"errcode": "40001x"},
    {"errcode": [40001]},
    {"code": 0},
    {"code": 99991672},
    {"code": "Forbidden.AccessDenied.IpNotInWhiteList"},
    {"code": None, "errcode": None},
    {"code": {"code": 99991663}},
]


def test_only_a_refused_token_counts_as_stale(
    services_with: Callable[..., Services], sandbox: SandboxServer
) -> None:
    services = services_with(channels=channels_file(sandbox.settings, sandbox.url))
    for name, answers in STALE.items():
        _, source = services.channels.with_capability(name, RelaySource)
        for answer in answers:
            assert source.says_stale(200, answer), (name, answer)
        for answer in NOT_STALE:
            assert not source.says_stale(400, answer), (name, answer)
        for path in ("/cgi-bin/x", "/v1.0/x", "/topapi/x"):
            reply = source.stale_answer(path)
            assert source.says_stale(reply.status, json.loads(reply.body)), (name, path)
            place = source.token_place(path)
            assert place.base == f"{sandbox.url}/{name}"
            assert bool(place.query) != bool(place.header)
