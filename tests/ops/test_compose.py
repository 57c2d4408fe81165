"""compose.yaml and the Dockerfile it builds, read as they are; no container runs here, but what their shells do is run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import redis
import yaml
from kombu import Connection

from app.config.settings import Settings, load_settings
from app.storage.database.address import DatabaseAddress
from tests.architecture.source import ROOT
from tests.builders import SECRET_KEY
from tests.config.test_passwords import ODD
from tests.databases import need
from tests.ports import free_port
from tests.worker.stage import wait_for

OURS = {"migrations", "gateway", "worker"}
WRITES_ANYWHERE = {"rabbitmq"}
PROFILES = {"rabbitmq": "amqp://callgate@rabbitmq:5672//", "redis": "redis://redis:6379/0"}
"""How ENGINE=celery is told of each broker, as the head of compose.yaml says it."""

NOT_SETTINGS = {"METRICS_ALLOWED"} - {name.upper() for name in Settings.model_fields}


@cache
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    return found


def services() -> Mapping[str, dict[str, Any]]:
    return compose()["services"]


@pytest.mark.parametrize("name", services())
def test_each_container_may_do_no_more_than_it_needs(name: str) -> None:
    service = services()[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is (name not in WRITES_ANYWHERE)
    assert not {"privileged", "cap_add", "network_mode", "pid", "devices"} & service.keys()
    assert service.get("user") != "root"
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_only_what_nobody_asks_lives_without_a_health_check() -> None:
    without = {name for name, each in services().items() if each.get("healthcheck", {}).get("disable")}
    assert without == {"migrations", "worker"}
    assert all("healthcheck" in each for name, each in services().items() if name not in OURS)


@pytest.mark.parametrize("name", OURS)
def test_our_containers_are_told_settings_that_exist(name: str) -> None:
    known = {field.upper() for field in Settings.model_fields} | NOT_SETTINGS
    named = services()[name]["environment"]
    assert {each.removesuffix("_FILE") for each in named} <= known
    assert services()[name]["read_only"]
    targets = [volume["target"] for volume in services()[name]["volumes"]]
    assert targets == ["/srv/callgate-home/channels.toml", "/srv/callgate-home/handlers"]
    assert all(volume["read_only"] for volume in services()[name]["volumes"])


def test_what_one_part_names_is_there() -> None:
    known = set(services())
    for name, service in services().items():
        assert set(service.get("depends_on", ())) <= known, name
        assert set(service.get("secrets", ())) <= set(compose()["secrets"]), name
        assert set(service.get("networks", ())) <= set(compose()["networks"]), name
        files = [value for key, value in service.get("environment", {}).items() if key.endswith("_FILE")]
        assert {f"/run/secrets/{each}" for each in service.get("secrets", ())} >= set(files), name
        named = [each.partition(":")[0] for each in service.get("volumes", ()) if isinstance(each, str)]
        assert set(named) <= set(compose()["volumes"]), name
        bound = [each["source"] for each in service.get("volumes", ()) if isinstance(each, dict)]
        own = {"./channels.toml", "./handlers"}
        assert all((ROOT / source).exists() for source in set(bound) - own), name


def test_a_profile_brings_a_worker_and_its_broker() -> None:
    for profile in PROFILES:
        with_it = {name for name, each in services().items() if profile in each.get("profiles", ())}
        assert with_it == {"worker", profile}
    assert {name for name, each in services().items() if "profiles" not in each} == {
        "database",
        "migrations",
        "gateway",
    }


@pytest.mark.parametrize("broker", PROFILES)
def test_any_letter_of_a_password_reaches_database_and_broker(broker: str, tmp_path: Path) -> None:
    told = dict(services()["worker"]["environment"])
    for name in ("database_password", "broker_password"):
        (tmp_path / name).write_text(f"{ODD}{name}\n", encoding="utf-8")
    told = {key: value.replace("/run/secrets", str(tmp_path)) for key, value in told.items()}
    own = {
        "SECRET_KEY": SECRET_KEY,
        "PUBLIC_BASE_URL": "https://callbacks.example.com",
        "CELERY_BROKER_URL": PROFILES[broker],
    }
    settings = load_settings(own | told)
    assert DatabaseAddress(settings.database_url).url.password == f"{ODD}database_password"
    with Connection(settings.celery_broker_url) as connection:
        assert (connection.password, connection.hostname) == (f"{ODD}broker_password", broker)


def shell_of(name: str, folder: Path) -> str:
    """Return what a container's shell is given, at home in a folder; compose writes $ for $$."""
    _sh, _c, line = services()[name]["entrypoint"]
    places = {"/run/secrets": str(folder), "/tmp/redis": f"{folder}/redis", "$$": "$"}
    return re.sub(r"/run/secrets|/tmp/redis|\$\$", lambda found: places[found[0]], str(line))


def test_rabbitmq_is_given_the_password_as_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "broker_password").write_text(f"{ODD}\n", encoding="utf-8")
    told = tmp_path / "docker-entrypoint.sh"
    told.write_text('#!/bin/sh\nprintf "%s %s" "$1" "$RABBITMQ_DEFAULT_PASS"\n', encoding="utf-8")
    told.chmod(0o755)
    done = subprocess.run(
        ["sh", "-c", shell_of("rabbitmq", tmp_path)],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode() == f"rabbitmq-server {ODD}"


@pytest.mark.parametrize("name", PROFILES)
def test_a_broker_without_a_password_does_not_start(name: str, tmp_path: Path) -> None:
    for program in ("docker-entrypoint.sh", "redis-server"):
        (tmp_path / program).write_text("#!/bin/sh\necho started\n", encoding="utf-8")
        (tmp_path / program).chmod(0o755)
    for content in (None, "\n"):
        if content is not None:
            (tmp_path / "broker_password").write_text(content, encoding="utf-8")
        done = subprocess.run(
            ["sh", "-c", shell_of(name, tmp_path)],
            env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
            capture_output=True,
            check=False,
        )
        assert (done.returncode != 0, done.stdout) == (True, b"")


@pytest.mark.services
def test_redis_takes_the_password_as_it_is_written_and_no_other(tmp_path: Path) -> None:
    need("redis-server", reachable=shutil.which("redis-server") is not None)
    (tmp_path / "broker_password").write_text(f"{ODD}\nsecond line\n", encoding="utf-8")
    port = free_port()
    line = f"{shell_of('redis', tmp_path)} --port {port} --bind 127.0.0.1"
    process = subprocess.Popen(["sh", "-c", line], stdout=subprocess.DEVNULL, cwd=tmp_path)
    try:
        with redis.Redis(port=port, password=ODD) as client:
            wait_for(lambda: _pings(client))
        with redis.Redis(port=port) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()
        assert (tmp_path / "redis.conf").stat().st_mode & 0o077 == 0
    finally:
        process.terminate()
        process.wait(10)


def _pings(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def test_mirrors_are_arguments_that_the_dockerfile_takes() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    taken = set(re.findall(r"^ARG ([A-Z_]+)", dockerfile, re.MULTILINE))
    assert taken == {"PYTHON_IMAGE", "PIP_INDEX_URL", "PIP_TRUSTED_HOST"}
    assert set(services()["gateway"]["build"]["args"]) == taken
    last = dockerfile.rpartition("\nFROM ")[2]
    assert "ARG" not in last, "where packages came from is not told by the image"
    assert "USER 10001:10001" in last
    assert "\nHEALTHCHECK " in last
