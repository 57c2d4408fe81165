"""What a channel table for WeChat may say, and what is refused when it is opened."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from app.config.channels import fault_sentences
from app.core.errors import VerificationError
from app.core.ports import (
    AppTokenSource,
    BindSource,
    LoginProvider,
    SceneCodeSource,
    WebhookSource,
)
from app.platforms import discover
from app.platforms.wechat import PLATFORM, WechatConnector, WechatInbox
from app.wire.wechat_family.crypto import decode_aes_key
from tests.platforms.wechat.account import AES_KEY, account, inbound, safe_account, settings
from tests.platforms.wechat.signing import WechatSigner, sha1_of_sorted

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def faults(**keys: object) -> str:
    with pytest.raises(ValidationError) as caught:
        settings(**keys)
    return " ".join(fault_sentences(caught.value))


def test_platform_is_found_by_its_slug() -> None:
    assert discover()["wechat"] is PLATFORM


def test_connector_offers_every_capability() -> None:
    connector: WechatConnector = account()
    webhook: WebhookSource = connector
    login: LoginProvider = connector
    tokens: AppTokenSource = connector
    scenes: SceneCodeSource = connector
    binding: BindSource = connector
    assert all(isinstance(part, WechatConnector) for part in (webhook, login, tokens, scenes, binding))


def test_account_without_secret_offers_no_login() -> None:
    connector = PLATFORM.open("wechat", settings(app_secret=""))
    assert isinstance(connector, WechatInbox)
    assert not isinstance(connector, LoginProvider | AppTokenSource | SceneCodeSource)


def test_opened_account_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        account().settings = settings()  # type: ignore[misc]


def test_mode_is_plain_without_a_key() -> None:
    assert settings().callback_mode == "plain"


def test_mode_is_safe_with_a_key() -> None:
    assert settings(encoding_aes_key=AES_KEY).callback_mode == "safe"


@pytest.mark.parametrize("mode", ["safe", "compatible"])
def test_encrypted_mode_without_key_takes_no_callbacks_and_never_becomes_plain(mode: str) -> None:
    assert settings(mode=mode).callback_mode == mode
    assert settings(mode=mode).missing_signature_secret() == "encoding_aes_key"
    assert "encoding_aes_key is missing" in faults(mode=mode, allow_unsigned=True)


def test_a_key_that_is_written_and_empty_does_not_make_the_mode_plain() -> None:
    assert settings(encoding_aes_key="").callback_mode == "safe"
    assert settings(encoding_aes_key="").missing_signature_secret() == "encoding_aes_key"
    assert settings(encoding_aes_key="", mode="plain").missing_signature_secret() is None


def test_unknown_mode_is_a_fault() -> None:
    assert "mode" in faults(mode="auto")


@pytest.mark.parametrize(
    "key", ["short", "a" * 42, "a" * 44, "a" * 42 + "=", "a" * 42 + "中", "a" * 42 + "-", " " + "a" * 42]
)
def test_malformed_aes_key_is_a_fault_that_hides_it(key: str) -> None:
    sentence = faults(encoding_aes_key=key)
    assert "43 characters" in sentence
    assert key not in sentence


def test_one_bad_key_in_a_list_is_a_fault() -> None:
    assert "43 characters" in faults(encoding_aes_key=[AES_KEY, "short"])


@pytest.mark.parametrize("last", "EFGH")
def test_last_character_of_the_key_need_not_be_canonical(last: str) -> None:
    key = decode_aes_key(AES_KEY[:-1] + last)
    assert key.hex() == "69b71d79f8218a39259a7a29aabb2dbafc31cb3d35db7e39ebbf3d0010831051"


@pytest.mark.parametrize("last", "ABCDwxyz019")
def test_key_decodes_as_padded_base64_does(last: str) -> None:
    text = AES_KEY[:-1] + last
    assert decode_aes_key(text) == base64.b64decode(text + "=")


def test_token_with_blanks_is_a_fault() -> None:
    assert "without blanks" in faults(token="secret ")


def test_missing_token_is_named() -> None:
    assert settings(token="").missing_signature_secret() == "token"
    assert settings().missing_signature_secret() is None


def test_unsigned_encrypted_account_is_a_fault() -> None:
    assert "token is missing" in faults(token="", allow_unsigned=True, encoding_aes_key=AES_KEY)


def test_empty_token_never_makes_a_digest() -> None:
    query = WechatSigner(token="").plain_query(echostr="1")
    with pytest.raises(VerificationError) as caught:
        account(token="").verify(inbound(query, method="GET"), NOW)
    assert caught.value.reason == "token_not_set"


def test_empty_token_opens_no_envelope() -> None:
    signer = WechatSigner(token="")
    ciphertext = signer.encrypt(b"<xml/>")
    body = b"<xml><Encrypt>" + ciphertext.encode() + b"</Encrypt></xml>"
    with pytest.raises(VerificationError) as caught:
        safe_account(token="").verify(inbound(signer.sealed_query(ciphertext), body), NOW)
    assert caught.value.reason == "token_not_set"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_unsigned_account_accepts_unsigned_requests(method: str) -> None:
    verified = account(token="", allow_unsigned=True).verify(inbound("echostr=1", method=method), NOW)
    assert verified.scheme == "wechat-unsigned"
    assert verified.is_challenge is (method == "GET")


def test_token_is_checked_although_unsigned_is_allowed() -> None:
    with pytest.raises(VerificationError):
        account(allow_unsigned=True).verify(inbound("echostr=1", method="GET"), NOW)


def test_every_token_of_the_list_is_accepted() -> None:
    connector = account(token=["newToken", "oldToken"], max_age=0)
    for token in ("newToken", "oldToken"):
        assert connector.verify(inbound(WechatSigner(token=token).plain_query()), NOW)


def test_signature_of_two_joined_tokens_is_refused() -> None:
    query = WechatSigner().query(signature=sha1_of_sorted("newToken", "oldToken", "1700000000", "n0nce123"))
    with pytest.raises(VerificationError):
        account(token=["newToken", "oldToken"]).verify(inbound(query), NOW)


def test_secrets_stay_out_of_the_representation() -> None:
    connector = safe_account()
    shown = repr(connector) + repr(connector.settings) + repr(connector.keyring)
    assert not any(secret in shown for secret in ("gatewayToken01", AES_KEY, "s3cret"))
