"""What was refused, what is on its way, who did what, and personal data: the same lists in the terminal."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from app.cli.audit import audit_group
from app.cli.dispatches import dispatches_group
from app.cli.events import events_group
from app.cli.people import people_group
from app.cli.rejections import rejections_group
from app.core.errors import VerificationError
from app.pipeline.inbound.receive import receive
from app.pipeline.services import Services
from app.storage.audit import write_audit
from app.storage.login.users import insert_user
from tests.builders import NOW, envelope, signed_callback
from tests.operators.stage import Crm, accept, run_due

pytestmark = pytest.mark.backends("sqlite")


@pytest.fixture
def services(services_with: Callable[..., Services]) -> Services:
    made = services_with(router=Crm().router())
    accept(made, "evt_1")
    run_due(made)
    for _ in range(2):
        with pytest.raises(VerificationError):
            receive(made, "callback", signed_callback(envelope(), secret="wrong"), trace_id="")
    with made.database.begin() as tx:
        insert_user(tx, "a" * 32, NOW)
        write_audit(tx, at=NOW, actor="ops\x1b[2J", action="ban.lifted", target="x", detail={"why": "中文"})
    return made


def typed(group: Callable[[Services], click.Group], services: Services, *words: str) -> Result:
    return CliRunner().invoke(group(services), words)


def test_refusals_are_listed_shown_and_grouped(services: Services) -> None:
    lines = typed(rejections_group, services, "list").output.splitlines()
    assert len(lines) == 2
    assert "bad_signature" in lines[0]
    items = json.loads(typed(rejections_group, services, "list", "--json", "--limit", "1").output)
    shown = json.loads(typed(rejections_group, services, "show", str(items[0]["id"])).output)
    assert shown == items[0]
    assert typed(rejections_group, services, "list", "--group").output.startswith(
        "      2  callback  bad_signature"
    )
    assert typed(rejections_group, services, "list", "--channel", "none").output == "Nothing was refused.\n"
    assert typed(rejections_group, services, "list", "--since", "soon").exit_code == 2
    assert typed(rejections_group, services, "show", "99").exit_code == 1


def test_dispatches_are_listed(services: Services) -> None:
    said = typed(dispatches_group, services, "list", "--state", "succeeded")
    assert (said.exit_code, "crm  callback  user_authorized" in said.output) == (0, True)
    assert len(json.loads(typed(dispatches_group, services, "list", "--json").output)) == 1
    assert typed(dispatches_group, services, "list", "--since", "2026-11-21").output == "No dispatches.\n"
    assert typed(dispatches_group, services, "list", "--state", "lost").exit_code == 1


def test_the_audit_steers_no_terminal(services: Services) -> None:
    said = typed(audit_group, services, "list").output
    assert "ban.lifted" in said
    assert "\x1b" not in said
    assert json.loads(typed(audit_group, services, "list", "--json").output)[0]["detail"] == {"why": "中文"}
    assert typed(audit_group, services, "list", "--csv").output.startswith("id,at,actor")
    assert typed(audit_group, services, "list", "--actor", "nobody").output == "No entries.\n"


def test_an_event_is_printed_as_a_command(services: Services) -> None:
    event_id = json.loads(typed(dispatches_group, services, "list", "--json").output)[0]["event_id"]
    assert typed(events_group, services, "curl", event_id).output.startswith("curl -X POST ")
    assert typed(events_group, services, "curl", "nothing").exit_code == 1


def test_a_person_is_written_out_and_erased_only_when_it_is_meant(services: Services, tmp_path: Path) -> None:
    user, file = "a" * 32, tmp_path / "person.ndjson"
    assert typed(people_group, services, "export", user, "--out", str(file)).exit_code == 0
    assert json.loads(file.read_text(encoding="utf-8").splitlines()[0])["id"] == user
    assert json.loads(typed(people_group, services, "show", user).output)["user_id"] == user
    assert typed(people_group, services, "end-sessions", user).output == "0 sessions have ended.\n"
    refused = typed(people_group, services, "erase", user, "--reason", "asked")
    assert (refused.exit_code, "--yes" in refused.output) == (2, True)
    assert typed(people_group, services, "show", user).exit_code == 0
    done = typed(people_group, services, "erase", user, "--reason", "asked", "--yes")
    assert done.output.endswith("Erased: 1 users.\n")
    assert typed(people_group, services, "show", user).exit_code == 1
