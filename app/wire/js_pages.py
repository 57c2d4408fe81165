"""The signature of web pages inside an app, which four platforms share to the letter; only the names around it differ.

Sources: WeCom page 90506 "JS-SDK使用权限签名算法", with the example that tests repeat; WeChat's "JS-SDK" appendix and Feishu's
"鉴权" as copied; DingTalk page "JSAPI鉴权" (all read 2026-11-28).
"""

from __future__ import annotations

from app.security.signatures import sha1_hex


def page_signature(ticket: str, *, nonce: str, timestamp: int, url: str) -> str:
    """Return the signature; the values go in as they are, in this order, and the address has no fragment."""
    text = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={url}"
    return sha1_hex(text.encode())
