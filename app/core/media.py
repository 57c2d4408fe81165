"""Media: files that a platform keeps for messages, and the protocol of a platform that takes them.

Values and protocols only. A message in the platform's own words names the id that an upload brought.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol, runtime_checkable

from app.core.ports import HttpAnswer

MEDIA_KINDS = ("image", "voice", "video", "file", "thumb")
DAYS_3 = 3 * 86_400


class Medium(NamedTuple):
    """A file that somebody wants to send: one of MEDIA_KINDS, its name, media type and bytes."""

    kind: str
    name: str
    content_type: str
    content: bytes

    @property
    def extension(self) -> str:
        """The name's ending in small letters, without the dot."""
        return self.name.rpartition(".")[2].lower() if "." in self.name else ""


class UploadFile(NamedTuple):
    """A file as a form carries it; `field` is the form's name for it."""

    field: str
    name: str
    content_type: str
    content: bytes


class MediaLimit(NamedTuple):
    """What a platform takes of one kind: so many bytes at most, and names that end so (any where there are none)."""

    most_bytes: int
    extensions: tuple[str, ...] = ()


class Uploaded(NamedTuple):
    """What a platform gave: the id, the name of the place where a message wants it, and for how many seconds it is good (None: it stays)."""

    media_id: str
    named: str = "media_id"
    expires_in: int | None = None


@runtime_checkable
class FileClient(Protocol):
    """The way out for files: HttpClient's rules, with more time."""

    def post_file(
        self,
        url: str,
        file: UploadFile,
        *,
        fields: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        """Send one file as a form does; raises as HttpClient.request."""


@runtime_checkable
class MediaTaker(Protocol):
    """Beside Sender: keeps files for messages to some kinds of recipients."""

    def media_limits(self, recipient_kind: str) -> Mapping[str, MediaLimit]:
        """Return what it takes for messages to this kind of recipient, by kind of medium; empty where it takes none."""

    def media_needs_app_token(self, recipient_kind: str) -> bool:
        """Say whether an upload for this kind of recipient needs the app token."""

    def upload(
        self, medium: Medium, recipient_kind: str, files: FileClient, app_token: str | None
    ) -> Uploaded:
        """Hand a file over, once; raises as app.core.sending.Sender.send does."""
