"""Signed calls of Alipay's gateway, and what their signed answers say.

Sources: Alipay's Node SDK (alipay/alipay-sdk-nodejs-all), python-alipay-sdk and EasySDK (read 2026-11-27). What is odd: `sign_type`
is signed here and not in notifications; the answer's signature covers the text of the inner object exactly as it stands in the
body; errors come with status 200; an error that arises before Alipay knows the application is not signed, so errors are believed
without a signature: all that they can do is to end a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from app.core.errors import UpstreamError, UpstreamUnavailable
from app.core.ports import HttpAnswer, HttpClient
from app.platforms.alipay.account import AlipayAccount
from app.platforms.alipay.error_codes import BUSY, error_for
from app.platforms.alipay.keys import is_signed, signature_of
from app.security.outbound import retry_after
from app.security.signatures import strict_base64
from app.wire.beijing_time import in_beijing
from app.wire.json_members import member_text
from app.wire.signed_forms import sorted_text

OK: Final = "10000"
TOO_MANY_REQUESTS: Final = 429
SERVER_FAULT: Final = 500
UNSIGNED_ANSWER: Final = (
    "Alipay's answer is not signed with the configured key: compare alipay_public_key or alipay_cert with 接口加签方式 in the "
    "application's page at open.alipay.com, and check gateway_url."
)
OTHER_CERTIFICATE: Final = (
    "Alipay signs with a newer certificate than alipay_cert: download alipayCertPublicKey_RSA2.crt anew from the application's page "
    "at open.alipay.com and add it to the list."
)


def ask(
    account: AlipayAccount, http: HttpClient, method: str, parameters: Mapping[str, str], *, asked_at: float
) -> Mapping[str, Any]:
    """Call one method and return the inner object of its proven answer; raises UpstreamError and its kin."""
    fields = signed_request(account, method, parameters, asked_at=asked_at)
    # As Alipay's own SDKs do it, the parameters stand in the address; the log keeps only its path.
    answer = http.request("POST", account.settings.gateway_url, params=fields)
    return proven_content(account, method, answer)


def signed_request(
    account: AlipayAccount, method: str, parameters: Mapping[str, str], *, asked_at: float
) -> dict[str, str]:
    """Return every parameter of a call, `sign` among them; empty ones are left out, as they are not signed."""
    if account.app_key is None:
        raise UpstreamError(
            "platform_refused", "The channel has no app_private_key, so it cannot sign a call."
        )
    usual = {
        "app_id": account.settings.app_id,
        "method": method,
        "format": "JSON",
        "charset": "utf-8",
        "sign_type": "RSA2",
        "timestamp": in_beijing(asked_at),
        "version": "1.0",
    }
    fields = {
        name: value
        for name, value in (usual | dict(account.request_certificates) | dict(parameters)).items()
        if value
    }
    return fields | {"sign": signature_of(account.app_key, sorted_text(fields).encode())}


def proven_content(account: AlipayAccount, method: str, answer: HttpAnswer) -> Mapping[str, Any]:
    """Return the inner object of an answer that succeeded and is signed; raises UpstreamError and its kin."""
    if answer.status >= SERVER_FAULT or answer.status == TOO_MANY_REQUESTS:
        raise UpstreamUnavailable(
            BUSY, platform_code=f"http_{answer.status}", retry_after=retry_after(answer)
        )
    name = f"{method.replace('.', '_')}_response"
    try:
        whole = answer.json_object()
    except UpstreamError:
        raise _no_answer(answer) from None
    content = whole.get("error_response", whole.get(name))
    if not isinstance(content, Mapping):
        raise _no_answer(answer)
    if "error_response" in whole or str(content.get("code", OK)) != OK:
        raise error_for(content.get("code"), content.get("sub_code"))
    _check_signature(account, whole, member_text(answer.body, name))
    return content


def _check_signature(account: AlipayAccount, whole: Mapping[str, Any], content: str) -> None:
    number = whole.get("alipay_cert_sn")
    if account.certificate_numbers and number is not None and number not in account.certificate_numbers:
        raise UpstreamError("platform_refused", OTHER_CERTIFICATE, platform_code="other_certificate")
    try:
        signature = strict_base64(str(whole.get("sign", "")))
    except ValueError:
        signature = b""
    if not is_signed(account.alipay_keys, signature, content.encode()):
        raise UpstreamError("platform_refused", UNSIGNED_ANSWER, platform_code="bad_signature")


def _no_answer(answer: HttpAnswer) -> UpstreamError:
    return UpstreamError(
        "platform_refused",
        f"Alipay's gateway answered with status {answer.status} and nothing that can be read; check gateway_url in the channel.",
        platform_code=f"http_{answer.status}",
    )
