"""A connector has a port whole or not at all: with one member missing, everything that asks for the port passes it by in silence."""

from __future__ import annotations

import inspect
from collections import Counter
from types import ModuleType
from typing import Any

import pytest

from app.core import accounts, address_ports, code_pages, confirmations, login_choice, login_ports, ports
from tests.platforms.samples import Sample, samples

MODULES: tuple[ModuleType, ...] = (
    accounts, address_ports, code_pages, confirmations, login_choice, login_ports, ports,
)  # fmt: skip
PORTS = sorted(
    {
        kind
        for module in MODULES
        for kind in vars(module).values()
        if inspect.isclass(kind) and getattr(kind, "_is_runtime_protocol", False)
    },
    key=lambda kind: kind.__name__,
)


def members(port: type) -> frozenset[str]:
    """Return the names that a port itself asks for, those of ports it is built upon left out."""
    own = {*vars(port).get("__annotations__", {}), *(name for name in vars(port) if not name.startswith("_"))}
    return frozenset(own)


SHARED = {
    name for name, count in Counter(name for port in PORTS for name in members(port)).items() if count > 1
}


def half_ports(connector: Any) -> list[str]:
    """Return the ports of which a connector has half of the members, one that no other port has among them, and yet not all."""
    found = []
    for port in PORTS:
        asked = members(port)
        missing = sorted(name for name in asked if not hasattr(connector, name))
        is_meant = len(missing) * 2 <= len(asked) and any(hasattr(connector, name) for name in asked - SHARED)
        if is_meant and not isinstance(connector, port):
            found.append(f"{port.__name__} ({', '.join(missing)} is missing)")
    return found


def test_there_are_ports_to_look_at() -> None:
    assert {"WebhookSource", "SubAddresses", "KeyFinder", "LoginProvider"} <= {
        port.__name__ for port in PORTS
    }


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: f"{sample.slug}-{sample.mode}")
def test_no_connector_has_half_a_port(sample: Sample) -> None:
    assert half_ports(sample.open()) == []


def test_half_a_port_is_seen() -> None:
    class Half:
        def takes_address(self, rest: str) -> bool:
            return True

    assert half_ports(Half()) == ["SubAddresses (address_template is missing)"]
