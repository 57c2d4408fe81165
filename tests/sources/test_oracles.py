"""Independent packages of senders judge what the simulator fires, and described sources take what those packages sign.

Each scheme goes both ways where its package can sign, and both sides refuse the same changed request.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple
from urllib.parse import parse_qs, parse_qsl, urlencode

import pytest
from braintree.exceptions.invalid_signature_error import InvalidSignatureError as BraintreeRefusal
from braintree.webhook_notification_gateway import WebhookNotificationGateway
from braintree.webhook_testing_gateway import WebhookTestingGateway
from gocardless_pro import webhooks as gocardless
from gocardless_pro.errors import InvalidSignatureError as GoCardlessRefusal
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey
from qiniu import Auth as QiniuAuth
from razorpay import Utility as RazorpayUtility
from razorpay.errors import SignatureVerificationError as RazorpayRefusal
from slack_sdk.signature import Clock, SignatureVerifier
from standardwebhooks import Webhook as StandardWebhook
from standardwebhooks import WebhookVerificationError
from stripe import SignatureVerificationError as StripeRefusal
from stripe import WebhookSignature as StripeSignature
from twilio.request_validator import RequestValidator

from app.core.values import InboundRequest
from tests.sources.firing import NOW, fired
from tests.sources.judging import judge, opened

SECONDS = int(NOW.timestamp())
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
REFUSALS = (
    BadSignatureError,
    BraintreeRefusal,
    GoCardlessRefusal,
    RazorpayRefusal,
    StripeRefusal,
    WebhookVerificationError,
)
Settings = dict[str, Any]


class Judge(NamedTuple):
    """One package: how it judges a request, and its signature for a body, as headers; None where it cannot sign."""

    slug: str
    verify: Callable[[InboundRequest, Settings], Any]
    sign: Callable[[bytes, Settings], dict[str, str]] | None


def address(request: InboundRequest) -> str:
    query = f"?{request.query_string}" if request.query_string else ""
    return f"https://gateway.example{request.path}{query}"


def one(request: InboundRequest, name: str) -> str:
    return str(request.header(name))


class StandingClock(Clock):
    def now(self) -> float:
        return float(SECONDS)


def slack(keys: Settings) -> SignatureVerifier:
    return SignatureVerifier(keys["secret"], StandingClock())


def signed_by_slack(body: bytes, keys: Settings) -> dict[str, str]:
    signature = slack(keys).generate_signature(timestamp=str(SECONDS), body=body)
    return {"X-Slack-Signature": str(signature), "X-Slack-Request-Timestamp": str(SECONDS)}


def signed_by_stripe(body: bytes, keys: Settings) -> dict[str, str]:
    made = StripeSignature.generate_signature_header(body.decode(), keys["secret"], SECONDS)
    return {"Stripe-Signature": made}


def discord_key() -> SigningKey:
    return SigningKey(bytes(range(32)))


def verified_by_nacl(request: InboundRequest, _keys: Settings) -> Any:
    message = one(request, "X-Signature-Timestamp").encode() + request.body
    key: VerifyKey = discord_key().verify_key
    return key.verify(message, bytes.fromhex(one(request, "X-Signature-Ed25519")))


def signed_by_nacl(body: bytes, _keys: Settings) -> dict[str, str]:
    signature = discord_key().sign(str(SECONDS).encode() + body).signature.hex()
    return {"X-Signature-Ed25519": signature, "X-Signature-Timestamp": str(SECONDS)}


def fields_of(body: bytes) -> dict[str, str]:
    return dict(parse_qsl(body.decode(), keep_blank_values=True))


def verified_by_twilio(request: InboundRequest, keys: Settings) -> bool:
    validator = RequestValidator(keys["secret"])
    return bool(
        validator.validate(address(request), fields_of(request.body), one(request, "X-Twilio-Signature"))
    )


def signed_by_twilio(body: bytes, keys: Settings) -> dict[str, str]:
    where = "https://gateway.example/webhooks/twilio"
    signature = RequestValidator(keys["secret"]).compute_signature(where, fields_of(body))
    return {"X-Twilio-Signature": str(signature), **FORM}


def verified_by_razorpay(request: InboundRequest, keys: Settings) -> Any:
    signature = one(request, "X-Razorpay-Signature")
    return RazorpayUtility().verify_webhook_signature(request.body.decode(), signature, keys["secret"])


def verified_by_gocardless(request: InboundRequest, keys: Settings) -> Any:
    return gocardless.parse(request.body, keys["secret"], one(request, "Webhook-Signature"))


def qiniu(keys: Settings) -> QiniuAuth:
    return QiniuAuth(keys["access_key"], keys["secret"])


def verified_by_qiniu(request: InboundRequest, keys: Settings) -> Any:
    given, kind = one(request, "Authorization"), one(request, "Content-Type")
    return qiniu(keys).verify_callback(given, address(request), request.body.decode(), kind)


def signed_by_qiniu(body: bytes, keys: Settings) -> dict[str, str]:
    where, kind = "https://gateway.example/webhooks/qiniu", FORM["Content-Type"]
    return {"Authorization": "QBox " + qiniu(keys).token_of_request(where, body.decode(), kind), **FORM}


def verified_by_standard_webhooks(request: InboundRequest, keys: Settings) -> Any:
    names = ("id", "timestamp", "signature")
    headers = {f"webhook-{name}": one(request, f"webhook-{name}") for name in names}
    return StandardWebhook(keys["secret"]).verify(request.body, headers)


def signed_by_standard_webhooks(body: bytes, keys: Settings) -> dict[str, str]:
    signature = StandardWebhook(keys["secret"]).sign("evt-2", NOW, body.decode())
    return {"webhook-id": "evt-2", "webhook-timestamp": str(SECONDS), "webhook-signature": signature}


JUDGES = (
    Judge(
        "stripe",
        lambda request, keys: StripeSignature.verify_header(
            request.body, one(request, "Stripe-Signature"), keys["secret"]
        ),
        signed_by_stripe,
    ),
    Judge(
        "slack",
        lambda request, keys: slack(keys).is_valid_request(request.body, dict(request.headers)),
        signed_by_slack,
    ),
    Judge("discord", verified_by_nacl, signed_by_nacl),
    Judge("twilio", verified_by_twilio, signed_by_twilio),
    Judge("razorpay", verified_by_razorpay, None),
    Judge("gocardless", verified_by_gocardless, None),
    Judge("qiniu", verified_by_qiniu, signed_by_qiniu),
    Judge("openai", verified_by_standard_webhooks, signed_by_standard_webhooks),
)
each = pytest.mark.parametrize("judged_by", JUDGES, ids=lambda one: one.slug)


def is_taken_by_package(judged_by: Judge, request: InboundRequest, keys: Settings) -> bool:
    try:
        answer = judged_by.verify(request, keys)
    except REFUSALS:
        return False
    return answer is not False


@pytest.fixture
def clock_of_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the one package that reads the time itself read ours."""
    frozen = SimpleNamespace(now=NOW.astimezone, fromtimestamp=type(NOW).fromtimestamp)
    monkeypatch.setattr("standardwebhooks.webhooks.datetime", frozen)


