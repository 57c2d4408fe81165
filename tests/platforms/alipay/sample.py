"""The sample channels of Alipay, with a public key and with certificates, for the suite that every platform goes through."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from app.core.values import InboundRequest
from sandbox.platforms.alipay import signer
from tests.platforms.alipay import channel
from tests.platforms.samples import Sample

FORM = urlencode(channel.notice()).encode()


def _pairs(body: bytes) -> list[tuple[str, str]]:
    return parse_qsl(body.decode("latin-1"), keep_blank_values=True, encoding="latin-1")


def _proven(body: bytes) -> InboundRequest:
    """Sign a form's own pairs; anything else becomes the content of one, because Alipay sends nothing but forms."""
    is_form = body.startswith(b"notify_id=")
    pairs = dict(_pairs(body)) if is_form else {"biz_content": body.decode("latin-1")}
    return channel.delivery(signer.notification(pairs, channel.ALIPAY_KEY, "latin-1"))


USUAL = {"app_id": channel.APP_ID, "seller_id": channel.SELLER_ID}

SAMPLES = (
    Sample(
        "alipay",
        "public-key",
        USUAL | channel.PUBLIC_KEYS,
        _proven,
        FORM,
        now=channel.NOW,
        has_window=False,
        proof_in_body=True,
    ),
    Sample(
        "alipay",
        "certificates",
        USUAL | channel.CERTIFICATES,
        _proven,
        FORM,
        now=channel.NOW,
        has_window=False,
        proof_in_body=True,
    ),
)
