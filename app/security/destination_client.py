"""The client that hands events to destinations: what counts of an answer is its status, so its body is cut short.

Destinations are named by the operator and usually stand on private addresses; redirects are refused all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.ports import HttpAnswer
from app.security.outbound import CHUNK, OutboundClient, origin_of

if TYPE_CHECKING:
    import requests

MOST_OF_ANSWER = 65_536
ANSWER_SECONDS = 1.0
CONNECT_SECONDS = 3.0


class DestinationClient(OutboundClient):
    """Posts bytes to one address; `timeout` covers everything up to the status line and the headers."""

    def __init__(
        self,
        url: str,
        *,
        timeout: float,
        ca_file: str | None = None,
        client_certificate: tuple[str, str] | None = None,
    ) -> None:
        super().__init__(
            [origin_of(url)],
            connect_timeout=min(CONNECT_SECONDS, timeout),
            total_timeout=timeout,
            max_body=MOST_OF_ANSWER,
            ca_file=ca_file,
            client_certificate=client_certificate,
            tells_trace=True,
        )
        self._url = url

    def send(self, body: bytes, headers: dict[str, str]) -> HttpAnswer:
        """Post a body and return the answer, whatever its status, with no more than the start of its body."""
        return self.request("POST", self._url, content=body, headers=headers)

    def _read(self, response: requests.Response, host: str) -> bytes:
        """Read an answer that comes at once and is short; the rest of any other is dropped with its connection."""
        import urllib3

        from app.security.deadline_sockets import end_within

        end_within(ANSWER_SECONDS)
        body = bytearray()
        try:
            while len(body) <= MOST_OF_ANSWER and (chunk := response.raw.read(CHUNK, decode_content=True)):
                body += chunk
        except (urllib3.exceptions.HTTPError, OSError, ValueError):
            return bytes(body)
        return bytes(body)