@each
@pytest.mark.usefixtures("clock_of_packages")
def test_what_the_simulator_signs_its_senders_package_takes(judged_by: Judge) -> None:
    request, keys = fired(judged_by.slug)
    assert is_taken_by_package(judged_by, request, keys)


@each
@pytest.mark.usefixtures("clock_of_packages")
def test_what_the_package_refuses_the_source_refuses(judged_by: Judge) -> None:
    if judged_by.sign is None:
        request, keys = fired(judged_by.slug)
    else:
        request, keys = signed_request(judged_by)
    changed = request._replace(body=request.body.replace(b"0", b"1").replace(b"a", b"b"))
    assert changed.body != request.body
    assert not is_taken_by_package(judged_by, changed, keys)
    assert judge(opened(judged_by.slug, keys), changed, NOW).outcome == "refuse"


@pytest.mark.parametrize("judged_by", [one for one in JUDGES if one.sign], ids=lambda one: one.slug)
def test_what_the_package_signs_the_source_takes(judged_by: Judge) -> None:
    request, keys = signed_request(judged_by)
    assert judge(opened(judged_by.slug, keys), request, NOW).outcome == "accept"


def signed_request(judged_by: Judge) -> tuple[InboundRequest, Settings]:
    """Return the simulator's sample with the package's own proof instead of the simulator's."""
    request, keys = fired(judged_by.slug)
    assert judged_by.sign is not None
    body = urlencode({"key": "a 0.txt", "size": "10"}).encode() if judged_by.slug == "qiniu" else request.body
    made = {"Content-Type": one(request, "Content-Type"), **judged_by.sign(body, keys)}
    return request._replace(headers=tuple(made.items()), body=body), keys


