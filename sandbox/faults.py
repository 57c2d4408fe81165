"""Scripted misbehaviour: which endpoint answers wrongly, how, and for how many calls.

The book of faults and the answers that replace or spoil a platform's own answer. The words with which a
platform says that a token has expired are given to it.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import zlib
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from flask import Response, request

INSTEAD = ("status", "json", "raw", "big", "gzip_bomb", "reset", "redirect", "expire_token")
BEFORE = ("hang",)
AFTER = ("merge", "headers", "lost_answer", "drip")
DELIVERY = ("duplicate", "reorder")
KINDS = (*INSTEAD, *BEFORE, *AFTER, *DELIVERY)

ExpiredAnswers = Mapping[str, tuple[int, dict[str, Any]]]
"""Status and body that say a token has expired, by endpoint; `*` stands for all others."""


@dataclass
class Fault:
    """One scripted fault; without `times` it lasts until it is cleared."""

    endpoint: str
    kind: str
    times: int | None = None
    skip: int = 0
    """How many fitting calls still pass before the fault begins."""
    when: dict[str, str] = field(default_factory=dict)
    """Fields the call must carry, for example `{"grant_type": "refresh_token"}`."""
    options: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Returns the fault in the form the control API takes."""
        shown = {"endpoint": self.endpoint, "kind": self.kind, "times": self.times, **self.options}
        return shown | ({"skip": self.skip} if self.skip else {}) | ({"when": self.when} if self.when else {})

    def fits(self, endpoint: str, fields: Mapping[str, Any]) -> bool:
        """Tells whether a call is meant; the endpoint may be a glob such as `*.token`."""
        meant = fnmatchcase(endpoint, self.endpoint)
        return meant and all(str(fields.get(name)) == str(value) for name, value in self.when.items())


class FaultBook:
    """The faults that are waiting, taken in the order they were added."""

    def __init__(self) -> None:
        """Starts without faults."""
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, endpoint: str, kind: str, times: int | None = None, **options: Any) -> Fault:
        """Scripts a fault for an endpoint name or a glob such as `*.token`.

        `expire_token` happens once unless told otherwise; every other kind lasts until it is cleared.
        `skip` lets some calls pass first; `when` names fields that the call must carry.
        """
        if kind not in KINDS:
            raise ValueError(f"unknown kind of fault {kind!r}; known: {', '.join(KINDS)}")
        if times is None and kind == "expire_token":
            times = 1
        skip, when = int(options.pop("skip", 0)), dict(options.pop("when", {}))
        fault = Fault(endpoint, kind, times, skip, when, options)
        with self._lock:
            self._faults.append(fault)
        return fault

    def take(
        self, endpoint: str, kinds: tuple[str, ...], fields: Mapping[str, Any] | None = None
    ) -> Fault | None:
        """Returns the first fault that fits and uses up one of its times."""
        with self._lock:
            for fault in self._faults:
                if fault.kind not in kinds or not fault.fits(endpoint, fields or {}):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._faults.remove(fault)
                return fault
        return None

    def clear(self, endpoint: str | None = None) -> None:
        """Removes all faults, or those of one endpoint."""
        with self._lock:
            self._faults = [fault for fault in self._faults if endpoint not in (None, fault.endpoint)]

    def waiting(self) -> list[Fault]:
        """Returns the faults still waiting."""
        with self._lock:
            return list(self._faults)


def answer_instead(fault: Fault, endpoint: str, expired: ExpiredAnswers) -> Response:
    """Builds the answer of a fault that replaces the platform's own work."""
    builders: dict[str, Callable[[], Response]] = {
        "status": lambda: _status(fault.options),
        "json": lambda: _json_response(200, fault.options.get("json")),
        "raw": lambda: _raw(fault.options),
        "big": lambda: _big(int(fault.options.get("bytes", 10_000_000))),
        "gzip_bomb": lambda: _gzip_bomb(int(fault.options.get("bytes", 100_000_000))),
        "reset": lambda: _reset(int(fault.options.get("bytes", 12))),
        "redirect": lambda: _redirect(fault.options),
        "expire_token": lambda: _expired(fault.options, endpoint, expired),
    }
    return builders[fault.kind]()


