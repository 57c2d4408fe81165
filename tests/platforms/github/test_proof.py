"""Who signed a webhook of GitHub: the recorded vectors, an independent library, and what is refused with which word."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from gidgethub import ValidationFailure
from gidgethub.sansio import validate_event

from app.core.errors import VerificationError
from app.core.values import Coverage, InboundRequest
from tests.platforms.deliveries import NOW, delivery
from tests.platforms.github.signing import BODY, SECRET, channel, refusal, take, webhook

VECTORS = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))
SOURCE = VECTORS["source"]
OWN_KEY = {"published": SECRET}


def judged(request: InboundRequest, secrets: Any) -> tuple[str | None, str] | None:
    """Return key and type of what was taken, None for what was refused."""
    source = channel(secret=secrets)
    try:
        verified = source.verify(request, NOW)
    except VerificationError:
        return None
    event = source.parse(request, verified)
    return event.key, event.type


@pytest.mark.parametrize("case", VECTORS["hmac"], ids=lambda case: case["name"])
def test_the_recorded_signatures_agree(case: dict[str, Any]) -> None:
    request = delivery(base64.b64decode(case["request"]["body_base64"]), case["request"]["headers"])
    found, expected = judged(request, case["secrets"]), case["expect"]
    assert (found is not None) is expected["valid"]
    if found is not None:
        assert (found[0], found[1].partition(".")[0]) == (expected["event_id"], expected["event_type"])


@pytest.mark.parametrize("case", SOURCE["cases"], ids=lambda case: case["name"])
def test_the_recorded_deliveries_agree(case: dict[str, Any]) -> None:
    secrets = case.get("settings", SOURCE["settings"])["secrets"]
    found = judged(delivery(case["body_utf8"].encode(), dict(case["headers"])), secrets)
    assert (found is not None) is (case["expect"] == "accept")
    if found is not None:
        assert found == (case["event_key"], case["event_type"])


@pytest.mark.parametrize("position", [0, 7, 30, len(BODY) - 1])
def test_an_independent_library_believes_what_we_believe(position: int) -> None:
    request = webhook(BODY)
    signature = request.header("X-Hub-Signature-256") or ""
    validate_event(request.body, signature=signature, secret=SECRET)
    altered = bytearray(BODY)
    altered[position] ^= 1
    with pytest.raises(ValidationFailure):
        validate_event(bytes(altered), signature=signature, secret=SECRET)
    assert refusal(request._replace(body=bytes(altered))) == "bad_signature"


@pytest.mark.parametrize(
    "signature",
    [
        "",
        " ",
        "sha256=",
        "sha1=" + "0" * 64,
        "0" * 64,
        "sha256=" + "é" * 64,
        "sha256=" + "0" * 63,
        "sha256=" + "0" * 65,
        "sha256=" + "٣" * 64,
        "SHA256=" + "0" * 64,
        "sha256=" + "0" * 64 + "\n",
        "sha256=" + "0" * 100000,
    ],
    ids=[*"abcdefghijkl"],
)
def test_what_is_no_signature_is_refused(signature: str) -> None:
    assert refusal(webhook(BODY, X_Hub_Signature_256=signature)) in ("missing_signature", "bad_signature")


def test_the_older_signature_alone_proves_nothing() -> None:
    assert refusal(webhook(BODY, X_Hub_Signature_256="")) == "missing_signature"


def test_a_wrong_older_signature_beside_a_good_one_does_no_harm() -> None:
    assert take(webhook(BODY, X_Hub_Signature="sha1=" + "0" * 40)).type == "push"


def test_every_secret_of_the_list_is_accepted() -> None:
    assert take(webhook(BODY), secret=["another secret", SECRET]).type == "push"


def test_a_signature_that_came_twice_is_refused() -> None:
    request = webhook(BODY)
    signature = request.header("X-Hub-Signature-256") or ""
    doubled = (*request.headers, ("x-hub-signature-256", signature))
    assert refusal(request._replace(headers=doubled)) == "duplicate_header"


def test_without_a_secret_everything_is_refused_also_what_an_empty_key_signed() -> None:
    assert refusal(webhook(BODY, secret=""), secret="") == "bad_signature"
    assert channel(secret="").settings.missing_signature_secret() == "secret"


def test_unsigned_is_taken_only_where_written_down() -> None:
    unsigned = webhook(BODY, X_Hub_Signature_256="", X_Hub_Signature="")
    assert take(unsigned, secret="", allow_unsigned=True).type == "push"
    assert channel(secret="", allow_unsigned=True).signature_covers is Coverage.NONE
    assert refusal(unsigned, allow_unsigned=True) == "missing_signature"
