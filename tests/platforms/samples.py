"""One entry per platform and mode: settings that open a channel, and a way to prove any body to it.

The contract suite (test_every_platform.py) needs nothing else. A new platform adds its entries to SAMPLES here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core.values import InboundRequest
from app.platforms import discover
from tests.platforms import callback_signer as callback
from tests.platforms import feishu_channel, feishu_signer, wechat_account
from tests.platforms.wechat_signer import WechatSigner, xml_envelope, xml_message


@dataclass(frozen=True)
class Sample:
    """A channel of one platform in one mode.

    `prove` puts a correct signature on any body (None: the platform takes no callbacks); `body` is one it
    understands. `covers_body` is False where the platform's own proof leaves the body out; `has_window` is False
    where it does not bound the age of a request.
    """

    slug: str
    mode: str
    settings: Mapping[str, Any]
    prove: Callable[[bytes], InboundRequest] | None = None
    body: bytes = b"{}"
    now: datetime = callback.NOW
    covers_body: bool = True
    has_window: bool = True

    def open(self) -> Any:
        """Open the channel."""
        spec = discover()[self.slug]
        return spec.open("sample", spec.settings.model_validate(dict(self.settings)))


def _with_token(body: bytes) -> InboundRequest:
    return callback.delivery(body, {"X-Token": callback.SECRET})


def _with_jwt(body: bytes) -> InboundRequest:
    return callback.bearer(callback.token({"exp": callback.SECONDS + 60}), body)


def _wechat_plain(body: bytes) -> InboundRequest:
    return wechat_account.inbound(WechatSigner().plain_query(), body)


def _wechat_sealed(body: bytes) -> InboundRequest:
    ciphertext = WechatSigner().encrypt(body)
    return wechat_account.inbound(WechatSigner().sealed_query(ciphertext), xml_envelope(ciphertext))


def _feishu_sealed(body: bytes) -> InboundRequest:
    return feishu_channel.signed(feishu_signer.seal(body))


_WEBHOOK_BODY = b'{"type":"invoice.paid","timestamp":"2026-05-28T20:26:40Z","data":{}}'
_SCHEMES: Mapping[str, Callable[[bytes], InboundRequest]] = {
    "body": callback.signed,
    "timestamp-nonce": callback.stamped,
    "token": _with_token,
    "jwt": _with_jwt,
}
_WECHAT = {"app_id": wechat_account.APP_ID, "app_secret": "s3cret", "token": wechat_account.TOKEN}
_FEISHU = {
    "app_id": feishu_signer.APP_ID,
    "app_secret": "demo-app-secret",
    "verification_token": feishu_signer.TOKEN,
    "encrypt_key": feishu_signer.ENCRYPT_KEY,
}
_OAUTH2 = {
    "client_id": "c",
    "client_secret": "s",
    "authorize_url": "https://id.example/a",
    "token_url": "https://id.example/t",
    "userinfo_url": "https://id.example/u",
}

SAMPLES: tuple[Sample, ...] = (
    *(
        Sample(
            "callback",
            scheme,
            {"secret": callback.SECRET, "scheme": scheme},
            prove,
            callback.body_of(),
            covers_body=scheme in ("body", "timestamp-nonce"),
            has_window=scheme in ("timestamp-nonce", "jwt"),
        )
        for scheme, prove in _SCHEMES.items()
    ),
    Sample("callback", "v2", {"secret": callback.WEBHOOK_SECRET}, callback.webhook, _WEBHOOK_BODY),
    Sample("standard-webhooks", "v1", {"secret": callback.WEBHOOK_SECRET}, callback.webhook, _WEBHOOK_BODY),
    Sample(
        "feishu",
        "sealed",
        _FEISHU,
        _feishu_sealed,
        feishu_signer.compact(feishu_channel.v2_event()),
        now=feishu_channel.NOW,
        has_window=False,
    ),
    *(
        Sample(
            "wechat",
            mode,
            _WECHAT | {"mode": mode, "encoding_aes_key": wechat_account.AES_KEY},
            _wechat_plain if mode == "plain" else _wechat_sealed,
            xml_message(),
            now=wechat_account.NOW,
            covers_body=mode != "plain",
            has_window=False,
        )
        for mode in ("plain", "compatible", "safe")
    ),
    Sample("oauth2", "login", _OAUTH2),
)
