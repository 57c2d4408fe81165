"""Files for messages of the application: kept without an end, as long as the company is there.

Sources: DingTalk's pages 上传媒体文件 and "What is a media file" (read 2026-11-29). `unconfirmed`: the sizes. A custom robot takes no files.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from app.config.platform_settings import plain_text
from app.core.media import FileClient, MediaLimit, Medium, Uploaded, UploadFile
from app.platforms.dingtalk.app import DingtalkApp
from app.platforms.dingtalk.send_rules import NOTICE, unwrapped
from app.wire.media_ids import media_id_in
from app.wire.send_answers import taken

MIB: Final = 1_048_576
UPLOAD_PATH: Final = "/media/upload"
LIMITS: Final = {
    "image": MediaLimit(20 * MIB, ("jpg", "jpeg", "png", "gif", "bmp")),
    "voice": MediaLimit(2 * MIB, ("amr", "mp3", "wav")),
    "video": MediaLimit(20 * MIB, ("mp4",)),
    "file": MediaLimit(20 * MIB),
}


class DingtalkMedia(DingtalkApp):
    """Keeps files; satisfies app.core.media.MediaTaker."""

    def media_limits(self, recipient_kind: str) -> Mapping[str, MediaLimit]:
        """Return what DingTalk takes for messages of the application."""
        return LIMITS if recipient_kind != "robot" and plain_text(self.settings.app_secret) else {}

    def media_needs_app_token(self, recipient_kind: str) -> bool:
        """Return true: only the application uploads."""
        return True

    def upload(
        self, medium: Medium, recipient_kind: str, files: FileClient, app_token: str | None
    ) -> Uploaded:
        """Hand a file over."""
        answer = files.post_file(
            self.settings.oapi_base + UPLOAD_PATH,
            UploadFile("media", medium.name, medium.content_type, medium.content),
            params={"access_token": app_token or "", "type": medium.kind},
        )
        return Uploaded(media_id_in(taken(unwrapped(answer), NOTICE), "DingTalk"))
