"""Keys at addresses that a request itself names: which addresses are believed, and fetching a certificate from one.

Such an address is a caller's text until it is checked: one of few origins, and a path of one form, nothing else. Whoever
fetches uses the channel's client, which follows no redirect and bounds time and size.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding

from app.core.errors import UpstreamError, UpstreamUnavailable, VerificationError
from app.core.ports import HttpClient
from app.security.outbound import origin_of, retry_after
from app.wire.certificates import read_certificate

LONGEST_ADDRESS: Final = 400
GOOD: Final = 200
TOO_MANY: Final = 429
SERVER_FAULT: Final = 500
ABSENT: Final = frozenset({403, 404, 410})
"""What is not there; Amazon's storage says 403 for it."""


@dataclass(frozen=True, slots=True)
class PinnedAddresses:
    """The addresses that are believed: `bases` are origins, each perhaps with a path, and below them `path`, which begins with a slash.

    Letter by letter: another spelling of the same address (capitals, the port) would be another name for the same key, and
    whoever makes up names pushes out what is kept.
    """

    bases: tuple[str, ...]
    path: re.Pattern[str]

    @property
    def origins(self) -> frozenset[str]:
        """Return the origins, as scheme://host:port."""
        return frozenset(origin_of(base) for base in self.bases)

    def allows(self, address: str) -> bool:
        """Say whether an address is one of them; whatever the text."""
        return len(address) <= LONGEST_ADDRESS and any(
            address.startswith(base) and self.path.fullmatch(address, len(base)) is not None
            for base in self.bases
        )

    def checked(self, address: object, place: str) -> str:
        """Return the address that stands in that place of a request; raises VerificationError for any other."""
        if not isinstance(address, str) or not self.allows(address):
            raise VerificationError(
                "key_address_not_allowed",
                f"{place} does not lead to the platform's own certificates ({', '.join(self.bases)[:200]}). Somebody else may be "
                "trying to have his own key believed.",
            )
        return address


def fetch_certificate(address: str, http: HttpClient, *, platform: str) -> Mapping[str, bytes]:
    """Return the certificate (DER) at a checked address by that address, nothing where there is none; raises UpstreamError and its kin."""
    answer = http.request("GET", address, headers={"Accept": "*/*"})
    if answer.status in ABSENT:
        return {}
    if answer.status == TOO_MANY or answer.status >= SERVER_FAULT:
        raise UpstreamUnavailable(
            f"{platform} answered {answer.status} to the request for its certificate; try again later.",
            retry_after=retry_after(answer),
        )
    if answer.status != GOOD:
        raise _unusable(platform, f"the answer's status is {answer.status}")
    try:
        certificate = read_certificate(answer.body)
    except ValueError as error:
        raise _unusable(platform, str(error)) from error
    return {address: certificate.public_bytes(Encoding.DER)}


def _unusable(platform: str, why: str) -> UpstreamError:
    return UpstreamError("upstream_bad_answer", f"{platform}'s certificate cannot be used: {why}.")
