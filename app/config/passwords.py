"""Passwords that are set apart from the address they belong to, so that any letter may stand in them as it is."""

from __future__ import annotations

import re
from urllib.parse import quote

END_OF_HOST = re.compile("[/?#]")
USER_ALONE = re.compile("[^:@/?#]*")


def password_put_in(name: str, address: str, password: str, *, faults: list[str]) -> str:
    """Return the address of a setting with its password; one that fits nowhere is a fault, one without an address waits for it."""
    if not password or not address:
        return address
    try:
        return with_password(address, password)
    except ValueError as error:
        faults.append(f"{name.removesuffix('_URL')}_PASSWORD: {error}.")
        return address


def with_password(address: str, password: str) -> str:
    """Return an address (`postgresql://user@host/name`) with a password in it; raises ValueError with what is to be fixed.

    What no address takes as it is (`@ : / # %` and quotes) is encoded here.
    """
    kind, separator, rest = address.partition("://")
    if not separator or not rest or rest.startswith("/"):
        raise ValueError("there is no address of a server that it could belong to")
    end = END_OF_HOST.search(rest)
    place, behind = (rest[: end.start()], rest[end.start() :]) if end else (rest, "")
    user, at, host = place.rpartition("@")
    if not USER_ALONE.fullmatch(user) or (not at and "@" in behind):
        raise ValueError(
            "the address holds a password too; keep one of the two (of a password with / ? or # in the address, neither "
            "can be told: set it apart)"
        )
    return f"{kind}://{user}:{quote(password, safe='')}@{host if at else place}{behind}"
