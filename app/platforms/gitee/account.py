"""What one opened Gitee channel knows for as long as it lives."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from app.config.platform_settings import plain
from app.platforms.gitee.settings import GiteeSettings


@dataclass(frozen=True, repr=False)
class GiteeAccount:
    """One webhook, one application; each capability of the platform is a class derived from this one."""

    settings: GiteeSettings
    secrets: tuple[bytes, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Make the secrets ready once, when the channel is opened."""
        object.__setattr__(self, "secrets", plain(self.settings.secret))

    @property
    def is_open(self) -> bool:
        """Whether the operator wrote that nothing is proven."""
        return self.settings.allow_unsigned and not self.secrets

    @property
    def issuer(self) -> str:
        """Whose ids these are: they are the same for every application of one Gitee."""
        server = urlsplit(self.settings.base_url)
        return f"gitee:{server.netloc}{server.path}"
