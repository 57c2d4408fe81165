"""Proving an event again over HTTP and in a terminal, and what a rotation of keys says about evidence."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner
from flask import Flask

from app.cli.events import events_group
from app.cli.keys import keys_group
from app.pipeline.router import Router
from app.pipeline.services import Services
from app.storage.inbox.events import events
from app.web.api.events import events_blueprint
from app.web.errors import install_errors
from tests.operators.stage import accept, empty_body

pytestmark = pytest.mark.backends("sqlite")
OPS = {"Authorization": "Bearer ops-token-4d1f8a2b"}


@pytest.fixture
def services(services_with: Callable[..., Services]) -> Services:
    router = Router()
    router.on("*", name="note")(lambda event, context: None)
    return services_with(router=router)


def ask(services: Services, event_id: str, headers: dict[str, str] = OPS) -> tuple[int, dict[str, object]]:
    app = Flask("app.web")
    install_errors(app)
    app.register_blueprint(events_blueprint(services))
    answer = app.test_client().get(f"/api/v1/events/{event_id}/verify", headers=headers)
    return answer.status_code, answer.get_json()


def forge(services: Services) -> None:
    with services.database.begin() as tx:
        tx.execute(events.update().values(body=b"{}"))


def test_an_event_is_proven_over_http(services: Services) -> None:
    event_id = accept(services)
    said = {"id": event_id, "verified": True, "scheme": "body", "evidence": "exact", "reason": None}
    assert ask(services, event_id) == (200, said)


def test_an_event_that_is_not_proven_is_an_answer_and_no_error(services: Services) -> None:
    event_id = accept(services)
    forge(services)
    status, said = ask(services, event_id)
    assert (status, said["verified"]) == (200, False)


@pytest.mark.parametrize("event_id", ["0" * 32, "nothing", "%00"])
def test_an_unknown_event_is_told(services: Services, event_id: str) -> None:
    status, said = ask(services, event_id)
    assert (status, said["error"]) == (404, "unknown_event")


def test_an_emptied_event_is_told(services: Services) -> None:
    event_id = accept(services)
    empty_body(services, event_id)
    status, said = ask(services, event_id)
    assert (status, said["error"]) == (409, "body_pruned")


def test_nobody_asks_without_a_token(services: Services) -> None:
    assert ask(services, accept(services), headers={})[0] == 401


def test_the_terminal_says_by_what_an_event_is_proven(services: Services) -> None:
    event_id = accept(services)
    result = CliRunner().invoke(events_group(services), ["verify", event_id])
    assert (result.exit_code, result.output) == (0, f"{event_id} is proven by body (exact evidence).\n")


def test_the_terminal_fails_for_an_event_that_is_not_proven(services: Services) -> None:
    event_id = accept(services)
    forge(services)
    result = CliRunner().invoke(events_group(services), ["verify", event_id])
    assert result.exit_code == 1
    assert "is not proven: bad_signature" in result.output


def test_the_terminal_names_what_is_missing(services: Services) -> None:
    result = CliRunner().invoke(events_group(services), ["verify", "nothing"])
    assert (result.exit_code, result.output) == (1, "Error: There is no event with this id.\n")


def test_rotating_says_how_long_the_old_keys_are_needed(services: Services) -> None:
    result = CliRunner().invoke(keys_group(services), ["rotate", "--no-signing"])
    assert result.exit_code == 0
    assert "Evidence of stored events is left as it is" in result.output
    assert "30 days" in result.output
