"""The signed time of a request: how it is written, and how far it may be from now. Seconds in and out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial

from app.core.errors import VerificationError
from app.core.moments import iso_moment
from app.wire.beijing_time import beijing_moment
from app.wire.sources.delivery import Delivery
from app.wire.sources.description import Signature
from app.wire.sources.places import Getter, compile_places

Judge = Callable[[Delivery, float], None]

DIGITS = {"s": 10, "ms": 13}
"""A time that is only joined to what follows must have one length: else digits move between the two."""

MOST_SECONDS = 86_400
LONGEST = 64


def compile_times(signature: Signature) -> Judge | None:
    """Return what reads the signed time into the delivery and judges it, None where there is none."""
    if not signature.timestamp:
        return None
    get = compile_places(signature.timestamp)
    after = compile_places(signature.expires_after) if signature.expires_after else None
    if signature.tolerance_s is None and signature.timestamp_is == "sent" and after is None:
        return partial(_present, get, signature.timestamp)
    return partial(_judge, get, after, signature)


def _present(get: Getter, place: str, delivery: Delivery, _now: float) -> None:
    value = get(delivery)
    if value is None or len(value) > LONGEST:
        raise _bad(f"There is no signed time in {place}, or it is too long.")
    delivery.signed_time = value


def _judge(get: Getter, after: Getter | None, signature: Signature, delivery: Delivery, now: float) -> None:
    _present(get, signature.timestamp, delivery, now)
    seconds = _seconds(delivery.signed_time, signature.timestamp_unit)
    if signature.timestamp_is == "expiry":
        if now > seconds:
            raise _outside(seconds - now, "is over")
        return
    if after is not None:
        given = after(delivery)
        lasting = int(given) if given is not None and given.isdigit() and len(given) <= len("86400") else -1
        if not 0 <= lasting <= MOST_SECONDS:
            raise _bad(f"There are no seconds in {signature.expires_after} for which the request is good.")
        if now > seconds + lasting:
            raise _outside(seconds - now, "is over")
    if signature.tolerance_s is not None and abs(now - seconds) > signature.tolerance_s:
        raise _outside(seconds - now, f"may differ {signature.tolerance_s} seconds")


def _seconds(value: bytes, unit: str) -> float:
    if unit in DIGITS and len(value) == DIGITS[unit] and value.isdigit():
        return int(value) / (1000 if unit == "ms" else 1)
    text = value.decode("latin-1")
    try:
        if unit in DIGITS:
            raise ValueError("not these digits")
        if unit == "iso":
            return iso_moment(text).timestamp()
        if unit == "beijing":
            return beijing_moment(text).timestamp()
        return _mail_time(text).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError) as error:
        raise _bad(f"The signed time is not written as {unit}; it has {len(text)} characters.") from error


def _mail_time(text: str) -> datetime:
    moment = parsedate_to_datetime(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _outside(ahead: float, rule: str) -> VerificationError:
    return VerificationError(
        "timestamp_outside_tolerance",
        f"The time differed: it is {abs(round(ahead))} seconds {'ahead of' if ahead > 0 else 'behind'} this gateway's "
        f"clock, and {rule}. Compare the clocks, and see whether the request waited or was sent again as it was.",
    )


def _bad(why: str) -> VerificationError:
    return VerificationError("bad_timestamp", why)
