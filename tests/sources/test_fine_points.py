"""Points of a proof that no recorded request touches: spellings of the time, doubled parts, a channel without its secret."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from app.core.values import InboundRequest
from tests.sources.firing import NOW, fired
from tests.sources.judging import judge, opened

SECRET = "sandbox-source-secret-0123456789"
BODY = b'{"id":"evt_1","type":"invoice.paid"}'
TIME = str(int(NOW.timestamp()))


def stripe(time: str, header: str) -> InboundRequest:
    """Return a request whose signature is right for a time as it is written."""
    signature = hmac.new(SECRET.encode(), time.encode() + b"." + BODY, hashlib.sha256).hexdigest()
    headers = (("Stripe-Signature", header.format(t=time, v1=signature)),)
    return InboundRequest("POST", "/webhooks/stripe", "", headers, BODY, "203.0.113.9", NOW)


def why(request: InboundRequest) -> str:
    judged = judge(opened("stripe", {"secret": SECRET}), request, NOW)
    return judged.outcome if judged.outcome == "accept" else judged.why.partition(":")[0]


def test_a_time_of_ten_digits_is_taken() -> None:
    assert why(stripe(TIME, "t={t},v1={v1}")) == "accept"


@pytest.mark.parametrize(
    "time", [f"0{TIME}", f"{TIME}0", TIME[:9], f"+{TIME[1:]}", f"{TIME[:9]}_", f" {TIME[:9]}", "-0"]
)
def test_the_same_moment_written_otherwise_is_refused(time: str) -> None:
    assert why(stripe(time, "t={t},v1={v1}")) == "bad_timestamp"


@pytest.mark.parametrize("header", ["t={t},t=1,v1={v1}", "t=1,t={t},v1={v1}", "t={t},v1={v1},t={t}"])
def test_a_time_that_comes_twice_is_refused(header: str) -> None:
    assert why(stripe(TIME, header)) == "duplicate_item"


@pytest.mark.parametrize(
    "header", ["t={t},v1={v1},v0=1", "t={t}, v1={v1}", "v1={v1},t={t}", "t={t},v1=00,v1={v1}"]
)
def test_other_parts_blanks_and_older_signatures_stand_beside_it(header: str) -> None:
    assert why(stripe(TIME, header)) == "accept"


@pytest.mark.parametrize("header", ["t={t}", "t={t},v1=", "t={t},v2={v1}", "{v1}", "t={t};v1={v1}"])
def test_a_list_without_a_signature_of_its_form_is_malformed(header: str) -> None:
    assert why(stripe(TIME, header)) in ("malformed_signature", "bad_signature")


@pytest.mark.parametrize("slug", ["stripe", "checkr", "youzan", "telegram", "discord"])
def test_a_channel_without_its_secret_says_so(slug: str) -> None:
    request, _ = fired(slug)
    assert judge(opened(slug, {}), request, NOW).why.startswith("no_secret")
