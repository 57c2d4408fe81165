"""Headers that prove something, read with a bound: missing, empty and overlong ones are refused by one word each. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from app.core.errors import VerificationError
from app.core.values import InboundRequest
from app.security.signatures import strict_base64, wire_bytes

LONGEST: Final = 8192


def needed_header(request: InboundRequest, name: str, *, longest: int = LONGEST) -> str:
    """Return a header that must be there; raises VerificationError."""
    return needed_headers(request.header, (name,), longest=longest)[name]


def needed_headers(
    header: Callable[[str], str | None],
    names: Sequence[str],
    *,
    longest: int,
    missing: str = "missing_signature_header",
    too_long: str = "bad_signature_header",
) -> dict[str, str]:
    """Return headers that must be there together; raises VerificationError, with `missing` or `too_long` as its reason."""
    values = {name: header(name) or "" for name in names}
    if lacking := [name for name, value in values.items() if not value]:
        raise VerificationError(
            missing, f"Missing or empty: {', '.join(lacking)}; a proxy may drop headers it does not know."
        )
    if long := [name for name, value in values.items() if len(value) > longest]:
        raise VerificationError(too_long, f"Longer than {longest} characters: {', '.join(long)}.")
    return values


def base64_header(request: InboundRequest, name: str, *, longest: int = LONGEST) -> bytes:
    """Return what a needed header holds in Base64; raises VerificationError."""
    value = needed_header(request, name, longest=longest)
    try:
        return strict_base64(wire_bytes(value))
    except ValueError as error:
        raise VerificationError("bad_signature_header", f"{name} is not Base64.") from error


def address_in_base64(request: InboundRequest, name: str) -> str:
    """Return the address that a needed header holds in Base64, which nobody has judged; raises VerificationError."""
    try:
        return base64_header(request, name, longest=1024).decode("ascii")
    except UnicodeDecodeError as error:
        raise VerificationError("bad_key_address", f"{name} holds no address.") from error


def bearer_token(request: InboundRequest, cure: str) -> bytes:
    """Return the token of `Authorization: Bearer …`; raises VerificationError, with a sentence that says what helps."""
    scheme, _, token = (request.header("Authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise VerificationError("missing_token", f"There is no Authorization: Bearer; {cure}")
    return wire_bytes(token.strip())
