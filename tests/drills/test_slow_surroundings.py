"""What a gateway leans on is slow: the database, a platform, the processor, its own handlers. It gets slower, and nothing else."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from statistics import median
from typing import Any

import requests
from sqlalchemy.engine import make_url

from tests.drills.account import Result
from tests.drills.conftest import Say
from tests.drills.crowded_core import busy_core, kept_to_one_core
from tests.drills.engines import Engine
from tests.drills.form import EVERYWHERE, LONG, drill_marks, runs_on, sized
from tests.drills.senders import Senders
from tests.drills.stage import Drill, wait_for
from tests.forwarding.receiver import Receiver, forwarding_to
from tests.worker.proxy import CutProxy

pytestmark = drill_marks()

LATE = (0.4, 0.6)
"""Each answer of a database or a platform is so many seconds late."""
LEASE = sized(12, 30)
DATABASE_CALLBACKS = sized(4, 16)
LATE_DATABASE_SECONDS = 300.0
"""A handler with a transaction asks the database nine times, and each answer takes half a second."""
CALLS = sized(8, 100)
BIND_CODES = 4
BUSY_SECONDS = sized(3, 180)
BUSY_SHARE = 0.9
REST_SECONDS = 0.2
LONG_RUNS = sized(120, 800)
MAX_WAITING = sized(60, 400)
TURNED_AWAY = 8
QUICK_SECONDS = LATE[0]
"""What waits for a late answer takes longer, each time; on a crowded machine a single one may without."""
WRITTEN = "SELECT event_key FROM drill_effects"
CUT_SHORT = "SELECT COUNT(*) FROM attempts WHERE outcome <> 'succeeded'"
WECHAT = """
[channels.account]
platform = "wechat"
app_id = "wx1234567890abcdef"
app_secret = "drill-secret-5c1e"
token = "drillToken01"
mode = "plain"
api_base = "{url}"
"""
ANSWERS = {
    "stable_token": b'{"access_token":"drill-token","expires_in":7200}',
    "qrcode": b'{"ticket":"drill-ticket","expire_seconds":300,"url":"http://weixin.qq.com/q/drill"}',
    "hooks": b"",
}


class LatePlatform(Receiver):
    """A platform and a destination in one, late with each answer."""

    def __init__(self) -> None:
        super().__init__()
        self.root = self.url.removesuffix("/hooks")
        self.answer = self._answer_late

    @classmethod
    def _answer_late(cls, handler: BaseHTTPRequestHandler) -> None:
        time.sleep(random.uniform(*LATE))
        content = next(body for word, body in ANSWERS.items() if word in handler.path)
        cls.reply(handler, 200, content, Content_Type="application/json")

    def asked(self, word: str) -> int:
        """Count the requests for addresses with this word."""
        return sum(word in each.path for each in self.received)

    @property
    def forwarded(self) -> list[str]:
        """Return the keys of the events that arrived."""
        return [each.content["eventkey"] for each in self.received if each.path == "/hooks"]


@contextmanager
def behind_a_proxy(database_url: str) -> Iterator[tuple[str, CutProxy | None]]:
    """Give an address that leads to a database through a proxy; SQLite has nothing to put one in front of."""
    address = make_url(database_url)
    if address.host is None:
        yield database_url, None
        return
    with CutProxy(address.host, address.port or 0) as proxy:
        there = address.set(host="127.0.0.1", port=proxy.port)
        yield there.render_as_string(hide_password=False), proxy


@runs_on("postgresql-embedded", long=EVERYWHERE)
def test_whatever_a_gateway_leans_on_is_slow(
    tmp_path: Path, backend: str, database_url: str, engine: Engine, say: Say
) -> None:
    with ExitStack() as stack:
        platform = stack.enter_context(LatePlatform())
        url, proxy = stack.enter_context(behind_a_proxy(database_url))
        channels = forwarding_to(platform.url, match="callback:call") + WECHAT.format(url=platform.root)
        env = {"DATABASE_URL": url, "MAX_WAITING": str(MAX_WAITING)}
        with kept_to_one_core() as core:
            # Of two processes each takes over at once what the other one's leases do not hold.
            gateway = Drill(
                tmp_path,
                database_url,
                engine,
                serving=1 if proxy is None else 2,
                lease=LEASE,
                env=env,
                channels=channels,
            )
            drill = stack.enter_context(gateway)
        if proxy is not None:
            say.kept(*late_database(drill, proxy), title="late database")
        say.kept(*late_answers(drill, platform), title="late platform")
        say.kept(*busy_processor(drill, core), title="busy processor")
        say.kept(*more_than_may_wait(drill), title="more than may wait")
        assert drill.ask(CUT_SHORT) == [0], "a lease was lost"


def late_database(drill: Drill, proxy: CutProxy) -> tuple[Result, str]:
    """Send while each answer of the database is late; handlers' writes are committed before it is quick again.

    In the long form everything is: the short one does not wait for what is recorded after that.
    """
    proxy.late = LATE
    keys = [f"database_{number}" for number in range(DATABASE_CALLBACKS)]
    senders = Senders(drill.gateway.url, keys).start()
    drill.fault()
    checked = healthy_until(drill, lambda: len(senders.acknowledged) >= DATABASE_CALLBACKS)
    assert requests.get(f"{drill.gateway.url}/readyz", timeout=20).status_code == 200
    wait_for(lambda: len(drill.ask(WRITTEN)) == len(keys), LATE_DATABASE_SECONDS, "every handler's row")
    if not LONG:
        proxy.late = (0.0, 0.0)
    result = drill.finish(senders, within=LATE_DATABASE_SECONDS, prefix="database_")
    proxy.late = (0.0, 0.0)
    assert set(senders.answers) == {200}
    return (
        result,
        f"slowest answer {senders.slowest:.1f} s · slowest of {len(checked)} health checks {max(checked):.2f} s",
    )


def late_answers(drill: Drill, platform: LatePlatform) -> tuple[Result, str]:
    """Have events forwarded to a late destination while a late platform is asked for QR codes with the app's token."""
    keys = [f"call_{number}" for number in range(CALLS)]
    drill.fault()
    senders = Senders(drill.gateway.url, keys, kind="call").start()
    with ThreadPoolExecutor(BIND_CODES) as pool:
        made = list(pool.map(lambda _: bind_code(drill), range(BIND_CODES)))
    result = drill.finish(senders, prefix="call_")
    assert set(senders.answers) == {200}
    assert median(senders.took) < QUICK_SECONDS, "callbacks waited for somebody else's answer"
    assert [code.get("warning") for code in made] == [None] * BIND_CODES
    assert platform.asked("stable_token") == 1, "the app's token was fetched more than once"
    assert Counter(platform.forwarded) == Counter(keys)
    return result, f"forwarded {len(platform.forwarded)} · {BIND_CODES} QR codes with one token"


