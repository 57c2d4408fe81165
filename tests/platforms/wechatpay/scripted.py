"""A WeChat Pay that gives one answer to everything and remembers what was asked."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from app.core.errors import UpstreamError
from app.core.ports import HttpAnswer
from app.security.strict_json import parse_json_exactly
from sandbox.platforms.wechatpay import keys
from sandbox.platforms.wechatpay.signer import SIGNERS, certificate_serial, headers_of, pem_of, seal
from tests.platforms.deliveries import SECONDS
from tests.platforms.wechatpay.signing import API_V3_KEY, NONCE


@dataclass
class ScriptedPay:
    """Stands where the platform's address is."""

    answer: HttpAnswer
    calls: list[dict[str, Any]] = field(default_factory=list)

    def request(self, method: str, url: str, **parts: Any) -> HttpAnswer:
        self.calls.append({"method": method, "url": url, **parts})
        return self.answer


def listed(certificate: str = keys.CERTIFICATE, *, key: str = API_V3_KEY) -> dict[str, Any]:
    """Return one certificate as the list holds it."""
    return {
        "serial_no": certificate_serial(certificate),
        "encrypt_certificate": seal(key, pem_of(certificate), "certificate"),
    }


def answering(
    content: Any, *, status: int = 200, by: str = "certificate", timestamp: int = SECONDS, **headers: str
) -> ScriptedPay:
    """Return a platform that answers this, signed; `headers` replace those of the signature."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    made = headers_of(SIGNERS[by], timestamp, NONCE, body)
    made |= {name.replace("_", "-"): value for name, value in headers.items()}

    def json_object() -> Any:
        try:
            return parse_json_exactly(body)
        except ValueError as error:
            raise UpstreamError("upstream_bad_answer", "This is not JSON.") from error

    return ScriptedPay(HttpAnswer(status, made, body, json_object))
