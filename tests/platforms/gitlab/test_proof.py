"""Who sent a webhook of GitLab: the recorded vectors, two independent libraries, and what is refused with which word."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from gidgetlab.exceptions import ValidationFailure
from gidgetlab.sansio import Event
from pydantic import ValidationError
from standardwebhooks import Webhook, WebhookVerificationError

from app.core.errors import VerificationError
from app.core.ports import AdvisedSource
from app.core.values import Coverage, InboundRequest
from tests.platforms.deliveries import NOW, SECONDS, delivery
from tests.platforms.gitlab.signing import (
    BODY,
    OTHER_SIGNING,
    SIGNING,
    TOKEN,
    UUID,
    channel,
    refusal,
    signed,
    take,
    why,
    with_token,
)

VECTORS = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))
RECORDED = [(source, case) for source in VECTORS["sources"] for case in source["cases"]]


def judged(request: InboundRequest, secrets: Any, now: float) -> tuple[str | None, str] | None:
    """Return key and type of what was taken, None for what was refused."""
    source = channel(secrets)
    try:
        verified = source.verify(request, datetime.fromtimestamp(now, UTC))
    except VerificationError:
        return None
    event = source.parse(request, verified)
    return event.key, event.type


@pytest.mark.parametrize("case", VECTORS["hmac"], ids=lambda case: case["name"])
def test_the_recorded_proofs_agree(case: dict[str, Any]) -> None:
    request = delivery(base64.b64decode(case["request"]["body_base64"]), case["request"]["headers"])
    found, expected = judged(request, case["secrets"], case["now"]), case["expect"]
    assert (found is not None) is expected["valid"]
    if found is not None:
        assert found == (expected["event_id"], expected["event_type"])


@pytest.mark.parametrize(
    ("source", "case"), RECORDED, ids=[f"{source['slug']}: {case['name']}" for source, case in RECORDED]
)
def test_the_recorded_deliveries_agree(source: dict[str, Any], case: dict[str, Any]) -> None:
    request = delivery(case["body_utf8"].encode(), dict(case["headers"]))
    request = request._replace(query_string=case["path_and_query"].removeprefix("?"))
    secrets = case.get("settings", source["settings"])["secrets"]
    found = judged(request, secrets, case.get("now", source["now"]))
    assert (found is not None) is (case["expect"] == "accept")
    if found is not None:
        assert found == (case["event_key"], case["event_type"])


@pytest.mark.parametrize("position", [0, 7, 30, len(BODY) - 1])
def test_an_independent_library_believes_the_signatures_that_we_believe(position: int) -> None:
    now = int(datetime.now(UTC).timestamp())  # The library has no other clock.
    request = signed(BODY, at=now)
    peer, headers = Webhook(SIGNING), dict(request.headers)
    peer.verify(request.body, headers)
    assert judged(request, SIGNING, now) == (UUID, "Push Hook")
    altered = bytearray(BODY)
    altered[position] ^= 1
    with pytest.raises(WebhookVerificationError):
        peer.verify(bytes(altered), headers)
    assert judged(request._replace(body=bytes(altered)), SIGNING, now) is None


def test_what_an_independent_library_signs_is_taken() -> None:
    made = Webhook(SIGNING).sign(UUID, NOW, BODY.decode())
    assert take(signed(BODY, webhook_signature=made)).key == UUID


def test_an_independent_library_believes_the_tokens_that_we_believe() -> None:
    request = with_token(BODY)
    headers = {name.lower(): value for name, value in request.headers} | {"content-type": "application/json"}
    assert Event.from_http(headers, BODY, secret=TOKEN).data == take(request, TOKEN).data
    with pytest.raises(ValidationFailure):
        Event.from_http(headers, BODY, secret=TOKEN + "x")
    assert refusal(request, TOKEN + "x") == "bad_token"


@pytest.mark.parametrize(
    "signature",
    [
        "",
        " ",
        "v1",
        "v1,",
        "v1, ",
        "v1,é",
        "v2," + "A" * 44,
        "A" * 44,
        "v1," + "A" * 100_000,
        "v1," + "A" * 43,
    ],
    ids=[*"abcdefghij"],
)
def test_what_is_no_signature_is_refused(signature: str) -> None:
    request = signed(BODY, webhook_signature=signature)
    assert refusal(request) in ("missing_signature", "bad_signature")


@pytest.mark.parametrize("header", ["webhook_id", "webhook_timestamp", "webhook_signature"])
def test_each_part_of_a_signature_is_needed(header: str) -> None:
    assert refusal(signed(BODY, **{header: ""})) == "missing_signature"


@pytest.mark.parametrize("away", [-301, 301, -86_400, 86_400])
def test_an_old_or_future_signature_is_refused(away: int) -> None:
    assert refusal(signed(BODY, at=SECONDS + away)) == "timestamp_outside_tolerance"


@pytest.mark.parametrize("away", [-300, 300])
def test_five_minutes_either_way_are_allowed(away: int) -> None:
    assert take(signed(BODY, at=SECONDS + away)).key == UUID


@pytest.mark.parametrize("at", ["", "0", f"{SECONDS}000", f"{SECONDS}.0", f" {SECONDS}", "٣" * 10, "x" * 10])
def test_a_time_in_another_form_is_refused(at: str) -> None:
    assert refusal(signed(BODY, at=at)) in ("bad_timestamp", "missing_signature")


def test_id_and_time_are_signed() -> None:
    assert refusal(signed(BODY, webhook_id=UUID[::-1])) == "bad_signature"
    assert refusal(signed(BODY, webhook_timestamp=str(SECONDS - 1))) == "bad_signature"


def test_another_signing_token_is_refused_and_each_of_a_list_is_taken() -> None:
    assert refusal(signed(BODY, secret=OTHER_SIGNING)) == "bad_signature"
    assert take(signed(BODY, secret=OTHER_SIGNING), [SIGNING, OTHER_SIGNING]).key == UUID


@pytest.mark.parametrize("token", [SIGNING, TOKEN])
def test_a_secret_token_never_stands_in_for_a_signature(token: str) -> None:
    request = signed(BODY, secret=OTHER_SIGNING, X_Gitlab_Token=token)
    assert refusal(request) == "bad_signature"
    assert refusal(with_token(BODY, secret=token)) == "missing_signature"
    assert "must sign" in why(with_token(BODY, secret=token))


def test_a_signature_never_stands_in_for_a_secret_token() -> None:
    assert refusal(signed(BODY), TOKEN) == "missing_token"
    assert refusal(signed(BODY, X_Gitlab_Token=TOKEN + "x"), TOKEN) == "bad_token"


@pytest.mark.parametrize(
    "token", ["", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), f"{TOKEN}, {TOKEN}", "é", "x" * 100_000, "令牌"]
)
def test_another_token_is_refused(token: str) -> None:
    assert refusal(with_token(BODY, secret=token), TOKEN) in ("missing_token", "bad_token")


def test_each_token_of_a_list_is_taken() -> None:
    assert take(with_token(BODY, secret="older token"), [TOKEN, "older token"]).key == UUID


def test_a_token_in_other_letters_than_ascii_is_taken_as_it_comes() -> None:
    on_the_wire = "令牌令牌令牌".encode().decode("latin-1")
    assert take(with_token(BODY, secret=on_the_wire), "令牌令牌令牌").key == UUID


@pytest.mark.parametrize(
    ("secret", "header", "made"),
    [(TOKEN, "x-gitlab-token", with_token), (SIGNING, "WEBHOOK-SIGNATURE", signed)],
    ids=["token", "signature"],
)
def test_a_proof_that_came_twice_is_refused(secret: str, header: str, made: Any) -> None:
    request: InboundRequest = made(BODY)
    doubled = (*request.headers, (header, request.header(header) or ""))
    assert refusal(request._replace(headers=doubled), secret) == "duplicate_header"


def test_without_a_secret_everything_is_refused_also_an_empty_token() -> None:
    assert refusal(with_token(BODY, secret=""), "") == "missing_token"
    assert refusal(with_token(BODY, secret="x"), "") == "bad_token"
    assert channel("").settings.missing_signature_secret() == "secret"


def test_the_kind_of_secret_says_what_is_proven() -> None:
    assert channel(SIGNING).signature_covers is Coverage.BODY
    assert channel(TOKEN).signature_covers is Coverage.ORIGIN
    advised = channel(TOKEN)
    assert isinstance(advised, AdvisedSource)
    assert "Signing token" in (advised.advice or "")
    assert channel(SIGNING).advice is None


def test_unsigned_is_taken_only_where_written_down() -> None:
    unproven = with_token(BODY, secret="")
    assert take(unproven, "", allow_unsigned=True).type == "Push Hook"
    assert channel("", allow_unsigned=True).signature_covers is Coverage.NONE
    assert refusal(unproven, SIGNING, allow_unsigned=True) == "missing_signature"


@pytest.mark.parametrize("secrets", [[SIGNING, TOKEN], [TOKEN, SIGNING]])
def test_the_two_kinds_of_secret_are_not_mixed(secrets: list[str]) -> None:
    with pytest.raises(ValidationError, match="must not mix"):
        channel(secrets)


@pytest.mark.parametrize(
    "secret", ["whsec_", "whsec_!!!!", SIGNING[:-3], "whsec_c2hvcnQ=", "whsec_" + "é" * 44]
)
def test_half_a_signing_token_is_refused_at_start(secret: str) -> None:
    with pytest.raises(ValidationError, match="not a whole signing token") as caught:
        channel(secret)
    assert secret.removeprefix("whsec_")[:8] not in str(caught.value) or secret == "whsec_"
