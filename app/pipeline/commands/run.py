"""Running commands: each handler for them becomes a route that keeps the outcome and has it told to the address for the result.

The outcome and the dispatch that tells it are written in one transaction. The call itself is a dispatch of its own, so it
is retried and ends as a dead letter like any other; only the address guard lets it connect.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import structlog

from app.config.settings import Settings
from app.core.clock import Clock
from app.core.environments import ENVIRONMENT_HEADER
from app.core.errors import PermanentError, UpstreamError, UpstreamUnavailable
from app.core.exact_json import read_json, write_json
from app.core.identifiers import new_id
from app.core.moments import as_text
from app.core.ports import CommandSource
from app.core.states import DispatchState
from app.core.values import Event
from app.pipeline.channels import Channels
from app.pipeline.dispatch.results import result_as_json
from app.pipeline.router import Context, Route, Router
from app.pipeline.services import Runtime, Services
from app.security.judgement import Verdict, failure, judge, judge_no_answer
from app.security.outbound import Observer, OutboundClient
from app.security.public_addresses import AddressGuard
from app.storage.commands import Command, CommandOutcome, find_command, finish_command
from app.storage.database.db import Database, Transaction
from app.storage.queue.dispatches import NewDispatch
from app.wire.standard_webhooks import standard_webhook_headers

COMMANDS = "commands"
"""Channel and platform of the events that commands are, and the source that their handlers name."""

RESULT_ROUTE = "callgate.command-callback"
"""Tells the outcome; the name is stored in dispatches, so it keeps its older word."""
RUN_ROUTE_PREFIX = "commands:"
FAILED = "The command failed; the operators of this gateway can see why."
MAX_ANSWER = 65_536

log = structlog.get_logger(__name__)


class CommandRunner:
    """Runs handlers of commands, keeps their outcomes and tells them; one for all commands, shared by all threads."""

    def __init__(
        self, settings: Settings, database: Database, channels: Channels, clock: Clock, runtime: Runtime
    ) -> None:
        self._environment = settings.app_env
        self._database = database
        self._channels = channels
        self._clock = clock
        self._runtime = runtime
        guard = AddressGuard(settings.callback_allowed_hosts)
        self._client = OutboundClient(guard=guard, max_body=MAX_ANSWER, tells_trace=True)

    def observed_by(self, observe: Observer) -> None:
        """Tell somebody of every call with an outcome."""
        self._client.observed_by(observe)

    def run(self, route: Route, event: Event, context: Context) -> None:
        """Run the handler of a command and keep what it returns as the outcome."""
        result = result_as_json(route.handler(event, context), event_id=event.id, route=route.name)
        outcome = CommandOutcome(DispatchState.SUCCEEDED, context.attempt, result=result)
        if context.tx is not None:
            self._finish(context.tx, event, outcome)
            return
        self._database.run(lambda tx: self._finish(tx, event, outcome))
        self._runtime.wake()

    def fail(self, tx: Transaction, event: Event, attempt: int, error: Exception) -> None:
        """Keep the outcome of a command whose handler failed for good, in the transaction of its dead letter."""
        sentence = str(error.message) if isinstance(error, PermanentError) else FAILED
        self._finish(tx, event, CommandOutcome(DispatchState.DEAD, attempt, error=sentence))

    def tell(self, event: Event, _context: Context) -> dict[str, int]:
        """Send the outcome and return the status; raises PermanentError where another try cannot help."""
        with self._database.read() as tx:
            command = find_command(tx, event.id)
        if command is None or command.finished_at is None:
            raise PermanentError("There is no outcome to tell.")
        body = outcome_body(command)
        headers = self._signed_headers(command, body)
        try:
            answer = self._client.request("POST", command.result_url, content=body, headers=headers)
        except UpstreamError as error:
            if judge_no_answer(error).verdict is Verdict.FINAL:
                raise PermanentError(error.message) from error
            raise
        judgement = judge(answer)
        if judgement.verdict is not Verdict.SUCCESS:
            raise failure(judgement, f"The callback address answered {answer.status}.")
        return {"status": answer.status}

    def _finish(self, tx: Transaction, event: Event, outcome: CommandOutcome) -> None:
        now = self._clock.now()
        telling = NewDispatch(new_id(now), event.id, RESULT_ROUTE, due_at=now)
        if finish_command(tx, event.id, outcome, now=now, telling=telling):
            log.info("command_finished", event_id=event.id, state=outcome.state.value)

    def _signed_headers(self, command: Command, body: bytes) -> dict[str, str]:
        """Sign with the first secret of the channel that the command was signed for."""
        _, source = self._channels.with_capability(command.channel, CommandSource)
        if not source.result_key:
            raise UpstreamUnavailable(f"The channel {command.channel} has no secret to sign the result with.")
        now = int(self._clock.now().timestamp())
        headers = standard_webhook_headers(command.id, now, body, [source.result_key])
        own = {
            "Content-Type": "application/json",
            "Connection": "close",
            ENVIRONMENT_HEADER: self._environment,
        }
        return own | headers


def command_routes(router: Router, runner: CommandRunner) -> tuple[Route, ...]:
    """Return the routes that commands take: one for each handler of commands, and the one that tells the outcome."""
    runs = (
        replace(
            route,
            name=RUN_ROUTE_PREFIX + route.name,
            handler=partial(runner.run, route),
            inline=False,
            at_death=runner.fail,
        )
        for route in router.routes
        if route.source == COMMANDS
    )
    # The type of the second one matches no command: a command name holds no blank.
    return (*runs, Route(RESULT_ROUTE, COMMANDS, "tell the outcome", runner.tell))


def run_route_name(services: Services, command: str, version: str) -> str | None:
    """Return the stored name of the route that runs a command, None when nothing does; the first registered one wins."""
    takers = (route.name for route in services.commands if route.takes(COMMANDS, COMMANDS, command, version))
    return next(takers, None)


def outcome_body(command: Command) -> bytes:
    """Return the JSON that is told, the same bytes at every try of one outcome."""
    return write_json(
        {
            "type": f"command.{command.state.value}",
            "timestamp": as_text(command.finished_at),
            "data": {
                "id": command.id,
                "command": command.command,
                "state": command.state.value,
                "result": result_of(command),
                "error": command.error,
            },
        }
    )


def result_of(command: Command) -> Any:
    """Return what the handler returned, None before it has."""
    return None if command.result is None else read_json(command.result)
