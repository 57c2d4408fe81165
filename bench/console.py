"""Pages of the console over a million stored events: every list with each of its filters, and what lies behind it."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import Self
from urllib.parse import urlencode

from bench import growth, servers
from bench.load import HOST
from bench.samples import Bench, Sample
from bench.servers import GatewayOptions
from bench.stores import TITLES, Store

PASSWORD = "Bench-9f3c-first-person"
TIMES, QUICK_TIMES = 30, 1
DEAD_EVERY, TYPES, SUBJECTS = 200, 40, 50_000
WAITING = 1_000
REJECTIONS, AUDIT = 8_000, 100_000
BATCH = 250_000
EVENT = r'href="(/console/events/[0-9a-f]{32})'
REJECTION = r'href="(/console/rejections/\d+)"'

BYTES = {"sqlite": "CAST({text} AS BLOB)", "postgresql": "convert_to({text}, 'UTF8')"}
DATA = (
    """'{{"user_id":"user_' || (n % {subjects}) || '","order":"order_' || n || '","note":"' || k || '"}}'"""
)
CHANNEL = "CASE n % 4 WHEN 0 THEN 'callback' WHEN 1 THEN 'feishu' WHEN 2 THEN 'source' ELSE 'wechat' END"
IS_DEAD = f"n % {DEAD_EVERY} = 0"
EVENTS = (
    f"""INSERT INTO events (id, channel, platform, type, key, claim, subject, state, duplicates, received_at,
      remote_addr, scheme, version, query_string, headers, body, data)
    SELECT id, {CHANNEL}, 'callback', 'type_' || (n % {TYPES}), k, k, 'user_' || (n % {SUBJECTS}),
      CASE WHEN {IS_DEAD} THEN 'dead' ELSE 'succeeded' END, 0, received,
      '127.0.0.1', 'filled', 'v1', blank, blank, {{data}}, {{data}} FROM ({{rows}}) AS made ORDER BY k""",
    f"""INSERT INTO dispatches (id, event_id, route, state, attempt, finished_at)
    SELECT id, id, 'bench.handlers.take', CASE WHEN {IS_DEAD} THEN 'dead' ELSE 'succeeded' END, 1, received + 2000
    FROM ({{rows}}) AS made""",
    f"""INSERT INTO attempts (dispatch_id, number, started_at, duration_ms, outcome, error, trigger)
    SELECT id, 1, received, 2, CASE WHEN {IS_DEAD} THEN 'failed' ELSE 'succeeded' END,
      CASE WHEN {IS_DEAD} THEN 'ValueError: the shop answered 503' END, 'automatic' FROM ({{rows}}) AS made""",
)
BESIDE = (
    """INSERT INTO queue (id, event_id, route, state, attempt, due_at, trigger)
    SELECT id, id, 'bench.handlers.other', CASE n % 2 WHEN 0 THEN 'pending' ELSE 'retrying' END, 1,
      received + 90000000000000, 'automatic' FROM ({waiting}) AS made""",
    f"""INSERT INTO rejections (channel, status, error, reason, method, path, remote_addr, received_at, headers, body_start,
      body_length, trace_id)
    SELECT {CHANNEL}, 401, 'bad_signature', CASE n % 3 WHEN 0 THEN 'bad_signature: it does not fit' WHEN 1
      THEN 'timestamp_outside_tolerance: it is an hour old' ELSE 'missing_signature: there is none' END, 'POST',
      '/webhooks/callback', '203.0.113.' || (n % 200), received, {{empty_list}}, {{data}}, 80, substr(id, 1, 32)
    FROM ({{rejections}}) AS made""",
    """INSERT INTO audit_entries (at, actor, action, target, outcome, trace_id, detail)
    SELECT received, 'person_' || (n % 20), CASE n % 5 WHEN 0 THEN 'events.replayed' ELSE 'console.sign_in' END,
      'target_' || (n % 1000), 'done', substr(id, 1, 32), {empty_object} FROM ({audit}) AS made""",
)


def fill(store: Store, *, stored: int) -> None:
    """Store events of many types, channels and people, of which some are dead and some wait; rejections and an audit beside them."""
    if store.filled:
        return
    as_bytes = BYTES[store.kind]
    data = as_bytes.format(text=DATA.format(subjects=SUBJECTS))
    quickly = growth.QUICKLY[store.kind]
    for first in range(1, stored + 1, BATCH):
        rows = _rows(store, first, min(first + BATCH - 1, stored))
        store.execute(*quickly, *(each.format(rows=rows, data=data) for each in EVENTS))
    words = {
        "data": data,
        "empty_list": as_bytes.format(text="'[]'"),
        "empty_object": as_bytes.format(text="'{}'"),
        "waiting": _rows(store, max(1, stored - WAITING), stored),
        "rejections": _rows(store, 1, min(REJECTIONS, stored)),
        "audit": _rows(store, 1, min(AUDIT, stored)),
    }
    store.execute(*quickly, *(each.format(**words) for each in BESIDE), *growth.TIDY[store.kind])
    store.filled = stored


def _rows(store: Store, first: int, last: int) -> str:
    return growth.ROWS[store.kind].format(first=first, last=last, body=0)


class Reader:
    """An operator who opens one page after another on one connection; a context manager that ends it."""

    def __init__(self, port: int):
        self._connection = HTTPConnection(HOST, port, timeout=60)
        self._cookie = ""
        self.bad = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def sign_in(self) -> None:
        """Sign in as the first person."""
        form = urlencode({"name": "admin", "password": PASSWORD})
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}
        self._connection.request("POST", "/console/sign-in", form, headers)
        answer = self._connection.getresponse()
        answer.read()
        self._cookie = (answer.getheader("Set-Cookie") or "").partition(";")[0]

    def open(self, path: str) -> tuple[str, float]:
        """Open a page and return it with the milliseconds until its last byte."""
        began = time.perf_counter()
        self._connection.request("GET", path, headers={"Cookie": self._cookie, "Accept": "text/html"})
        answer = self._connection.getresponse()
        text = answer.read().decode()
        self.bad += answer.status != 200
        return text, (time.perf_counter() - began) * 1000


def pages(reader: Reader, stored: int) -> dict[str, str]:
    """Return the pages by what they show; what lies behind a list is taken from the list."""
    newest = reader.open("/console/events")[0]
    event = re.findall(EVENT, newest)[-1]
    further = re.findall(r'href="([^"]+)" rel="next"', newest)[0].replace("&amp;", "&")
    rejection = re.findall(REJECTION, reader.open("/console/rejections")[0])[0]
    filters = _event_filters(event.rpartition("/")[2], _middle(stored))
    return {
        "overview": "/console/",
        "events": "/console/events",
        "events, further back": further,
        **{f"events, {name}": f"/console/events?{query}" for name, query in filters.items()},
        "one event": event,
        "one event within a filter": f"{event}?type=type_*&channel=callback&q=user_",
        "replay of one, looked at": f"{event}/replay",
        "dead letters": "/console/dead-letters",
        "dead letters of a type": "/console/dead-letters?type=type_0&channel=callback",
        "replay of many, looked at": "/console/replay?state=dead&type=type_*",
        "rejections": "/console/rejections",
        "rejections of a cause": "/console/rejections?channel=callback&reason=bad_signature",
        "one rejection": rejection,
        "destinations": "/console/destinations",
        "audit": "/console/audit",
        "audit, who": "/console/audit?actor=person_7",
        "audit, what": "/console/audit?action=events.replayed&actor=person_5",
        "audit, to what": "/console/audit?target=target_77",
        "audit, when": f"/console/audit?until={_middle(min(AUDIT, stored))}",
    }


def _middle(stored: int) -> str:
    """Return when half of the filled rows had come."""
    first = datetime.now(UTC) - timedelta(days=growth.DAYS)
    return (first + timedelta(milliseconds=growth.STEP * stored / 2)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _event_filters(identifier: str, middle: str) -> Mapping[str, str]:
    states = ("received", "processing", "succeeded", "retrying", "dead", "ignored")
    return {
        "channel": "channel=feishu",
        "type": "type=type_7",
        "type with *": "type=*pe_1*",
        "type that is not": "type=nothing",
        "type with * that is not": "type=nothing*",
        **{f"state {state}": f"state={state}" for state in states},
        "channel, type and state": "channel=callback&type=type_0&state=dead",
        "channel and type": "channel=feishu&type=type_9",
        "from": f"since={middle}&channel=wechat",
        "to": f"until={middle}",
        "id": f"q={identifier}",
        "subject": "q=user_4242",
        "part of a name": "q=ser_4242",
        "text in the data": "data=order_1",
        "text that is nowhere": "q=nowhere",
        "text that is in no data": "data=nowhere",
    }


@dataclass(frozen=True)
class Console:
    """Every page, one after another; the slowest of them is what counts."""

    store: str

    @property
    def key(self) -> str:
        """Name it."""
        return f"console-{self.store}"

    @property
    def title(self) -> str:
        """Say what is measured."""
        return f"{TITLES[self.store]}: pages of the console"

    def measure(self, bench: Bench, number: int) -> Sample:
        """Open each page many times; `<page> p50` and `<page> p95` are milliseconds, `page_p95` is that of the slowest page."""
        store, scale = bench.store(self.store, "console"), bench.scale
        fill(store, stored=scale.console)
        options = GatewayOptions(environment={"ADMIN_PASSWORD": PASSWORD})
        values: dict[str, float] = {"stored": scale.console}
        with (
            servers.gateway(bench.folder, store.url, options) as server,
            Reader(server.port) as reader,
        ):
            reader.sign_in()
            for name, path in pages(reader, scale.console).items():
                reader.open(path)
                times = sorted(reader.open(path)[1] for _ in range(QUICK_TIMES if scale.is_quick else TIMES))
                values[f"{name} p50"] = times[len(times) // 2]
                values[f"{name} p95"] = times[int(len(times) * 0.95)]
        values["page_p95"] = max(value for name, value in values.items() if name.endswith(" p95"))
        return Sample(values, bad=reader.bad)
