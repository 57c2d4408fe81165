"""Feishu signing and encryption against published vectors and against the official SDK."""

from __future__ import annotations

import json
import warnings

import pytest

from sandbox.platforms.feishu import signer as feishu

KEY, TOKEN = "gw-demo-encrypt-key", "gw-demo-verification-token"
IV = bytes(range(16))
STAMP, NONCE = "1700000000", "1234567890"

CARD = (
    '{"schema":"2.0","header":{"event_id":"0123456789abcdef0123456789abcdef",'
    '"token":"gw-demo-verification-token","create_time":"1700000000123456",'
    '"event_type":"card.action.trigger","tenant_key":"736588c9260f175e","app_id":"cli_demo0001"},'
    '"event":{"operator":{"tenant_key":"736588c9260f175e","open_id":"ou_demo","union_id":"on_demo"},'
    '"token":"c-demo","action":{"value":{"k":"v"},"tag":"button"},"host":"im_message",'
    '"context":{"open_message_id":"om_demo","open_chat_id":"oc_demo"}}}'
)
OLD_CARD = (
    b'{"open_id":"ou_demo","user_id":"gfa21d92","open_message_id":"om_demo",'
    b'"tenant_key":"736588c9260f175e","token":"c-demo","action":{"value":{"k":"v"},"tag":"button"}}'
)
CHALLENGE = '{"challenge":"ajls384kdjx98XX","token":"gw-demo-verification-token","type":"url_verification"}'
CHALLENGE_BODY = (
    b'{"encrypt":"AAECAwQFBgcICQoLDA0OD2126fbI5FX11J+Dm7elciJmgWnRzClIpvbPaN1ArtV6yz3hSpv+ODn2rCe/'
    b"WoJpow8h8+d7cEViWBJOGYHvspVkRjbobt7Utt6rNlH3KVzlxw6VeHaAOPf5U/ILZap40Q=="
    b'"}'
)


def test_the_published_example_decrypts() -> None:
    published = "P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk="
    assert feishu.decrypt(published, "test key") == b"hello world"
    iv = bytes.fromhex("3f7ef0f9564898d80f10ed5106127a46")
    assert feishu.encrypt(b"hello world", "test key", iv) == published


@pytest.mark.parametrize(
    ("plain", "expected"),
    [
        (b"0123456789abcdef", "AAECAwQFBgcICQoLDA0OD6a/TxEDZuvzBZ4vFNJZEbjEu2y9PoKGKPot/sjR7h5D"),
        (b"", "AAECAwQFBgcICQoLDA0OD3jnHG8KRmoY5d6dFay6cgM="),
    ],
)
def test_padding_edges_match_the_vectors(plain: bytes, expected: str) -> None:
    assert feishu.encrypt(plain, KEY, IV) == expected


def test_the_encrypted_challenge_is_byte_identical() -> None:
    body = feishu.envelope(CHALLENGE.encode(), KEY, IV)
    assert body == CHALLENGE_BODY
    signature = "ee654071dd86f0b84b57745a87b33fffebd01f83d20a235710ceaa91ff306056"
    assert feishu.event_signature(STAMP, NONCE, KEY, body) == signature


def test_the_card_callback_signature_matches_the_vector() -> None:
    body = feishu.envelope(CARD.encode(), KEY, IV)
    signature = "413fa1432360438f0bc5ffc04928135b99b3a96c10ef4d446a5e772204ac9187"
    assert feishu.event_signature(STAMP, NONCE, KEY, body) == signature


def test_the_old_card_signature_matches_the_vector() -> None:
    signature = "1d79b66d007d1a7d3d301fcec1c12910cb29570a"
    assert feishu.card_signature(STAMP, NONCE, TOKEN, OLD_CARD) == signature


@pytest.mark.parametrize(
    "encrypted", ["AAECAwQFBgcICQoLDA0ODw==", "***", "AAECAwQFBgcICQoLDA0OD6aYc5nsa8j2DmRUwqWDBWE="]
)
def test_a_malformed_ciphertext_is_a_value_error(encrypted: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the texts differ
        feishu.decrypt(encrypted, KEY)


def test_the_official_sdk_accepts_what_we_send() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import lark_oapi as lark
        from lark_oapi.core.model import RawRequest
    seen: list[str] = []
    handler = (
        lark.EventDispatcherHandler.builder(KEY, TOKEN)
        .register_p2_customized_event("contact.sandbox_v1", lambda event: seen.append(event.header.event_id))
        .build()
    )
    event = {
        "schema": "2.0",
        "header": {"event_id": "e1", "token": TOKEN, "event_type": "contact.sandbox_v1"},
        "event": {"name": "张三"},
    }
    request = RawRequest()
    request.uri = "/webhooks/feishu"
    request.body = feishu.envelope(json.dumps(event, ensure_ascii=False).encode(), KEY)
    signature = feishu.event_signature(STAMP, NONCE, KEY, request.body)
    request.headers = feishu.headers(STAMP, NONCE, signature)
    assert handler.do(request).status_code == 200
    assert seen == ["e1"]
