"""Messages by WxPusher: people and topics against the simulated service, each with its own result, and what every code means."""

from __future__ import annotations

import pytest

from app.core.errors import UpstreamError
from app.core.sending import Message, Recipient, most_in_one_call
from app.platforms import discover
from app.platforms.wxpusher.sending import FAULTS
from tests.platforms.answering import answer, api
from tests.platforms.sending import Sending, outcome_of, refused_parts, sending
from tests.platforms.wxpusher.sample import SAMPLES
from tests.sandbox.server import SandboxServer

MAYA, LIN, NOBODY = "UID_sandbox10004", "UID_sandbox10001", "UID_nobody"


def opened(sandbox: SandboxServer, **keys: object) -> Sending:
    own = sandbox.settings
    usual = {"app_token": own["WXPUSHER_APP_TOKEN"], "api_base": f"{sandbox.url}/wxpusher"}
    spec = discover()["wxpusher"]
    return sending(spec.open("wxpusher", spec.settings.model_validate({**usual, **keys})))


@pytest.fixture
def wxpusher(sandbox: SandboxServer) -> Sending:
    return opened(sandbox, uids=LIN)


def test_a_message_names_whom_it_did_not_reach(sandbox: SandboxServer, wxpusher: Sending) -> None:
    people = [Recipient("user_id", each) for each in (MAYA, NOBODY, LIN)]
    (result,) = wxpusher.send(Message(title="告警", text="**磁盘** 已满"), *people)
    messages = sandbox.state.inbox.of("wxpusher")
    assert {each.conversation for each in messages} == {f"user:{MAYA}", f"user:{LIN}"}
    assert messages[0].heading == "告警"
    assert "<strong>磁盘</strong>" in str(messages[0].drawn)
    assert list(result.not_reached) == [NOBODY]
    assert "follow" in result.not_reached[NOBODY]
    assert result.accepted_only
    assert wxpusher.refusal(Message(text="x"), Recipient("user_id", NOBODY)).code == "refused_recipient"


def test_topics_and_the_settings_own_receivers_are_reached(sandbox: SandboxServer, wxpusher: Sending) -> None:
    wxpusher.send(Message(text="x"), Recipient("tag", "4321"))
    wxpusher.send(Message(text="x"), Recipient("robot"))
    assert [each.conversation for each in sandbox.state.inbox.of("wxpusher")] == ["topic:4321", f"user:{LIN}"]
    assert wxpusher.refusal(Message(text="x"), Recipient("tag", "ops")).code == "refused_recipient"


def test_kinds_and_their_numbers(sandbox: SandboxServer, wxpusher: Sending) -> None:
    assert wxpusher.sender.recipient_kinds == ("robot", "user_id", "tag")
    assert opened(sandbox).sender.recipient_kinds == ("user_id", "tag")
    assert [most_in_one_call(wxpusher.sender, kind) for kind in ("user_id", "tag")] == [2000, 5]


def test_every_code_has_its_outcome() -> None:
    good = {"uid": "a", "code": 1000, "sendRecordId": 7}
    cases = [
        (answer({"code": int(code), "msg": "x", "data": None}), fault.at_fault)
        for code, fault in FAULTS.items()
    ]
    cases += [
        (answer({"code": 1000, "data": [good]}), "sent"),
        (answer({"code": 1000, "data": [good, {"uid": "b", "code": 1}]}), "sent"),
        (answer({"code": 1000, "data": [{"uid": "b", "code": 1004}]}), "recipient"),
        (answer({"code": 1000, "data": []}), "unknown"),
        (answer({"code": 1000, "data": "x"}), "unknown"),
        (answer({"code": 1008, "data": None}), "wait"),
        (answer({"code": 7777, "data": None}), "content"),
        (answer({"data": None}), "unknown"),
        (answer(b"<html>"), "unknown"),
        (answer(b"", 502), "busy"),
    ]
    for given, expected in cases:
        assert ended(given) == expected, given.body


def ended(given: object) -> str:
    try:
        sending(SAMPLES[0].open(), api(given)).send(Message(text="x"))
    except UpstreamError as error:
        return outcome_of(error)
    return "sent"


def test_native_content_passes_unchanged_and_odd_shapes_are_refused(
    sandbox: SandboxServer, wxpusher: Sending
) -> None:
    content = {"content": "<b>x</b>", "contentType": 2, "url": "https://ops.example"}
    wxpusher.send(Message(type="message", content=content), Recipient("user_id", MAYA))
    (call,) = sandbox.state.calls("wxpusher.send")
    assert call.json == {**content, "uids": [MAYA], "appToken": sandbox.settings["WXPUSHER_APP_TOKEN"]}
    for message in (
        Message(type="message", content={"content": "x", "contentType": 4}),
        Message(type="message", content={"content": "x", "summary": "x" * 101}),
        Message(type="message", content={"content": "x", "uids": ["a"]}),
        Message(type="message", content={"content": "x" * 40_001}),
    ):
        refused_parts(wxpusher.sender, message, "user_id")
