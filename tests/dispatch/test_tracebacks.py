"""A failing handler leaves its traceback: whole for operators, short in the log, masked and bounded everywhere."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
import structlog
from click.testing import CliRunner

from app.cli.events import events_group
from app.core.errors import PermanentError, Postponed
from app.core.values import Event
from app.pipeline.dispatch.attempts import claim_work
from app.pipeline.dispatch.tracebacks import LOGGED_BYTES, MOST_BYTES, error_line, traceback_text, within
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.events import event_detail, list_events_page
from app.pipeline.router import Context, Router
from app.pipeline.services import Services
from app.pipeline.upkeep.retention import prune_all
from app.telemetry.logging import MAX_LINE, bounded_json
from tests.builders import CALLBACK_SECRET, FrozenClock, run_stored_claim, signed_callback
from tests.forwarding.receiver import forwarding_to

MakeServices = Callable[..., Services]
Handler = Callable[[Event, Context], Any]
NOTHING: dict[str, str] = {}


def on(handler: Handler, **options: Any) -> Router:
    router = Router()
    router.on("callback", name="crm", **options)(handler)
    return router


def ask_the_crm(event: Event, _context: Context) -> None:
    raise ConnectionError(f"no way for {event.key}")


def deliver(services: Services) -> None:
    receive(services, "callback", signed_callback(), trace_id="")
    while claims := claim_work(services, limit=10):
        for claim in claims:
            run_stored_claim(services, claim)


def only_event(services: Services) -> dict[str, Any]:
    [summary] = list_events_page(services, {}, cursor=None, limit=10)["items"]
    detail = event_detail(services, summary["id"])
    assert detail is not None
    return detail


def attempts_of(services: Services) -> list[dict[str, Any]]:
    return [attempt for each in only_event(services)["dispatches"] for attempt in each["attempts"]]


def raised(handler: Callable[[], Any]) -> Exception:
    try:
        handler()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def traceback_of(handler: Callable[[], Any], *secrets: str) -> str:
    text = traceback_text(raised(handler), secrets)
    assert text is not None
    return text


@pytest.mark.parametrize("options", [{}, {"inline": True}, {"transactional": True}], ids=str)
def test_the_api_shows_where_a_handler_failed_and_nothing_of_the_gateway(
    services_with: MakeServices, options: dict[str, Any]
) -> None:
    services = services_with(router=on(ask_the_crm, **options))
    deliver(services)
    lines = attempts_of(services)[0]["traceback"].split("\n")
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[1].startswith(f'  File "{__file__}", line ')
    assert lines[1].endswith(", in ask_the_crm")
    assert lines[2].strip().startswith("raise ConnectionError")
    assert lines[-1] == "ConnectionError: no way for evt_1"
    assert "attempts.py" not in "".join(lines)


def test_a_handler_of_deaths_leaves_one_too(services_with: MakeServices) -> None:
    def dies(_event: Event, _context: Context) -> None:
        raise PermanentError("no such account")

    def also_fails(_event: Event, context: Context) -> None:
        raise RuntimeError(f"cannot make up for {context.death.route if context.death else None}")

    router = on(dies)
    router.on_dead(name="undo")(also_fails)
    services = services_with(router=router)
    deliver(services)
    tracebacks = [attempt["traceback"] for attempt in attempts_of(services)]
    assert len(tracebacks) == 2
    assert ", in dies\n" in tracebacks[0]
    assert tracebacks[1].endswith("RuntimeError: cannot make up for crm")


@pytest.mark.backends("sqlite")
def test_the_terminal_shows_it_line_by_line(services_with: MakeServices) -> None:
    services = services_with(router=on(ask_the_crm))
    deliver(services)
    shown = CliRunner().invoke(events_group(services), ["show", only_event(services)["id"]])
    [dispatch] = json.loads(shown.output)["dispatches"]
    assert dispatch["attempts"][0]["traceback"][-1] == "ConnectionError: no way for evt_1"


@pytest.mark.backends("sqlite")
def test_the_log_gets_the_beginning_and_the_end(services_with: MakeServices) -> None:
    def fails(_event: Event, _context: Context) -> None:
        raise ValueError("\n".join(f"line {number} {'é' * 40}" for number in range(2000)))

    services = services_with(router=on(fails))
    with structlog.testing.capture_logs() as lines:
        deliver(services)
    [line] = [each for each in lines if each["event"] == "dispatch_failed"]
    assert len(line["exception"].encode()) <= LOGGED_BYTES
    assert line["exception"].startswith("Traceback")
    assert line["exception"].endswith("line 1999 " + "é" * 40)
    assert len(attempts_of(services)[0]["traceback"].encode()) > LOGGED_BYTES


@pytest.mark.backends("sqlite")
@pytest.mark.parametrize(
    "said", ['\\"\n' * 100_000, "好" * 100_000, "x" * 100_000], ids=["escaped", "wide", "long"]
)
def test_a_line_of_the_log_stays_below_4_kb(services_with: MakeServices, said: str) -> None:
    def fails(_event: Event, _context: Context) -> None:
        raise ValueError(said)

    services = services_with(router=on(fails))
    with structlog.testing.capture_logs() as lines:
        deliver(services)
    [line] = [each for each in lines if each["event"] == "dispatch_failed"]
    assert len(bounded_json(None, "warning", line)) <= MAX_LINE


def test_a_destination_that_is_down_leaves_its_sentence_only(services_with: MakeServices) -> None:
    services = services_with(channels=forwarding_to("http://127.0.0.1:9/hook"))
    deliver(services)
    [attempt] = attempts_of(services)
    assert attempt["error"]
    assert attempt["traceback"] is None


def test_retention_takes_the_traceback_with_the_body(services_with: MakeServices, clock: FrozenClock) -> None:
    def dies(_event: Event, _context: Context) -> None:
        raise PermanentError("the order of Ada Lovelace")

    services = services_with(router=on(dies))
    deliver(services)
    assert attempts_of(services)[0]["traceback"]
    clock.advance(days=31)
    prune_all(services)
    assert attempts_of(services)[0]["traceback"] is None


# ------------------------------------------------------------------ what stands in it


def test_chained_exceptions_are_all_told() -> None:
    def fails() -> None:
        try:
            NOTHING["missing"]
        except KeyError as error:
            raise RuntimeError("the order cannot be read") from error

    text = traceback_of(fails)
    assert text.index("KeyError: 'missing'") < text.index("direct cause of the following")
    assert text.endswith("RuntimeError: the order cannot be read")


def test_every_exception_of_a_group_is_told() -> None:
    def fails() -> None:
        raise ExceptionGroup("two things", [ValueError("one"), raised(lambda: NOTHING["other"])])

    text = traceback_of(fails)
    for part in ("two things (2 sub-exceptions)", "ValueError: one", "KeyError: 'other'", __file__):
        assert part in text


class Unspeakable(Exception):
    """Fails whenever it is looked at."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__

    @property
    def retry_after(self) -> int:
        raise RuntimeError("no pause")

    @property
    def __notes__(self) -> list[str]:  # type: ignore[override]
        raise RuntimeError("no notes")


