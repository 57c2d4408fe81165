"""Files for messages: judged here, handed to the platform, and named by the id it gave. Nothing of them is kept.

A message in the platform's own words says the id, so a file is uploaded first and the message sent after that.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import structlog

from app.core.errors import RefusedError, RequestError
from app.core.media import FileClient, MediaLimit, MediaTaker, Medium, Uploaded
from app.core.moments import as_text
from app.core.sending import ACCOUNT, Recipient, Sender, SendRefused, account_recipient
from app.core.storable import is_storable
from app.core.visible import is_one_line
from app.pipeline.channels import Channel, ask_platform
from app.pipeline.sending.calls import with_token
from app.pipeline.services import Services

MOST_BYTES = 20 * 1_048_576
LONGEST_NAME = 128
BY_MEDIA_TYPE = {"image": "image", "audio": "voice", "video": "video"}

log = structlog.get_logger(__name__)


class UploadWish(NamedTuple):
    """A file as somebody sends it: `kind` may be left out, `to` says for which kind of recipient, `account` for whose."""

    name: str
    content_type: str
    content: bytes
    kind: str = ""
    to: str = ""
    account: str = ""


def upload_medium(services: Services, channel_name: str, wish: UploadWish) -> dict[str, Any]:
    """Hand a file to a channel's platform and return its id, and until when it is good.

    Raises RequestError for a file that the platform would not take, RefusedError 404 for a channel that takes none, and what
    the platform's answer means.
    """
    channel, taker = services.channels.with_capability(channel_name, MediaTaker)
    to = _recipient(channel, taker, wish)
    limits = taker.media_limits(to.kind)
    medium = Medium(_kind(wish, limits), wish.name, _media_type(wish.content_type), wish.content)
    _check(channel, medium, limits)
    files = channel.http
    assert isinstance(files, FileClient)
    needs_token = taker.media_needs_app_token(to.kind)

    def upload(app_token: str | None) -> Uploaded:
        return ask_platform(lambda: taker.upload(medium, to.kind, files, app_token))

    try:
        done = with_token(services, channel, to, upload, needs_token=needs_token)
    except SendRefused as refused:
        if refused.at_fault == "content":
            raise RequestError("bad_media", f"{channel.name}: {refused.message}") from refused
        raise
    log.info("media_uploaded", channel=channel.name, kind=medium.kind, bytes=len(medium.content))
    ends = None if done.expires_in is None else services.clock.now() + timedelta(seconds=done.expires_in)
    return {
        done.named: done.media_id,
        "kind": medium.kind,
        "name": medium.name,
        "bytes": len(medium.content),
        "expires_at": as_text(ends),
    }


def _recipient(channel: Channel, taker: MediaTaker, wish: UploadWish) -> Recipient:
    """Return somebody of the kind that the file is for; raises RequestError where the channel takes no files for that kind."""
    sender = channel.as_capability(Sender)
    kinds = () if sender is None else sender.recipient_kinds
    able = [kind for kind in kinds if taker.media_limits(kind)]
    if not able:
        raise RefusedError(
            "unknown_channel",
            f"{channel.name} takes no files; `flask channels list` says what is missing.",
            http_status=404,
        )
    kind = wish.to or next((each for each in able if each != "robot"), able[0])
    if kind not in able:
        raise RequestError(
            "bad_recipient", f"{channel.name} takes files for {', '.join(able)}, not for that."
        )
    if kind != ACCOUNT:
        return Recipient(kind)
    if not wish.account:
        raise RequestError(
            "bad_recipient",
            f"{channel.name} speaks for several accounts; say whose file it is with account=<AppID>.",
        )
    return account_recipient(wish.account, "")


def _kind(wish: UploadWish, limits: Mapping[str, MediaLimit]) -> str:
    """Return the kind that was named, else the one that the media type says, else a file."""
    if wish.kind:
        return wish.kind
    found = BY_MEDIA_TYPE.get(_media_type(wish.content_type).partition("/")[0], "file")
    ending = Medium("", wish.name, "", b"").extension
    fits = found in limits and (not limits[found].extensions or ending in limits[found].extensions)
    return found if fits else "file"


def _media_type(text: str) -> str:
    """Return a plain media type; what is none is `application/octet-stream`."""
    word = text.partition(";")[0].strip().lower()
    is_plain = word.isascii() and word.isprintable() and word.count("/") == 1 and len(word) <= LONGEST_NAME
    return word if is_plain and " " not in word else "application/octet-stream"


def _check(channel: Channel, medium: Medium, limits: Mapping[str, MediaLimit]) -> None:
    limit = limits.get(medium.kind)
    if limit is None:
        raise RequestError(
            "bad_media", f"{channel.name} takes {', '.join(limits)}; kind must be one of these."
        )
    is_name = (
        is_storable(medium.name, LONGEST_NAME) and is_one_line(medium.name) and medium.name.isprintable()
    )
    if not is_name or not medium.name.strip() or any(sign in medium.name for sign in '/\\"'):
        raise RequestError(
            "bad_media", f"name must be a file's name of {LONGEST_NAME} characters at most, without a path."
        )
    if not medium.content:
        raise RequestError("bad_media", "The file is empty.")
    most = min(limit.most_bytes, MOST_BYTES)
    if len(medium.content) > most:
        raise RequestError(
            "bad_media",
            f"{channel.name} takes {medium.kind} of {most:,} bytes at most, and this one has {len(medium.content):,}.",
        )
    if limit.extensions and medium.extension not in limit.extensions:
        raise RequestError(
            "bad_media",
            f"{channel.name} takes {medium.kind} whose name ends with {', '.join(limit.extensions)}.",
        )
