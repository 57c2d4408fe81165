"""The proxy through which a channel calls its platform: judged at the start. It may hold a password, so it is never shown."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr

LONGEST: Final = 500
SCHEMES: Final = ("http", "https")


def checked_proxy(secret: SecretStr) -> SecretStr:
    """Return the address of a proxy, empty for none; raises ValueError that repeats nothing of it."""
    text = secret.get_secret_value()
    if not text:
        return secret
    if len(text) > LONGEST or not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        raise ValueError(f"must be plain ASCII without blanks, of at most {LONGEST} characters")
    try:
        parts = urlsplit(text)
        is_whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_whole = False
        parts = urlsplit("")
    if parts.scheme not in SCHEMES or not is_whole:
        raise ValueError(
            "must be http://host:port or https://host:port; other kinds of proxies (socks) are not used"
        )
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("must have nothing behind the port; a percent sign in a password is written %25")
    return secret


EgressProxy = Annotated[SecretStr, AfterValidator(checked_proxy)]
