"""The settings in force say where each came from, and of a secret its end at most."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli.settings import settings_group
from app.config.environment import read_environment
from app.config.setting_origins import setting_origins
from app.config.settings import Settings
from app.factory import build_services, create_app
from app.pipeline.operators.settings_view import SettingView, settings_in_force
from app.pipeline.services import Services
from tests.builders import SECRET_KEY

pytestmark = pytest.mark.backends("sqlite")
PASSWORD = "one-long-Password-77"


@pytest.fixture
def services(tmp_path: Path) -> Services:
    (tmp_path / "channels.toml").write_text("", encoding="utf-8")
    (tmp_path / "url").write_text(
        "postgresql://gate:db-password@db.example/gate?sslpassword=abc\n", encoding="utf-8"
    )
    environment = {
        "CALLGATE_HOME": str(tmp_path),
        "SECRET_KEY": f"{SECRET_KEY},91c4d6a8e0f2b4c6d8e0f2a4b6c8d0e2f4a6b8c0",
        "API_TOKENS": "ops:ops-token-4d1f8a2b:read+operate",
        "ADMIN_PASSWORD": PASSWORD,
        "DATABASE_URL_FILE": "url",
        "RATELIMIT_STORAGE_URI": "redis://:redis-password@cache.example:6379/0",
    }
    return build_services(environment)


def view(services: Services) -> dict[str, SettingView]:
    return {each.name: each for each in settings_in_force(services)}


def test_every_setting_is_there_with_its_sentence(services: Services) -> None:
    found = view(services)
    assert list(found) == [name.upper() for name in Settings.model_fields]
    assert all(each.about for each in found.values())


def test_no_secret_is_shown(services: Services) -> None:
    shown = json.dumps([each.as_json() for each in settings_in_force(services)])
    for secret in (SECRET_KEY, PASSWORD, "ops-token-4d1f8a2b", "db-password", "redis-password", "abc"):
        assert secret not in shown


def test_of_a_secret_its_end_is_shown_and_of_a_password_nothing(services: Services) -> None:
    found = view(services)
    assert found["SECRET_KEY"].shown == f"…{SECRET_KEY[-4:]}, …b8c0"
    assert found["API_TOKENS"].shown == "ops (operate read) …8a2b"
    assert found["ADMIN_PASSWORD"].shown == "set"
    assert found["DATABASE_URL"].shown == "postgresql://…@db.example/gate?sslpassword=…"
    assert found["RATELIMIT_STORAGE_URI"].shown == "redis://…@cache.example:6379/0"


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("DATABASE_URL", "postgresql://u:pa/ss-4411@db.example/gate", "postgresql://…@db.example/gate"),
        ("DATABASE_URL", "postgresql://u:pa@ss-4411@db.example/gate", "postgresql://…@db.example/gate"),
        ("DATABASE_URL", "postgresql://db.example/gate?password=p@ss-4411", "set"),
        ("DATABASE_URL", "postgresql://u:ss-4411", "set"),
        ("DATABASE_URL", "sqlite:///var/callgate.db", None),
        ("CELERY_BROKER_URL", "redis://:p#ss-4411@cache.example", "set"),
        ("CELERY_BROKER_URL", "redis://:ss-4411", "set"),
        ("SECRET_KEY", "5f3c9a7e1b2d://0f8e6a4c2b0d9f7e5a3c1b9d/ss-4411-tail", "…tail"),
    ],
)
def test_no_part_of_a_password_is_shown_whatever_letters_it_has(
    services: Services, name: str, value: str, shown: str | None
) -> None:
    settings = services.settings.model_copy(
        update={name.lower(): (value,) if name == "SECRET_KEY" else value}
    )
    found = view(replace(services, settings=settings))[name].shown
    assert "ss-4411" not in found
    assert found == (value if shown is None else shown)


def test_a_default_that_hangs_on_the_environment_is_shown_as_it_is_in_force(services: Services) -> None:
    found = view(services)
    assert (found["LOG_FORMAT"].shown, found["LOG_FORMAT"].is_default) == ("console", True)
    assert (found["SANDBOX"].shown, found["FORCE_HTTPS"].shown) == ("1", "0")


def test_each_says_where_it_came_from(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = view(services)
    assert found["DATABASE_URL"].origin == "DATABASE_URL_FILE=url"
    assert (found["SECRET_KEY"].origin, found["FLOW_TTL"].origin) == ("environment", "default")
    dotenv = tmp_path / ".env"
    dotenv.write_text("LOG_LEVEL=DEBUG\nFLOW_TTL=60\n", encoding="utf-8")
    monkeypatch.setenv("FLOW_TTL", "90")
    origins = setting_origins(read_environment(dotenv))
    assert (origins["LOG_LEVEL"], origins["FLOW_TTL"]) == (".env", "environment")


def test_terminal_and_http_show_the_same(services: Services) -> None:
    client = create_app(services=services).test_client()
    page = client.get("/api/v1/settings", headers={"Authorization": "Bearer ops-token-4d1f8a2b"}).get_json()
    told = CliRunner().invoke(settings_group(services), ["list", "--json"])
    assert json.loads(told.output) == page["items"]
    assert "DATABASE_URL_FILE=url" in CliRunner().invoke(settings_group(services), ["list"]).output
