"""Passwords of people: slow hashes of them, and whether one is good enough to be set. Nothing is stored or limited here.

Source: RFC 9106 §4 (Argon2id, second recommended option, which is the library's default); NIST SP 800-63B §5.1.1 on
lengths (both read 2026-11-29).
"""

from __future__ import annotations

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_LENGTH, MAX_LENGTH = 12, 256
MIN_DIFFERENT_CHARACTERS = 6
AT_ONCE = threading.BoundedSemaphore(2)
"""One hash takes 64 MiB and a core for a while; a crowd at the sign-in page must not take all of both."""

_HASHER = PasswordHasher()
_NOBODY = _HASHER.hash("somebody who is not there")


def hash_password(password: str) -> str:
    """Return the text to keep in a password's place."""
    with AT_ONCE:
        return _HASHER.hash(password)


def is_password(password: str, kept: str | None) -> bool:
    """Say whether a password is the one whose hash is kept; None takes as long and is never true."""
    with AT_ONCE:
        try:
            return _HASHER.verify(kept or _NOBODY, password.encode("utf-8", "replace")) and kept is not None
        except (VerificationError, InvalidHashError):
            return False


def password_fault(password: str, *, name: str) -> str | None:
    """Return what keeps a text from being somebody's password, in a sentence; None when it is good enough."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        return f"A password has {MIN_LENGTH} to {MAX_LENGTH} characters."
    if len(set(password)) < MIN_DIFFERENT_CHARACTERS:
        return f"A password has at least {MIN_DIFFERENT_CHARACTERS} different characters."
    if name.lower() in password.lower():
        return "A password does not hold the name of the person."
    return None
