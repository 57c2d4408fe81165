"""A channel's set-up page knows its addresses, what goes where at the platform, its keys, and how far it has come."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner

from app import platforms
from app.cli.channels import channels_group
from app.config.channels import parse_channels
from app.core.errors import RefusedError
from app.factory import create_app
from app.pipeline.operators.channel_keys import KeyView, channel_keys
from app.pipeline.operators.setup import Setup, channel_setup, console_entries
from app.pipeline.operators.switches import SwitchOrder, switch_off
from app.pipeline.router import Router
from app.pipeline.services import Services
from tests.channels.stage import ENV, FEISHU, READER, challenge, event, refuse, take
from tests.operators.stage import run_due
from tests.platforms.feishu import channel as feishu
from tests.platforms.feishu import signing

MakeServices = Callable[..., Services]
FROM_ENVIRONMENT = """
[channels.feishu]
platform = "feishu"
app_id = "${FEISHU_APP_ID}"
app_secret = "${FEISHU_APP_SECRET}"
verification_token = "${FEISHU_TOKEN}"
encrypt_key = ["${NEW_KEY}", "${OLD_KEY}"]
"""
VALUES = {"FEISHU_APP_ID": "cli_9f", "FEISHU_APP_SECRET": "abcdefghijklmnop", "NEW_KEY": "short-key-1"}


@pytest.fixture
def services(services_with: MakeServices) -> Services:
    return services_with(channels=FEISHU, env=ENV)


def keys_of(text: str, values: dict[str, str]) -> dict[str, KeyView]:
    (config,) = parse_channels(text, values).channels
    return {key.name: key for key in channel_keys(config, platforms.Platforms()[config.platform])}


def steps(setup: Setup) -> dict[str, str]:
    return {step.name: step.state for step in setup.steps}


def test_a_key_says_where_it_comes_from_and_what_needs_it() -> None:
    keys = keys_of(FROM_ENVIRONMENT, VALUES)
    assert (keys["app_id"].state, keys["app_id"].shown) == ("present", "cli_9f")
    assert (keys["app_secret"].variables, keys["app_secret"].needed_for) == (
        ("FEISHU_APP_SECRET",),
        ("login",),
    )
    assert (keys["verification_token"].state, keys["verification_token"].needed_for) == (
        "missing",
        ("inbound",),
    )
    assert keys["encrypt_key"].variables == ("NEW_KEY", "OLD_KEY")
    assert (keys["robot_hook"].state, keys["robot_hook"].needed_for) == ("unset", ())


def test_of_a_secret_four_letters_are_shown_and_of_a_short_one_none() -> None:
    keys = keys_of(FROM_ENVIRONMENT, VALUES)
    assert keys["app_secret"].shown == "…mnop"
    assert keys["encrypt_key"].shown == "…"


def test_a_key_without_a_model_is_taken_for_a_secret() -> None:
    keys = keys_of(
        '[channels.o]\nplatform = "oauth2"\npreset = "google"\nclient_id = "my-long-client-id"\n', {}
    )
    assert keys["client_id"].shown == "…t-id"


def test_a_table_of_keys_is_never_shown() -> None:
    keys = keys_of(
        '[channels.p]\nplatform = "wechatpay"\nmch_id = "1900000001"\npublic_keys = { PUB_KEY_ID_1 = "abcdefghijklmnop" }\n',
        {},
    )
    assert (keys["public_keys"].state, keys["public_keys"].shown) == ("present", "")
    assert keys["mch_id"].needed_for == ("everything",)


def test_a_secret_that_is_a_placeholder_is_weak() -> None:
    assert keys_of('[channels.c]\nplatform = "callback"\nsecret = "changeme"\n', {})["secret"].state == "weak"


def test_every_platform_names_its_keys_and_fields_that_exist() -> None:
    for slug, spec in platforms.discover().items():
        if spec.console is None or not isinstance(spec.settings, type):
            continue
        named = {key for entry in spec.console.entries for key in entry.keys}
        assert named <= set(spec.settings.model_fields), slug
        assert all(bool(entry.takes) != bool(entry.keys) for entry in spec.console.entries), slug


@pytest.mark.backends("sqlite")
def test_no_secret_stands_in_what_a_set_up_page_gets(services: Services) -> None:
    shown = json.dumps(channel_setup(services, "feishu").as_json())
    for secret in ("app-secret-of-this-app-9f3c", signing.TOKEN, signing.ENCRYPT_KEY):
        assert secret not in shown


@pytest.mark.backends("sqlite")
def test_each_field_of_the_console_has_what_is_entered_there(services: Services) -> None:
    setup = channel_setup(services, "feishu")
    assert setup.console is not None
    assert setup.console.address == "https://open.feishu.cn/app"
    entered = {entry.english: value for entry, value in console_entries(setup)}
    assert entered["Security Settings → Redirect URLs"] == "http://localhost:5003/oauth/feishu/callback"
    assert entered["Credentials & Basic Info"] is None


@pytest.mark.backends("sqlite")
def test_a_channel_without_its_keys_shows_its_addresses_already(services_with: MakeServices) -> None:
    services = services_with(channels=FROM_ENVIRONMENT, env=ENV)
    setup = channel_setup(services, "feishu")
    assert (setup.enabled, steps(setup)["keys"]) == (False, "failed")
    assert setup.urls["callback_url"] == "http://localhost:5003/webhooks/feishu"


@pytest.mark.backends("sqlite")
def test_a_platform_without_a_login_has_no_return_address(services_with: MakeServices) -> None:
    text = '[channels.pay]\nplatform = "wechatpay"\nmch_id = "1900000001"\napi_v3_key = "${UNSET_KEY}"\n'
    assert list(channel_setup(services_with(channels=text), "pay").urls) == ["callback_url"]


@pytest.mark.backends("sqlite")
def test_domain_files_and_the_relays_host_are_addresses_too(services_with: MakeServices) -> None:
    text = FEISHU + 'domain_files = { "MP_verify_x.txt" = "x" }\nrelay_host = "feishu.gw.example"\n'
    setup = channel_setup(services_with(channels=text), "feishu")
    assert setup.domain_files == ("http://localhost:5003/MP_verify_x.txt",)
    assert setup.urls["relay_host"] == "http://feishu.gw.example"


def test_the_checklist_goes_on_with_what_arrives(services_with: MakeServices) -> None:
    router = Router()
    router.on("feishu", name="seen")(lambda _event, _context: None)
    services = services_with(channels=FEISHU, env=ENV, router=router)
    waiting = {
        "keys": "done",
        "address": "waiting",
        "check": "waiting",
        "event": "waiting",
        "taken": "waiting",
    }
    assert steps(channel_setup(services, "feishu")) == waiting | {"login": "waiting"}
    refuse(services, feishu.sealed({"type": "url_verification", "challenge": "c", "token": "another"}))
    failed = channel_setup(services, "feishu").steps[2]
    assert (failed.state, failed.cause is not None) == ("failed", True)
    services.clock.advance(seconds=1)  # type: ignore[attr-defined]
    take(services, challenge())
    take(services, event())
    seen = steps(channel_setup(services, "feishu"))
    assert (seen["address"], seen["check"], seen["event"], seen["taken"]) == (
        "done",
        "done",
        "done",
        "waiting",
    )
    run_due(services)
    assert steps(channel_setup(services, "feishu"))["taken"] == "done"


@pytest.mark.backends("sqlite")
def test_a_visit_with_a_browser_is_no_failed_check(services: Services) -> None:
    take(services, challenge())
    services.clock.advance(seconds=1)  # type: ignore[attr-defined]
    refuse(services, event()._replace(method="GET"))
    assert steps(channel_setup(services, "feishu"))["check"] == "done"


@pytest.mark.backends("sqlite")
def test_an_event_that_nobody_takes_is_said(services: Services) -> None:
    take(services, event())
    taken = channel_setup(services, "feishu").steps[4]
    assert (taken.name, taken.state, taken.detail) == ("taken", "failed", "ignored")


@pytest.mark.backends("sqlite")
def test_a_secret_that_belongs_into_the_address_is_said(services_with: MakeServices) -> None:
    text = '[channels.hub]\nplatform = "dockerhub"\npath_secret = "path-secret-77aa12cc"\n'
    setup = channel_setup(services_with(channels=text), "hub")
    assert setup.console is not None
    assert setup.console.address_end == "/<path_secret>"


@pytest.mark.backends("sqlite")
def test_a_switched_off_channel_says_who_did_it(services: Services) -> None:
    switch_off(services, "feishu", SwitchOrder("ops", "leaked"))
    setup = channel_setup(services, "feishu")
    assert (setup.enabled, setup.reason) == (False, "switched off by ops at 2026-11-20 12:00 UTC: leaked")


@pytest.mark.backends("sqlite")
def test_over_http_and_at_the_terminal_the_same_is_shown(services: Services) -> None:
    client = create_app(services=services).test_client()
    page: Any = client.get("/api/v1/channels/feishu/setup", headers=READER).get_json()
    told = CliRunner().invoke(channels_group(services), ["setup", "feishu", "--json"])
    assert json.loads(told.output) == page
    text = CliRunner().invoke(channels_group(services), ["setup", "feishu"]).output
    assert "enter http://localhost:5003/webhooks/feishu" in text
    assert "[ ] the address is entered at the platform" in text
    assert "copy app_id, app_secret" in text


@pytest.mark.backends("sqlite")
def test_a_channel_that_is_not_in_the_file_has_no_page(services: Services) -> None:
    with pytest.raises(RefusedError, match="no such channel"):
        channel_setup(services, "nobody")
    told = CliRunner().invoke(channels_group(services), ["setup", "nobody"])
    assert told.exit_code == 1
