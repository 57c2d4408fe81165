"""China Merchants Bank: recorded notices, what is refused, and the openssl program as an independent judge, both ways."""

from __future__ import annotations

import json
import subprocess
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from app.core.errors import PayloadError, VerificationError
from app.core.values import InboundRequest, Outcome, ParsedEvent, Situation
from app.wire import sm2
from sandbox.platforms.cmbpay import keys
from sandbox.platforms.cmbpay import sm2 as written_anew
from sandbox.platforms.cmbpay.firing import is_signed_answer, string_of
from tests.platforms.cmbpay.sample import CHANNEL, MER_ID, PAID, notice, posted
from tests.platforms.code_records import case_id, cases_of, fault_of, opened, records_beside
from tests.platforms.deliveries import NOW

RECORDS = records_beside(__file__)
BANK = int(keys.BANK_PRIVATE_KEY, 16)
PRIVATE_KEYS_OF_ODD_POINTS = (6, 11, 65)
"""Their public halves begin with 0, 4 and 04."""


def take(request: InboundRequest, **changes: Any) -> ParsedEvent:
    source = opened("cmbpay", CHANNEL | changes)
    event: ParsedEvent = source.parse(request, source.verify(request, NOW))
    return event


def refusal(request: InboundRequest, **changes: Any) -> str:
    with pytest.raises(VerificationError) as caught:
        take(request, **changes)
    return caught.value.reason


@pytest.mark.parametrize(("record", "case"), cases_of(*RECORDS.values()), ids=case_id)
def test_a_recorded_notice_is_judged_as_its_record_says(record: dict[str, Any], case: dict[str, Any]) -> None:
    if case.get("reply"):
        case = case | {"reply": case["reply"] | {"match": "json"}}
    assert fault_of(opened("cmbpay", record["settings"]), record, case) is None


def test_a_refund_says_how_it_ended() -> None:
    event = take(notice(PAID.replace(b"tradeState", b"refundState")))
    assert (event.type, event.key, event.subject) == ("refund.S", "0040:S", "o1")


@pytest.mark.parametrize("situation", list(Situation))
def test_every_answer_is_signed_by_the_merchant(situation: Situation) -> None:
    source, request = opened("cmbpay", CHANNEL), notice(PAID)
    verified = source.verify(request, NOW)
    outcome = Outcome(situation, "evt", source.parse(request, verified), now=NOW, trace_id="t")
    reply = source.acknowledge(request, verified, outcome)
    answer = json.loads(reply.body)
    assert is_signed_answer(answer, keys.MERCHANT_PRIVATE_KEY)
    assert (answer["returnCode"] == "SUCCESS") is (reply.status == 200)
    assert not is_signed_answer(answer | {"returnCode": "x"}, keys.MERCHANT_PRIVATE_KEY)


def test_what_is_not_signed_so_is_refused() -> None:
    request = notice(PAID)
    assert refusal(posted(request.body.replace(b"txnAmt%22%3A%221", b"txnAmt%22%3A%222"))) == "bad_signature"
    assert refusal(posted(request.body + b"&extra=1")) == "bad_signature"
    assert refusal(posted(request.body + b"&version=0.0.1")) == "duplicate_parameter"
    assert refusal(notice(PAID, private_key=keys.MERCHANT_PRIVATE_KEY)) == "bad_signature"
    assert refusal(notice(PAID, signMethod="01")) == "sign_method_not_allowed"


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        b"@@@",
        b64encode(b"0" * 64),
        b64encode(b"0" * 5000),
        b64encode(written_anew.der(0, 1)),
        b64encode(written_anew.der(1, 0)),
        b64encode(written_anew.der(sm2.N, 1)),
        b64encode(written_anew.der(1, sm2.N - 1)),
        b64encode(written_anew.der(1, 1)),
    ],
    ids=["none", "no Base64", "r and s raw", "long", "r 0", "s 0", "r too large", "sum 0", "ones"],
)
def test_a_signature_that_cannot_be_one_is_refused(signature: bytes) -> None:
    form = notice(PAID).body.rpartition(b"&sign=")[0] + b"&sign=" + signature.replace(b"+", b"%2B")
    assert refusal(posted(form)) in ("missing_signature", "malformed_signature", "bad_signature")


