"""What a reload would change is shown before, faults with their line; asking for it reaches each main process once."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app.cli.channels import channels_group
from app.cli.differences import reload_command
from app.config.channels import ChannelsFile
from app.config.fault_places import line_of_fault
from app.config.settings import load_settings
from app.core.errors import RefusedError
from app.factory import build_services, create_app
from app.pipeline.operators.reload import ask_for_reload, compare
from app.pipeline.reloading import follow_wish
from app.pipeline.running_configuration import RUNNING, fingerprints, tell_what_runs
from app.pipeline.services import MainProcess, Services
from app.storage.audit import list_audit
from app.storage.database.db import Database
from app.storage.shared_notes import find_note
from tests.builders import SECRET_KEY, FrozenClock

OLD_KEY = "91c4d6a8e0f2b4c6d8e0f2a4b6c8d0e2f4a6b8c0"
TOKENS = "ops:ops-token-4d1f8a2b:read+operate,reader:reader-token-77aa12:read"
OPS = {"Authorization": "Bearer ops-token-4d1f8a2b"}
FILE = """\
[channels.shop]
platform = "callback"
title = "Shop"
secret = "callback-3f9d1c7b5a"

[channels.crm]
platform = "github"
secret = "github-5f1c9a7b3d"

[[destinations]]
name = "erp"
url = "https://erp.example.com/in"
secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
match = ["shop:*"]
"""
EDITED = FILE.replace('"Shop"', '"The shop"').replace("callback-3f9d1c7b5a", "callback-0000000001")


class Gateway:
    """Own files in a folder, and the services of processes that read them."""

    def __init__(self, folder: Path, url: str):
        self.folder, self.url = folder, url
        self.write(FILE)

    def write(self, text: str) -> None:
        (self.folder / "channels.toml").write_text(text, encoding="utf-8")

    def start(self, clock: FrozenClock, **env: str) -> Services:
        environment = {
            "CALLGATE_HOME": str(self.folder),
            "SECRET_KEY": SECRET_KEY,
            "DATABASE_URL": self.url,
            "API_TOKENS": TOKENS,
        }
        return build_services(environment | env, clock=clock)


@pytest.fixture
def gateway(tmp_path: Path, database: Database) -> Gateway:
    return Gateway(tmp_path, str(database.engine.url.render_as_string(hide_password=False)))


@pytest.fixture
def services(gateway: Gateway, clock: FrozenClock) -> Services:
    services = gateway.start(clock)
    tell_what_runs(services)
    return services


pytestmark = pytest.mark.backends("sqlite")


def changes(services: Services) -> dict[tuple[str, str], tuple[str, list[str]]]:
    found = compare(services).changes
    return {(each.table, each.name): (each.change, [key.name for key in each.keys]) for each in found}


def test_what_did_not_change_is_no_difference(services: Services) -> None:
    assert compare(services).as_json() == {
        "file": "channels.toml", "faults": [], "changes": [], "secrets_compared": True,
    }  # fmt: skip


def test_what_was_added_removed_and_changed_is_told(services: Services, gateway: Gateway) -> None:
    gateway.write(EDITED.replace("[channels.crm]", "[channels.repo]").replace("/in", "/inbox"))
    assert changes(services) == {
        ("channels", "repo"): ("added", []),
        ("channels", "crm"): ("removed", []),
        ("channels", "shop"): ("changed", ["secret", "title"]),
        ("destinations", "erp"): ("changed", ["url"]),
    }


def test_of_a_secret_it_is_only_said_that_it_changed(services: Services, gateway: Gateway) -> None:
    gateway.write(EDITED)
    (shop,) = compare(services).changes
    assert [(key.name, key.before, key.after) for key in shop.keys] == [
        ("secret", None, None),
        ("title", "Shop", "The shop"),
    ]
    with services.database.read() as tx:
        note = find_note(tx, RUNNING)
    assert note is not None
    assert b"callback-3f9d1c7b5a" not in note.content


def test_a_terminal_compares_with_what_the_gateway_runs(
    services: Services, gateway: Gateway, clock: FrozenClock
) -> None:
    gateway.write(EDITED)
    terminal = gateway.start(clock)
    told = CliRunner().invoke(channels_group(terminal), ["diff"])
    assert told.output == "~ channels shop\n    secret changed\n    title: Shop -> The shop\n"
    assert json.loads(CliRunner().invoke(channels_group(terminal), ["diff", "--json"]).output)["changes"]


def test_a_terminal_in_the_folder_of_the_own_files_means_the_same_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told, inside = (
        load_settings({"CALLGATE_HOME": str(tmp_path), "SECRET_KEY": SECRET_KEY}),
        load_settings({"SECRET_KEY": SECRET_KEY}),
    )
    assert told.database_url != inside.database_url
    assert fingerprints(told, ChannelsFile(), SECRET_KEY) == fingerprints(inside, ChannelsFile(), SECRET_KEY)


def test_a_changed_setting_is_named(services: Services, gateway: Gateway, clock: FrozenClock) -> None:
    assert changes(gateway.start(clock, LOG_LEVEL="DEBUG")) == {("settings", ""): ("changed", ["LOG_LEVEL"])}


def test_a_new_key_in_front_still_compares_and_one_that_is_gone_cannot(
    services: Services, gateway: Gateway, clock: FrozenClock
) -> None:
    rotated = gateway.start(clock, SECRET_KEY=f"{OLD_KEY},{SECRET_KEY}")
    assert changes(rotated) == {("settings", ""): ("changed", ["SECRET_KEY"])}
    gateway.write(EDITED)
    found = compare(gateway.start(clock, SECRET_KEY=OLD_KEY))
    assert (found.secrets_compared, [key.name for key in found.changes[0].keys]) == (False, ["title"])


def test_faults_come_first_with_their_line(services: Services, gateway: Gateway) -> None:
    gateway.write(FILE.replace('title = "Shop"', "titel = 7"))
    (fault,) = compare(services).faults
    assert (fault.line, "titel is not a known key" in fault.sentence) == (3, True)
    with pytest.raises(RefusedError, match="what runs goes on"):
        ask_for_reload(services, actor="ops")
    told = CliRunner().invoke(reload_command(services), [])
    assert (told.exit_code, "cannot be used" in told.output) == (1, True)


@pytest.mark.parametrize(
    ("sentence", "line"),
    [
        ("channels.toml: Expected '=' after a key (at line 7, column 3).", 7),
        ("channels.toml: [channels.crm] secret: is too short.", 8),
        ("[channels.crm] never_written: must be there.", 6),
        ("channels.toml: [[destinations]] 'erp' url: must be an address.", 11),
        ("SECRET_KEY is not set or empty.", None),
        ("[channels.nobody] x: y.", None),
        ("(at line many, column 3).", None),
    ],
)
def test_a_fault_is_found_in_the_file(sentence: str, line: int | None) -> None:
    assert line_of_fault(FILE, sentence) == line


def test_a_wish_reaches_each_main_process_once(
    services: Services, gateway: Gateway, clock: FrozenClock
) -> None:
    told: list[str] = []
    workers = [gateway.start(clock) for _ in range(3)]
    for worker, name in zip(workers, ("host-a:1", "host-a:1", "host-b:7"), strict=True):
        worker.runtime.main_process = MainProcess(name, partial(told.append, name))
        follow_wish(worker)
    clock.advance(seconds=1)
    ask_for_reload(services, actor="anna")
    for worker in (*workers, *workers):
        follow_wish(worker)
    assert told == ["host-a:1", "host-b:7"]
    clock.advance(seconds=1)
    ask_for_reload(services, actor="anna")
    for worker in workers:
        follow_wish(worker)
    assert told == ["host-a:1", "host-b:7"] * 2


def test_a_process_that_starts_later_follows_no_old_wish(
    services: Services, gateway: Gateway, clock: FrozenClock
) -> None:
    ask_for_reload(services, actor="anna")
    worker = gateway.start(clock)
    worker.runtime.main_process = MainProcess("host-a:1", lambda: pytest.fail("replaced"))
    follow_wish(worker)
    follow_wish(worker)


def test_over_http_it_needs_the_scope_and_is_audited(services: Services) -> None:
    client = create_app(services=services).test_client()
    reader = {"Authorization": "Bearer reader-token-77aa12"}
    assert client.post("/api/v1/reload", headers=reader).get_json()["error"] == "missing_scope"
    refused: Any = client.post("/api/v1/reload", headers=OPS)
    assert (refused.status_code, refused.get_json()["error"]) == (409, "cannot_reload")
    services.runtime.main_process = MainProcess("host-a:1", lambda: None)
    assert client.post("/api/v1/reload", headers=OPS).status_code == 202
    assert client.get("/api/v1/channels/diff", headers=OPS).get_json()["changes"] == []
    with services.database.read() as tx:
        (entry,) = list_audit(tx, before=None, limit=9)
    assert (entry.actor, entry.action, entry.target) == ("ops", "configuration.reloaded", "channels.toml")
