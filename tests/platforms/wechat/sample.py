"""The sample channels of WeChat, one for each mode, for the suite that every platform goes through."""

from __future__ import annotations

from app.core.values import InboundRequest
from tests.platforms.samples import Sample
from tests.platforms.wechat import account
from tests.platforms.wechat.signing import WechatSigner, xml_envelope, xml_message


def _plain(body: bytes) -> InboundRequest:
    return account.inbound(WechatSigner().plain_query(), body)


def _sealed(body: bytes) -> InboundRequest:
    ciphertext = WechatSigner().encrypt(body)
    return account.inbound(WechatSigner().sealed_query(ciphertext), xml_envelope(ciphertext))


SAMPLES = tuple(
    Sample(
        "wechat",
        mode,
        {
            "app_id": account.APP_ID,
            "app_secret": "s3cret",
            "token": account.TOKEN,
            "mode": mode,
            "encoding_aes_key": account.AES_KEY,
        },
        _plain if mode == "plain" else _sealed,
        xml_message(),
        now=account.NOW,
        covers_body=mode != "plain",
        has_window=mode == "plain",
    )
    for mode in ("plain", "compatible", "safe")
)
