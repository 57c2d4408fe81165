"""SM2 with SM3, written from the standard (GB/T 32918.2-2016, read 2026-11-28): plain numbers, slow and not for secrets that matter.

Nothing is shared with the gateway, which leaves the curve to a package, so that a mistake made on one side cannot hide on the other.
"""

from __future__ import annotations

import hashlib
import secrets
from functools import cache, lru_cache

P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
USER_ID = b"1234567812345678"
Point = tuple[int, int] | None
"""None is the point at infinity."""


def add(left: Point, right: Point) -> Point:
    """Adds two points."""
    if left is None or right is None:
        return left or right
    if left[0] == right[0] and (left[1] + right[1]) % P == 0:
        return None
    if left == right:
        slope = (3 * left[0] ** 2 + A) * pow(2 * left[1], -1, P)
    else:
        slope = (right[1] - left[1]) * pow(right[0] - left[0], -1, P)
    x = (slope * slope - left[0] - right[0]) % P
    return x, (slope * (left[0] - x) - left[1]) % P


def times(number: int, point: Point) -> Point:
    """Adds a point to itself that often."""
    found: Point = None
    while number:
        if number & 1:
            found = add(found, point)
        point, number = add(point, point), number >> 1
    return found


@cache
def _doubles_of_g() -> tuple[Point, ...]:
    found: list[Point] = [G]
    for _ in range(255):
        found.append(add(found[-1], found[-1]))
    return tuple(found)


@lru_cache(maxsize=64)
def public_point(private_key: int) -> tuple[int, int]:
    """Returns the other half of a private key."""
    point: Point = None
    for position, double in enumerate(_doubles_of_g()):
        if private_key >> position & 1:
            point = add(point, double)
    assert point is not None
    return point


def spki(point: tuple[int, int]) -> bytes:
    """Writes a public key as SubjectPublicKeyInfo."""
    head = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004")
    return head + b"".join(number.to_bytes(32, "big") for number in point)


def digest(point: tuple[int, int], message: bytes) -> int:
    """Returns the number that is signed: user id, curve and key come before the message."""
    numbers = b"".join(number.to_bytes(32, "big") for number in (A, B, *G, *point))
    before = hashlib.new("sm3", (len(USER_ID) * 8).to_bytes(2, "big") + USER_ID + numbers).digest()
    return int.from_bytes(hashlib.new("sm3", before + message).digest(), "big")


def sign(private_key: int, message: bytes) -> bytes:
    """Returns a signature as DER."""
    hashed = digest(public_point(private_key), message)
    while True:
        k = secrets.randbelow(N - 1) + 1
        r = (hashed + public_point(k)[0]) % N
        s = pow(1 + private_key, -1, N) * (k - r * private_key) % N
        if r and s and r + k != N:
            return der(r, s)


def verify(point: tuple[int, int], signature: tuple[int, int], message: bytes) -> bool:
    """Says whether the numbers of a signature fit."""
    r, s = signature
    t = (r + s) % N
    found = add(times(s, G), times(t, point)) if 0 < r < N and 0 < s < N and t else None
    return found is not None and (digest(point, message) + found[0]) % N == r


def der(r: int, s: int) -> bytes:
    """Writes the two numbers of a signature."""
    parts = b""
    for number in (r, s):
        raw = number.to_bytes(number.bit_length() // 8 + 1, "big")
        parts += b"\x02" + bytes([len(raw)]) + raw
    return b"\x30" + bytes([len(parts)]) + parts


def numbers_of(raw: bytes) -> tuple[int, int]:
    """Reads the two numbers of a signature; raises ValueError."""
    if len(raw) < 8 or raw[0] != 0x30 or raw[1] != len(raw) - 2 or raw[2] != 2:
        raise ValueError("not a signature")
    middle = 4 + raw[3]
    return int.from_bytes(raw[4:middle], "big"), int.from_bytes(raw[middle + 2 :], "big")
