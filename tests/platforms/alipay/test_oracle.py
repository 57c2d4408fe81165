"""Notifications, requests and answers as an independent library makes and takes them (python-alipay-sdk, used only here)."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from app.core.errors import VerificationError
from app.platforms.alipay.gateway import ask, signed_request
from app.wire.json_members import member_text
from sandbox.platforms.alipay import signer
from tests.platforms.alipay.channel import (
    ALIPAY_KEY,
    APP_ID,
    CERTIFICATES,
    NOW,
    PEM,
    FakeHttp,
    connector,
    delivery,
    notice,
    signed,
    signed_answer,
)

TEXTS = {
    "plain": "gold",
    "chinese": "月度会员",
    "signs": "A+B 100% & c=d",
    "blanks": "  two  ",
    "empty": "",
    "emoji": "🎉",
}


@cache
def library(*, certificates: bool = False, of_alipay: bool = False) -> Any:
    """Return the library's client; `of_alipay` holds Alipay's private key, so that it signs as Alipay does."""
    pytest.importorskip("alipay")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from alipay import AliPay, DCAliPay  # type: ignore[import-untyped]

        if certificates:
            return DCAliPay(
                APP_ID,
                PEM["app_private_key_pem"],
                PEM["app_cert_pem"],
                PEM["alipay_cert_pem"],
                PEM["alipay_root_cert_pem"],
            )
        own = PEM["alipay_private_key_pem" if of_alipay else "app_private_key_pem"]
        return AliPay(
            APP_ID, app_private_key_string=own, alipay_public_key_string=PEM["alipay_public_key_pem"]
        )


def library_accepts(body: bytes) -> bool:
    fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
    return bool(library().verify(fields, fields.pop("sign")))


def we_accept(body: bytes) -> bool:
    try:
        connector().verify(delivery(body), NOW)
    except VerificationError:
        return False
    return True


@pytest.mark.parametrize("name", TEXTS)
def test_a_notification_that_the_library_signs_is_believed(name: str) -> None:
    fields = notice(subject=TEXTS[name])
    content = "&".join(f"{key}={value}" for key, value in sorted(fields.items()))
    sign = library(of_alipay=True)._sign(content)
    assert we_accept(urlencode(fields | {"sign_type": "RSA2", "sign": sign}).encode())


@pytest.mark.parametrize("name", TEXTS)
def test_what_the_simulator_sends_the_library_believes(name: str) -> None:
    assert library_accepts(signed(subject=TEXTS[name]))


@pytest.mark.parametrize(
    "change", [(b"88.88", b"88.89"), (b"ORDER-1", b"ORDER-2"), (b"notify_id=2", b"notify_id=3")]
)
def test_what_the_library_refuses_we_refuse(change: tuple[bytes, bytes]) -> None:
    body = signed().replace(*change)
    assert not library_accepts(body)
    assert not we_accept(body)


def test_the_gbk_notification_that_the_library_loses_is_believed_here() -> None:
    body = signed("gbk", charset="gbk", subject="月度会员")
    assert we_accept(body)
    fields = dict(parse_qsl(body.decode(), keep_blank_values=True, encoding="gbk"))
    assert not library().verify(fields, fields.pop("sign"))


@pytest.mark.parametrize("certificates", [False, True])
def test_a_request_is_signed_as_the_library_signs_it(certificates: bool) -> None:
    ours = signed_request(
        connector(**(CERTIFICATES if certificates else {})),
        "alipay.system.oauth.token",
        {"code": "c 1+&"},
        asked_at=1_780_000_000,
    )
    unsigned = {name: value for name, value in ours.items() if name != "sign"}
    theirs = dict(
        parse_qsl(library(certificates=certificates).sign_data(dict(unsigned)), keep_blank_values=True)
    )
    assert theirs == ours


def test_the_numbers_of_certificates_are_the_librarys() -> None:
    client = library(certificates=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = {"app_cert_sn": client.app_cert_sn, "alipay_root_cert_sn": client.alipay_root_cert_sn}
    assert connector(**CERTIFICATES).request_certificates == theirs


def test_an_answer_that_the_library_reads_is_read_here_and_both_take_the_same_text() -> None:
    content = {"access_token": "at", "nested": {"a": [1, {"b": "月"}]}}
    given = signed_answer("alipay.system.oauth.token", content)
    name = "alipay_system_oauth_token_response"
    assert library()._verify_and_return_sync_response(given.body.decode(), name) == content
    assert library()._get_string_to_be_signed(given.body.decode(), name) == member_text(given.body, name)
    found = ask(connector(), FakeHttp([given]), "alipay.system.oauth.token", {"code": "c"}, asked_at=1.0)
    assert dict(found) == content


def test_a_request_that_the_library_makes_the_simulator_takes() -> None:
    query = library().sign_data({"app_id": APP_ID, "method": "m", "sign_type": "RSA2", "code": "月 +&"})
    app_key = "".join(PEM["app_private_key_pem"].splitlines()[1:-1])
    assert signer.request_is_signed(dict(parse_qsl(query)), app_key)
    assert not signer.request_is_signed(dict(parse_qsl(query)), ALIPAY_KEY)
