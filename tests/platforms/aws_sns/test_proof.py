"""What proves a message of SNS, and what does not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from app.core.errors import VerificationError
from app.core.ports import KeyFinder
from tests.platforms.aws_sns.posting import (
    ADDRESS,
    CONFIRMATION,
    NOTIFICATION,
    PEM,
    SNS,
    TOPIC,
    channel,
    message,
    post,
    remote,
)
from tests.platforms.deliveries import NOW
from tests.platforms.recorded import Remote, judge


def refusal(content: Any, http: Remote | None = None, source: Any = None, **headers: str) -> str:
    judged = judge(source or channel(), post(content, **headers), http or remote())
    assert judged.outcome == "refuse"
    return judged.why


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("fields", [NOTIFICATION, CONFIRMATION], ids=lambda fields: fields["Type"])
def test_a_message_is_proven_with_the_certificate_it_names(version: str, fields: dict[str, Any]) -> None:
    http = remote()
    judged = judge(channel(), post(message(fields, version=version)), http)
    assert judged.outcome == "accept"
    assert http.asked == [f"GET {ADDRESS}"]


def test_a_configured_certificate_is_not_fetched() -> None:
    http, source = remote(), channel(certificates={ADDRESS: PEM})
    assert judge(source, post(message()), http).outcome == "accept"
    assert http.asked == []


def test_a_message_without_a_subject_is_signed_without_it() -> None:
    assert judge(channel(), post(message(Subject=None)), remote()).outcome == "accept"


@pytest.mark.parametrize("name", sorted(set(NOTIFICATION) - {"Type"}))
def test_each_signed_field_is_covered(name: str) -> None:
    assert refusal(message() | {name: "other"}) in ("bad_signature", "wrong_TopicArn")


@pytest.mark.parametrize("name", ["SubscribeURL", "Token"])
def test_the_fields_of_a_confirmation_are_covered(name: str) -> None:
    assert refusal(message(CONFIRMATION) | {name: "other"}) == "bad_signature"


def test_a_subject_cannot_be_added_or_taken_away() -> None:
    assert refusal(message(Subject=None) | {"Subject": "new"}) == "bad_signature"
    without = {name: value for name, value in message().items() if name != "Subject"}
    assert refusal(without) == "bad_signature"


@pytest.mark.parametrize(
    "address",
    [
        "https://sns.us-east-1.amazonaws.com.evil.example/SimpleNotificationService-a.pem",
        "https://sns.us-east-1.amazonaws.com@evil.example/SimpleNotificationService-a.pem",
        "https://evil.example/sns.us-east-1.amazonaws.com/SimpleNotificationService-a.pem",
        "https://s3.amazonaws.com/sns.us-east-1.amazonaws.com/SimpleNotificationService-a.pem",
        "https://evil-sns.us-east-1.amazonaws.com/SimpleNotificationService-a.pem",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-a.pem",
        "http://sns.us-east-1.amazonaws.com/SimpleNotificationService-a.pem",
        "https://sns.us-east-1.amazonaws.com:8443/SimpleNotificationService-a.pem",
        "https://sns.us-east-1.amazonaws.com/x/../SimpleNotificationService-a.pem",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-a.pem?x=1",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-a.pem#x",
        "https://sns.us-east-1.amazonaws.com\\@evil.example/SimpleNotificationService-a.pem",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-a.pem\n",
        "https://SNS.us-east-1.amazonaws.com/SimpleNotificationService-a.pem",
        "https://sns.us-east-1.amazonaws.com:443/SimpleNotificationService-a.pem",
        "https://sns.us-east-1.amazonaws.com./SimpleNotificationService-a.pem",
        "HTTPS://sns.us-east-1.amazonaws.com/SimpleNotificationService-a.pem",
        "https://[::1]/SimpleNotificationService-a.pem",
        "https://[/SimpleNotificationService-a.pem",
        "file:///etc/passwd",
        f"{SNS}/SimpleNotificationService-{'a' * 400}.pem",
        "",
        5,
        None,
    ],
)
def test_a_certificate_elsewhere_is_not_even_asked_for(address: Any) -> None:
    http = Remote({str(address): PEM})
    assert refusal(message() | {"SigningCertURL": address}, http) == "key_address_not_allowed"
    assert http.asked == []


def test_an_address_that_stands_for_sns_counts_with_its_path() -> None:
    source = channel(sns_base="https://proxy.example/aws")
    assert source.origins == {"https://proxy.example:443"}
    for path, why in (("aws", ""), ("xyz", "key_address_not_allowed"), ("awsx", "key_address_not_allowed")):
        address = f"https://proxy.example/{path}/SimpleNotificationService-a.pem"
        assert judge(source, post(message() | {"SigningCertURL": address}), remote(address)).why == why


@pytest.mark.parametrize("name", ["MessageId", "Subject"])
def test_a_part_of_the_text_cannot_be_moved_into_another_field(name: str) -> None:
    written = message(Message="paid\nMessageId\nfake\nSubject\nforged")
    moved = written | {"Message": "paid"}
    if name == "MessageId":
        moved |= {"MessageId": "fake\nSubject\nforged\nMessageId\nm-1"}
    else:
        moved |= {"MessageId": "fake", "Subject": "forged\nMessageId\nm-1\nSubject\nAn order"}
    assert refusal(moved) == "not_a_message"


def test_a_message_of_another_topic_is_refused_although_sns_signed_it() -> None:
    other = TOPIC.replace("123456789012", "999999999999")
    assert refusal(message(TopicArn=other)) == "wrong_TopicArn"


def test_a_version_that_is_switched_off_is_refused() -> None:
    source = channel(signature_versions=["2"])
    assert refusal(message(version="1"), source=source) == "signature_version_not_allowed"


@pytest.mark.parametrize("version", ["3", "", 2, None])
def test_the_signature_version_is_one_of_two_texts(version: Any) -> None:
    assert refusal(message() | {"SignatureVersion": version}) == "signature_version_not_allowed"


def test_a_sha1_signature_is_not_good_as_sha256() -> None:
    assert refusal(message(version="1") | {"SignatureVersion": "2"}) == "bad_signature"


@pytest.mark.parametrize("signature", ["", None, 5, []])
def test_a_message_without_a_signature_is_refused(signature: Any) -> None:
    assert refusal(message() | {"Signature": signature}) == "missing_signature"


@pytest.mark.parametrize(
    "change", [lambda text: text[:-8], lambda text: "*" + text, lambda _: "AAAA"], ids=["cut", "odd", "short"]
)
def test_a_cut_or_odd_signature_is_refused(change: Any) -> None:
    made = message()
    assert refusal(made | {"Signature": change(made["Signature"])}) == "bad_signature"


def test_raw_delivery_is_refused_with_its_own_reason() -> None:
    assert refusal(b"a text", x_amz_sns_rawdelivery="true") == "raw_delivery"


@pytest.mark.parametrize(
    "later", [timedelta(days=-3650 * 2), timedelta(days=3650 * 3)], ids=["early", "late"]
)
def test_a_certificate_counts_only_while_it_is_in_force(later: timedelta) -> None:
    source, request = channel(certificates={ADDRESS: PEM}), post(message())
    with pytest.raises(VerificationError) as caught:
        source.verify(request, NOW + later)
    assert caught.value.reason == "certificate_not_in_force"


def test_a_repeated_name_is_refused() -> None:
    body = post(message()).body
    assert refusal(body[:-1] + b',"Message":"other"}') == "not_a_message"


@pytest.mark.parametrize("missing", ["MessageId", "Message", "Timestamp", "TopicArn"])
def test_a_message_without_a_field_is_none(missing: str) -> None:
    made = message()
    assert refusal({name: value for name, value in made.items() if name != missing}) == "not_a_message"


def test_only_the_regions_of_the_topics_are_called() -> None:
    source = channel(topic_arns=[TOPIC, "arn:aws-cn:sns:cn-north-1:123456789012:orders"])
    assert source.origins == {f"{SNS}:443", "https://sns.cn-north-1.amazonaws.com.cn:443"}
    assert isinstance(source, KeyFinder)


@pytest.mark.parametrize(
    "arn", ["orders", "arn:aws:sqs:us-east-1:123456789012:orders", "arn:aws:sns:us.evil/:123456789012:a"]
)
def test_what_is_no_topic_is_told_at_the_start(arn: str) -> None:
    with pytest.raises(ValidationError, match="ARN"):
        channel(topic_arns=arn)


def test_without_topics_no_callbacks_are_taken() -> None:
    assert channel(topic_arns=[]).settings.missing_signature_secret() == "topic_arns"
