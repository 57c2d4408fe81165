"""The channels file: variables, common keys, reasons for disabled channels, every fault at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import platforms
from app.config.channels import load_channels, parse_channels
from app.core.errors import ConfigurationError
from app.pipeline.channels import open_channels
from sandbox.platforms import simulated_platforms
from tests.builders import CALLBACK_CHANNEL

ROOT = Path(__file__).resolve().parents[2]


def test_a_variable_is_taken_from_the_environment() -> None:
    text = '[channels.a]\nplatform = "callback"\nsecret = "${A_SECRET}"\n'
    (channel,) = parse_channels(text, {"A_SECRET": "s3cret"}).channels
    assert channel.options["secret"] == "s3cret"
    assert channel.disabled_reason is None


@pytest.mark.parametrize("environment", [{}, {"A_SECRET": ""}])
def test_an_unset_variable_disables_the_channel_and_says_so(environment: dict[str, str]) -> None:
    text = '[channels.a]\nplatform = "callback"\nsecret = "${A_SECRET}"\n'
    (channel,) = parse_channels(text, environment).channels
    assert channel.disabled_reason == "not set in the environment: A_SECRET"


def test_a_variable_may_have_a_default() -> None:
    text = '[channels.a]\nplatform = "callback"\nsecret = "${A:-x}${B:-}"\n'
    (channel,) = parse_channels(text, {}).channels
    assert channel.options["secret"] == "x"
    assert channel.disabled_reason is None


def test_a_switched_off_channel_says_so() -> None:
    (channel,) = parse_channels(CALLBACK_CHANNEL + "enabled = false\n", {}).channels
    assert "enabled = false" in (channel.disabled_reason or "")


def test_every_fault_of_the_file_is_named_at_once() -> None:
    text = """
    [channel.x]
    [channels.UPPER]
    platform = "callback"
    [channels.b]
    title = "no platform"
    [channels.c]
    platform = "callback"
    rate_limit = "often"
    ip_allowlist = ["10.0.0.0/99"]
    """
    with pytest.raises(ConfigurationError) as caught:
        parse_channels(text, {})
    named = " ".join(caught.value.faults)
    for part in ("[channel]", "UPPER", "platform is missing", "rate_limit", "ip_allowlist"):
        assert part in named


def test_broken_toml_is_a_fault_with_its_line() -> None:
    with pytest.raises(ConfigurationError, match="line 2"):
        parse_channels("[channels.a]\nplatform =\n", {})


def test_a_missing_file_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="CHANNELS_FILE"):
        load_channels(tmp_path / "none.toml", {})


def test_an_unknown_platform_names_those_that_are_called_alike() -> None:
    file = parse_channels('[channels.a]\nplatform = "callbak"\n', {})
    with pytest.raises(ConfigurationError, match=r"do you mean callback(, \w+)*\? README\.md lists"):
        open_channels(file.channels, platforms.discover())


def test_an_unknown_key_is_refused_and_its_value_is_not_shown() -> None:
    file = parse_channels('[channels.a]\nplatform = "callback"\nsecrett = "hidden-value"\n', {})
    with pytest.raises(ConfigurationError, match="secrett") as caught:
        open_channels(file.channels, platforms.discover())
    assert "hidden-value" not in str(caught.value)


def test_a_channel_without_its_signature_secret_is_off_unless_allowed() -> None:
    text = '[channels.a]\nplatform = "callback"\nsecret = ""\n'
    channels, unsafe = open_channels(parse_channels(text, {}).channels, platforms.discover())
    assert channels.get("a") is None
    assert channels.disabled[0].reason.startswith("secret is not set, so no callbacks are taken")
    assert unsafe == []
    channels, unsafe = open_channels(
        parse_channels(text + "allow_unsigned = true\n", {}).channels, platforms.discover()
    )
    assert channels.get("a") is not None
    assert unsafe == []


def test_the_sample_file_opens_with_the_sample_environment() -> None:
    from dotenv import dotenv_values

    values = {key: value or "" for key, value in dotenv_values(ROOT / ".env.example").items()}
    file = load_channels(ROOT / "channels.example.toml", values)
    channels, _ = open_channels(file.channels, platforms.discover())
    assert {channel.name for channel in channels} == {each.channel.name for each in simulated_platforms()}
    assert channels.disabled == ()


def test_the_sample_file_without_any_variable_disables_every_channel_with_a_reason() -> None:
    file = load_channels(ROOT / "channels.example.toml", {})
    channels, _ = open_channels(file.channels, platforms.discover())
    assert list(channels) == []
    assert all(item.reason for item in channels.disabled)
