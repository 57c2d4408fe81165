"""The signatures a request carries: found at their places, taken out of lists and prefixes. Nothing is proven here.

An empty signature is none, and more than a hundred of them are not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from urllib.parse import unquote_to_bytes

from app.core.errors import VerificationError
from app.wire.sources.delivery import Delivery
from app.wire.sources.description import Signature
from app.wire.sources.places import Getter, compile_place, places_of

Candidates = Callable[[Delivery], Sequence[bytes]]

MOST_SIGNATURES = 100


def compile_candidates(signature: Signature) -> Candidates:
    """Return what lists the signatures of a request; raises VerificationError where there is none."""
    text = signature.signature_place or f"header:{signature.signature_header}"
    getters = [_getter(part) for parts in places_of(text) for part in parts]
    formats = [tuple(form.encode("utf-8").split(b"{sig}")) for form in signature.item_format]
    is_numbered = text.endswith("-{n}")
    is_plain = (
        len(getters) == 1
        and not is_numbered
        and not signature.percent_decode
        and not signature.signature_prefix
        and not any("{" in form.replace("{sig}", "") for form in signature.item_format)
    )
    if is_plain and not signature.separator and len(formats) == 1:
        return partial(_single, getters[0], formats[0][0], formats[0][1], text)
    if is_plain:
        get = compile_place(places_of(text)[0][0])
        return partial(_one_list, get, formats, signature.separator.encode("utf-8"), text)
    return partial(
        _listed,
        [partial(_after, signature.signature_prefix.encode("utf-8"), get) for get in getters]
        if signature.signature_prefix
        else getters,
        [_filled(form) for form in signature.item_format],
        signature.separator.encode("utf-8"),
        signature.percent_decode,
        text,
    )


def _getter(part: str) -> Callable[[Delivery], Sequence[bytes]]:
    if part.startswith("header:") and part.endswith("-{n}"):
        return partial(_numbered, part.removeprefix("header:").removesuffix("{n}").lower())
    return partial(_as_list, compile_place(part))


def _as_list(get: Getter, delivery: Delivery) -> Sequence[bytes]:
    value = get(delivery)
    return () if value is None else (value,)


def _after(
    prefix: bytes, getter: Callable[[Delivery], Sequence[bytes]], delivery: Delivery
) -> Sequence[bytes]:
    texts = getter(delivery)
    if not all(text.startswith(prefix) for text in texts):
        raise VerificationError(
            "malformed_signature", f"The signature does not begin with {prefix.decode()!r}."
        )
    return [text[len(prefix) :] for text in texts]


def _numbered(start: str, delivery: Delivery) -> Sequence[bytes]:
    names = [
        name for name, _ in delivery.request.headers
        if name.lower().startswith(start) and name[len(start) :].isdecimal() and len(name) <= len(start) + 3
    ]  # fmt: skip
    values = [delivery.header(name) for name in names[:MOST_SIGNATURES]]
    return [value for value in values if value]


def _single(
    getter: Callable[[Delivery], Sequence[bytes]], start: bytes, end: bytes, place: str, delivery: Delivery
) -> Sequence[bytes]:
    for value in getter(delivery):
        if value.startswith(start) and value.endswith(end) and len(value) > len(start) + len(end):
            return (value[len(start) : len(value) - len(end)],)
        raise VerificationError(
            "malformed_signature", f"The signature in {place} has not the form it should have."
        )
    raise _none(place)


Filled = Callable[[Delivery], tuple[bytes, bytes]]


def _filled(form: str) -> Filled:
    """Return what stands before and after {sig}; a setting may stand there too, such as an operator's name."""
    start, end = (_with_settings(side) for side in form.split("{sig}"))
    if "{setting:" not in form:
        before, _, after = form.partition("{sig}")
        sides = before.encode("utf-8"), after.encode("utf-8")
        return lambda _: sides
    return lambda delivery: (start(delivery), end(delivery))


def _with_settings(text: str) -> Callable[[Delivery], bytes]:
    if "{setting:" not in text:
        raw = text.encode("utf-8")
        return lambda _: raw
    before, _, rest = text.partition("{setting:")
    name, _, after = rest.partition("}")
    return lambda delivery: f"{before}{delivery.settings.get(name, '')}{after}".encode()


def _one_list(
    get: Getter, sides: Sequence[Sequence[bytes]], separator: bytes, place: str, delivery: Delivery
) -> Sequence[bytes]:
    """List the signatures of one text, such as `t=…,v1=…`: what most lists are."""
    text = get(delivery)
    if text is None:
        raise _none(place)
    items = delivery.split_into(text, separator) if separator else [text]
    return _fitting(items, sides, place)


def _fitting(items: Sequence[bytes], sides: Sequence[Sequence[bytes]], place: str) -> Sequence[bytes]:
    found = [
        item[len(start) : len(item) - len(end)]
        for start, end in sides
        for item in items[:MOST_SIGNATURES]
        if item.startswith(start) and item.endswith(end) and len(item) > len(start) + len(end)
    ]
    if not found:
        raise VerificationError(
            "malformed_signature", f"No signature in {place} has the form it should have."
        )
    return found


def _listed(  # noqa: PLR0917 - all but the last are what it was compiled with
    getters: Sequence[Callable[[Delivery], Sequence[bytes]]],
    forms: Sequence[Filled],
    separator: bytes,
    percent_decode: bool,
    place: str,
    delivery: Delivery,
) -> Sequence[bytes]:
    texts = [text for getter in getters for text in getter(delivery)]
    if not texts:
        raise _none(place)
    items: Sequence[bytes] = texts
    if separator:
        items = [part for text in texts for part in delivery.split_into(text, separator)]
    if percent_decode:
        items = [unquote_to_bytes(item) if b"%" in item else item for item in items]
    return _fitting(items, [form(delivery) for form in forms], place)


def _none(place: str) -> VerificationError:
    return VerificationError("missing_signature", f"There is no signature, or an empty one, in {place}.")
