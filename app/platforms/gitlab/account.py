"""What one opened GitLab channel knows for as long as it lives."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from app.config.platform_settings import plain
from app.platforms.gitlab.settings import GitLabSettings


@dataclass(frozen=True, repr=False)
class GitLabAccount:
    """One webhook, one application; each capability of the platform is a class derived from this one."""

    settings: GitLabSettings
    keys: tuple[bytes, ...] = field(init=False)
    """What signatures are made with; empty where the secret token is the proof."""

    tokens: tuple[bytes, ...] = field(init=False)
    """The secret tokens; empty where signatures are the proof."""

    def __post_init__(self) -> None:
        """Make the secrets ready once, when the channel is opened."""
        signs = self.settings.signs
        object.__setattr__(self, "keys", self.settings.signing_keys())
        object.__setattr__(self, "tokens", () if signs else plain(self.settings.secret))

    @property
    def is_open(self) -> bool:
        """Whether the operator wrote that nothing is proven."""
        return self.settings.allow_unsigned and not self.keys and not self.tokens

    @property
    def issuer(self) -> str:
        """Whose ids these are: they are the same for every application of one server."""
        server = urlsplit(self.settings.base_url)
        return f"gitlab:{server.netloc}{server.path}"
