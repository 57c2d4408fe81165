"""The headers that prove a push of Aliyun EventBridge, in both versions, and the text that they sign. Pure.

Sources (read 2026-11-28): help.aliyun.com, EventBridge, "HTTP signature"; dew-serverless EventBridgeValidation and three other receivers for version 2. What is odd: the
page's text ends without a line feed, receivers add one, so both count. What the line of an unset token holds is unconfirmed:
nothing, as here. Version 1 carries its HMAC key in a header, enclosed with the private key: whoever got one push knows that key.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from app.core.errors import VerificationError
from app.core.values import InboundRequest
from app.security.signatures import wire_bytes
from app.wire.header_values import base64_header, needed_header

SIGNATURE: Final = "x-eventbridge-signature"
SIGNATURE_V2: Final = "x-eventbridge-signature-v2"
SECRET: Final = "x-eventbridge-signature-secret"  # noqa: S105 - a header's name
TIMESTAMP: Final = "x-eventbridge-signature-timestamp"
METHOD: Final = "x-eventbridge-signature-method"
HASH_METHOD: Final = "x-eventbridge-hash-method"
VERSION: Final = "x-eventbridge-signature-version"
ADDRESS: Final = "x-eventbridge-signature-url"
TOKEN: Final = "x-eventbridge-signature-token"  # noqa: S105 - a header's name
ALGORITHMS: Final = {METHOD: "HMAC-SHA1", HASH_METHOD: "SHA256"}
ONLY_VERSION: Final = "1.0"


class Stamp(NamedTuple):
    """Who signed what when; `sealed_key` is version 1's, empty in version 2."""

    timestamp: str
    method_header: str
    address: str
    token: str | None
    signature: bytes
    sealed_key: bytes

    def messages(self, target: str, body: bytes) -> tuple[bytes, bytes]:
        """Return what may have been signed, without a line feed at the end and with one."""
        lines = (
            target,
            f"{TIMESTAMP}: {self.timestamp}",
            f"{self.method_header}: {ALGORITHMS[self.method_header]}",
            f"{VERSION}: {ONLY_VERSION}",
            f"{ADDRESS}: {self.address}",
            f"{TOKEN}: {self.token or ''}",
        )
        message = b"\n".join((*(wire_bytes(line) for line in lines), body))
        return message, message + b"\n"


def read_stamp(request: InboundRequest) -> Stamp:
    """Read the headers, version 2 where it is there; raises VerificationError."""
    is_second = bool(request.header(SIGNATURE_V2))
    method_header = HASH_METHOD if is_second else METHOD
    signature = base64_header(request, SIGNATURE_V2 if is_second else SIGNATURE, longest=2048)
    for name, only in ((method_header, ALGORITHMS[method_header]), (VERSION, ONLY_VERSION)):
        if needed_header(request, name) != only:
            raise VerificationError("algorithm_not_allowed", f"{name} is not {only}.")
    return Stamp(
        timestamp=needed_header(request, TIMESTAMP, longest=32),
        method_header=method_header,
        address=needed_header(request, ADDRESS, longest=1024),
        token=request.header(TOKEN),
        signature=signature,
        sealed_key=b"" if is_second else base64_header(request, SECRET, longest=2048),
    )
