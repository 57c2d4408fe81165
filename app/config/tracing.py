"""What the settings of OpenTelemetry may say; the names are its own (OTEL_…), read 2026-11-29 in its specification of environment variables."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, Field

HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}")
MOST_HEADERS = 4096


def _collector(value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment):
        raise ValueError("must be an address such as http://localhost:4318")
    return value.rstrip("/")


def read_headers(text: str) -> dict[str, str]:
    """Return the headers of `name=value,name=value`, values percent-decoded; raises ValueError."""
    headers = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = pair.partition("=")
        decoded = unquote(value.strip())
        if (
            not equals
            or not HEADER_NAME.fullmatch(name.strip())
            or not (decoded.isascii() and decoded.isprintable())
        ):
            raise ValueError("must look like name=value,name=value")
        headers[name.strip().lower()] = decoded
    return headers


def _headers(value: str) -> str:
    read_headers(value)
    return value


Collector = Annotated[str, AfterValidator(_collector)]
OtlpProtocol = Literal["http/protobuf", "grpc"]
OtlpHeaders = Annotated[str, Field(max_length=MOST_HEADERS), AfterValidator(_headers)]
Sampler = Literal[
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
]
Share = Annotated[float, Field(ge=0, le=1)]
