"""What proves a UnionPay notice and what does not: the chain, the owner, the dates, the fields, the way."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import ValidationError

from app.core.errors import VerificationError
from app.core.values import InboundRequest, ParsedEvent
from app.platforms.unionpay import PLATFORM
from app.platforms.unionpay.callbacks import UnionpayCallbacks
from app.platforms.unionpay.proof import is_signed_by
from app.wire.certificate_chains import read_sent_certificate
from app.wire.signed_forms import read_signed_form, sorted_pairs
from sandbox.platforms.unionpay import keys
from sandbox.platforms.unionpay.signer import signed_by_certificate, string_of
from tests.platforms.deliveries import NOW
from tests.platforms.unionpay.signing import (
    CERTIFICATES,
    FIELDS,
    MER_ID,
    SECURE_KEY,
    channel_keys,
    keyed_notice,
    notice,
    posted,
)


def channel(**changes: Any) -> UnionpayCallbacks:
    opened = PLATFORM.open("pay", PLATFORM.settings.model_validate(channel_keys(**changes)))
    assert isinstance(opened, UnionpayCallbacks)
    return opened


def take(request: InboundRequest, now: datetime = NOW, **changes: Any) -> ParsedEvent:
    source = channel(**changes)
    return source.parse(request, source.verify(request, now))


def refusal(request: InboundRequest, now: datetime = NOW, **changes: Any) -> str:
    with pytest.raises(VerificationError) as caught:
        channel(**changes).verify(request, now)
    return caught.value.reason


def issued(common_name: str, *, by: str = "Simulated CFCA OCA1", is_ca: bool = False) -> tuple[str, str]:
    """Return key and certificate, signed with a key that only has the name of the authority."""
    key = rsa.generate_private_key(65537, 2048)
    name = lambda text: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])  # noqa: E731
    made = (
        x509.CertificateBuilder()
        .subject_name(name(common_name))
        .issuer_name(name(by))
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .add_extension(x509.BasicConstraints(is_ca, None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = made.public_bytes(serialization.Encoding.DER)
    return base64.b64encode(private).decode(), base64.b64encode(public).decode()


def test_a_payment_says_what_happened() -> None:
    event = take(notice(reqReserved="a=b&c=d"))
    assert (event.type, event.key, event.subject) == ("01.00", "642605290426401234568:00", FIELDS["orderId"])
    assert event.data["reqReserved"] == "a=b&c=d"
    assert event.occurred_at == datetime(2026, 5, 28, 20, 26, 40, tzinfo=UTC)


def test_fields_in_gbk_are_proven_and_read() -> None:
    request = posted(signed_by_certificate(FIELDS | {"encoding": "GBK"}, charset="gbk"), charset="gbk")
    assert take(request).data["respMsg"] == "成功[0000000]"


@pytest.mark.parametrize("method", ["11", "12"])
def test_a_shared_key_proves_with_sha256_and_sm3(method: str) -> None:
    assert take(keyed_notice(method)).type == "01.00"


@pytest.mark.parametrize("field", sorted(FIELDS.keys() - {"version", "encoding"}))
def test_a_changed_field_is_refused(field: str) -> None:
    signed = signed_by_certificate(FIELDS)
    assert refusal(posted(signed | {field: signed[field] + "1"})) == "bad_signature"


def test_a_certificate_of_a_look_alike_authority_is_refused() -> None:
    private, certificate = issued("041@8310000000083040@中国银联股份有限公司@00016494")
    assert refusal(posted(signed_by_certificate(FIELDS, private, certificate))) == "untrusted_certificate"


def test_the_root_itself_signs_no_notice() -> None:
    private, _ = issued("x")
    assert (
        refusal(posted(signed_by_certificate(FIELDS, private, keys.ROOT_CERTIFICATE)))
        == "untrusted_certificate"
    )


def test_a_certificate_of_somebody_else_is_refused() -> None:
    assert refusal(notice(), owner_cn_part="某某股份有限公司") == "foreign_certificate"


def test_dates_of_the_certificate_count() -> None:
    later = datetime(2060, 1, 1, tzinfo=UTC)
    assert refusal(notice(), later) == "untrusted_certificate"


def test_a_certificate_that_was_swapped_after_signing_is_refused() -> None:
    signed = signed_by_certificate(FIELDS)
    assert refusal(posted(signed | {"signPubKeyCert": signed["signPubKeyCert"] + "\n"})) == "bad_signature"


@pytest.mark.parametrize("signature", ["", " ", "@@@"])
def test_no_signature_is_never_good(signature: str) -> None:
    assert refusal(posted(signed_by_certificate(FIELDS) | {"signature": signature})) in (
        "missing_signature", "malformed_signature", "bad_signature",
    )  # fmt: skip


def test_an_older_version_is_refused() -> None:
    assert refusal(notice(version="5.0.0")) == "wrong_version"


def test_a_way_without_keys_is_refused() -> None:
    assert refusal(keyed_notice(), secure_key=[]) == "sign_method_not_allowed"
    assert refusal(notice(), root_cert_pem=[], middle_cert_pem=[]) == "sign_method_not_allowed"
    assert refusal(posted(signed_by_certificate(FIELDS) | {"signMethod": "02"})) == "sign_method_not_allowed"


def test_another_shared_key_is_refused() -> None:
    assert refusal(keyed_notice(), secure_key="another-secure-key") == "bad_signature"
    assert take(keyed_notice(), secure_key=["another-secure-key", SECURE_KEY]).key is not None


def test_a_repeated_field_is_refused() -> None:
    request = notice()
    assert refusal(request._replace(body=request.body + b"&txnAmt=1")) == "duplicate_parameter"


def test_the_merchant_is_compared_by_the_pipeline() -> None:
    (merchant,) = channel().verify(notice(merId="other"), NOW).requirements
    assert (merchant.given, merchant.setting, merchant.expected) == ("other", "mer_id", (MER_ID,))


def test_operators_are_told_of_a_root_that_does_not_fit_and_of_the_test_certificate() -> None:
    _, other = issued("Simulated CFCA Root", by="Simulated CFCA Root", is_ca=True)
    assert "was not issued by" in str(channel(root_cert_pem=other).advice)
    assert "test_certificates is on" in str(channel(test_certificates=True).advice)
    assert channel().advice is None
    assert refusal(notice(), root_cert_pem=other) == "untrusted_certificate"


def test_a_leaf_is_no_authority() -> None:
    with pytest.raises(ValidationError, match="authority"):
        channel(middle_cert_pem=keys.CERTIFICATE)


def test_the_published_notice_fits_its_certificate_and_leads_to_no_root_of_ours() -> None:
    published = json.loads(Path(__file__).with_name("published.json").read_text("utf-8"))
    body, now = published["body"].encode(), datetime.fromtimestamp(published["now"], UTC)
    pairs = read_signed_form(body)
    signature = base64.b64decode(pairs[b"signature"])
    certificate = read_sent_certificate(pairs[b"signPubKeyCert"])
    assert is_signed_by(certificate, signature, sorted_pairs(pairs, without=(b"signature",)))
    assert not is_signed_by(
        certificate, signature, sorted_pairs(pairs, without=(b"signature", b"signPubKeyCert"))
    )
    assert refusal(notice()._replace(body=body), now, mer_id="777290058167151") == "untrusted_certificate"


def test_openssl_agrees_on_chain_and_signature(tmp_path: Path) -> None:
    """The independent counterpart: what this platform accepts, the openssl program accepts by the same files."""
    fields = dict(parse_qsl(notice().body.decode()))
    take(notice())
    pem = lambda der: x509.load_der_x509_certificate(base64.b64decode(der)).public_bytes(  # noqa: E731
        serialization.Encoding.PEM
    )
    (tmp_path / "root.pem").write_bytes(pem(CERTIFICATES["root_cert_pem"]))
    (tmp_path / "middle.pem").write_bytes(pem(CERTIFICATES["middle_cert_pem"]))
    (tmp_path / "leaf.pem").write_text(fields["signPubKeyCert"])
    (tmp_path / "signature").write_bytes(base64.b64decode(fields["signature"]))
    (tmp_path / "message").write_bytes(hashlib.sha256(string_of(fields)).hexdigest().encode())
    script = (
        "openssl verify -CAfile root.pem -untrusted middle.pem leaf.pem && openssl x509 -in leaf.pem -pubkey -noout > key.pem "
        "&& openssl dgst -sha256 -verify key.pem -signature signature message"
    )
    done = subprocess.run(
        ["/bin/sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Verified OK" in done.stdout
