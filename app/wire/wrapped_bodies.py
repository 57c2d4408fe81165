"""Bodies within bodies: a form field, a JSON text within JSON, Base64, gzip. Pure and bounded; nothing is proven here.

Each function raises ValueError for anything that is not exactly the form it takes, whatever the bytes.
"""

from __future__ import annotations

import zlib
from typing import Final
from urllib.parse import parse_qsl

from app.core.values import InboundRequest
from app.security.signatures import strict_base64
from app.security.strict_json import parse_json_object

MOST_FIELDS: Final = 1000
GZIP_MAGIC: Final = b"\x1f\x8b"
MOST_UNPACKED: Final = 1_048_576
"""Bytes of a body that came as gzip; proven senders too may err."""

GZIP_WINDOW: Final = 31
"""Tells zlib to read a gzip header and no other; RFC 1952."""


def form_field(body: bytes, name: str) -> bytes:
    """Return the value of the only form field of that name (Slack's `payload`)."""
    try:
        # Latin-1 keeps every byte as one character: nothing says that a form's bytes are UTF-8.
        pairs = parse_qsl(
            body.decode("latin-1"),
            keep_blank_values=True,
            strict_parsing=True,
            encoding="latin-1",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError as error:
        raise ValueError("not a form") from error
    found = [value.encode("latin-1") for key, value in pairs if key == name]
    if len(found) != 1:
        raise ValueError(f"the form has {len(found)} fields called {name}")
    return found[0]


def json_text(body: bytes, name: str) -> bytes:
    """Return the text that stands under a name of a JSON object, as bytes (AWS SNS puts JSON into `Message`)."""
    value = parse_json_object(body).get(name)
    if not isinstance(value, str):
        raise ValueError(f"{name} is not text")
    return value.encode("utf-8")


def from_base64(text: bytes) -> bytes:
    """Return the bytes behind standard Base64 (Google Pub/Sub's `data`)."""
    return strict_base64(text)


def sent_body(request: InboundRequest) -> bytes:
    """Return what a proven body says: unpacked where it was signed and sent as gzip, else as it is; raises ValueError.

    Only a body that begins like gzip can be one, so all others cost nothing here.
    """
    if request.body[:2] != GZIP_MAGIC:
        return request.body
    encodings = [
        value.strip().lower() for name, value in request.headers if name.lower() == "content-encoding"
    ]
    if encodings not in (["gzip"], ["x-gzip"]):
        raise ValueError("it looks like gzip, but does not come with Content-Encoding: gzip")
    return gunzip(request.body, limit=MOST_UNPACKED)


def gunzip(body: bytes, *, limit: int) -> bytes:
    """Return what a gzip body holds, `limit` bytes at most; a bomb is refused before it is unpacked."""
    unpacker = zlib.decompressobj(wbits=GZIP_WINDOW)
    try:
        content = unpacker.decompress(body, limit + 1)
    except zlib.error as error:
        raise ValueError("not gzip") from error
    if len(content) > limit:
        raise ValueError(f"unpacked it is larger than {limit} bytes")
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("cut short, or something follows")
    return content
