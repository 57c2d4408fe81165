"""Half a configuration: what its keys allow works, the rest is off and says why, and nobody edits the channels file for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app import platforms
from app.config.channels import parse_channels
from app.core.errors import ConfigurationError
from app.core.ports import AppTokenSource, BindSource, LoginProvider, TokenRevoker, WebhookSource
from app.core.values import Coverage
from app.factory import build_services
from app.pipeline.channels import Channel, Channels, open_channels, unsafe_about
from tests.builders import environment

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = (ROOT / "channels.example.toml").read_text(encoding="utf-8")
FEISHU = {
    "FEISHU_APP_ID": "cli_9f1c2d3e",
    "FEISHU_APP_SECRET": "9d1e7c5b3a28f604",
    "FEISHU_VERIFICATION_TOKEN": "3b5d7f9182a4c6e0",
    "FEISHU_ENCRYPT_KEY": "7b1c9e3d5f7082a4",
}
WECHAT = {
    "WECHAT_APP_ID": "wx1f2e3d4c5b6a7980",
    "WECHAT_APP_SECRET": "0a9b8c7d6e5f4a3b",
    "WECHAT_TOKEN": "4c6e8a0b2d4f6a8c",
    "WECHAT_ENCODING_AES_KEY": ("5f1c9d27b3e84a60" * 3)[:43],
}
PROD = {
    "APP_ENV": "prod",
    "PUBLIC_BASE_URL": "https://gw.example.com",
    "API_TOKENS": "ops:" + "4d1f8a2b" * 5,
    "DATABASE_URL": "sqlite:///x.db",
}


def opened(text: str, **values: str) -> Channels:
    return open_channels(parse_channels(text, values).channels, platforms.discover())[0]


def the_channel(name: str, values: dict[str, str], *without: str, **more: str) -> Channel:
    channel = opened(EXAMPLE, **({k: v for k, v in values.items() if k not in without} | more)).get(name)
    assert channel is not None
    return channel


def offers(channel: Channel) -> set[type]:
    ports = (WebhookSource, BindSource, LoginProvider, AppTokenSource)
    return {port for port in ports if channel.as_capability(port) is not None}


def start_in_prod(folder: Path, text: str, **values: str) -> Channels:
    (folder / "channels.toml").write_text(text, encoding="utf-8")
    services = build_services(environment(CALLGATE_HOME=str(folder), **PROD, **values))
    services.database.close()
    return services.channels


def test_feishu_without_encrypt_key_works_with_its_token_in_prod_too(tmp_path: Path) -> None:
    values = {name: value for name, value in FEISHU.items() if name != "FEISHU_ENCRYPT_KEY"}
    channel = start_in_prod(tmp_path, EXAMPLE, **values).get("feishu")
    assert channel is not None
    assert offers(channel) == {WebhookSource, LoginProvider, AppTokenSource}
    source = channel.as_capability(WebhookSource)
    assert source is not None
    assert source.signature_covers is Coverage.ORIGIN


def test_feishu_for_login_only_takes_no_callbacks_and_says_why(tmp_path: Path) -> None:
    values = {name: FEISHU[name] for name in ("FEISHU_APP_ID", "FEISHU_APP_SECRET")}
    channel = start_in_prod(tmp_path, EXAMPLE, **values).get("feishu")
    assert channel is not None
    assert offers(channel) == {LoginProvider, AppTokenSource}
    assert channel.off["inbound"].startswith("verification_token is not set")


def test_feishu_for_callbacks_only_logs_nobody_in_and_says_why() -> None:
    channel = the_channel("feishu", FEISHU, "FEISHU_APP_SECRET")
    assert offers(channel) == {WebhookSource}
    assert channel.off == {"login": "app_secret is not set, so nobody is logged in"}


def test_plain_wechat_needs_no_aes_key_in_prod(tmp_path: Path) -> None:
    values = {name: value for name, value in WECHAT.items() if name != "WECHAT_ENCODING_AES_KEY"}
    channel = start_in_prod(tmp_path, EXAMPLE, **values, WECHAT_MODE="plain").get("wechat")
    assert channel is not None
    assert offers(channel) == {WebhookSource, BindSource, LoginProvider, AppTokenSource}
    assert channel.off == {}


def test_safe_wechat_without_its_aes_key_never_becomes_plain() -> None:
    channel = the_channel("wechat", WECHAT, "WECHAT_ENCODING_AES_KEY")
    assert offers(channel) == {LoginProvider, AppTokenSource}
    assert channel.off["inbound"].startswith("encoding_aes_key is not set")


def test_wechat_without_token_takes_neither_callbacks_nor_bind_codes() -> None:
    channel = the_channel("wechat", WECHAT, "WECHAT_TOKEN")
    assert offers(channel) == {LoginProvider, AppTokenSource}


def test_an_oauth2_server_may_lack_what_it_need_not_have() -> None:
    text = """
[channels.o]
platform = "oauth2"
client_id = "c"
client_secret = "5f1c9d27b3e84a60"
authorize_url = "https://o.example/a"
token_url = "https://o.example/t"
userinfo_url = "https://o.example/u"
revoke_url = "${NOT_SET}/revoke"
"""
    channel = opened(text).get("o")
    assert channel is not None
    assert channel.as_capability(LoginProvider) is not None
    assert channel.as_capability(TokenRevoker) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('platform = "callback"\nsecret = "${A}"', "not set in the environment: A"),
        ('platform = "standard-webhooks"\nsecret = "${A}"', "not set in the environment: A"),
        ('platform = "feishu"\napp_id = "${A}"\napp_secret = "9d1e7c5b3a28f604"', "not set in the environment: A"),
        ('platform = "feishu"\napp_id = ""\napp_secret = "9d1e7c5b3a28f604"', "app_id is empty in the channels file"),
        ('platform = "feishu"\napp_id = "cli_1"', "verification_token is not set"),
        # What narrows who may come in is never left out.
        ('platform = "callback"\nsecret = "5f1c9d27b3e84a60"\nip_allowlist = ["${A}"]', "not set in the environment: A"),
        ('platform = "callback"\nsecret = "5f1c9d27b3e84a60"\njwt_audience = "${A}"', "not set in the environment: A"),
    ],
)  # fmt: skip
def test_a_channel_that_can_do_nothing_is_off_with_its_reason(text: str, reason: str) -> None:
    channels = opened(
        f"[channels.a]\n{text}\n[channels.b]\nplatform = 'callback'\nsecret = '5f1c9d27b3e84a60'\n"
    )
    assert channels.get("b") is not None
    (disabled,) = channels.disabled
    assert disabled.reason.startswith(reason)


def test_a_wrong_value_is_a_fault_though_another_key_is_empty() -> None:
    text = '[channels.a]\nplatform = "feishu"\napp_id = "cli_1"\napp_secret = ""\nbrand = "lurk"\n'
    with pytest.raises(ConfigurationError, match="brand"):
        opened(text)


def test_what_is_on_and_proves_nothing_stops_prod_unless_it_is_meant() -> None:
    text = "[channels.a]\nplatform = 'callback'\nsecret = ''\nallow_unsigned = true\n"
    channel = opened(text).get("a")
    assert channel is not None
    assert unsafe_about(channel) == []
    not_meant = replace(channel, config=channel.config.model_copy(update={"allow_unsigned": False}))
    assert "nothing proves them" in unsafe_about(not_meant)[0]