def fail_without_words(_event: Event, _context: Context) -> None:
    raise Unspeakable


def fail_with_odd_text(_event: Event, _context: Context) -> None:
    raise ValueError("\x00 half \ud83d of it\n" + "\U0001f600" * 3000)


def fail_with_an_odd_pause(_event: Event, _context: Context) -> None:
    error = ValueError("later")
    error.retry_after = "soon"  # type: ignore[attr-defined]
    raise error


def fail_for_ever(_event: Event, _context: Context) -> None:
    error = ValueError("much later")
    error.retry_after = float("inf")  # type: ignore[attr-defined]
    raise error


def postpone_to_no_time(_event: Event, _context: Context) -> None:
    raise Postponed("later", until="tomorrow")  # type: ignore[arg-type]


ODD_HANDLERS = [
    fail_without_words,
    fail_with_odd_text,
    fail_with_an_odd_pause,
    fail_for_ever,
    postpone_to_no_time,
]


@pytest.mark.parametrize("handler", ODD_HANDLERS, ids=lambda handler: handler.__name__)
def test_whatever_a_handler_raises_is_a_failed_attempt(services_with: MakeServices, handler: Handler) -> None:
    services = services_with(router=on(handler, inline=True))
    assert receive(services, "callback", signed_callback(), trace_id="").status == 500
    [attempt] = attempts_of(services)
    assert attempt["outcome"] == "failed"
    assert f", in {handler.__name__}\n" in attempt["traceback"]