def bind_code(drill: Drill) -> dict[str, Any]:
    answer = requests.post(
        f"{drill.gateway.url}/api/v1/bindcodes",
        json={"app": "drill", "channel": "account"},
        headers={"Authorization": "Bearer ops-token-4d1f8a2b"},
        timeout=30,
    )
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def busy_processor(drill: Drill, core: int) -> tuple[Result, str]:
    """Send while programs of others keep the gateway's core busy."""
    with busy_core(core, share=BUSY_SHARE, programs=1):
        until = time.monotonic() + BUSY_SECONDS
        drill.fault()
        senders = drill.senders("busy_", least=1, rest=REST_SECONDS)
        checked = healthy_until(drill, lambda: time.monotonic() > until)
        result = drill.finish(senders, prefix="busy_")
    assert set(senders.answers) == {200}
    return (
        result,
        f"core {BUSY_SHARE:.0%} busy for {BUSY_SECONDS} s · slowest health check {max(checked):.2f} s",
    )


def more_than_may_wait(drill: Drill) -> tuple[Result, str]:
    """Send more long runs than may wait, until callbacks are turned away; each comes again and all are done."""
    drill.fault()
    crowd = Senders(drill.gateway.url, [f"more_{number}" for number in range(LONG_RUNS)], kind="long").start()
    others = drill.senders("more_than_", least=1)
    wait_for(lambda: others.answers[503] >= TURNED_AWAY, 60, "callbacks that are turned away")
    wait_for(lambda: over_limit(drill) == ["MAX_WAITING"], 60, "readiness that names the limit")
    assert requests.get(f"{drill.gateway.url}/healthz", timeout=20).status_code == 200
    result = drill.finish(crowd, others, prefix="more_")
    wait_for(lambda: over_limit(drill) == [], 60, "readiness")
    answers = crowd.answers + others.answers
    assert set(answers) == {200, 503}
    return result, f"503 × {answers[503]}"


def over_limit(drill: Drill) -> list[str]:
    """Return the limits that are passed as one of the serving processes sees it."""
    answer = requests.get(f"{drill.gateway.url}/readyz", timeout=20)
    limits = [each["limit"] for each in answer.json()["over_limit"]]
    assert answer.status_code == (503 if limits else 200)
    return limits


def healthy_until(drill: Drill, is_over: Callable[[], bool]) -> list[float]:
    """Ask for health until something is so; return how long each answer took."""
    took: list[float] = []
    with requests.Session() as session:
        while not is_over() or not took:
            start = time.monotonic()
            assert session.get(f"{drill.gateway.url}/healthz", timeout=20).status_code == 200
            took.append(time.monotonic() - start)
            time.sleep(0.1)
    assert median(took) < QUICK_SECONDS, "health checks waited for somebody else's answer"
    return took
