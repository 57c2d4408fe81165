"""Which private parts of the server the adapter leans on: after an update of Granian a test here names what is gone."""

from __future__ import annotations

import inspect
import os
import re
import socket
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
from granian._granian import SocketHolder
from granian.constants import Interfaces
from granian.net import SocketSpec  # type: ignore[attr-defined]  # Granian doesn't mark what it exports.
from granian.server.common import AbstractServer
from granian.server.mp import MPServer

import app
from app.serving import granian_parts
from app.serving.granian_parts import PARTS, HookedServer

ADAPTER = Path(granian_parts.__file__)


@pytest.fixture(scope="module")
def parts() -> Iterator[dict[str, Any]]:
    """Return a server that listens, a worker that was never started, and what holds the socket."""
    server: Any = HookedServer("app:nothing", port=0, interface=Interfaces.RSGI)
    server._init_shared_socket()
    worker = server._spawn_worker(0, print, print)
    yield {"server": server, "worker": worker, "holder": server._shd, "spec": SocketSpec("127.0.0.1", 0, 128)}
    server._sso.detach()  # The holder owns the descriptor too, and closes it.


def gone(parts: dict[str, Any], path: str) -> str | None:
    """Return a sentence when a part is no longer there."""
    name, _, attribute = path.partition(".")
    try:
        attrgetter(attribute)(parts[name])
    except AttributeError:
        return f"Granian's {path} is gone: look at app/serving/granian_parts.py before taking this version"
    return None


@pytest.mark.parametrize("path", PARTS)
def test_granian_still_has(parts: dict[str, Any], path: str) -> None:
    assert gone(parts, path) is None


def test_a_part_that_is_gone_is_named(parts: dict[str, Any]) -> None:
    sentence = gone(parts, "server._thrown_out")
    assert sentence is not None
    assert "server._thrown_out is gone" in sentence


def test_every_private_part_that_the_adapter_uses_is_in_the_list() -> None:
    used = set(re.findall(r"\.(_[a-z][a-z_]*)\b", ADAPTER.read_text(encoding="utf-8")))
    ours = {"_granian", "_has_reloaded"}
    assert used - ours <= {path.rpartition(".")[2] for path in PARTS}


def test_no_other_file_looks_inside_granian() -> None:
    looking = [
        path.name
        for path in Path(app.__file__).parent.rglob("*.py")
        if re.search(r"granian\.(_|server)", path.read_text(encoding="utf-8"))
    ]
    assert looking == [ADAPTER.name]


def test_a_worker_is_given_its_arguments_in_the_order_we_pass_them_on(parts: dict[str, Any]) -> None:
    number, name, loader, sockets, *_ = parts["worker"].inner._args
    assert (number, name, loader) == (1, parts["server"].process_name, print)
    (nothing, holder), shared = sockets
    assert nothing is None
    assert isinstance(holder, SocketHolder)
    assert isinstance(shared, socket.socket)


def test_a_worker_begins_with_the_number_its_code_and_a_socket() -> None:
    names = list(inspect.signature(MPServer._spawn_wsgi_worker).parameters)
    assert names[:3] == ["worker_id", "callback", "sock"]


def test_a_holder_of_the_socket_can_be_made_again_elsewhere(parts: dict[str, Any]) -> None:
    make: Any = SocketHolder
    copy = os.dup(parts["server"]._sso.fileno())
    again = make(copy, *parts["holder"].__getstate__()[1:])
    assert again.get_fd() == copy


def test_granian_asks_the_hooks_at_the_places_we_override() -> None:
    source = inspect.getsource(AbstractServer)
    for name in ("_init_shared_socket", "_reload", "_spawn_worker", "_respawn_workers"):
        assert f"self.{name}(" in source, f"Granian no longer calls {name} by itself"
