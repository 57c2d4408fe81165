"""Which browser is WeChat's own, by its User-Agent.

Sources: loo2k.com "判断微信客户端的那些坑" (phones name `MicroMessenger`), Leechael on medium.com "Wechat for Windows 中 WebView 的内核"
(so does the desktop program); both read 2026-11-28. That WeCom's browser names `MicroMessenger` as well and is known by
`wxwork` is unconfirmed; it is no browser of WeChat. A very old Windows phone names neither.
"""

from __future__ import annotations


def is_wechat(user_agent: str) -> bool:
    """Say whether a browser is the one inside WeChat, on a phone or a desktop, and not the one inside WeCom."""
    name = user_agent.lower()
    return "micromessenger" in name and "wxwork" not in name
