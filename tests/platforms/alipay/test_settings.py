"""Keys and certificates as people paste them, and what is off without which."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from pydantic import ValidationError

from app.core.ports import LoginProvider, WebhookSource
from app.platforms import discover
from app.platforms.alipay import keys
from tests.platforms.alipay.channel import CERTIFICATES, PEM, VECTORS, base64_der, settings

NUMBERS: dict[str, str] = VECTORS["certificate_serials"]
BROKEN = "-----BEGIN CERTIFICATE-----\nMIIBAAAA\n-----END CERTIFICATE-----\n"


def opened(**table: Any) -> object:
    spec = discover()["alipay"]
    return spec.open("alipay", spec.settings.model_validate({"app_id": "2021000000000001", **table}))


def fault(**overrides: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        settings(**overrides)
    return str(caught.value)


@pytest.mark.parametrize("name", ["app_cert", "alipay_cert"])
def test_the_number_of_a_certificate_is_the_one_alipays_tools_make(name: str) -> None:
    assert keys.certificate_number(PEM[f"{name}_pem"]) == NUMBERS[f"{name}_sn"]


def test_the_number_of_the_root_file_joins_those_signed_with_rsa() -> None:
    assert keys.root_number(PEM["alipay_root_cert_pem"]) == NUMBERS["alipay_root_cert_sn"]


def test_a_root_file_may_hold_what_cannot_be_read_and_needs_no_blank_lines() -> None:
    text = BROKEN + "".join(f"{line}\n" for line in PEM["alipay_root_cert_pem"].splitlines() if line) + BROKEN
    assert keys.root_number(text) == NUMBERS["alipay_root_cert_sn"]


def test_the_first_certificate_of_a_chain_is_the_signing_one() -> None:
    chain = PEM["alipay_cert_pem"] + "\n" + PEM["alipay_root_cert_pem"]
    assert keys.certificate_number(chain) == NUMBERS["alipay_cert_sn"]
    assert keys.certificate_key(chain) == keys.public_key(PEM["alipay_public_key_pem"])


@pytest.mark.parametrize(
    "write", [str, base64_der, lambda pem: pem.replace("\n", "\\n")], ids=["pem", "bare", "one line"]
)
def test_a_key_may_be_pasted_as_it_is_found(write: Any) -> None:
    assert keys.public_key(write(PEM["alipay_public_key_pem"])) == keys.public_key(
        PEM["alipay_public_key_pem"]
    )
    assert keys.private_key(write(PEM["app_private_key_pem"])).public_key() == keys.public_key(
        PEM["app_public_key_pem"]
    )


def test_a_private_key_of_the_older_form_is_the_same_key() -> None:
    key = keys.private_key(PEM["app_private_key_pem"])
    old = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    assert keys.private_key(old).public_key() == key.public_key()
    assert keys.private_key(base64_der(old)).public_key() == key.public_key()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("alipay_public_key", "not a key"),
        ("alipay_public_key", PEM["app_private_key_pem"]),
        ("alipay_public_key", [PEM["alipay_public_key_pem"], "MIIB"]),
        ("app_private_key", PEM["app_public_key_pem"]),
        ("app_private_key", "x" * 40),
    ],
)
def test_a_wrong_key_is_refused_by_name_and_never_shown(key: str, value: Any) -> None:
    text = fault(**{key: value})
    assert key in text
    assert "paste it as PEM" in text
    assert "PRIVATE KEY" not in text


def test_a_key_that_is_too_short_for_rsa2_is_refused() -> None:
    short = generate_private_key(65537, 1024)
    public = short.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    assert "2048" in fault(alipay_public_key=public)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"alipay_root_cert": ""}, "alipay_root_cert"),
        ({"alipay_cert": ()}, "alipay_cert"),
        ({"app_private_key": PEM["other_private_key_pem"]}, "another key than app_private_key"),
        ({"app_cert": "no certificate"}, "is no certificate"),
        ({"alipay_root_cert": BROKEN}, "alipayRootCert.crt"),
    ],
)
def test_certificates_that_do_not_belong_together_are_refused_at_the_start(
    changes: dict[str, Any], named: str
) -> None:
    assert named in fault(**{**CERTIFICATES, **changes})


def test_a_channel_with_alipays_key_alone_takes_notifications_and_logs_nobody_in() -> None:
    channel = opened(alipay_public_key=PEM["alipay_public_key_pem"])
    assert isinstance(channel, WebhookSource)
    assert not isinstance(channel, LoginProvider)


@pytest.mark.parametrize(
    ("table", "callbacks", "login"),
    [
        ({"app_private_key": PEM["app_private_key_pem"]}, "alipay_public_key", "alipay_public_key"),
        ({"alipay_public_key": PEM["alipay_public_key_pem"]}, None, "app_private_key"),
        ({"alipay_cert": PEM["alipay_cert_pem"]}, None, "app_private_key"),
        ({"alipay_public_key": "", "app_private_key": ""}, "alipay_public_key", "app_private_key"),
    ],
)
def test_what_is_off_names_the_key_it_lacks(
    table: dict[str, Any], callbacks: str | None, login: str | None
) -> None:
    found = discover()["alipay"].settings.model_validate({"app_id": "1", **table})
    assert (found.missing_signature_secret(), found.missing_login_secret()) == (callbacks, login)
