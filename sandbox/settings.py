"""What the simulator is told from outside: credentials and addresses.

One frozen value. Where it is read from is in `credentials`; nothing else in this package reads the environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class SandboxSettings:
    """The credentials the simulated platforms believe in, and the addresses they use.

    `settings["NAME"]` is the value of the variable NAME of one of the platforms.
    """

    credentials: Mapping[str, str] = field(default_factory=dict)
    gateway_url: str = "http://localhost:5003"
    sandbox_url: str = "http://localhost:5004"
    redirect_uris: tuple[str, ...] = ()
    """Registered return addresses; an empty tuple accepts every absolute http(s) address."""

    def __post_init__(self) -> None:
        """Lets addresses end without a slash."""
        object.__setattr__(self, "gateway_url", self.gateway_url.rstrip("/"))
        object.__setattr__(self, "sandbox_url", self.sandbox_url.rstrip("/"))

    def __getitem__(self, variable: str) -> str:
        """Returns the value of a platform's variable."""
        return self.credentials[variable]
