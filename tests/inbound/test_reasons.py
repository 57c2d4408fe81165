"""Every refusal says to operators what differed and what to look at: secret, time, mode, body or app id."""

from __future__ import annotations

import ast
import gzip
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from app.core.errors import CallgateError, VerificationError
from app.core.values import InboundRequest
from app.pipeline.inbound.reasons import LONGEST, explained
from app.pipeline.inbound.receive import receive
from app.pipeline.operators.channels import channel_view
from app.pipeline.operators.rejections import list_rejections_page
from app.pipeline.services import Services
from tests.architecture.source import calls, modules, tree
from tests.builders import CALLBACK_SECRET, NOW, envelope, signed_callback
from tests.platforms.callback.signing import stamped
from tests.platforms.feishu import channel as feishu
from tests.platforms.feishu import signing as feishu_signing
from tests.platforms.standard_webhooks.signing import webhook
from tests.platforms.wechat import account as wechat
from tests.platforms.wechat.signing import WechatSigner, xml_envelope, xml_message

MakeServices = Callable[..., Services]
SECONDS = int(NOW.timestamp())
ENVELOPE = json.dumps(envelope(), indent=1).encode()
CHANNELS = f"""
[channels.body]
platform = "callback"
secret = "{CALLBACK_SECRET}"
unknown_events = "store"
[channels.stamped]
platform = "callback"
secret = ["another-secret-9f1", "{CALLBACK_SECRET}"]
scheme = "timestamp-nonce"
[channels.feishu]
platform = "feishu"
app_id = "{feishu_signing.APP_ID}"
verification_token = "{feishu_signing.TOKEN}"
encrypt_key = "{feishu_signing.ENCRYPT_KEY}"
[channels.feishu-open]
platform = "feishu"
app_id = "{feishu_signing.APP_ID}"
verification_token = "{feishu_signing.TOKEN}"
allow_unsigned = true
[channels.wechat]
platform = "wechat"
app_id = "wx1234567890abcdef"
token = "gatewayToken01"
encoding_aes_key = "{wechat.AES_KEY}"
[channels.plain]
platform = "wechat"
app_id = "wx1234567890abcdef"
token = "gatewayToken01"
mode = "plain"
"""


def callback(
    body: bytes, signed: bytes | None = None, secret: str = CALLBACK_SECRET, **headers: str
) -> InboundRequest:
    signature = hmac.new(secret.encode(), body if signed is None else signed, hashlib.sha256).hexdigest()
    return signed_callback(
        body, headers={"X-Signature": signature} | {k.replace("_", "-"): v for k, v in headers.items()}
    )


def stamp(seconds: int = SECONDS, secret: str = CALLBACK_SECRET) -> InboundRequest:
    return stamped(ENVELOPE, str(seconds), "nonce-0123456789", secret)


def wechat_request(query: str, body: bytes) -> InboundRequest:
    return wechat.inbound(query, body)


def sealed(**changes: str) -> InboundRequest:
    signer = WechatSigner(**changes)
    ciphertext = signer.encrypt(xml_message())
    return wechat_request(signer.sealed_query(ciphertext), xml_envelope(ciphertext))


def card() -> InboundRequest:
    body = json.dumps({"open_message_id": "om", "action": {"value": {}}}).encode()
    return feishu.delivery(body, feishu_signing.stamped(feishu_signing.card_signature(body)))


def feishu_event(**header: str) -> InboundRequest:
    return feishu.sealed(feishu.v2_event(**header))