def test_a_command_that_refuses_with_no_text_keeps_one(services_with: MakeServices) -> None:
    assert error_line(PermanentError(7), ()) == "PermanentError: 7"  # type: ignore[arg-type]


def test_secrets_are_masked() -> None:
    jwt = ".".join(
        base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (b'{"alg":1}', b'{"a":1}', b"x")
    )

    def fails() -> None:
        raise RuntimeError(
            f"GET /x?token=abcdef12345 Bearer {jwt} {CALLBACK_SECRET} ada@example.com 13800138000"
        )

    error = raised(fails)
    for text in (traceback_of(fails, CALLBACK_SECRET), error_line(error, [CALLBACK_SECRET])):
        for secret in ("abcdef12345", jwt, CALLBACK_SECRET, "ada@example.com", "13800138000"):
            assert secret not in text


@pytest.mark.parametrize("before", range(8192 - 60, 8192 + 10, 5))
def test_a_secret_at_a_cut_leaves_no_piece(before: int) -> None:
    def fails() -> None:
        raise RuntimeError("x" * before + " " + CALLBACK_SECRET + " " + "y" * 100)

    text = traceback_of(fails, CALLBACK_SECRET)
    assert CALLBACK_SECRET[:6] not in text
    assert CALLBACK_SECRET[:6] not in error_line(raised(fails), [CALLBACK_SECRET])


def test_the_configured_secrets_are_masked(services_with: MakeServices) -> None:
    def fails(_event: Event, _context: Context) -> None:
        raise RuntimeError(f"refused: {CALLBACK_SECRET}")

    services = services_with(router=on(fails))
    with structlog.testing.capture_logs() as lines:
        deliver(services)
    [attempt] = attempts_of(services)
    assert "refused: [redacted]" in attempt["traceback"]
    assert CALLBACK_SECRET not in json.dumps(attempt) + repr(lines)


def endless(number: int) -> int:
    return endless(number + 1)


BIG = [
    lambda: endless(0),
    lambda: exec("raise ValueError('token=' + 'x' * 5_000_000)"),
    lambda: exec("raise ValueError('a\\n' * 1_000_000)"),
    lambda: exec("raise ValueError('好' * 1_000_000)"),
    lambda: exec("raise ExceptionGroup('g', [ValueError('x' * 50_000)] * 14)"),
]


@pytest.mark.parametrize("fails", BIG, ids=["recursion", "one-line", "many-lines", "wide", "group"])
def test_what_is_kept_is_bounded_and_ends_with_the_error(fails: Callable[[], Any]) -> None:
    text = traceback_of(fails)
    assert len(text.encode()) <= MOST_BYTES
    assert text.lstrip(" +").startswith(("Traceback", "Exception Group Traceback"))
    assert "Error" in text


@pytest.mark.parametrize("most", [200, 3000, 16_384])
@pytest.mark.parametrize("line", ["x", "好" * 20, "é" * 40_000])
def test_a_bounded_text_keeps_its_last_line(line: str, most: int) -> None:
    short = within("\n".join([line] * 5000 + ["the end"]), most)
    assert len(short.encode()) <= most
    assert short.endswith("\nthe end")
