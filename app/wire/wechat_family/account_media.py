"""Files for customer service messages of WeChat's accounts: temporary media (临时素材), kept for three days.

Sources: WeChat pages 新增临时素材 of Official Accounts and Mini Programs (read 2026-11-29). What is odd: a success may name no number.
"""

from __future__ import annotations

from typing import Final

from app.core.errors import UpstreamError
from app.core.media import DAYS_3, FileClient, MediaLimit, Medium, Uploaded, UploadFile
from app.wire.media_ids import media_id_in
from app.wire.send_answers import SendRules, taken
from app.wire.wechat_family.send_rules import ACCOUNT

MIB: Final = 1_048_576
ACCOUNT_LIMITS: Final = {
    "image": MediaLimit(10 * MIB, ("jpg", "jpeg", "png", "gif")),
    "voice": MediaLimit(2 * MIB, ("amr", "mp3")),
    "video": MediaLimit(10 * MIB, ("mp4",)),
    "thumb": MediaLimit(65_536, ("jpg", "jpeg")),
}
PROGRAM_LIMITS: Final = {"image": ACCOUNT_LIMITS["image"]}
"""A Mini Program sends pictures alone."""


def upload_in_account(
    medium: Medium,
    files: FileClient,
    app_token: str | None,
    *,
    api_base: str,
    rules: SendRules = ACCOUNT,
) -> Uploaded:
    """Hand a file over in an account's name; raises as app.core.sending.Sender.send says."""
    answer = files.post_file(
        f"{api_base}/cgi-bin/media/upload",
        UploadFile("media", medium.name, medium.content_type, medium.content),
        params={"access_token": app_token or "", "type": medium.kind},
    )
    try:
        content = answer.json_object()
    except UpstreamError:
        content = {}
    if "media_id" not in content or "errcode" in content:
        content = taken(answer, rules)
    return Uploaded(media_id_in(content, "WeChat"), expires_in=DAYS_3)