def spoil(fault: Fault, response: Response, closing: threading.Event) -> Response:
    """Spoils an answer after the platform did its work."""
    if fault.kind == "merge":
        return _merged(fault.options, response)
    if fault.kind == "headers":
        response.headers.update(fault.options.get("headers", {}))
        return response
    if fault.kind == "lost_answer":
        response.close()
        return Response(_broken(b""), status=200)
    seconds = float(fault.options.get("seconds", 1))
    dripped = Response(_drip(response.get_data(), seconds, closing), status=response.status_code)
    dripped.headers.extend(response.headers)
    return dripped


def deep_merge(base: Any, changes: Any) -> Any:
    """Returns `base` with the members of `changes` laid over it, objects member by member."""
    if not isinstance(base, dict) or not isinstance(changes, dict):
        return changes
    merged = dict(base)
    for name, value in changes.items():
        merged[name] = deep_merge(merged[name], value) if name in merged else value
    return merged


def _status(options: dict[str, Any]) -> Response:
    body = options.get("body", {"error": "sandbox_fault"})
    if isinstance(body, str):
        response = Response(body, status=int(options.get("status", 500)), mimetype="text/plain")
    else:
        response = _json_response(int(options.get("status", 500)), body)
    response.headers.update(options.get("headers", {}))
    return response


def _json_response(status: int, value: Any) -> Response:
    text = json.dumps(value, ensure_ascii=False)
    return Response(text.encode(), status=status, content_type="application/json; charset=utf-8")


def _raw(options: dict[str, Any]) -> Response:
    body = options.get("body", b"")
    if "body_base64" in options:
        body = b64decode(options["body_base64"])
    elif isinstance(body, str):
        body = body.encode()
    response = Response(body, status=int(options.get("status", 200)))
    response.headers["Content-Type"] = options.get("content_type", "application/json")
    response.headers.update(options.get("headers", {}))
    return response


def _big(size: int) -> Response:
    def body() -> Iterator[bytes]:
        left = size
        while left > 0:
            yield b"a" * min(left, 65_536)
            left -= 65_536

    return Response(body(), headers={"Content-Length": str(size)}, content_type="application/json")


def _gzip_bomb(size: int) -> Response:
    def body() -> Iterator[bytes]:
        squeeze = zlib.compressobj(1, zlib.DEFLATED, 31)
        left = size
        while left > 0:
            yield squeeze.compress(bytes(min(left, 1_048_576)))
            left -= 1_048_576
        yield squeeze.flush()

    return Response(body(), headers={"Content-Encoding": "gzip"}, content_type="application/json")


def _reset(after: int) -> Response:
    start = (b'{"access_token":"' + b"x" * after)[:after]
    return Response(_broken(start), headers={"Content-Length": "4096"}, content_type="application/json")


def _redirect(options: dict[str, Any]) -> Response:
    status = int(options.get("status", 302))
    return Response(status=status, headers={"Location": options.get("location", "http://127.0.0.1:9/")})


def _expired(options: dict[str, Any], endpoint: str, expired: ExpiredAnswers) -> Response:
    status, body = expired.get(endpoint.rpartition(".")[2]) or expired.get("*", (401, {}))
    return _json_response(int(options.get("status", status)), deep_merge(body, options.get("json", {})))


def _merged(options: dict[str, Any], response: Response) -> Response:
    body = deep_merge(json.loads(response.get_data()), options.get("replace", {}))
    for dotted in options.get("remove", []):
        *parents, last = str(dotted).split(".")
        holder = body
        for parent in parents:
            holder = holder.get(parent, {})
        holder.pop(last, None)
    response.set_data(json.dumps(body, ensure_ascii=False).encode())
    response.status_code = int(options.get("status", response.status_code))
    response.headers.update(options.get("headers", {}))
    return response


def _drip(body: bytes, seconds: float, closing: threading.Event) -> Iterator[bytes]:
    for position in range(len(body)):
        if closing.wait(seconds):
            raise ConnectionResetError("the simulator is stopping")
        yield body[position : position + 1]


def _broken(start: bytes) -> Iterator[bytes]:
    connection = request.environ.get("werkzeug.socket")

    def body() -> Iterator[bytes]:
        if start:
            yield start
        # Lingering for zero seconds makes the kernel send a reset instead of an orderly end.
        if isinstance(connection, socket.socket):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.shutdown(socket.SHUT_RD)
        raise ConnectionResetError("scripted fault")

    return body()
