"""Headers that prove something, read with a bound: missing, empty and overlong ones are refused by one word each. Pure."""

from __future__ import annotations

from typing import Final

from app.core.errors import VerificationError
from app.core.values import InboundRequest
from app.security.signatures import strict_base64, wire_bytes

LONGEST: Final = 8192


def needed_header(request: InboundRequest, name: str, *, longest: int = LONGEST) -> str:
    """Return a header that must be there; raises VerificationError."""
    value = request.header(name)
    if not value:
        raise VerificationError(
            "missing_signature_header",
            f"Missing or empty: {name}; a proxy may drop headers it does not know.",
        )
    if len(value) > longest:
        raise VerificationError("bad_signature_header", f"Longer than {longest} characters: {name}.")
    return value


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
