"""A signature that fits another form of the body says so: the keys are right, and something on the way changed it."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
from collections.abc import Callable

import pytest

from app.core.errors import CallgateError
from app.core.values import InboundRequest
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.rejections import list_rejections_page
from app.pipeline.services import Services
from tests.builders import NOW

SECRET = "github-secret-5f1c9a"
CHANNEL = f"""
[channels.github]
platform = "github"
secret = "{SECRET}"
"""
BODY = json.dumps({"action": "opened", "title": "修复 bug"}).encode()
pytestmark = pytest.mark.backends("sqlite")


@pytest.fixture
def services(services_with: Callable[..., Services]) -> Services:
    return services_with(channels=CHANNEL)


def reason_for(services: Services, *, signed: bytes, sent: bytes, secret: str = SECRET) -> str:
    signature = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    headers = (
        ("X-Hub-Signature-256", f"sha256={signature}"),
        ("X-GitHub-Event", "issues"),
        ("X-GitHub-Delivery", "d1"),
    )
    request = InboundRequest("POST", "/webhooks/github", "", headers, sent, "203.0.113.7", NOW)
    with pytest.raises(CallgateError):
        receive(services, "github", request, trace_id="")
    return str(list_rejections_page(services, None, cursor=None, limit=9)["items"][0]["reason"])


@pytest.mark.parametrize(
    ("sent", "form"),
    [
        (BODY + b"\r\n", "without the blanks at its ends"),
        (
            json.dumps(json.loads(BODY), ensure_ascii=False, separators=(",", ":")).encode(),
            "written in another way",
        ),
        (gzip.compress(BODY), "unpacked"),
    ],
)
def test_it_says_how_the_body_was_changed(services: Services, sent: bytes, form: str) -> None:
    reason = reason_for(services, signed=BODY, sent=sent)
    assert reason.startswith("body_changed: The signature fits the body")
    assert form in reason


def test_other_line_ends_are_found(services: Services) -> None:
    reason = reason_for(services, signed=b"a\r\nb", sent=b"a\nb")
    assert "with the other kind of line ends" in reason


@pytest.mark.parametrize("sent", [BODY, BODY + b"\n", b"", b"\x1f\x8bbroken", b"x" * 70_000])
def test_with_another_secret_nothing_is_said_about_the_body(services: Services, sent: bytes) -> None:
    assert reason_for(services, signed=sent, sent=sent, secret="another").startswith("bad_signature: ")


def test_another_body_is_not_a_changed_one(services: Services) -> None:
    assert reason_for(services, signed=BODY, sent=b'{"action": "closed"}').startswith("bad_signature: ")
