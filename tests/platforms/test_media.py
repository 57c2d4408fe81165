"""Files for messages: each platform that keeps them, over its simulator; what is refused before anything is sent; a message with the id."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from app.cli.messages import messages_group
from app.core.errors import RefusedError, RequestError, UpstreamError
from app.core.media import MediaTaker
from app.factory import create_app
from app.pipeline.operators.messages import show_message
from app.pipeline.sending.accept import Order, accept_message
from app.pipeline.sending.media import UploadWish, upload_medium
from app.pipeline.services import Services
from app.storage.database.db import Database
from sandbox.media import kept_file
from sandbox.people import PEOPLE
from sandbox.platforms.wecom import people as wecom_people
from tests.browser.stage import simulated_accounts
from tests.builders import FrozenClock, exchange, make_services
from tests.platforms.sample_channels import sample_channels
from tests.sandbox.server import SandboxServer
from tests.sending.office import run_due

pytestmark = pytest.mark.backends("sqlite")
PICTURE = UploadWish("现场.png", "image/png", b"\x89PNG" + bytes(500))
OPS = {"Authorization": "Bearer ops-token-4d1f8a2b"}
TAKEN = [
    ("wecom", PICTURE, "media_id", True),
    ("wecom", UploadWish("log.txt", "text/plain", b"ok" * 10, to="robot"), "media_id", True),
    ("dingtalk", PICTURE, "media_id", False),
    ("feishu", PICTURE, "image_key", False),
    ("feishu", UploadWish("report.pdf", "application/pdf", b"%PDF"), "file_key", False),
    ("wechat", PICTURE, "media_id", True),
    ("wechat-mini", PICTURE, "media_id", True),
]


@pytest.fixture
def services(database: Database, sandbox: SandboxServer, clock: FrozenClock) -> Iterator[Services]:
    made = make_services(database, clock=clock, env={"API_TOKENS": "ops:ops-token-4d1f8a2b,r:read-7a1b:read"})
    exchange(made, channels=sample_channels(simulated_accounts(sandbox)))
    yield made
    made.inline_pool.shutdown(wait=False)


@pytest.fixture
def client(services: Services) -> FlaskClient:
    return create_app(services=services).test_client()


@pytest.mark.parametrize(("channel", "wish", "named", "ends"), TAKEN)
def test_a_file_is_kept_by_the_platform_and_named_by_its_id(
    services: Services, sandbox: SandboxServer, channel: str, wish: UploadWish, named: str, ends: bool
) -> None:
    told = upload_medium(services, channel, wish)
    found = kept_file(sandbox.state, told[named])
    assert found is not None
    assert (found.name, found.content) == (wish.name, wish.content)
    assert (told["expires_at"] is not None, told["bytes"]) == (ends, len(wish.content))


def test_every_platform_that_keeps_files_is_tried_here(services: Services) -> None:
    able = {each.name for each in services.channels if each.as_capability(MediaTaker) is not None}
    assert able == {channel for channel, *_ in TAKEN} | {"wechat-component"}


def test_a_message_with_the_id_of_a_file_is_sent(services: Services, sandbox: SandboxServer) -> None:
    media_id = upload_medium(services, "wecom", PICTURE)["media_id"]
    to = {"user_id": wecom_people.user_id(PEOPLE[0])}
    body = {"channel": "wecom", "to": to, "type": "image", "content": {"media_id": media_id}}
    message_id = accept_message(services, body, Order("ops")).id
    run_due(services)
    assert show_message(services, message_id)["recipients"][0]["state"] == "accepted"


@pytest.mark.parametrize(
    ("channel", "wish", "piece"),
    [
        ("wecom", PICTURE._replace(content=b""), "empty"),
        ("wecom", PICTURE._replace(content=bytes(10 * 1_048_576 + 1)), "bytes at most"),
        ("wecom", PICTURE._replace(kind="image", name="x.webp"), "ends with"),
        ("wecom", PICTURE._replace(kind="sticker"), "kind must be"),
        ("wecom", PICTURE._replace(name="../../etc/passwd"), "name must be"),
        ("wecom", PICTURE._replace(name='a"; filename="b.png'), "name must be"),
        ("wecom", PICTURE._replace(name="a\r\nX: 1.png"), "name must be"),
        ("wecom", PICTURE._replace(to="chat_id"), "takes files for"),
        ("wechat-mini", PICTURE._replace(kind="video", name="a.mp4"), "kind must be"),
        ("wechat-component", PICTURE, "account="),
    ],
)
def test_what_a_platform_would_not_take_is_refused_before_anything_is_sent(
    services: Services, sandbox: SandboxServer, channel: str, wish: UploadWish, piece: str
) -> None:
    with pytest.raises(RequestError) as caught:
        upload_medium(services, channel, wish)
    assert piece in caught.value.message
    assert sandbox.state.shelf("media") == {}


def test_a_channel_that_keeps_no_files_is_told_as_such(services: Services) -> None:
    with pytest.raises(RefusedError) as caught:
        upload_medium(services, "gotify", PICTURE)
    assert caught.value.code == "unknown_channel"


def test_a_stale_token_is_replaced_and_the_file_sent_once(services: Services, sandbox: SandboxServer) -> None:
    upload_medium(services, "wecom", PICTURE)
    for token in sandbox.state.app_tokens["wecom"]:
        token.revoked = True
    upload_medium(services, "wecom", PICTURE)
    assert len(sandbox.state.shelf("media")) == 2


def test_a_platform_that_fails_is_told_and_nothing_is_repeated(
    services: Services, sandbox: SandboxServer
) -> None:
    sandbox.state.faults.add("feishu.image", "status", status=503)
    with pytest.raises(UpstreamError):
        upload_medium(services, "feishu", PICTURE)
    assert len(sandbox.state.calls("feishu.image")) == 1


def upload(client: FlaskClient, path: str, **given: Any) -> tuple[int, Any]:
    answer = client.post(f"/api/v1/media/{path}", headers=OPS | given.pop("headers", {}), **given)
    return answer.status_code, answer.get_json()


def test_a_file_comes_as_a_form_or_alone(client: FlaskClient, sandbox: SandboxServer) -> None:
    form = {"file": (io.BytesIO(PICTURE.content), PICTURE.name)}
    status, told = upload(client, "feishu", data=form, content_type="multipart/form-data")
    assert (status, told["kind"], told["name"]) == (201, "image", PICTURE.name)
    status, told = upload(client, "wecom?name=a.bin&kind=file", data=b"0123456", content_type="x/y")
    found = kept_file(sandbox.state, told["media_id"])
    assert (status, found.content if found else None) == (201, b"0123456")


def test_a_form_without_one_file_and_a_body_that_is_too_large_are_refused(client: FlaskClient) -> None:
    assert (
        upload(client, "wecom", data={"a": "b"}, content_type="multipart/form-data")[1]["error"]
        == "bad_media"
    )
    huge = bytes(21 * 1_048_576 + 1)
    assert upload(client, "wecom?name=a.bin", data=huge)[0] == 413


def test_only_a_token_that_may_send_brings_files(client: FlaskClient) -> None:
    reader = {"Authorization": "Bearer read-7a1b"}
    assert upload(client, "wecom?name=a.png", data=b"x", headers=reader)[0] == 403
    assert upload(client, "wecom?name=a.png", data=b"x", headers={"Authorization": "Bearer no"})[0] == 401


def test_a_terminal_uploads_a_file(services: Services, sandbox: SandboxServer, tmp_path: Path) -> None:
    file = tmp_path / "photo.png"
    file.write_bytes(PICTURE.content)
    result = CliRunner().invoke(messages_group(services), ["upload", "wecom", str(file)])
    assert (result.exit_code, '"kind": "image"' in result.output) == (0, True)
    wrong = CliRunner().invoke(messages_group(services), ["upload", "wecom", str(file), "--kind", "voice"])
    assert (wrong.exit_code, "amr" in wrong.output) == (1, True)
