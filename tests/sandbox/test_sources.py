"""The page of the described sources, and what the command and the control interface offer of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from app.cli.sandbox import sandbox_group
from sandbox.sources.files import slugs
from sandbox.sources.pages import entries, found
from tests.sandbox.conftest import StandIn
from tests.sandbox.server import SandboxServer

STRIPE = '[channels.pay]\nplatform = "stripe"\nsecret = "sandbox-source-secret-0123456789"\n'


def page(sandbox: SandboxServer, query: str, language: str = "en") -> str:
    answer = requests.get(f"{sandbox.url}/sources", params={"q": query, "lang": language}, timeout=5)
    return answer.text


def test_every_source_is_on_the_page_in_one_of_two_groups(sandbox: SandboxServer) -> None:
    text = page(sandbox, "")
    assert len(re.findall(r"<details", text)) == len(slugs())
    assert "Chinese platforms (" in text
    assert " open>" not in text


@pytest.mark.parametrize(
    "query", ["stripe", "STRIPE", "checkout.session", "快递", "kuaidi", "stripe checkout"]
)
def test_a_source_is_found_by_slug_name_or_type(query: str) -> None:
    assert {"stripe", "kuaidi100"} & {entry.slug for entry in found(query)}
    assert len(found(query)) < len(entries())


def test_a_found_source_shows_its_channel_and_a_button_for_each_type(sandbox: SandboxServer) -> None:
    text = page(sandbox, "stripe", "zh")
    assert 'value="stripe|checkout.session.completed"' in text
    assert "platform = &#34;stripe&#34;" in text
    assert "其他平台 (1)" in text


def test_what_is_not_found_is_said_and_shown_as_text(sandbox: SandboxServer) -> None:
    text = page(sandbox, "<script>")
    assert "Nothing is called like that." in text
    assert "<script>" not in text


def test_the_front_page_leads_there(sandbox: SandboxServer) -> None:
    text = requests.get(f"{sandbox.url}/?lang=zh", timeout=5).text
    assert f"更多由数据描述的来源 ({len(slugs())})" in text
    assert 'action="/sources"' in text


def test_a_button_fires_its_type(firing: SandboxServer, gateway: StandIn) -> None:
    answer = requests.post(f"{firing.url}/fire", data={"sample": "stripe|sample"}, timeout=5)
    assert 'href="/sources?q=stripe"' in answer.text
    (received,) = gateway.received
    assert received.path == "/webhooks/stripe"
    assert "stripe-signature" in received.headers


def fire(services: Any, *words: str) -> Any:
    return CliRunner().invoke(sandbox_group(services), ["fire", *words])


@pytest.mark.backends("sqlite")
def test_the_command_fires_a_source_and_lists_what_it_can(
    firing: SandboxServer, gateway: StandIn, services_with: Callable[..., Any]
) -> None:
    services = services_with(channels=STRIPE, env={"SANDBOX": "1", "SANDBOX_URL": firing.url})
    assert "checkout.session.completed" in fire(services, "pay").output
    done = fire(services, "pay", "checkout.session.completed")
    assert (done.exit_code, '"status": 200' in done.output) == (0, True), done.output
    assert [each.path for each in gateway.received] == ["/webhooks/pay"]
    wrong = fire(services, "pay", "nothing.of.theirs")
    assert (wrong.exit_code, "it has checkout.session.completed" in wrong.output) == (1, True), wrong.output
