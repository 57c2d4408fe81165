"""Each habit: how its clients ask, what they are answered, and that the message goes out."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from app.pipeline.services import Services
from tests.habits.keys import CI_KEY, OTHER_KEY, WRONG_KEY
from tests.sending.office import Office, run_due, shown

pytestmark = pytest.mark.backends("sqlite")


def last(services: Services, office: Office) -> str:
    """Run what is due and return the text that the platform took last."""
    run_due(services)
    return office.texts[-1]


WAYS: dict[str, tuple[str, str, dict[str, Any], tuple[int, dict[str, Any]]]] = {
    "serverchan": ("GET", f"/compat/serverchan/{CI_KEY}.send?title=t&desp=hello", {}, (200, {"code": 0})),
    "serverchan form": (
        "POST", f"/compat/serverchan/send/{CI_KEY}", {"data": {"title": "t", "desp": "hello"}}, (200, {"code": 0})
    ),
    "serverchan json": (
        "POST", f"/compat/serverchan/{CI_KEY}.send", {"json": {"title": "t", "desp": "hello"}}, (200, {"code": 0})
    ),
    "one line": ("GET", f"/send/{CI_KEY}?title=t&desp=hello", {}, (200, {"code": 0})),
    "message-pusher": (
        "POST", "/compat/message-pusher/push/ci", {"json": {"token": CI_KEY, "title": "t", "content": "hello"}},
        (200, {"success": True, "message": ""}),
    ),
    "message-pusher by header": (
        "GET", "/compat/message-pusher/push/ci?description=hello", {"headers": {"Authorization": f"Bearer {CI_KEY}"}},
        (200, {"success": True}),
    ),
    "pushplus": (
        "POST", "/compat/pushplus/send", {"json": {"token": CI_KEY, "title": "t", "content": "hello", "template": "txt"}},
        (200, {"code": 200, "msg": "请求成功"}),
    ),
    "pushplus in the address": ("GET", f"/compat/pushplus/send/{CI_KEY}?content=hello", {}, (200, {"code": 200})),
    "wxpusher": (
        "POST", "/compat/wxpusher/api/send/message",
        {"json": {"appToken": CI_KEY, "content": "hello", "contentType": 3, "uids": ["UID_1", "UID_2"]}},
        (200, {"code": 1000, "success": True}),
    ),
    "wxpusher short": ("GET", f"/compat/wxpusher/api/send/message/{CI_KEY}/hello", {}, (200, {"code": 1000})),
    "bark": (
        "POST", "/compat/bark/push", {"json": {"device_key": CI_KEY, "title": "t", "body": "hello"}},
        (200, {"code": 200, "message": "success"}),
    ),
    "bark in the address": ("GET", f"/compat/bark/{CI_KEY}/t/hello", {}, (200, {"code": 200})),
    "bark in capitals": ("POST", f"/compat/bark/{CI_KEY}", {"data": {"Title": "t", "BODY": "hello"}}, (200, {"code": 200})),
    "gotify": (
        "POST", "/compat/gotify/message", {"json": {"message": "hello"}, "headers": {"X-Gotify-Key": CI_KEY}},
        (200, {"message": "hello", "title": "ci", "priority": 0}),
    ),
    "gotify by query": (
        "POST", f"/compat/gotify/message?token={CI_KEY}", {"data": {"message": "hello", "priority": "5"}},
        (200, {"priority": 5}),
    ),
    "apprise": (
        "POST", f"/compat/apprise/notify/{CI_KEY}", {"json": {"body": "hello", "type": "failure", "title": "t"}},
        (200, {"error": None}),
    ),
}  # fmt: skip


def test_a_message_is_answered_as_the_client_expects_and_goes_out(
    client: FlaskClient, gateway: Services, office: Office
) -> None:
    for way, (method, path, parts, (status, expected)) in WAYS.items():
        answer = client.open(path, method=method, **parts)
        assert answer.status_code == status, (way, answer.text)
        assert expected.items() <= answer.get_json().items(), way
        assert "hello" in last(gateway, office), way
    assert len(office.texts) == len(WAYS)


WRONG: dict[str, tuple[str, str, dict[str, Any], tuple[int, dict[str, Any]]]] = {
    "serverchan": ("GET", f"/compat/serverchan/{WRONG_KEY}.send?title=t", {}, (400, {"code": 40001})),
    "message-pusher": ("POST", "/compat/message-pusher/push/ci", {"json": {"token": WRONG_KEY}}, (401, {"success": False})),
    "message-pusher of another": (
        "POST", "/compat/message-pusher/push/slow", {"json": {"token": CI_KEY, "content": "x"}}, (200, {"success": False})
    ),
    "pushplus": ("POST", "/compat/pushplus/send", {"json": {"token": WRONG_KEY, "content": "x"}}, (200, {"code": 903})),
    "wxpusher": ("POST", "/compat/wxpusher/api/send/message", {"json": {"appToken": 7, "content": "x"}}, (200, {"code": 1002})),
    "bark": ("GET", f"/compat/bark/{WRONG_KEY}/x", {}, (400, {"code": 400})),
    "gotify": ("POST", "/compat/gotify/message", {"json": {"message": "x"}}, (401, {"errorCode": 401})),
    "nothing to say": ("GET", f"/send/{CI_KEY}", {}, (400, {"code": 40002})),
    "nothing to say to pushplus": ("GET", f"/compat/pushplus/send/{CI_KEY}", {}, (200, {"code": 999})),
    "no JSON": ("POST", "/compat/bark/push", {"data": b"{", "content_type": "application/json"}, (400, {"code": 400})),
    "no UTF-8": ("POST", f"/send/{CI_KEY}", {"data": b"title=\xff\xfe"}, (400, {"code": 40002})),
}  # fmt: skip


def test_a_refusal_is_worded_as_the_client_expects(client: FlaskClient, office: Office) -> None:
    for way, (method, path, parts, (status, expected)) in WRONG.items():
        answer = client.open(path, method=method, **parts)
        assert answer.status_code == status, (way, answer.text)
        assert expected.items() <= answer.get_json().items(), way
        assert WRONG_KEY not in answer.text, way
    assert office.calls == []


def test_an_unknown_key_of_apprise_is_an_empty_answer(client: FlaskClient) -> None:
    assert client.post(f"/compat/apprise/notify/{WRONG_KEY}", json={"body": "x"}).status_code == 204


def test_bark_answers_for_each_of_several_keys(
    client: FlaskClient, gateway: Services, office: Office
) -> None:
    told = client.post(
        "/compat/bark/push", json={"device_keys": [CI_KEY, WRONG_KEY], "body": "hello"}
    ).get_json()
    assert [each["code"] for each in told["data"]] == [200, 400]
    run_due(gateway)
    assert len(office.texts) == 1


def test_message_pusher_tells_how_its_own_messages_stand(client: FlaskClient, gateway: Services) -> None:
    sent = client.post("/compat/message-pusher/push/ci", json={"token": CI_KEY, "content": "x"}).get_json()
    path = f"/compat/message-pusher/api/message/status/{sent['uuid']}"
    assert client.get(f"{path}?token={CI_KEY}").get_json()["status"] == 1
    run_due(gateway)
    assert client.get(f"{path}?token={CI_KEY}").get_json()["status"] == 2
    assert client.get(f"{path}?token={OTHER_KEY}").get_json()["success"] is False
    assert client.get(path).status_code == 401


def test_a_key_is_limited_by_its_rate(client: FlaskClient) -> None:
    answers = [client.get(f"/send/{OTHER_KEY}?title=t") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert int(answers[1].headers["Retry-After"]) > 0


def test_guessing_keys_is_slow(client: FlaskClient) -> None:
    statuses = [client.get(f"/send/{WRONG_KEY}{number}").status_code for number in range(40)]
    assert statuses[0] == 400
    assert set(statuses[-5:]) <= {403, 429}


def test_the_same_idempotency_key_is_one_message(
    client: FlaskClient, gateway: Services, office: Office
) -> None:
    headers = {"Idempotency-Key": "build-7"}
    ids = {
        client.get(f"/send/{CI_KEY}?title=t", headers=headers).get_json()["data"]["pushid"] for _ in range(3)
    }
    run_due(gateway)
    assert len(ids) == len(office.texts) == 1
    assert shown(gateway, ids.pop())["caller"] == "push:ci"
