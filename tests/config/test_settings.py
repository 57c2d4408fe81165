"""Settings: typed, one sentence each, every fault at once, unsafe ones refused in prod."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.config.environment import read_environment
from app.config.example import env_example
from app.config.settings import Settings, environment_faults, load_settings
from app.core.errors import ConfigurationError
from sandbox.examples import environment_block
from tests.builders import SECRET_KEY, environment

ROOT = Path(__file__).resolve().parents[2]


def test_every_setting_has_a_sentence() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description is not None, name
        assert field.description.endswith("."), name


def test_the_example_file_holds_every_setting_and_is_what_the_code_says() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert text == env_example() + environment_block()
    assert all(f"{name.upper()}=" in text for name in Settings.model_fields)


def test_all_faults_are_reported_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(
            {"APP_ENV": "stage", "SESSION_TTL": "soon", "PUBLIC_BASE_URL": "gateway", "MAX_BODY_BYTES": "1"}
        )
    named = " ".join(caught.value.faults)
    assert len(caught.value.faults) == 5
    for name in ("APP_ENV", "SESSION_TTL", "PUBLIC_BASE_URL", "MAX_BODY_BYTES", "SECRET_KEY"):
        assert name in named


@pytest.mark.parametrize(
    "address", ["https://host.example/gw", "https://host.example/gw/", "http://localhost:5003/a/b"]
)
def test_a_public_address_with_a_path_is_refused_at_start_with_the_cure(address: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environment(PUBLIC_BASE_URL=address))
    (fault,) = caught.value.faults
    assert fault.startswith("PUBLIC_BASE_URL: must have no path behind the host")
    assert "a host name or a port of its own" in fault


def test_a_public_address_may_end_in_a_slash() -> None:
    assert (
        load_settings(environment(PUBLIC_BASE_URL="https://h.example/")).public_base_url
        == "https://h.example"
    )


def test_a_fault_never_shows_the_value() -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environment(API_TOKENS="very-private-token"))
    assert "very-private-token" not in str(caught.value)


@pytest.mark.parametrize("secret", ["", "short", "change-me-change-me-change-me-change-me", "a" * 64])
def test_a_missing_short_or_placeholder_secret_key_is_refused(secret: str) -> None:
    with pytest.raises(ConfigurationError, match="SECRET_KEY"):
        load_settings({"SECRET_KEY": secret})


def test_secret_key_may_be_a_list_for_rotation() -> None:
    other = SECRET_KEY[::-1]
    assert load_settings(environment(SECRET_KEY=f"{SECRET_KEY}, {other}")).secret_key == (SECRET_KEY, other)


def test_each_bad_secret_key_of_a_list_is_named() -> None:
    with pytest.raises(ConfigurationError, match="entry 2"):
        load_settings(environment(SECRET_KEY=f"{SECRET_KEY},short"))


def test_the_real_environment_wins_over_the_dotenv_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("LOG_LEVEL=DEBUG\nSESSION_TTL=60\n")
    monkeypatch.setenv("LOG_LEVEL", "ERROR")
    values = read_environment(dotenv)
    assert values["LOG_LEVEL"] == "ERROR"
    assert values["SESSION_TTL"] == "60"


def test_api_tokens_carry_their_scopes() -> None:
    settings = load_settings(environment(API_TOKENS="all:abc,reader:def:read+bind"))
    scopes = {token.name: token.scopes for token in settings.api_tokens}
    assert scopes == {"all": {"read", "send", "bind", "replay"}, "reader": {"read", "bind"}}


def test_an_unknown_scope_is_a_fault() -> None:
    with pytest.raises(ConfigurationError, match="scope"):
        load_settings(environment(API_TOKENS="x:abc:fly"))


@pytest.mark.parametrize(("text", "value"), [("1", True), ("true", True), ("0", False), ("off", False)])
def test_switches_take_the_usual_words(text: str, value: bool) -> None:
    assert load_settings(environment(RATELIMIT_ENABLED=text)).ratelimit_enabled is value


def test_prod_names_every_unsafe_setting() -> None:
    settings = load_settings(
        environment(
            APP_ENV="prod", SANDBOX="1", ADMIN_PASSWORD="change-me", RETURN_URLS="http://app.example/cb"
        )
    )
    named = " ".join(environment_faults(settings))
    for name in ("PUBLIC_BASE_URL", "SANDBOX", "API_TOKENS", "ADMIN_PASSWORD", "RETURN_URLS"):
        assert name in named


def test_a_safe_prod_has_no_faults() -> None:
    settings = load_settings(
        environment(
            APP_ENV="prod", PUBLIC_BASE_URL="https://gw.example.com", API_TOKENS="ops:" + "4d1f8a2b" * 5
        )
    )
    assert environment_faults(settings) == []
    assert settings.https_is_forced
    assert not settings.sandbox_is_on
    assert settings.logs_are_json


def test_secrets_do_not_show_in_a_printed_settings_object() -> None:
    settings = load_settings(environment(ADMIN_PASSWORD="private-password-1"))
    assert SECRET_KEY not in repr(settings)
    assert "private-password-1" not in repr(settings)
    assert "ops-token" not in repr(settings)
