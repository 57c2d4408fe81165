"""Words of descriptions that Chinese platforms needed: other names, pinned certificates, added pairs, two kinds of proof, limits of a set-up."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key
from pydantic import ValidationError

from app.core.values import InboundRequest
from app.wire.sources.connector import DescribedSource, open_source
from app.wire.sources.description import Signature
from app.wire.sources.settings import settings_model
from tests.platforms.deliveries import NOW, SECONDS, delivery
from tests.platforms.unionpay.test_proof import issued
from tests.sources.judging import Judged, judge, opened

KEY = rsa.generate_private_key(65537, 2048)
PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
NOTICE = {
    "cusid": "56045204816B7ZA",
    "appid": "00176476",
    "trxcode": "VSP501",
    "trxid": "1",
    "trxstatus": "0000",
}
MD5_KEY = "ec3b611ce71da18246f850271622260f"
BOT = {"app_id": "11111111", "bot_secret": "DG5g3B4j9X2KOErG"}


def described(**words: Any) -> Signature:
    return Signature.model_validate({"signature_header": "X-Sig", **words})


def on_the_spot(signature: Signature, **keys: Any) -> DescribedSource:
    return open_source(
        signature,
        settings_model(signature, "spot").model_validate(keys),
        "https://gateway.example/webhooks/x",
    )


def allinpay(fields: dict[str, str], **keys: Any) -> Judged:
    request = delivery(urlencode(fields).encode(), {"Content-Type": "application/x-www-form-urlencoded"})
    return judge(opened("allinpay", keys), request, NOW)


def joined(fields: dict[str, str]) -> bytes:
    return "&".join(f"{name}={fields[name]}" for name in sorted(fields) if fields[name]).encode()


def by_md5(key: str = MD5_KEY, **changes: str) -> dict[str, str]:
    fields = NOTICE | {"signtype": "MD5"} | changes
    return fields | {"sign": hashlib.md5(joined(fields | {"key": key})).hexdigest().upper()}


def by_rsa(**changes: str) -> dict[str, str]:
    fields = NOTICE | {"signtype": "RSA"} | changes
    return fields | {"sign": base64.b64encode(KEY.sign(joined(fields), padding.PKCS1v15(), SHA1())).decode()}


def test_allinpay_proves_by_md5_and_by_rsa() -> None:
    both = {"md5_key": MD5_KEY, "public_key_pem": PUBLIC, "cusid": NOTICE["cusid"], "appid": NOTICE["appid"]}
    for fields in (by_md5(), by_rsa()):
        judged = allinpay(fields, **both)
        assert [event.key for event in judged.events] == ["1:0000"], judged.why


def test_a_notice_of_the_way_that_has_no_key_is_refused() -> None:
    assert allinpay(by_md5(), public_key=PUBLIC).outcome == "refuse"
    assert allinpay(by_rsa(), secret=MD5_KEY).outcome == "refuse"
    assert allinpay(by_md5(key=""), public_key=PUBLIC).outcome == "refuse"


def test_a_relabelled_notice_is_refused() -> None:
    both = {"secret": MD5_KEY, "public_key": PUBLIC}
    assert allinpay(by_rsa() | {"signtype": "MD5"}, **both).outcome == "refuse"
    assert allinpay(by_md5() | {"signtype": "RSA"}, **both).outcome == "refuse"
    assert allinpay(by_md5() | {"signtype": "SM2"}, **both).outcome == "refuse"


def test_a_key_that_is_sent_as_a_field_is_refused() -> None:
    assert allinpay(by_md5() | {"key": MD5_KEY}, secret=MD5_KEY).outcome == "refuse"


def test_one_kind_of_key_is_enough_for_a_channel() -> None:
    model = settings_model(opened("allinpay", {}).signature, "allinpay")
    missing = lambda **keys: model.model_validate(keys).missing_signature_secret()  # noqa: E731
    assert missing(secret=MD5_KEY) is None
    assert missing(public_key=PUBLIC) is None
    assert missing() == "secret"


def test_a_key_under_both_names_is_a_fault() -> None:
    with pytest.raises(ValidationError, match="md5_key"):
        opened("allinpay", {"secret": MD5_KEY, "md5_key": MD5_KEY})


def handshake(event_ts: str, plain_token: str) -> Judged:
    body = json.dumps({"op": 13, "d": {"event_ts": event_ts, "plain_token": plain_token}}).encode()
    return judge(opened("qqbot", BOT), delivery(body, {"X-Bot-Appid": "11111111"}), NOW)


@pytest.mark.parametrize(
    ("event_ts", "plain_token"),
    [
        ("1780000000", '{"op":0}'),
        ("1780000000", "a" * 65),
        ("1780000000", "a-b"),
        ("1780000000", ""),
        ("17800000001", "abc"),
        ("178000000", "abc"),
        ("17800000x0", "abc"),
        ("", "abc"),
    ],
)
def test_the_qq_bot_signs_only_plain_set_up_words(event_ts: str, plain_token: str) -> None:
    assert handshake(event_ts, plain_token).outcome == "refuse"


def test_a_set_up_answer_of_the_qq_bot_proves_no_event() -> None:
    reply = handshake("1780000000", "abc").reply
    assert reply is not None
    headers = {
        "X-Signature-Ed25519": json.loads(reply.body)["signature"],
        "X-Signature-Timestamp": "1780000000",
    }
    judged = judge(opened("qqbot", BOT), delivery(b"abc", headers | {"X-Bot-Appid": "11111111"}), NOW)
    assert judged.outcome == "refuse"


def bot_event(body: bytes, moment: int = SECONDS) -> InboundRequest:
    seed = (BOT["bot_secret"] * 2).encode()[:32]
    signature = ed25519.Ed25519PrivateKey.from_private_bytes(seed).sign(str(moment).encode() + body)
    return delivery(
        body,
        {
            "X-Signature-Ed25519": signature.hex(),
            "X-Signature-Timestamp": str(moment),
            "X-Bot-Appid": "11111111",
        },
    )


def test_the_window_of_a_channel_can_be_set() -> None:
    request = bot_event(b'{"op":0,"id":"1","t":"FRIEND_ADD"}')
    later = NOW + timedelta(seconds=301)
    assert judge(opened("qqbot", BOT), request, later).outcome == "refuse"
    assert judge(opened("qqbot", BOT | {"tolerance_s": 600}), request, later).outcome == "accept"


def test_a_window_cannot_be_set_where_none_is() -> None:
    with pytest.raises(ValidationError, match="tolerance_s"):
        opened("douyin-open", {"secret": "s", "tolerance_s": 600})


def test_the_body_of_a_call_without_one_is_not_signed() -> None:
    secret, query = "gonsEkUAfAGevXgyoHU0XFfg7Mw7k7Fm", f"client_key=ck123&timestamp={SECONDS}000"
    sign = hashlib.sha256(f"{secret}&{query}".encode()).hexdigest()
    request = delivery(b"", {"x-life-sign": sign})._replace(
        method="GET", query_string=query, path="/webhooks/x/spi/order/query"
    )
    source = opened("douyin-life-spi", {"client_secret": secret, "client_key": "ck123"})
    judged = judge(source, request, NOW)
    assert [event.type for event in judged.events] == ["/spi/order/query"], judged.why
    assert judge(source, request._replace(body=b'{"order_id":"1"}'), NOW).outcome == "refuse"


def test_fields_of_the_address_are_signed_with_those_of_headers() -> None:
    secret, now = "13957e647d2e57a5caac1ccf90cc58af", str(SECONDS)
    text = f"/webhooks/x?a=1&app-key=k&timestamp={now}&z=2{secret}"
    headers = {"app-key": "k", "timestamp": now, "sign": hashlib.md5(text.encode()).hexdigest()}
    source = opened(
        "xiaohongshu-ark", {"app_key": "k", "secret": secret}, "https://gateway.example/webhooks/x"
    )
    body = b'[{"msgTag":"a","sellerId":"b","data":"c"}]'
    request = delivery(body, headers)._replace(query_string="z=2&a=1")
    (event,) = judge(source, request, NOW).events
    assert event.key == hashlib.sha256(b"a\nb\nc").hexdigest()
    assert judge(source, request._replace(query_string="z=2&a=2"), NOW).outcome == "refuse"
    assert judge(source, request._replace(query_string="z=2&a=1&app-key=k"), NOW).outcome == "refuse"


def test_a_prefix_must_stand_in_front_of_the_list() -> None:
    signature = described(
        signature_prefix="SCHEME ", separator=",", item_format='sig="{sig}"', signed="{item:n}{body}"
    )
    sig = hmac.digest(b"secret-secret", b"1abc", "sha256").hex()
    source = on_the_spot(signature, secret="secret-secret")
    given = lambda text: judge(source, delivery(b"abc", {"X-Sig": text}), NOW).is_proven  # noqa: E731
    assert given(f'SCHEME n="1",sig="{sig}"')
    assert not given(f'n="1",sig="{sig}"')
    assert not given(f'OTHER n="1",sig="{sig}"')
    assert not given(f'SCHEMA n="1",sig="{sig}"')
    assert not given(f'SCHEME n="2",sig="{sig}"')


@pytest.mark.parametrize(
    ("text", "is_good"),
    [
        ("2026-05-29 04:26:41", True),
        ("2026-05-29 04:16:40", True),
        ("2026-05-29 04:16:39", False),
        ("2026-05-28 20:26:40", False),
        ("2026-02-30 04:26:40", False),
        ("x", False),
        ("", False),
    ],
)
def test_a_time_of_beijing_is_judged(text: str, is_good: bool) -> None:
    secret, query = "f9b685790f012ea54a5de070ba8e08f0", {"app_key": "k", "method": "m", "timestamp": text}
    content = "".join(f"{name}{query[name]}" for name in sorted(query))
    sign = hashlib.md5(f"{secret}{content}<a></a>{secret}".encode()).hexdigest().upper()
    request = delivery(b"<a></a>")._replace(query_string=urlencode(query | {"sign": sign}))
    source = opened("taobao-qimen", {"app_key": "k", "secret": secret})
    assert judge(source, request, NOW).is_proven is is_good


def test_plus_names_a_place() -> None:
    with pytest.raises(ValueError, match="plus=name@place"):
        on_the_spot(described(signed="{sorted:form;plus=key}"), secret="x")


def test_a_pinned_certificate_is_a_public_key() -> None:
    private, certificate = issued("Lakala")
    key = load_der_private_key(base64.b64decode(private), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    pem = f"-----BEGIN CERTIFICATE-----\n{certificate}\n-----END CERTIFICATE-----\n"
    signed = base64.b64encode(key.sign(b"abc", padding.PKCS1v15(), SHA256())).decode()
    source = on_the_spot(described(kind="rsa", encoding="base64"), public_key=pem)
    assert judge(source, delivery(b"abc", {"X-Sig": signed}), NOW).is_proven
    assert not judge(source, delivery(b"abd", {"X-Sig": signed}), NOW).is_proven
