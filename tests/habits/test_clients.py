"""The projects' own clients, their fixed hosts led to a gateway that listens."""

from __future__ import annotations

from typing import Any

import apprise
import pytest
import requests
import serverchan_sdk
import wxpusher.wxpusher
from wxpusher import WxPusher

from app.pipeline.services import Services
from tests.habits.keys import CI_KEY, WRONG_KEY
from tests.sending.office import Office, run_due

pytestmark = pytest.mark.backends("sqlite")


def test_serverchans_sdk_sends(
    address: str, gateway: Services, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = requests.post
    monkeypatch.setattr(
        serverchan_sdk.requests,
        "post",
        lambda url, **parts: post(
            url.replace("https://sctapi.ftqq.com", f"{address}/compat/serverchan"), **parts
        ),
    )
    assert serverchan_sdk.sc_send(CI_KEY, "Build", "**done**")["data"]["errno"] == 0
    assert serverchan_sdk.sc_send(WRONG_KEY, "Build")["code"] == 40001
    run_due(gateway)
    assert office.texts == ["**done**"]


def test_wxpushers_sdk_sends(
    address: str, gateway: Services, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wxpusher.wxpusher, "BASEURL", f"{address}/compat/wxpusher/api")
    told: dict[str, Any] = WxPusher.send_message("hello", uids=["UID_1"], token=CI_KEY, content_type=3)
    assert (told["success"], told["data"][0]["uid"]) == (True, "UID_1")
    run_due(gateway)
    assert office.texts == ["hello"]


@pytest.mark.parametrize("version", ["", "?ver=1", "?method=form"])
def test_apprise_sends(address: str, gateway: Services, office: Office, version: str) -> None:
    client = apprise.Apprise()
    assert client.add(f"{address.replace('http', 'apprise', 1)}/compat/apprise/{CI_KEY}{version}")
    assert client.notify(body="hello", title="Build")
    run_due(gateway)
    assert office.texts == ["hello"]


def test_apprise_is_told_of_a_wrong_key(address: str, office: Office) -> None:
    client = apprise.Apprise()
    assert client.add(f"{address.replace('http', 'apprise', 1)}/compat/apprise/{WRONG_KEY}")
    client.notify(body="hello")
    assert office.calls == []
