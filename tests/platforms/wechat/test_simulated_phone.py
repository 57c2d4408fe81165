"""The simulated phone causes the events a real one would, and shows the answers."""

from __future__ import annotations

from typing import Any

import requests
from flask import Response

from sandbox.platforms.wechat import signer as wechat
from tests.platforms.wechat.simulator_client import make_qr
from tests.sandbox.conftest import Received, StandIn
from tests.sandbox.server import SandboxServer


def message(server: SandboxServer, seen: Received) -> dict[str, Any]:
    settings = server.settings
    encrypted = wechat.parse_body(seen.body)["Encrypt"]
    return wechat.parse_body(
        wechat.decrypt(encrypted, settings["WECHAT_ENCODING_AES_KEY"], settings["WECHAT_APP_ID"])
    )


def press(server: SandboxServer, **form: str) -> requests.Response:
    return requests.post(f"{server.url}/phone/act", data={"person": "maya", **form}, timeout=15)


def test_a_first_scan_follows_and_a_second_scans(firing: SandboxServer, gateway: StandIn) -> None:
    ticket = make_qr(firing, "bind_7f3a")["ticket"]
    press(firing, action="scan", ticket=ticket)
    press(firing, action="scan", ticket=ticket)
    first, second = (message(firing, seen) for seen in gateway.received)
    assert (first["Event"], first["EventKey"]) == ("subscribe", "qrscene_bind_7f3a")
    assert (second["Event"], second["EventKey"]) == ("SCAN", "bind_7f3a")
    assert first["Ticket"] == ticket
    assert "maya" in firing.state.followers("wechat")


def test_an_expired_code_sends_no_event(firing: SandboxServer, gateway: StandIn) -> None:
    ticket = make_qr(firing, seconds=60)["ticket"]
    firing.state.advance(61)
    press(firing, action="scan", ticket=ticket)
    assert gateway.received == []


def test_a_text_and_its_reply_become_bubbles(firing: SandboxServer, gateway: StandIn) -> None:
    settings = firing.settings

    def reply(_: Received) -> Response:
        inside = wechat.build_xml({"MsgType": "text", "Content": "绑定成功"}).encode()
        encrypted = wechat.encrypt(inside, settings["WECHAT_ENCODING_AES_KEY"], settings["WECHAT_APP_ID"])
        signed = wechat.message_signature(settings["WECHAT_TOKEN"], "1", "n", encrypted)
        fields = {"Encrypt": encrypted, "MsgSignature": signed, "TimeStamp": 1, "Nonce": "n"}
        return Response(wechat.build_xml(fields), mimetype="text/xml")

    gateway.answer = reply
    press(firing, action="follow")
    page = press(firing, action="text", text="绑定 ABCD2345")
    assert message(firing, gateway.received[1])["Content"] == "绑定 ABCD2345"
    assert "绑定 ABCD2345" in page.text
    assert "绑定成功" in page.text


def test_unfollowing_sends_unsubscribe(firing: SandboxServer, gateway: StandIn) -> None:
    press(firing, action="follow")
    press(firing, action="unfollow")
    assert message(firing, gateway.received[1])["Event"] == "unsubscribe"
    assert "maya" not in firing.state.followers("wechat")


def test_a_failing_gateway_gets_three_identical_deliveries(firing: SandboxServer, gateway: StandIn) -> None:
    gateway.answer = lambda _: Response("down", status=503)
    page = press(firing, action="follow")
    assert len({seen.body for seen in gateway.received}) == 1
    assert len(gateway.received) == 3
    assert "faulty" in page.text


def test_the_phone_is_driven_over_http_too(firing: SandboxServer, gateway: StandIn) -> None:
    url = make_qr(firing, "s1")["url"]
    order = {"person": "maya", "action": "scan", "ticket": url}
    (result,) = requests.post(f"{firing.url}/_sandbox/phone", json=order, timeout=15).json()
    assert result["status"] == 200
    assert message(firing, gateway.received[0])["EventKey"] == "qrscene_s1"
