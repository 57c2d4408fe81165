"""Sends the gateway's question to an address and says how it was answered. The only file here that calls the outside."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.errors import UpstreamError
from app.core.ports import HttpAnswer
from app.pipeline.operators.doctor.probe import BODY, TOKEN_QUERY, Echo, make_probe, read_echo
from app.pipeline.services import Services
from app.security.outbound import OutboundClient

WORD = 64
SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Reached:
    """How an address answered: `echo` when it is this gateway; else `fault` in words, or a status and the error word.

    `is_there` says that somebody answered at all.
    """

    echo: Echo | None = None
    status: int = 0
    word: str = ""
    server: str = ""
    fault: str = ""

    @property
    def is_there(self) -> bool:
        """Whether somebody answered."""
        return bool(self.status)


def reach(services: Services, base_url: str, path: str) -> Reached:
    """Ask whoever answers at an address."""
    probe = make_probe(services)
    client = OutboundClient(
        allowed_origins=[base_url],
        total_timeout=SECONDS,
        ca_file=services.settings.ca_bundle or None,
        user_agent="Callgate-Doctor/0.1",
    )
    try:
        answer = client.request(
            "POST",
            f"{base_url}{path}",
            params={TOKEN_QUERY: probe.token},
            content=BODY,
            headers=probe.headers,
        )
    except UpstreamError as error:
        is_redirect = error.code == "upstream_redirect"
        return Reached(status=302 if is_redirect else 0, word="redirect" * is_redirect, fault=error.message)
    content = _content(answer)
    echo = read_echo(probe, content) if answer.status == 200 else None  # noqa: PLR2004 - the one good status
    return Reached(
        echo, answer.status, str(content.get("error", ""))[:WORD], answer.headers.get("Server", "")[:WORD]
    )


def _content(answer: HttpAnswer) -> dict[str, object]:
    try:
        return dict(answer.json_object())
    except UpstreamError:
        return {}