def test_a_proven_notice_that_says_nothing_is_no_event() -> None:
    for content in (b"{}", b"[]", b"text"):
        with pytest.raises(PayloadError):
            take(notice(content))


def test_the_merchant_is_compared_by_the_pipeline() -> None:
    (merchant,) = (
        opened("cmbpay", CHANNEL).verify(notice(PAID.replace(MER_ID.encode(), b"other")), NOW).requirements
    )
    assert (merchant.given, merchant.setting, merchant.expected) == ("other", "mer_id", (MER_ID,))


@pytest.mark.parametrize(
    "changes",
    [
        {"cmb_public_key_spki_base64": "x"},
        {"cmb_public_key_spki_base64": b64encode(written_anew.spki((1, 1))).decode()},
        {"merchant_private_key_hex": "00" * 32},
        {"merchant_private_key_hex": "zz" * 32},
    ],
)
def test_a_key_that_cannot_be_one_is_told_at_the_start(changes: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="SM2"):
        opened("cmbpay", CHANNEL | changes)


@pytest.mark.parametrize("private", PRIVATE_KEYS_OF_ODD_POINTS)
def test_a_key_that_begins_with_the_letters_of_its_form_is_kept(private: int) -> None:
    """The package would cut more than the two digits that say "a whole point" from such a key."""
    point = written_anew.public_point(private)
    assert f"{point[0]:064x}"[0] in "04"
    public = sm2.read_public_key(b64encode(written_anew.spki(point)).decode())
    assert sm2.is_signed_by(public, written_anew.sign(private, b"abc"), b"abc")


def test_openssl_agrees_both_ways(tmp_path: Path) -> None:
    """What the bank's key signs with openssl is taken here, and openssl takes what we sign."""
    key = tmp_path / "key.pem"
    run = lambda *words: subprocess.run(["openssl", *words], cwd=tmp_path, capture_output=True, check=True)  # noqa: E731
    run("ecparam", "-name", "SM2", "-genkey", "-noout", "-out", str(key))
    run("pkey", "-in", "key.pem", "-pubout", "-outform", "der", "-out", "public.der")
    run("pkey", "-in", "key.pem", "-pubout", "-out", "public.pem")
    text = run("pkey", "-in", "key.pem", "-text", "-noout").stdout.decode()
    private = "".join(text.partition("priv:")[2].partition("pub:")[0].replace(":", "").split())[-64:].zfill(
        64
    )
    public = sm2.read_public_key(b64encode((tmp_path / "public.der").read_bytes()).decode())
    (tmp_path / "message").write_bytes(string_of({"biz_content": PAID.decode()}))
    message = (tmp_path / "message").read_bytes()
    options = ["-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678", "-in", "message"]
    run("pkeyutl", "-sign", "-inkey", "key.pem", *options, "-out", "theirs")
    assert sm2.is_signed_by(public, (tmp_path / "theirs").read_bytes(), message)
    assert not sm2.is_signed_by(public, (tmp_path / "theirs").read_bytes(), message + b" ")
    assert sm2.public_half(private) == public
    (tmp_path / "ours").write_bytes(sm2.sign(private, public, message))
    done = run("pkeyutl", "-verify", "-pubin", "-inkey", "public.pem", *options, "-sigfile", "ours")
    assert b"Verified Successfully" in done.stdout


def test_both_implementations_of_the_curve_agree() -> None:
    public = sm2.read_public_key(keys.BANK_PUBLIC_KEY)
    ours = sm2.sign(keys.BANK_PRIVATE_KEY, public, b"abc")
    assert written_anew.verify(written_anew.public_point(BANK), written_anew.numbers_of(ours), b"abc")
    assert sm2.is_signed_by(public, written_anew.sign(BANK, b"abc"), b"abc")
    assert b64decode(keys.BANK_PUBLIC_KEY) == written_anew.spki(written_anew.public_point(BANK))
