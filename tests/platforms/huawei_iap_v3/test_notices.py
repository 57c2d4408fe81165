"""Huawei IAP: recorded notices, what is refused, and PyJWT with the openssl program as independent judges."""

from __future__ import annotations

import base64
import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_der_x509_certificate
from pydantic import ValidationError

from app.core.errors import PayloadError, VerificationError
from app.core.values import InboundRequest, ParsedEvent
from app.platforms.huawei_iap_v3.token import IAP_LEAF
from sandbox.platforms.huawei_iap_v3 import keys
from sandbox.platforms.huawei_iap_v3.signer import CHAIN, token
from tests.platforms.code_records import case_id, cases_of, fault_of, opened, records_beside
from tests.platforms.deliveries import NOW
from tests.platforms.huawei_iap_v3.sample import APPLICATION, CHANNEL, payload, posted, signed

RECORDS = records_beside(__file__)


def take(request: InboundRequest, now: datetime = NOW, **changes: Any) -> ParsedEvent:
    source = opened("huawei-iap-v3", CHANNEL | changes)
    event: ParsedEvent = source.parse(request, source.verify(request, now))
    return event


def refusal(request: InboundRequest, now: datetime = NOW, **changes: Any) -> str:
    with pytest.raises(VerificationError) as caught:
        take(request, now, **changes)
    return caught.value.reason


def with_token(text: object) -> InboundRequest:
    return posted(json.dumps({"jwsNotification": text}).encode())


@pytest.mark.parametrize(("record", "case"), cases_of(*RECORDS.values()), ids=case_id)
def test_a_recorded_notice_is_judged_as_its_record_says(record: dict[str, Any], case: dict[str, Any]) -> None:
    assert fault_of(opened("huawei-iap-v3", record["settings"]), record, case) is None


def test_a_purchase_says_what_happened() -> None:
    event = take(signed(payload()))
    assert (event.type, event.key) == ("DID_NEW_TRANSACTION.INITIAL_BUY", f"{APPLICATION}:req-0001")
    assert (event.subject, event.occurred_at) == ("PO1", datetime(2026, 5, 28, 20, 26, 40, tzinfo=UTC))


def test_the_owner_is_compared_by_the_pipeline() -> None:
    source = opened("huawei-iap-v3", CHANNEL)
    verified = source.verify(signed(payload(applicationId="1", environment="SANDBOX", packageName="x")), NOW)
    assert {each.setting: each.given for each in verified.requirements} == {
        "application_id": "1", "environment": "SANDBOX", "package_name": "x",
    }  # fmt: skip


def test_a_test_notice_names_no_package() -> None:
    source = opened("huawei-iap-v3", CHANNEL)
    verified = source.verify(signed(payload("TEST", "", packageName="testPackageName")), NOW)
    assert [each.setting for each in verified.requirements] == ["application_id", "environment"]
    assert source.parse(signed(payload("TEST", "")), verified).type == "TEST"


@pytest.mark.parametrize(
    "header", [{"alg": "none"}, {"alg": "HS256"}, {"alg": "ES384"}, {"crit": ["x"]}, {"b64": False}]
)
def test_the_token_chooses_no_algorithm(header: dict[str, Any]) -> None:
    assert refusal(with_token(token(payload(), header=header))) == "algorithm_not_allowed"


@pytest.mark.parametrize(
    "chain",
    [CHAIN[:2], CHAIN[:1], (*CHAIN, CHAIN[2]), ("x", "y", "z"), (CHAIN[0], "", CHAIN[2])],
    ids=["two", "one", "four", "no certificates", "empty"],
)
def test_a_chain_has_three_certificates(chain: tuple[str, ...]) -> None:
    assert refusal(with_token(token(payload(), chain))) == "bad_certificate"


@pytest.mark.parametrize(
    "chain",
    [(CHAIN[0], CHAIN[2], CHAIN[1]), (CHAIN[0], CHAIN[0], CHAIN[2]), (CHAIN[2], CHAIN[1], CHAIN[0])],
    ids=["root in the middle", "leaf twice", "turned round"],
)
def test_a_chain_in_another_order_is_refused(chain: tuple[str, ...]) -> None:
    assert refusal(with_token(token(payload(), chain))) in ("untrusted_certificate", "foreign_certificate")