def braintree_gateway(keys: Settings) -> Any:
    config = SimpleNamespace(public_key=keys["public_key"], private_key=keys["secret"])
    return SimpleNamespace(config=config)


def braintree_form(body: bytes) -> tuple[str, str]:
    fields = parse_qs(body.decode())
    return fields["bt_signature"][0], fields["bt_payload"][0]


def test_braintrees_package_reads_what_we_read() -> None:
    request, keys = fired("braintree")
    read = WebhookNotificationGateway(braintree_gateway(keys)).parse(*braintree_form(request.body))
    (event,) = judge(opened("braintree", keys), request, NOW).events
    assert event.type == read.kind


def test_braintrees_package_signs_what_we_take() -> None:
    request, keys = fired("braintree")
    made = WebhookTestingGateway(braintree_gateway(keys)).sample_notification("subscription_canceled", "s-1")
    signed = request._replace(body=urlencode(made).encode())
    (event,) = judge(opened("braintree", keys), signed, NOW).events
    assert event.type == "subscription_canceled"
    changed = signed._replace(body=urlencode(made | {"bt_payload": made["bt_payload"] + b"AAAA"}).encode())
    with pytest.raises(BraintreeRefusal):
        WebhookNotificationGateway(braintree_gateway(keys)).parse(*braintree_form(changed.body))
    assert judge(opened("braintree", keys), changed, NOW).outcome == "refuse"


@pytest.mark.parametrize("challenge", ["20f9f8ed05f77439fe955c977e4c8a53", "a" * 20])
def test_braintrees_package_answers_a_challenge_as_we_do(challenge: str) -> None:
    request, keys = fired("braintree")
    asked = request._replace(method="GET", query_string=f"bt_challenge={challenge}", body=b"", headers=())
    reply = judge(opened("braintree", keys), asked, NOW).reply
    assert reply is not None
    assert reply.body.decode() == WebhookNotificationGateway(braintree_gateway(keys)).verify(challenge)


def test_twilio_signs_repeated_fields_as_its_package_does() -> None:
    class Fields(dict[str, list[str]]):
        """A form whose fields may come twice, as the package asks for it."""

        def getall(self, name: str) -> list[str]:
            return self[name]

    request, keys = fired("twilio")
    body = "MessageSid=SM1&MessageStatus=sent&Media=b&Media=a"
    signature = RequestValidator(keys["secret"]).compute_signature(
        "https://gateway.example/webhooks/twilio", Fields(parse_qs(body))
    )
    headers = (("X-Twilio-Signature", signature), *FORM.items())
    signed = request._replace(headers=headers, body=body.encode())
    assert judge(opened("twilio", keys), signed, NOW).outcome == "accept"
