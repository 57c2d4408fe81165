"""QR codes with a scene: whoever scans one follows the account, and the event names the scene.

Source: WeChat "生成带参数的二维码" page (read 2026-11-20). What is odd: without the inner level `scene` the call
succeeds, and every code then reports scene 0.
"""

from __future__ import annotations

from urllib.parse import quote

from app.core.ports import HttpClient
from app.core.values import SceneCode
from app.platforms.wechat.account import WechatAccount
from app.wire.wechat_family.answers import needed_text, token_use

SHORTEST = 60
LONGEST = 2_592_000


class WechatSceneCodes(WechatAccount):
    """Makes scene codes; satisfies app.core.ports.SceneCodeSource."""

    def create_scene_code(self, scene: str, ttl: int, app_token: str, http: HttpClient) -> SceneCode:
        """Make a temporary code; `ttl` is bounded to what the platform takes, 60 seconds to 30 days."""
        seconds = max(SHORTEST, min(ttl, LONGEST))
        answer = http.request(
            "POST",
            self.api("cgi-bin/qrcode/create"),
            params={"access_token": app_token},
            json={
                "expire_seconds": seconds,
                "action_name": "QR_STR_SCENE",
                "action_info": {"scene": {"scene_str": scene}},
            },
        )
        content = token_use(answer)
        ticket = quote(needed_text(content, "ticket"), safe="")
        given = content.get("expire_seconds")
        return SceneCode(
            content=needed_text(content, "url"),
            image_url=f"{self.settings.mp_base}/cgi-bin/showqrcode?ticket={ticket}",
            expires_in=given if isinstance(given, int) and 0 < given < seconds else seconds,
        )