def test_the_root_of_the_token_proves_nothing() -> None:
    assert take(with_token(token(payload(), (*CHAIN[:2], "not looked at")))).key is not None
    other = RECORDS["huawei_iap_v3"]["settings"]["root_certs_pem"]
    assert refusal(signed(payload()), root_certs_pem=other) == "untrusted_certificate"


def test_a_certificate_for_something_else_is_refused() -> None:
    chain = (keys.UNMARKED_CERTIFICATE, *CHAIN[1:])
    assert refusal(with_token(token(payload(), chain))) == "foreign_certificate"


def made_chain(*, middle_is_authority: bool) -> tuple[str, str, str]:
    """Return leaf, intermediate and root, the leaf for the simulator's key."""
    root_key, middle_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    leaf_key = x509.load_der_x509_certificate(base64.b64decode(keys.CERTIFICATE)).public_key()
    assert isinstance(leaf_key, EllipticCurvePublicKey)
    root = made("root", root_key.public_key(), "root", root_key, is_authority=True)
    middle = made("middle", middle_key.public_key(), "root", root_key, is_authority=middle_is_authority)
    return made("leaf", leaf_key, "middle", middle_key, is_authority=False), middle, root


def made(
    subject: str,
    key: EllipticCurvePublicKey,
    issuer: str,
    by: ec.EllipticCurvePrivateKey,
    *,
    is_authority: bool,
) -> str:
    name = lambda text: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])  # noqa: E731
    builder = x509.CertificateBuilder(
        name(issuer), name(subject), key, 7, NOW - timedelta(1), NOW + timedelta(1)
    )
    builder = builder.add_extension(x509.BasicConstraints(is_authority, None), critical=True)
    builder = builder.add_extension(x509.UnrecognizedExtension(IAP_LEAF, b"\x05\x00"), critical=False)
    return base64.b64encode(builder.sign(by, SHA256()).public_bytes(Encoding.DER)).decode()


def test_only_an_authority_issues_certificates_that_count() -> None:
    chain = made_chain(middle_is_authority=True)
    assert take(with_token(token(payload(), chain)), root_certs_pem=chain[2]).key is not None
    chain = made_chain(middle_is_authority=False)
    assert refusal(with_token(token(payload(), chain)), root_certs_pem=chain[2]) == "untrusted_certificate"


def test_dates_of_the_certificates_count() -> None:
    assert refusal(signed(payload()), datetime(2060, 1, 1, tzinfo=UTC)) == "untrusted_certificate"


def test_a_changed_payload_or_signature_is_refused() -> None:
    head, body, signature = token(payload()).split(".")
    other = token(payload("SYNC", "")).split(".")
    assert refusal(with_token(f"{head}.{other[1]}.{signature}")) == "bad_signature"
    assert refusal(with_token(f"{head}.{body}.{signature[:-4]}")) == "bad_signature"
    assert refusal(with_token(f"{head}.{body}.")) == "malformed_signature"


@pytest.mark.parametrize("text", [None, "", 5, [], {}])
def test_no_token_is_no_proof(text: object) -> None:
    assert refusal(with_token(text)) == "missing_signature"


def test_a_proven_payload_that_says_nothing_is_no_event() -> None:
    for content in (b"[]", b"{}", b"text"):
        with pytest.raises(PayloadError):
            take(signed(content))


def test_lists_of_revoked_certificates_are_not_promised() -> None:
    with pytest.raises(ValidationError, match="must be false"):
        opened("huawei-iap-v3", CHANNEL | {"revocation_checks": True})


def test_pyjwt_and_openssl_believe_what_we_believe(tmp_path: Path) -> None:
    text = token(payload())
    take(with_token(text))
    leaf = load_der_x509_certificate(base64.b64decode(keys.CERTIFICATE))
    key = leaf.public_key()
    assert isinstance(key, EllipticCurvePublicKey)
    claims = jwt.decode(text, key, algorithms=["ES256"])
    assert claims["notificationRequestId"] == "req-0001"
    for name, der in zip(("leaf", "middle", "root"), CHAIN, strict=True):
        (tmp_path / f"{name}.der").write_bytes(base64.b64decode(der))
    script = (
        "for name in leaf middle root; do openssl x509 -inform der -in $name.der -out $name.pem; done && "
        "openssl verify -CAfile root.pem -untrusted middle.pem leaf.pem"
    )
    done = subprocess.run(
        ["/bin/sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "leaf.pem: OK")
