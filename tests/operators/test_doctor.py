"""`flask doctor` finds what is broken on purpose, and says what to do about it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.core.errors import RequestError
from app.factory import create_app
from app.pipeline.inbound.receive import receive
from app.pipeline.services import Services
from app.storage.database.db import Database
from tests.builders import FrozenClock, envelope, make_services, signed_callback
from tests.operators.doctor_stage import FEISHU, Change, Platform, Proxy, found, running, serving
from tests.ports import free_port

pytestmark = pytest.mark.backends("sqlite")
Make = Callable[..., Services]
GIVEN = {"code": 0, "tenant_access_token": "t-3f9d1c7b5a", "expire": 7200}


KEEPING = (
    '[channels.callback]\nplatform = "callback"\nsecret = "callback-3f9d1c7b5a"\nunknown_events = "store"\n'
)


def at(port: int, **more: str) -> dict[str, str]:
    return {"PUBLIC_BASE_URL": f"http://127.0.0.1:{port}", "SANDBOX": "0", **more}


def refuse(services: Services, request: object) -> None:
    with pytest.raises(RequestError):
        receive(services, "callback", request, trace_id="t")  # type: ignore[arg-type]


def test_a_gateway_in_good_order_has_nothing_wrong(services_with: Make) -> None:
    front, port = free_port(), free_port()
    services = services_with(env=at(front, TRUSTED_PROXIES="1"))
    with serving(services, port), running(Proxy(front, port)):
        findings = found(services, port=port)
    wrong = [finding.told() for finding in findings.values() if finding.state == "wrong"]
    assert wrong == []
    assert findings["port"].state == "ok"
    assert findings["proxies"].told().endswith("(seen: 127.0.0.1).")
    assert findings["callback_addresses"].state == "ok"


def without(name: str) -> Change:
    return lambda headers, body: ({key: value for key, value in headers.items() if key != name}, body)


def tidied(headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
    return headers, body.replace(b"\r\n", b"\n")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without("X-Lark-Signature"), "drops or changes headers that platforms sign with: X-Lark-Signature"),
        (without("X-Callgate-Probe"), ""),
        (tidied, "changes bodies"),
        (lambda headers, body: ({**headers, "Authorization": "Basic eA=="}, body), "Authorization"),
    ],
)
def test_a_proxy_that_changes_requests_is_found(services_with: Make, change: Change, words: str) -> None:
    front, port = free_port(), free_port()
    services = services_with(env=at(front, TRUSTED_PROXIES="1"))
    with serving(services, port), running(Proxy(front, port, change)):
        finding = found(services)["proxies"]
    assert words in finding.told() if words else finding.state == "ok"
    assert bool(finding.advice()) is bool(words)


def test_a_proxy_that_takes_a_part_of_the_path_away_is_found(services_with: Make) -> None:
    front, port = free_port(), free_port()
    services = services_with(env=at(front, TRUSTED_PROXIES="1"))
    with (
        serving(services, port),
        running(Proxy(front, port, path=lambda path: path.removeprefix("/webhooks"))),
    ):
        finding = found(services)["callback_addresses"]
    assert finding.state == "wrong"
    assert "/webhooks/… does not: the answer" in finding.told()


@pytest.mark.parametrize(
    ("trusted", "appends", "words"),
    [
        ("0", True, "write X-Forwarded-For: 1. TRUSTED_PROXIES is 0"),
        ("1", False, "192.0.2.77 was believed"),
    ],
)
def test_a_wrong_number_of_trusted_proxies_is_found(
    services_with: Make, trusted: str, appends: bool, words: str
) -> None:
    front, port = free_port(), free_port()
    services = services_with(env=at(front, TRUSTED_PROXIES=trusted))
    with serving(services, port), running(Proxy(front, port, appends=appends)):
        finding = found(services)["proxies"]
    assert finding.state == "wrong"
    assert words in finding.told()


def test_a_tunnel_that_leads_nowhere_is_found(services_with: Make) -> None:
    env = {"PUBLIC_BASE_URL": "https://abc123xyz.ngrok-free.app.invalid"}
    assert found(services_with(env=env))["public_address"].state == "wrong"


def test_a_tunnels_name_brings_its_own_cure(services_with: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    # No test calls the outside: the name leads to a port of this machine on which nobody listens.
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("127.0.0.1", free_port()))])
    finding = found(services_with(env={"PUBLIC_BASE_URL": "https://abc123xyz.ngrok-free.app"}))[
        "public_address"
    ]
    assert finding.told().startswith("The tunnel https://abc123xyz.ngrok-free.app (ngrok) does not lead here")
    assert "flask tunnel --write" in finding.advice()


def test_another_gateway_at_the_address_is_told_from_this_one(
    services_with: Make, database: Database
) -> None:
    port = free_port()
    other = make_services(database, env={"SECRET_KEY": "77f1c2d3a4b5968778695a4b3c2d1e0f99887766"})
    with serving(other, port):
        findings = found(services_with(env=at(port)), port=port)
    other.inline_pool.shutdown(wait=False)
    assert "leads to another gateway: its SECRET_KEY" in findings["public_address"].told()
    assert "Another gateway has port" in findings["port"].told()


def test_a_port_that_another_program_has_is_found_with_its_name(services_with: Make) -> None:
    port = free_port()
    services = services_with(env=at(free_port()))
    with running(Platform({})) as _, running(Proxy(port, 1)):
        finding = found(services, port=port, holder_of=lambda _: "process 7 (nginx)")["port"]
    assert finding.state == "wrong"
    assert "is taken by process 7 (nginx)" in finding.told()


def test_a_port_that_nobody_has_is_no_fault(services_with: Make) -> None:
    finding = found(services_with(env=at(free_port())), port=free_port())["port"]
    assert (finding.state, "flask serve" in finding.advice()) == ("warn", True)


@pytest.mark.parametrize(("env", "state"), [("dev", "warn"), ("test", "wrong")])
def test_plain_http_is_wrong_where_platforms_call(services_with: Make, env: str, state: str) -> None:
    finding = found(services_with(env=at(free_port(), APP_ENV=env)), is_offline=True)["https"]
    assert finding.state == state
    assert "PUBLIC_BASE_URL" in finding.advice()


def test_a_clock_that_is_ten_minutes_off_is_found_by_a_platforms_date(services_with: Make) -> None:
    with running(platform := Platform(GIVEN)):
        services = services_with(channels=FEISHU % (platform.url, platform.url), env=at(free_port()))
        late = FrozenClock(datetime.now(UTC) - timedelta(minutes=10))
        finding = found(services, local=late)["clock"]
        right = found(services)["clock"]
    assert finding.state == "wrong"
    assert "s behind Feishu" in finding.told()
    assert "NTP" in finding.advice()
    assert right.state == "ok"


@pytest.mark.backends("postgresql", "mariadb")
@pytest.mark.services
def test_a_clock_that_is_ten_minutes_off_is_found_by_the_databases(services_with: Make, backend: str) -> None:
    early = FrozenClock(datetime.now(UTC) + timedelta(minutes=10))
    finding = found(services_with(env=at(free_port())), local=early, is_offline=True)["clock"]
    assert finding.state == "wrong"
    assert f"ahead of the {backend} server" in finding.told().replace("mysql", "mariadb")


def test_a_missing_migration_is_found(tmp_path: Path, database_url: str) -> None:
    from app.storage.database import schema

    database = Database(database_url)
    schema.downgrade(database, "-1")
    finding = found(make_services(database, env=at(free_port())), is_offline=True)["tables"]
    database.close()
    assert finding.state == "wrong"
    assert "the code needs" in finding.told()
    assert "flask db upgrade" in finding.advice()


def test_a_database_without_a_file_is_found_and_none_is_made(tmp_path: Path) -> None:
    file = tmp_path / "none.db"
    database = Database(f"sqlite:///{file}")
    findings = found(make_services(database, env=at(free_port())), is_offline=True)
    assert findings["tables"].state == "wrong"
    assert not file.exists()


@pytest.mark.services
def test_a_database_that_does_not_answer_is_found() -> None:
    database = Database(f"postgresql://u:p@127.0.0.1:{free_port()}/d?connect_timeout=2")
    findings = found(make_services(database, env=at(free_port())), is_offline=True)
    assert findings["database"].state == "wrong"
    assert findings["tables"].state == "not_tried"
    assert "DATABASE_URL" in findings["database"].advice()


def test_a_disk_that_cannot_be_written_is_found(tmp_path: Path) -> None:
    database = Database("sqlite:////proc/callgate/x.db")
    finding = found(make_services(database, env=at(free_port())), is_offline=True)["disk"]
    assert finding.state == "wrong"
    assert "Nothing can be written in /proc" in finding.told()


def test_a_disk_that_is_nearly_full_is_found(services_with: Make) -> None:
    services = services_with(env=at(free_port(), LEAST_FREE_DISK_MB=str(10**9)))
    assert "callbacks are answered with 503" in found(services, is_offline=True)["disk"].told()


@pytest.mark.parametrize("scheme", ["amqp", "redis"])
def test_a_broker_that_is_down_is_found(services_with: Make, scheme: str) -> None:
    broker = f"{scheme}://user:pa55word-of-broker@127.0.0.1:{free_port()}/"
    services = services_with(env=at(free_port(), ENGINE="celery", CELERY_BROKER_URL=broker))
    finding = found(services, is_offline=True)["broker"]
    assert finding.state == "wrong"
    assert "refuses the connection" in finding.told()
    assert "pa55word" not in finding.told() + finding.advice()


@pytest.mark.services
@pytest.mark.parametrize("url", ["redis://127.0.0.1:6379/0", "amqp://guest:guest@127.0.0.1:5672//"])
def test_a_broker_that_answers_is_in_order(services_with: Make, url: str) -> None:
    services = services_with(env=at(free_port(), ENGINE="celery", CELERY_BROKER_URL=url))
    assert found(services, is_offline=True)["broker"].state == "ok"


@pytest.mark.services
def test_a_wrong_password_of_the_broker_is_told_from_one_that_is_down(services_with: Make) -> None:
    services = services_with(
        env=at(free_port(), ENGINE="celery", CELERY_BROKER_URL="amqp://guest:wrong@127.0.0.1:5672//")
    )
    assert "does not take the user, the password" in found(services, is_offline=True)["broker"].told()


def test_a_wrong_secret_is_found_by_what_was_refused(services_with: Make) -> None:
    services = services_with(env=at(free_port()))
    refuse(services, signed_callback(secret="another-5c1d9e7b3a"))
    finding = found(services, is_offline=True)["signatures"]
    assert finding.state == "wrong"
    assert "refused for their signature in the last 24 hours: 1 (" in finding.told()
    assert "203.0.113.7" in finding.told()


def test_refusals_are_no_fault_while_genuine_callbacks_come(services_with: Make, clock: FrozenClock) -> None:
    services = services_with(channels=KEEPING, env=at(free_port()))
    refuse(services, signed_callback(secret="another-5c1d9e7b3a"))
    clock.advance(seconds=1)
    receive(services, "callback", signed_callback(envelope(), received_at=clock.now()), trace_id="t")
    assert found(services, is_offline=True)["signatures"].state == "warn"
    clock.advance(hours=25)
    assert found(services, is_offline=True)["signatures"].state == "ok"


def test_a_wrong_allow_list_is_found(services_with: Make) -> None:
    listed = '[channels.callback]\nplatform = "callback"\nsecret = "callback-3f9d1c7b5a"\nip_allowlist = ["198.51.100.0/24"]\n'
    services = services_with(channels=listed, env=at(free_port()))
    refuse(services, signed_callback())
    finding = found(services, is_offline=True)["allowed_addresses"]
    assert finding.state == "wrong"
    assert finding.told().endswith("203.0.113.7.")
    assert "ip_allowlist" in finding.advice()


@pytest.mark.parametrize(
    "path",
    [
        "/webhooks//callback",
        "/webhook/callback",
        "/webhooks/callback/x",
        "/gw/webhooks/Callback",
        "/callback",
    ],
)
def test_an_address_with_a_slip_in_it_is_found(services_with: Make, path: str) -> None:
    services = services_with(env=at(free_port()))
    client = create_app(services=services).test_client()
    assert client.post(path, data=b"{}").status_code == 404
    finding = found(services, is_offline=True)["wrong_address"]
    assert finding.state == "wrong"
    assert path in finding.told()
    assert "(/webhooks/callback)" in finding.advice()


def test_a_slash_behind_the_address_does_no_harm(services_with: Make) -> None:
    services = services_with(channels=KEEPING, env=at(free_port()))
    request = signed_callback()
    client = create_app(services=services).test_client()
    answer = client.post("/webhooks/callback/", data=request.body, headers=list(request.headers))
    assert answer.status_code == 200
    assert found(services, is_offline=True)["wrong_address"].state == "ok"


def test_a_stranger_who_looks_around_is_no_slip(services_with: Make) -> None:
    services = services_with(env=at(free_port()))
    client = create_app(services=services).test_client()
    client.get("/wp-login.php?x=1")
    client.post("/cgi-bin/luci", data=b"x")
    client.get("/callback")
    assert found(services, is_offline=True)["wrong_address"].state == "ok"


def test_old_signed_times_are_told_from_wrong_secrets(services_with: Make) -> None:
    timed = KEEPING + 'scheme = "timestamp-nonce"\n'
    services = services_with(channels=timed, env=at(free_port()))
    old = {"X-Timestamp": "1700000000", "X-Nonce": "n-5f1c", "X-Signature": "5f" * 32}
    refuse(services, signed_callback(headers=old))
    findings = found(services, is_offline=True)
    assert findings["signed_time"].state == "wrong"
    assert findings["signatures"].state == "ok"


@pytest.mark.parametrize(
    ("answer", "name", "words"),
    [
        (
            {"code": 10003, "msg": "invalid app_secret"},
            "platform",
            "refuses the keys (app token, 10003)",
        ),
        (
            {"code": 99991401, "msg": "ip denied"},
            "egress_address",
            "takes no calls from this machine's address",
        ),
    ],
)
def test_what_a_platform_says_about_keys_and_address_is_told(
    services_with: Make, answer: dict[str, object], name: str, words: str
) -> None:
    with running(platform := Platform(answer)):
        services = services_with(channels=FEISHU % (platform.url, platform.url), env=at(free_port()))
        finding = found(services)[name]
    assert finding.state == "wrong"
    assert words in finding.told()
    assert "docs/platforms/feishu.md" in finding.advice()


@pytest.mark.parametrize(
    ("channel", "answer", "words"),
    [
        (
            'platform = "wechat"\napp_id = "wx9f1c2d3e4b5a6978"\napp_secret = "9d1e7c5b3a28f604c2b1a0f9e8d7c6b5"',
            {
                "errcode": 40164,
                "errmsg": "invalid ip 198.51.100.7 ipv6 ::ffff:198.51.100.7, not in whitelist rid: 6",
            },
            "address 198.51.100.7 (40164)",
        ),
        (
            'platform = "wecom"\ncorp_id = "ww9f1c2d3e4b5a6978"\nagent_id = "1000002"\nsecret = "9d1e7c5b3a28f604c2b1a0f9e8d7c6b5"',
            {"errcode": 60020, "errmsg": "not allow to access from your ip, from ip: 198.51.100.8"},
            "address 198.51.100.8 (60020)",
        ),
    ],
)
def test_an_address_of_ours_that_a_platform_does_not_take_is_named(
    services_with: Make, channel: str, answer: dict[str, object], words: str
) -> None:
    with running(platform := Platform(answer)):
        table = f'[channels.one]\n{channel}\napi_base = "{platform.url}"\n'
        finding = found(services_with(channels=table, env=at(free_port())))["egress_address"]
    assert finding.state == "wrong"
    assert words in finding.told()


def test_every_finding_can_be_written_as_json(services_with: Make) -> None:
    for finding in found(services_with(env=at(free_port())), is_offline=True).values():
        assert json.loads(json.dumps(finding.as_dict()))["name"] == finding.name
