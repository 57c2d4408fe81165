"""Digests and constant-time comparison on bytes. Everything that compares a secret does it here.

What is signed is a platform's fact and stays in its module; how it is compared is the same for all.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Sized
from typing import Literal

from app.core.errors import VerificationError

Digest = Literal["md5", "sha1", "sha256", "sha512"]


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """Return the 32 bytes of HMAC-SHA256."""
    return hmac.digest(key, message, "sha256")


def digest_of(name: Digest, message: bytes) -> bytes:
    """Return a digest by its name; the old ones only where a platform's protocol demands them."""
    return hashlib.new(name, message, usedforsecurity=False).digest()


def hmac_of(name: Digest, key: bytes, message: bytes) -> bytes:
    """Return an HMAC by the name of its digest; the old ones only where a platform's protocol demands them."""
    return hmac.digest(key, message, name)


def sha256_hex(*parts: bytes) -> str:
    """Return the lower-case hex SHA-256 of the parts joined without separators."""
    return hashlib.sha256(b"".join(parts)).hexdigest()


def sha1_hex(*parts: bytes) -> str:
    """Return the lower-case hex SHA-1 of the parts joined; only where a platform's protocol demands SHA-1."""
    return hashlib.sha1(b"".join(parts), usedforsecurity=False).hexdigest()


def same_secret(given: str | bytes, expected: str | bytes) -> bool:
    """Compare in constant time, on bytes, so that no text can raise; an empty `expected` never matches."""
    right = _as_bytes(expected)
    return bool(right) and hmac.compare_digest(_as_bytes(given), right)


def _as_bytes(text: str | bytes) -> bytes:
    if isinstance(text, bytes):
        return text
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        # Half a character, as JSON may hold it, stands for no byte.
        return text.encode("utf-8", "surrogatepass")


def matching(given: str | bytes, candidates: Iterable[str | bytes]) -> int | None:
    """Return the position of the candidate equal to `given`, None when there is none; looks at all of them."""
    found = None
    for position, candidate in enumerate(candidates):
        if same_secret(given, candidate) and found is None:
            found = position
    return found


def strict_base64(text: str | bytes) -> bytes:
    """Decode standard Base64; raises ValueError for anything that is not exactly that."""
    raw = text.encode("ascii") if isinstance(text, str) else text
    try:
        return base64.b64decode(raw, validate=True)
    except binascii.Error as error:
        raise ValueError("not Base64") from error


def wire_bytes(header: str) -> bytes:
    """Return the bytes a header value had on the wire (WSGI hands them over as latin-1)."""
    return header.encode("latin-1", "replace")


def check_timestamp(timestamp: str, now: float, tolerance: int) -> int:
    """Return a Unix timestamp in seconds that lies within `tolerance` seconds of `now`; raises VerificationError.

    Ten plain digits are demanded: where a timestamp is only concatenated with what follows, any other length
    lets digits move between the two without changing the signature.
    """
    if len(timestamp) != 10 or not (timestamp.isascii() and timestamp.isdigit()):  # noqa: PLR2004
        raise VerificationError(
            "bad_timestamp",
            f"The signed timestamp must be ten digits (Unix seconds); it has {len(timestamp)} characters"
            + (", so it is counted in milliseconds." if len(timestamp) == 13 else "."),  # noqa: PLR2004
        )
    seconds = int(timestamp)
    if abs(now - seconds) > tolerance:
        raise VerificationError(
            "timestamp_outside_tolerance",
            f"The time differed: it is {abs(round(now - seconds))} seconds "
            f"{'behind' if seconds < now else 'ahead of'} this gateway's clock, {tolerance} are allowed. Compare the "
            "clocks, and see whether the request waited or was sent again as it was.",
        )
    return seconds


def how_many(values: Sized, name: str) -> str:
    """Say which secrets were tried, by the name of their setting, such as `each of the 2 values of secret`."""
    if len(values) == 0:
        return f"no value of {name}, none is set"
    return f"the one value of {name}" if len(values) == 1 else f"each of the {len(values)} values of {name}"
