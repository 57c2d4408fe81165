"""Starting: prod refuses what is unsafe and names all of it; staging warns; handlers are loaded or named."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from app.core.errors import ConfigurationError
from app.factory import build_services
from tests.builders import environment

UNSAFE = """
[channels.open]
platform = "callback"
secret = ""
[channels.token-only]
platform = "feishu"
app_id = "cli_1"
app_secret = "s"
verification_token = "t"
[channels.sample]
platform = "callback"
secret = "sandbox-callback-secret-of-32-bytes-or-more"
[channels.allowed]
platform = "callback"
secret = ""
allow_unsigned = true
"""


def start(tmp_path: Path, channels: str = UNSAFE, **env: str) -> None:
    file = tmp_path / "channels.toml"
    file.write_text(channels, encoding="utf-8")
    values = environment(CALLGATE_HOME=str(tmp_path), **{"DATABASE_URL": "sqlite:///x.db", **env})
    build_services(values).database.close()


def test_prod_names_every_unsafe_thing_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        start(tmp_path, APP_ENV="prod", SANDBOX="1")
    named = "\n".join(caught.value.faults)
    for part in (
        "PUBLIC_BASE_URL",
        "SANDBOX",
        "API_TOKENS",
        "[channels.sample] secret: a sample",
        "[channels.token-only] app_secret, verification_token: a placeholder",
    ):
        assert part in named
    assert "[channels.allowed]" not in named
    assert "[channels.open]" not in named, "it is off, so nothing runs unproven"


def test_staging_warns_where_prod_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    start(tmp_path, APP_ENV="test", SANDBOX="1")
    printed = capsys.readouterr()
    assert "unsafe_configuration" in printed.out + printed.err


def test_a_safe_prod_starts(tmp_path: Path) -> None:
    safe = '[channels.callback]\nplatform = "callback"\nsecret = "5f1c9d27b3e84a60"\n'
    start(
        tmp_path,
        safe,
        APP_ENV="prod",
        PUBLIC_BASE_URL="https://gw.example.com",
        API_TOKENS="ops:" + "4d1f8a2b" * 5,
    )


def test_faults_of_settings_and_channels_are_named_together_in_prod(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        start(tmp_path, '[channels.x]\nplatform = "none"\n', APP_ENV="prod")
    named = "\n".join(caught.value.faults)
    assert "PUBLIC_BASE_URL" in named
    assert "platform 'none' is unknown" in named


def test_a_short_destination_secret_is_refused_in_prod(tmp_path: Path) -> None:
    forwards = '[[destinations]]\nname = "crm"\nmatch = ["*:*"]\nurl = "https://crm.internal"\nsecret = "whsec_eHh4"\n'
    start(tmp_path, forwards)
    with pytest.raises(ConfigurationError) as caught:
        start(tmp_path, forwards, APP_ENV="prod")
    assert "'crm'" in str(caught.value)
    assert "whsec_eHh4" not in str(caught.value)


def test_celery_without_its_packages_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=r"ENGINE=celery .* requirements-scale\.txt"):
        start(tmp_path, "", ENGINE="celery", CELERY_BROKER_URL="amqp://broker")


@pytest.mark.parametrize("address", ["", "sqs://", "localhost:5672"])
def test_celery_without_a_broker_it_can_use_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(ConfigurationError, match="CELERY_BROKER_URL"):
        start(tmp_path, "", ENGINE="celery", CELERY_BROKER_URL=address)


def test_a_handler_module_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"HANDLERS: nowhere\.at\.all"):
        start(tmp_path, "", HANDLERS="nowhere.at.all")


@pytest.mark.parametrize("missing", ["", "   ", ","])
def test_an_empty_secret_key_hides_no_other_fault(tmp_path: Path, missing: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        start(
            tmp_path,
            '[channels.x]\nplatform = "none"\n',
            SECRET_KEY=missing,
            SESSION_TTL="soon",
            HANDLERS="nowhere.at.all",
            DATABASE_URL="oracle://h/d",
            APP_ENV="prod",
            SANDBOX="1",
        )
    starts = (
        "SECRET_KEY is",
        "SESSION_TTL:",
        "HANDLERS:",
        "DATABASE_URL:",
        "PUBLIC_BASE_URL is",
        "SANDBOX is",
    )
    for begins in starts:
        assert sum(fault.startswith(begins) for fault in caught.value.faults) == 1, begins
    assert "platform 'none' is unknown" in "\n".join(caught.value.faults)


def test_a_setting_at_fault_is_named_once_and_not_its_default(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        start(tmp_path, "", APP_ENV="prod", PUBLIC_BASE_URL="gateway", API_TOKENS="no-colon")
    assert [fault.split(" ")[0] for fault in caught.value.faults] == ["PUBLIC_BASE_URL:", "API_TOKENS:"]


def test_a_weak_secret_is_named_by_its_key(tmp_path: Path) -> None:
    weak = '[channels.w]\nplatform = "callback"\nsecret = ["5f1c9d27b3e84a60", "change-me-now"]\n'
    with pytest.raises(ConfigurationError, match=r"\[channels\.w\] secret: a placeholder"):
        start(tmp_path, weak, APP_ENV="prod", PUBLIC_BASE_URL="https://gw.example.com")


def test_a_weak_secret_in_a_table_of_secrets_is_named_too(tmp_path: Path) -> None:
    weak = (
        '[channels.j]\nplatform = "jira-connect"\nbase_url = "https://gw.example.com/webhooks/j"\n'
        'tenants = { "a" = "5f1c9d27b3e84a60", "b" = "change-me-now" }\n'
    )
    with pytest.raises(ConfigurationError, match=r"\[channels\.j\] tenants: a placeholder"):
        start(tmp_path, weak, APP_ENV="prod", PUBLIC_BASE_URL="https://gw.example.com")
