"""The sample channels of UnionPay for the suite that every platform goes through."""

from __future__ import annotations

from urllib.parse import parse_qsl

from app.core.values import InboundRequest
from sandbox.platforms.unionpay.signer import form_of, signed_by_certificate, signed_by_key
from tests.platforms.code_records import records_beside
from tests.platforms.samples import Sample
from tests.platforms.unionpay.signing import CERTIFICATES, FIELDS, MERCHANT, SECURE_KEY, posted


def _fields(body: bytes) -> dict[str, str]:
    """Return a body's fields, and the body itself as one where it is no form of a notice."""
    fields = dict(parse_qsl(body.decode("latin-1"), encoding="latin-1", max_num_fields=50))
    return fields if "queryId" in fields else FIELDS | {"reqReserved": body.decode("latin-1")[:5000]}


def by_certificate(body: bytes) -> InboundRequest:
    return posted(signed_by_certificate(_fields(body)))


def by_key(body: bytes) -> InboundRequest:
    return posted(signed_by_key(_fields(body), SECURE_KEY))


SAMPLES = (
    Sample(
        "unionpay", "certificate", MERCHANT | CERTIFICATES, by_certificate, form_of(FIELDS),
        has_window=False, proof_in_body=True,
    ),
    Sample(
        "unionpay", "key", MERCHANT | {"secure_key": SECURE_KEY}, by_key, form_of(FIELDS),
        has_window=False, proof_in_body=True,
    ),
)  # fmt: skip
RECORDED = records_beside(__file__)["unionpay_510"]["settings"]
OWN_VALUES = {
    "UNIONPAY_ROOT_CERT": RECORDED["root_cert_pem"],
    "UNIONPAY_MIDDLE_CERT": RECORDED["middle_cert_pem"],
}
