"""The kinds of values that settings have: lists, switches, addresses, networks, tokens. Each is read from text; nothing is looked up."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from app.config.api_tokens import OLD_SCOPES, SCOPES, ApiToken
from app.config.console_admins import ConsoleAdmin, read_console_admin

TRUE_WORDS = {"1", "true", "yes", "on"}
FALSE_WORDS = {"0", "false", "no", "off", ""}
HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")


def split_words(value: object) -> object:
    """Read a list with commas."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def as_bool(value: object) -> object:
    """Read a switch: 1, true, yes, on; 0, false, no, off or nothing."""
    if isinstance(value, str) and value.strip().lower() in TRUE_WORDS:
        return True
    if isinstance(value, str) and value.strip().lower() in FALSE_WORDS:
        return False
    return value


def http_address(value: str) -> str:
    """Return an http(s) address without its trailing slash; raises ValueError.

    The text is judged before it is taken apart: urlsplit drops line ends, which would stay in what is returned.
    """
    is_plain = value.isascii() and value.isprintable() and " " not in value
    parts = urlsplit(value if is_plain else "")
    is_host = parts.scheme in ("http", "https") and HOST.fullmatch(parts.netloc)
    if not is_host or parts.query or parts.fragment:
        raise ValueError("must be an address such as https://callbacks.example.com")
    return value.rstrip("/")


def root_address(value: str) -> str:
    """Return an address of a host alone: pages, cookies and callback addresses stand at its root."""
    address = http_address(value)
    if urlsplit(address).path:
        raise ValueError(
            "must have no path behind the host: pages, cookies and callback addresses stand at its root; "
            "give the gateway a host name or a port of its own"
        )
    return address


def checked_hosts(values: tuple[str, ...]) -> tuple[str, ...]:
    """Let only hosts pass, each with a port or without."""
    for value in values:
        if not HOST.fullmatch(value):
            raise ValueError(f"{value!r} is not a host or host:port such as crm.internal:8080")
    return values


def checked_networks(values: tuple[str, ...]) -> tuple[str, ...]:
    """Let only addresses and networks pass."""
    for value in values:
        try:
            ip_network(value, strict=False)
        except ValueError:
            raise ValueError(f"{value!r} is not an address or network such as 10.0.0.0/8") from None
    return values


Words = Annotated[tuple[str, ...], BeforeValidator(split_words)]
Flag = Annotated[bool, BeforeValidator(as_bool)]
HttpAddress = Annotated[str, AfterValidator(http_address)]
RootAddress = Annotated[str, AfterValidator(root_address)]
Seconds = Annotated[int, Field(ge=1, le=10 * 365 * 86_400)]


def read_api_tokens(value: object) -> object:
    """Read API_TOKENS; raises ValueError."""
    if not isinstance(value, str):
        return value
    tokens = []
    for entry in split_words(value):  # type: ignore[attr-defined]
        name, _, rest = entry.partition(":")
        token, _, scopes = rest.partition(":")
        if not name or not token:
            raise ValueError("each entry is name:token or name:token:scope+scope")
        granted = frozenset(scopes.split("+")) if scopes else OLD_SCOPES
        if not granted <= SCOPES:
            raise ValueError(
                f"token {name!r} has an unknown scope; the scopes are {', '.join(sorted(SCOPES))}"
            )
        tokens.append(ApiToken(name=name, token=token, scopes=granted))
    return tuple(tokens)


def read_console_admins(value: object) -> object:
    """Read CONSOLE_ADMINS; raises ValueError."""
    parts = split_words(value)
    if isinstance(parts, tuple):
        return tuple(read_console_admin(part) if isinstance(part, str) else part for part in parts)
    return parts


Hosts = Annotated[Words, AfterValidator(checked_hosts)]
Networks = Annotated[Words, AfterValidator(checked_networks)]
ApiTokens = Annotated[tuple[ApiToken, ...], BeforeValidator(read_api_tokens)]
ConsoleAdmins = Annotated[tuple[ConsoleAdmin, ...], BeforeValidator(read_console_admins)]
