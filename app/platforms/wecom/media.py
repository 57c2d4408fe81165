"""Files for messages: a group's robot keeps them by its key, the application by its token, both for three days.

Sources: WeCom pages 上传临时素材 and 99110 (read 2026-11-29). `unconfirmed`: the sizes a robot takes. What is odd: an id of the one is
no id of the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from app.config.platform_settings import plain_text
from app.core.media import DAYS_3, FileClient, MediaLimit, Medium, Uploaded, UploadFile
from app.platforms.wecom.application import WecomApplication
from app.platforms.wecom.send_rules import APPLICATION, ROBOT
from app.wire.media_ids import media_id_in
from app.wire.send_answers import taken

MIB: Final = 1_048_576
OF_ROBOT: Final = {"file": MediaLimit(20 * MIB), "voice": MediaLimit(2 * MIB, ("amr",))}
OF_APPLICATION: Final = {
    "image": MediaLimit(10 * MIB, ("jpg", "jpeg", "png")),
    "voice": MediaLimit(2 * MIB, ("amr",)),
    "video": MediaLimit(10 * MIB, ("mp4",)),
    "file": MediaLimit(20 * MIB),
}


class WecomMedia(WecomApplication):
    """Keeps files; satisfies app.core.media.MediaTaker."""

    def media_limits(self, recipient_kind: str) -> Mapping[str, MediaLimit]:
        """Return what WeCom takes, where the channel has the key for it."""
        if recipient_kind == "robot":
            return OF_ROBOT if plain_text(self.settings.robot_key) else {}
        return OF_APPLICATION if self.settings.missing_login_secret() is None else {}

    def media_needs_app_token(self, recipient_kind: str) -> bool:
        """Say whether the application uploads; a robot has its key."""
        return recipient_kind != "robot"

    def upload(
        self, medium: Medium, recipient_kind: str, files: FileClient, app_token: str | None
    ) -> Uploaded:
        """Hand a file over."""
        is_robot = recipient_kind == "robot"
        who = {"key": plain_text(self.settings.robot_key)} if is_robot else {"access_token": app_token or ""}
        answer = files.post_file(
            self.api("webhook/upload_media" if is_robot else "media/upload"),
            UploadFile("media", medium.name, medium.content_type, medium.content),
            params={**who, "type": medium.kind},
        )
        content = taken(answer, ROBOT if is_robot else APPLICATION)
        return Uploaded(media_id_in(content, "WeCom"), expires_in=DAYS_3)
