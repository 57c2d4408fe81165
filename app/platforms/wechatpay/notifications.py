"""What the resource of a notification of WeChat Pay says. Pure; how it is sealed is in app/wire/sealed_notices.py.

Sources (read 2026-11-20): pay.weixin.qq.com, payment callback page; wechatpay-apiv3/wechatpay-skills. `data` of the event is the
opened resource: the envelope around it holds the id, the type and the time, which the event has itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from app.core.values import Requirement
from app.platforms.wechatpay.settings import WechatpaySettings

ACCOUNT_FIELDS: Final = (("mch_id", ("mchid", "sp_mchid")), ("app_id", ("appid", "sp_appid")))
"""Setting, and the fields that name the account: an ordinary merchant's, then a service provider's (服务商)."""

PAYER_FIELDS: Final = ("openid", "sp_openid", "sub_openid")


def requirements_of(content: Mapping[str, Any], settings: WechatpaySettings) -> tuple[Requirement, ...]:
    """Return which merchant and app a resource names, to be compared with the channel's.

    Some products name no app, and some no merchant; the APIv3 key that opened it belongs to one merchant only.
    """
    expected = {"mch_id": (settings.mch_id,), "app_id": settings.app_id}
    found = []
    for setting, fields in ACCOUNT_FIELDS:
        name = next((each for each in fields if each in content), None)
        if name is not None and expected[setting]:
            given = content[name]
            found.append(
                Requirement(name, given if isinstance(given, str) else None, setting, expected[setting])
            )
    return tuple(found)


def payer_of(content: Mapping[str, Any]) -> str | None:
    """Return the OpenID of who paid."""
    payer = content.get("payer")
    places = (payer, content) if isinstance(payer, dict) else (content,)
    named = (place.get(name) for place in places for name in PAYER_FIELDS)
    return next((value for value in named if isinstance(value, str) and value), None)
