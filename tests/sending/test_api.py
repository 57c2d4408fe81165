"""Messages over HTTP and from a terminal: who may, what is answered, how pages go on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask.testing import FlaskClient

from app.cli.messages import messages_group
from app.config.api_tokens import ApiToken
from app.core.sending import Lent, SendRefused
from app.core.sent_messages import Fate, Sent
from app.factory import create_app
from app.pipeline.services import Services
from app.worker.engine import EmbeddedEngine
from tests.builders import FrozenClock, exchange
from tests.sending.office import Clerk, Office, ask, open_channels, run_due

pytestmark = pytest.mark.backends("sqlite")
OPS = {"Authorization": "Bearer ops-token-4d1f8a2b"}
READER = {"Authorization": "Bearer reader-token-77aa12"}
BODY = {"channel": "post", "to": {"user_id": "u1"}, "text": "hello"}


@pytest.fixture
def gateway(services_with: Callable[..., Services], office: Office, clerk: Clerk) -> Services:
    made = services_with(env={"API_TOKENS": "ops:ops-token-4d1f8a2b,reader:reader-token-77aa12:read"})
    open_channels(made, office, clerk)
    return made


@pytest.fixture
def client(gateway: Services) -> FlaskClient:
    return create_app(services=gateway).test_client()


def post(client: FlaskClient, path: str = "", body: Any = None, **headers: str) -> tuple[int, Any]:
    answer = client.post(f"/api/v1/messages{path}", json=body, headers=OPS | headers)
    return answer.status_code, answer.get_json()


def get(client: FlaskClient, path: str = "") -> Any:
    answer = client.get(f"/api/v1/messages{path}", headers=READER)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def test_a_message_is_taken_sent_and_shown(client: FlaskClient, gateway: Services) -> None:
    status, body = post(client, body=BODY)
    assert (status, set(body)) == (202, {"id"})
    run_due(gateway)
    message = get(client, f"/{body['id']}")
    assert (message["state"], message["caller"], message["recipients"][0]["state"]) == ("sent", "ops", "sent")
    assert [each["id"] for each in get(client)["items"]] == [body["id"]]


def test_only_a_token_with_the_scope_may_send(client: FlaskClient) -> None:
    assert client.post("/api/v1/messages", json=BODY, headers=READER).status_code == 403
    assert client.post("/api/v1/messages", json=BODY).status_code == 401
    assert client.get("/api/v1/messages").status_code == 401


def test_a_token_with_channels_of_its_own_sends_through_these_alone(
    client: FlaskClient, gateway: Services
) -> None:
    for name, channels in (("mine", ("post",)), ("theirs", ("elsewhere",))):
        token = ApiToken(name=name, token=f"{name}-token-5b1c", scopes=frozenset({"send"}), channels=channels)
        exchange(gateway, api_tokens=(*gateway.api_tokens, token))
    mine, theirs = ({"Authorization": f"Bearer {name}-token-5b1c"} for name in ("mine", "theirs"))
    taken = client.post("/api/v1/messages", json=BODY, headers=mine)
    assert taken.status_code == 202
    for path in ("", f"/{(taken.json or {})['id']}/resend", f"/{(taken.json or {})['id']}/stop"):
        refused = client.post(f"/api/v1/messages{path}", json=BODY, headers=theirs)
        assert (refused.status_code, (refused.json or {})["error"]) == (403, "other_channel"), path
    assert client.post(f"/api/v1/messages/{(taken.json or {})['id']}/stop", headers=mine).status_code == 202


def test_a_repeated_request_is_answered_as_such(client: FlaskClient) -> None:
    key = {"Idempotency-Key": "order-7"}
    first = client.post("/api/v1/messages", json=BODY, headers=OPS | key)
    again = client.post("/api/v1/messages", json=BODY, headers=OPS | key)
    assert (first.json, again.status_code) == (again.json, 202)
    assert (first.headers.get("Idempotent-Replayed"), again.headers["Idempotent-Replayed"]) == (None, "true")
    status, body = post(client, body=BODY | {"text": "other"}, **key)
    assert (status, body["error"]) == (409, "idempotency_key_reused")


def test_waiting_brings_the_result_when_it_is_there_in_time(client: FlaskClient, gateway: Services) -> None:
    engine = EmbeddedEngine(gateway, threads=1)
    engine.start()
    try:
        status, body = post(client, "?wait=1", BODY)
    finally:
        engine.stop()
    assert (status, body["state"], body["recipients"][0]["state"]) == (200, "sent", "sent")


def test_a_result_that_is_not_there_in_time_is_not_waited_for(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.api.messages.WAIT_SECONDS", 0.05)
    status, body = post(client, "?wait=1", BODY)
    assert (status, set(body)) == (202, {"id"})


def test_waiting_requests_leave_threads_for_others(
    gateway: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.api.messages.MOST_WAITING", 1)
    monkeypatch.setattr("app.web.api.messages.WAIT_SECONDS", 0.6)
    app, took = create_app(services=gateway), []

    def ask_and_wait() -> None:
        began = time.monotonic()
        assert post(app.test_client(), "?wait=1", BODY)[0] == 202
        took.append(time.monotonic() - began)

    threads = [Thread(target=ask_and_wait) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len([seconds for seconds in took if seconds >= 0.6]) == 1


def asked_later(gateway: Services, clock: FrozenClock) -> str:
    """Messages of the same moment have no order."""
    clock.advance(seconds=1)
    return ask(gateway)


def test_pages_of_messages_and_of_recipients_go_on_where_they_ended(
    client: FlaskClient, gateway: Services, clock: FrozenClock
) -> None:
    ids = [asked_later(gateway, clock) for _ in range(3)]
    first = get(client, "?limit=2")
    second = get(client, f"?limit=2&cursor={first['next_cursor']}")
    assert [each["id"] for each in (*first["items"], *second["items"])] == ids[::-1]
    many = ask(gateway, to=[{"user_id": f"u{number}"} for number in range(5)])
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = get(client, f"/{many}?limit=2" + (f"&cursor={cursor}" if cursor else ""))
        seen += [each["to"]["user_id"] for each in page["recipients"]]
        cursor = page["next_cursor"]
    assert seen == ["u0", "u1", "u2", "u3", "u4"]


def test_bad_questions_are_refused_with_a_word(client: FlaskClient) -> None:
    for path, status, word in (
        ("?state=odd", 400, "bad_state"),
        ("?since=yesterday", 400, "bad_time"),
        ("?channel=%00", 400, "bad_filter"),
        ("?cursor=x", 400, "bad_cursor"),
        ("?limit=0", 400, "bad_limit"),
        ("/x", 404, "unknown_message"),
        (f"/{'0' * 32}", 404, "unknown_message"),
        (f"/{'0' * 32}?cursor=1", 400, "bad_cursor"),
    ):
        answer = client.get(f"/api/v1/messages{path}", headers=READER)
        assert (answer.status_code, (answer.json or {})["error"]) == (status, word), path
    assert post(client, "?wait=yes", BODY)[1]["error"] == "bad_request"
    for raw in (b"", b"[]", b'{"text": "\xff"}'):
        answer = client.post("/api/v1/messages", data=raw, headers=OPS)
        assert (answer.status_code, (answer.json or {})["error"]) == (400, "bad_json")


def test_a_body_over_a_megabyte_is_refused(client: FlaskClient) -> None:
    status, body = post(client, body=BODY | {"text": "x" * 1_048_576})
    assert (status, body["error"]) == (413, "body_too_large")


def test_sending_again_and_stopping_are_routes(
    client: FlaskClient, gateway: Services, office: Office
) -> None:
    office.answers((404, {}))
    message_id = ask(gateway)
    assert post(client, f"/{message_id}/resend")[1]["error"] == "message_not_ended"
    run_due(gateway)
    assert post(client, f"/{message_id}/resend") == (202, {"id": message_id, "recipients": 1})
    assert post(client, f"/{message_id}/stop") == (202, {"id": message_id})
    run_due(gateway)
    assert get(client, f"/{message_id}")["channels"][0]["error"] == "stopped"
    assert post(client, f"/{message_id}/stop")[1]["error"] == "message_ended"
    assert post(client, f"/{'0' * 32}/stop")[0] == 404


def flask(services: Services, *words: str) -> Result:
    return CliRunner().invoke(messages_group(services), words)


def test_a_terminal_sends_and_shows(gateway: Services, office: Office) -> None:
    engine = EmbeddedEngine(gateway, threads=1)
    engine.start()
    try:
        sent = flask(gateway, "send", "post", "--to", "user_id:u1", "--text", "hello", "--json")
    finally:
        engine.stop()
    message, _ = json.JSONDecoder().raw_decode(sent.output[sent.output.index("{\n") :])
    assert (sent.exit_code, message["state"], office.texts) == (0, "sent", ["hello"])
    assert message["id"] in flask(gateway, "list").output
    assert "user_id u1, part 1: sent" in flask(gateway, "show", message["id"]).output


def test_a_terminal_says_what_is_wrong_and_ends_with_1(gateway: Services, office: Office) -> None:
    assert (
        "post sends to no chat_id"
        in flask(gateway, "send", "post", "--to", "chat_id:c", "--text", "x").output
    )
    assert "KIND:VALUE" in flask(gateway, "send", "post", "--to", "u1", "--text", "x").output
    office.answers((403, {}))
    message_id = ask(gateway)
    run_due(gateway)
    assert "The robot was removed; make a new one." in flask(gateway, "show", message_id).output
    done = flask(gateway, "resend", message_id)
    assert (done.exit_code, "1 recipients" in done.output) == (0, True)
    assert flask(gateway, "stop", message_id).exit_code == 0
    assert flask(gateway, "stop", "x").exit_code == 1


def test_a_terminal_tells_when_no_gateway_takes_the_message(
    gateway: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.cli.messages.WAIT_SECONDS", 0.01)
    assert (
        "goes out as soon as a gateway"
        in flask(gateway, "send", "post", "--to", "user_id:u1", "--text", "x").output
    )


DETAIL = "No platform tells more about this message"


class Archive(Clerk):
    """A sender that takes back what it sent and tells what became of it."""

    def recalls(self, kind: str) -> bool:
        return kind == "user_id"

    def recall(self, sent: Sent, lent: Lent) -> None:
        if "u2" in sent.values:
            raise SendRefused("content", "It is too old to be taken back.")

    def tells_fate(self, kind: str) -> bool:
        return True

    def fate(self, sent: Sent, lent: Lent) -> Fate:
        return Fate(frozenset({"u1"}), {"u2": "They are away."})


def test_taking_back_and_asking_are_routes_with_a_result_for_each(
    gateway: Services, client: FlaskClient, office: Office
) -> None:
    open_channels(gateway, office, Archive(office.url, "post"))
    office.answer = lambda call: (200, {"id": "m1", "accepted": True})
    two = BODY | {"to": [{"user_id": "u1"}, {"user_id": "u2"}]}
    first, second = (post(client, body=two)[1]["id"] for _ in range(2))
    run_due(gateway)
    told = {"recalled": 1, "refused": 1, "impossible": 0, "left": 0, "message": None}
    assert post(client, f"/{first}/recall") == (200, {"id": first} | told)
    assert [each["state"] for each in get(client, f"/{first}")["recipients"]] == ["recalled", "accepted"]
    told = {"sent": 1, "refused": 1, "unknown": 0, "left": 0, "message": None}
    assert post(client, f"/{second}/check") == (200, {"id": second} | told)
    assert get(client, f"/{second}")["state"] == "partly"
    assert client.post(f"/api/v1/messages/{first}/recall", headers=READER).status_code == 403


def test_a_terminal_takes_back_and_ends_with_1_where_somebody_has_it_still(
    gateway: Services, office: Office
) -> None:
    open_channels(gateway, office, Archive(office.url, "post"))
    message_id = ask(gateway, to=[{"user_id": "u1"}, {"user_id": "u2"}])
    run_due(gateway)
    result = flask(gateway, "recall", message_id)
    assert ("1 recalled, 1 refused\n" in result.output, result.exit_code) == (True, 1)
    result = flask(gateway, "check", message_id)
    assert (DETAIL in result.output, result.exit_code) == (True, 1)