SIGNER = WechatSigner(timestamp=str(SECONDS))
REFUSALS: dict[str, tuple[str, InboundRequest, str]] = {
    "another secret": ("body", callback(ENVELOPE, secret="wrong"), "the one value of secret, by scheme body"),
    "each secret was tried": ("stamped", stamp(secret="wrong"), "each of the 2 values of secret"),
    "no header": ("body", signed_callback()._replace(headers=(("X-Hub-Signature-256", "x"),)), "X-Hub-Signature-256"),
    "another header": ("body", signed_callback(headers={"X-Signature": "abc="}), "64 hexadecimal digits"),
    "another mode": ("body", stamp(), "signed by scheme timestamp-nonce"),
    "the other mode": ("stamped", callback(ENVELOPE, X_Timestamp=str(SECONDS), X_Nonce="nonce-0123456789"), "scheme body"),
    "a body with a line end more": ("body", callback(ENVELOPE + b"\n", signed=ENVELOPE), "without the blanks"),
    "a body written anew": ("body", callback(ENVELOPE, json.dumps(envelope()).encode()), "written in another way"),
    "a body unpacked": ("body", callback(gzip.compress(ENVELOPE), ENVELOPE), "fits the body unpacked"),
    "version 2": ("body", webhook(ENVELOPE)._replace(version="v1"), "no X-Signature header"),
    "an old time": ("stamped", stamp(SECONDS - 4000), "4000 seconds behind"),
    "milliseconds": ("stamped", stamp(SECONDS * 1000), "milliseconds"),
    "an old card": ("feishu", card(), "set old_cards = true"),
    "a proven event of another app": ("feishu", feishu_event(app_id="cli_other"), "'cli_other'"),
    "a token of another app": ("feishu", feishu_event(token="other"), "token is none of ours"),
    "neither signed nor sealed": ("feishu", feishu.delivery(feishu_signing.compact(feishu.v2_event())), "The mode differs"),
    "sealed where it should not be": (
        "feishu-open", feishu.delivery(feishu_signing.seal(b"{}")), "encrypt_key is not set here",
    ),
    "signed with another key": (
        "feishu",
        feishu.delivery(
            feishu_signing.seal(b"{}", key="other"),
            feishu_signing.stamped(feishu_signing.event_signature(feishu_signing.seal(b"{}", key="other"), key="other")),
        ),
        "None opens the body either",
    ),
    "another token": ("wechat", sealed(token="other"), "the one value of token"),
    "another aes key": ("wechat", sealed(aes_key=wechat.OTHER_AES_KEY), "the one value of encoding_aes_key"),
    "another account": ("wechat", sealed(app_id="wx_of_somebody_else"), "'wx_of_somebody_else'"),
    "plain where safe is set": ("wechat", wechat_request(SIGNER.plain_query(), xml_message()), "in mode safe, but the body is plain"),
    "an old address": ("plain", wechat_request(WechatSigner().plain_query(), xml_message()), "seconds behind"),
    "no query": ("plain", wechat_request("", xml_message()), "lacks signature"),
    "no channel": ("nobody", signed_callback(), "flask channels list"),
    "no json": ("body", callback(b"{"), "must be one JSON object"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
def test_a_rejection_says_what_differed(services_with: MakeServices, name: str) -> None:
    channel, request, words = REFUSALS[name]
    services = services_with(channels=CHANNELS)
    with pytest.raises(CallgateError) as caught:
        receive(services, channel, request._replace(received_at=NOW), trace_id="")
    [rejection] = list_rejections_page(services, None, cursor=None, limit=10)["items"]
    word, _, sentence = rejection["reason"].partition(": ")
    assert words in sentence, rejection["reason"]
    assert word == getattr(caught.value, "reason", caught.value.code)
    assert len(sentence) > len(rejection["error"])
    assert len(rejection["reason"]) <= LONGEST
    for secret in (
        CALLBACK_SECRET,
        "another-secret-9f1",
        feishu_signing.ENCRYPT_KEY,
        feishu_signing.TOKEN,
        wechat.AES_KEY,
    ):
        assert secret not in rejection["reason"]


def test_callers_are_not_told_what_operators_are(services_with: MakeServices) -> None:
    services = services_with(channels=CHANNELS)
    told = set()
    for name in ("another secret", "no header", "another mode", "a body written anew"):
        channel, request, _ = REFUSALS[name]
        with pytest.raises(VerificationError) as caught:
            receive(services, channel, request._replace(received_at=NOW), trace_id="")
        told.add((caught.value.code, caught.value.message))
    assert len(told) == 1


def test_a_cause_that_cannot_be_found_out_changes_nothing() -> None:
    def broken() -> str:
        raise RuntimeError("a fault in finding out")

    error = VerificationError("bad_signature", broken)
    assert explained(error) == f"bad_signature: {error.message}"[:LONGEST] or explained(error).endswith("…")


@pytest.mark.parametrize("channel", ["feishu", "wechat", "plain"])
def test_a_compressed_body_that_a_platform_cannot_take_is_refused_for_that(
    services_with: MakeServices, channel: str
) -> None:
    services = services_with(channels=CHANNELS)
    body = gzip.compress(xml_message())
    request = wechat_request(SIGNER.plain_query(), body)._replace(
        headers=(("Content-Encoding", "gzip"),), received_at=NOW
    )
    with pytest.raises(CallgateError, match="compressed") as caught:
        receive(services, channel, request, trace_id="")
    assert "Content-Encoding" in caught.value.message


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP"])
def test_a_gzip_body_that_was_signed_compressed_is_taken(services_with: MakeServices, encoding: str) -> None:
    services = services_with(channels=CHANNELS)
    packed = gzip.compress(ENVELOPE)
    assert receive(services, "body", callback(packed, Content_Encoding=encoding), trace_id="").status == 200


@pytest.mark.parametrize(
    ("body", "headers", "words"),
    [
        (gzip.compress(ENVELOPE), {}, "does not come with Content-Encoding"),
        (gzip.compress(b"0" * 2_000_000), {"Content_Encoding": "gzip"}, "larger than 1048576 bytes"),
        (gzip.compress(ENVELOPE)[:-3], {"Content_Encoding": "gzip"}, "cut short"),
        (gzip.compress(ENVELOPE), {"Content_Encoding": "br"}, "compressed"),
    ],
)
def test_other_compressed_bodies_are_refused_with_the_reason(
    services_with: MakeServices, body: bytes, headers: dict[str, Any], words: str
) -> None:
    services = services_with(channels=CHANNELS)
    with pytest.raises(CallgateError, match=words):
        receive(services, "body", callback(body, **headers), trace_id="")


@pytest.mark.parametrize(
    "kind", ["text/html", "application/xml", "multipart/form-data; boundary=x", "\xff", ""]
)
def test_a_content_type_that_contradicts_the_platform_is_no_reason_to_refuse(
    services_with: MakeServices, kind: str
) -> None:
    services = services_with(channels=CHANNELS)
    request = signed_callback(headers={"Content-Type": kind})
    assert receive(services, "body", request, trace_id="").status == 200
    message = sealed()._replace(headers=(("Content-Type", kind),), received_at=NOW)
    assert receive(services, "wechat", message, trace_id="").body == b"success"
    event = feishu_event()._replace(headers=(*feishu_event().headers[1:], ("Content-Type", kind)))
    assert receive(services, "feishu", event, trace_id="").status == 200


def test_every_refusal_of_a_proof_is_given_a_sentence() -> None:
    without = [
        f"{path}:{line}"
        for path in modules("app")
        for line, name in calls(path)
        if name == "VerificationError"
        for call in ast.walk(tree(path))
        if isinstance(call, ast.Call) and call.lineno == line and ast.unparse(call.func) == name
        if len(call.args) < 2 and not {"message", "detail"} & {keyword.arg for keyword in call.keywords}
    ]
    assert without == []


def test_plain_mode_is_advised_against_where_channels_are_listed(services_with: MakeServices) -> None:
    services = services_with(channels=CHANNELS)
    advice = {item["name"]: item["advice"] for item in channel_view(services)}
    assert "Set mode safe" in str(advice["plain"])
    assert advice["wechat"] is None
    assert advice["body"] is None


def test_the_time_of_a_rejection_is_told_in_seconds(services_with: MakeServices) -> None:
    services = services_with(channels=CHANNELS)
    with pytest.raises(VerificationError):
        receive(services, "stamped", stamp()._replace(received_at=NOW + timedelta(hours=1)), trace_id="")
    [rejection] = list_rejections_page(services, None, cursor=None, limit=10)["items"]
    assert "3600 seconds behind" in rejection["reason"]
    assert any_secret_free(rejection)


def any_secret_free(rejection: dict[str, Any]) -> bool:
    return CALLBACK_SECRET not in json.dumps(rejection)
