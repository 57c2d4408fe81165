"""Mode plain: what its signature cannot prove is made up for by age, by the look of the nonce and by the first body seen."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from app.core.errors import VerificationError
from tests.platforms.wechat.account import NOW, TOKEN, account, inbound
from tests.platforms.wechat.signing import WechatSigner, sha1_of_sorted, xml_message


def reason(query: str, method: str = "POST") -> str:
    with pytest.raises(VerificationError) as caught:
        account().verify(inbound(query, method=method), NOW)
    return caught.value.reason


@pytest.mark.parametrize("seconds", [-301, 301, -86_400, 10**8])
def test_plain_mode_judges_age_by_default(seconds: int) -> None:
    query = WechatSigner(timestamp=str(int(NOW.timestamp()) + seconds)).plain_query()
    assert reason(query) == "timestamp_outside_tolerance"
    assert reason(query, method="GET") == "timestamp_outside_tolerance"
    assert account(max_age=0).verify(inbound(query), NOW)


@pytest.mark.parametrize("age", [-300, 0, 1, 3600, 86_400, 29 * 86_400])
def test_a_nonce_that_looks_like_a_time_is_refused_in_plain_mode(age: int) -> None:
    signer = WechatSigner(nonce=str(int(NOW.timestamp()) - age))
    assert reason(signer.plain_query()) == "nonce_is_a_time"


@pytest.mark.parametrize(
    "nonce", ["1514711492", "486452656", "415670741", "1597212914", "n0nce123", "٣" * 10, "9" * 10]
)
def test_nonces_as_the_platform_sends_them_pass(nonce: str) -> None:
    assert account().verify(inbound(WechatSigner(nonce=nonce).plain_query()), NOW)


def test_swapping_time_and_nonce_makes_nothing_fresh() -> None:
    old, coming = str(int(NOW.timestamp()) - 86_400), str(int(NOW.timestamp()) + 10)
    seen = sha1_of_sorted(TOKEN, old, coming)
    assert reason(urlencode({"signature": seen, "timestamp": coming, "nonce": old})) == "nonce_is_a_time"


def test_the_body_is_bound_to_the_signature_in_plain_mode() -> None:
    request = inbound(WechatSigner().plain_query(), xml_message())
    first = account().verify(request, NOW)
    assert first.nonce == f"signature:{sha1_of_sorted(TOKEN, 'n0nce123', '1700000000')}"
    other = account().verify(request._replace(body=xml_message(Content="other")), NOW)
    assert first.nonce == other.nonce
    assert first.nonce_bound_to != other.nonce_bound_to
    assert first.nonce_until == datetime.fromtimestamp(1_700_000_300, UTC)
