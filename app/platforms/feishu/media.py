"""Images and files for messages: an app's own, kept without an end; a robot takes the image_key that an app got.

Sources: Feishu Open Platform, pages 上传图片 (10 MB) and 上传文件 (30 MB; read 2026-11-29). What is odd: images and files are two calls with two
names of their ids, and a file's type says how it is shown: opus plays, mp4 is a video, what no type fits is a `stream`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from app.config.platform_settings import plain_text
from app.core.media import FileClient, MediaLimit, Medium, Uploaded, UploadFile
from app.platforms.feishu.app import FeishuApp
from app.platforms.feishu.send_rules import APP as APP_RULES
from app.wire.media_ids import media_id_in
from app.wire.send_answers import taken

MIB: Final = 1_048_576
IMAGES_PATH: Final = "/open-apis/im/v1/images"
FILES_PATH: Final = "/open-apis/im/v1/files"
LIMITS: Final = {
    "image": MediaLimit(10 * MIB, ("jpg", "jpeg", "png", "webp", "gif", "bmp", "ico", "tiff", "heic")),
    "voice": MediaLimit(30 * MIB, ("opus",)),
    "video": MediaLimit(30 * MIB, ("mp4",)),
    "file": MediaLimit(30 * MIB),
}
FILE_TYPES: Final = {
    "opus": "opus", "mp4": "mp4", "pdf": "pdf", "doc": "doc", "docx": "doc", "xls": "xls", "xlsx": "xls", "ppt": "ppt", "pptx": "ppt",
}  # fmt: skip


class FeishuMedia(FeishuApp):
    """Keeps files; satisfies app.core.media.MediaTaker."""

    def media_limits(self, recipient_kind: str) -> Mapping[str, MediaLimit]:
        """Return what Feishu takes; it is the app that uploads, for robots images alone."""
        if not plain_text(self.settings.app_secret):
            return {}
        return {"image": LIMITS["image"]} if recipient_kind == "robot" else LIMITS

    def media_needs_app_token(self, recipient_kind: str) -> bool:
        """Return true, whoever the message is for: a robot has no files of its own."""
        return True

    def upload(
        self, medium: Medium, recipient_kind: str, files: FileClient, app_token: str | None
    ) -> Uploaded:
        """Hand an image or a file over."""
        is_image = medium.kind == "image"
        fields: dict[str, Any] = (
            {"image_type": "message"}
            if is_image
            else {"file_type": FILE_TYPES.get(medium.extension, "stream"), "file_name": medium.name}
        )
        answer = files.post_file(
            self.settings.api_base + (IMAGES_PATH if is_image else FILES_PATH),
            UploadFile("image" if is_image else "file", medium.name, medium.content_type, medium.content),
            fields=fields,
            headers={"Authorization": f"Bearer {app_token}"},
        )
        data = taken(answer, APP_RULES).get("data")
        name = "image_key" if is_image else "file_key"
        return Uploaded(media_id_in(data if isinstance(data, Mapping) else {}, "Feishu", name), name)
