"""Why a notification is not believed, for the list of rejections: key, mode or form. Decides nothing; no sentence holds a key."""

from __future__ import annotations

from typing import Final

from app.platforms.alipay.account import AlipayAccount
from app.platforms.alipay.keys import is_signed
from app.security.signatures import how_many

CONSOLE: Final = "接口加签方式 (Interface signing) in the application's page at open.alipay.com"


def why_signature_differs(account: AlipayAccount, signature: bytes, content: bytes) -> str:
    """Say what to look at when none of Alipay's keys fits."""
    settings = account.settings
    tried = f"Tried: {how_many((*settings.alipay_public_key, *settings.alipay_cert), 'alipay_public_key and alipay_cert')}."
    if account.app_key is not None and is_signed([account.app_key.public_key()], signature, content):
        return f"{tried} It is signed with this application's own key, which Alipay does not have: somebody tests the address."
    return (
        f"{tried} Compare the Alipay public key (支付宝公钥, not the application's 应用公钥) under {CONSOLE}, and whether the channel "
        "is in the mode that is chosen there; a proxy or another program may also have added or changed a parameter."
    )


def why_no_form(body: bytes) -> str:
    """Say what to look at when a body is not a form."""
    if not body.strip():
        return (
            "The body is empty; Alipay sends a form by POST. A proxy or an earlier reader may have eaten it."
        )
    if body.lstrip()[:1] in (b"{", b"<"):
        return (
            "The body is JSON or XML; Alipay's notifications are forms. Another service may use this address."
        )
    return "The body is no form of at most 500 parameters, each with a name and `=`."
