"""One request as a description sees it: header, query, form, JSON, XML, each read once and only when something asks.

Values are bytes as they were on the wire. What cannot be read is a VerificationError here, because it is asked for by
what proves; app/wire/sources/content.py words the same as a fault of the body once a request is proven.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from app.core.errors import VerificationError
from app.core.values import InboundRequest
from app.security.safe_xml import parse_xml
from app.security.signatures import wire_bytes
from app.security.strict_json import parse_json

MOST_FIELDS = 1000
MOST_DIGITS = 40
Pairs = list[tuple[bytes, bytes]]
XML_ROOT = re.compile(rb"\s*(?:<\?xml[^>]{0,200}\?>\s*)?<([A-Za-z_][\w.-]{0,60})[\s>]")


class Delivery:
    """One request, the settings of its channel, and what was already read of it.

    What most requests never set stands on the class: one is made for each callback.
    """

    element: Any = None
    """The one of several events that is being read."""
    claims: Mapping[str, Any] | None = None
    secret = b""
    signed_time = b""
    signature = b""
    """What an answer to a set-up request signs."""
    parts: Sequence[bytes] = ()
    """The parts of the signature's own text, such as `t=…,v1=…`, where it is a list."""
    _json: Any = None
    _form: Pairs | None = None
    _query: Pairs | None = None
    _xml: dict[str, Any] | None = None

    def __init__(self, request: InboundRequest, settings: Mapping[str, str], address: str):
        self.request = request
        self.body = self.content = request.body
        """The content is the body as it reads once it was unwrapped."""
        self.settings = settings
        self.address = address

    def header(self, name: str) -> bytes | None:
        """Return a header, None when it is absent or empty."""
        value = self.request.header(name)
        return wire_bytes(value) if value else None

    @property
    def query(self) -> Pairs:
        """The parameters of the address, decoded."""
        if self._query is None:
            self._query = form_pairs(wire_bytes(self.request.query_string))
        return self._query

    @property
    def form(self) -> Pairs:
        """The fields of a form, decoded."""
        if self._form is None:
            self._form = form_pairs(self.body)
        return self._form

    @property
    def parameters(self) -> Pairs:
        """The fields of the form, or the parameters of the address where there is no body."""
        return self.form if self.body else self.query

    @property
    def json(self) -> Any:
        """The body as JSON, once it was unwrapped; raises VerificationError."""
        if self._json is None:
            try:
                self._json = parse_json(self.content)
            except ValueError as error:
                raise unreadable("JSON") from error
        return self._json

    @property
    def xml(self) -> dict[str, Any]:
        """The children of the body's root element; raises VerificationError."""
        if self._xml is None:
            try:
                self._xml = xml_of(self.content)
            except ValueError as error:
                raise unreadable("XML") from error
        return self._xml

    def unwrapped(self, content: bytes) -> None:
        """Go on with what was inside the body."""
        self.content = content
        self._json = self._xml = None

    def split_into(self, text: bytes, separator: bytes) -> list[bytes]:
        """Split the signature's own text, such as `t=…,v1=…`, and remember its parts."""
        self.parts = parts = [part.strip(b" ") for part in text.split(separator)]
        return parts

    def path_rest(self) -> str:
        """Return what follows the channel in the path, without slashes at its ends."""
        return "/".join(self.request.path.split("/")[3:]).strip("/")

    def url(self, *, with_query: bool = True) -> bytes:
        """Return the address as the sender wrote it: the channel's public one, and what follows the channel here."""
        rest = "/".join(self.request.path.split("/")[3:])
        text = f"{self.address}/{rest}" if rest else self.address
        if with_query and self.request.query_string:
            text += f"?{self.request.query_string}"
        return text.encode("utf-8", "replace")


def form_pairs(raw: bytes) -> Pairs:
    """Return decoded names and values in their order; raises VerificationError when there are too many."""
    try:
        found = parse_qsl(
            raw.decode("latin-1"), keep_blank_values=True, encoding="latin-1", max_num_fields=MOST_FIELDS
        )
    except ValueError as error:
        raise unreadable("form") from error
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in found]


def only(pairs: Pairs, name: bytes) -> bytes | None:
    """Return the only value of a name, None when it is absent or empty; raises VerificationError when repeated."""
    found = [value for key, value in pairs if key == name]
    if len(found) > 1:
        raise VerificationError(
            "duplicate_parameter",
            f"{name[:40].decode('latin-1')} stands {len(found)} times in the request, and one of them counts.",
        )
    return found[0] or None if found else None


def xml_of(raw: bytes) -> dict[str, Any]:
    """Return the children of the root element, whatever it is called; raises ValueError."""
    root = XML_ROOT.match(raw)
    if root is None:
        raise ValueError("no XML")
    return parse_xml(raw, root=root[1].decode("latin-1")).content


def as_bytes(value: object) -> bytes | None:
    """Return text or a whole number of JSON or XML as it was written, None for all else and for empty text."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace") or None
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, int) and -(10**MOST_DIGITS) < value < 10**MOST_DIGITS:
        return b"%d" % value
    return None


def unreadable(form: str) -> VerificationError:
    """Return the refusal of a request whose proof stands in a body that is not of this form."""
    return VerificationError("unreadable_body", f"The body cannot be read as {form}, and the proof needs it.")
