"""What the simulated Amazon SNS sends: notifications with text and with the JSON of other services, and both confirmations.

Shapes follow docs.aws.amazon.com, "Parsing Amazon SNS message formats", and S3's, SES's and CloudWatch's pages on their notifications
(read 2026-11-28). The option `version` is 1 or 2, `raw` switches raw delivery on, which signs nothing.
"""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sandbox.platforms.aws_sns.signer import TOKEN_START, certificate_url, signed
from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample
from sandbox.state import SandboxState
from sandbox.words import Words

S3 = {
    "Records": [
        {
            "eventSource": "aws:s3",
            "eventName": "ObjectCreated:Put",
            "s3": {"bucket": {"name": "acme"}, "object": {"key": "a.txt", "size": 1024}},
        }
    ]
}
SES = {
    "notificationType": "Bounce",
    "bounce": {"bounceType": "Permanent", "bouncedRecipients": [{"emailAddress": "nobody@example.com"}]},
    "mail": {"messageId": "0000014644fe5ef6-9a483358", "source": "shop@example.com"},
}
ALARM = {
    "AlarmName": "cpu-high",
    "NewStateValue": "ALARM",
    "OldStateValue": "OK",
    "NewStateReason": "Threshold Crossed",
    "Region": "US East (N. Virginia)",
}


def _time(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _common(moment: Moment, kind: str, message: str) -> dict[str, Any]:
    return {
        "Type": kind,
        "MessageId": str(uuid.uuid4()),
        "TopicArn": moment.settings["AWS_SNS_TOPIC_ARN"],
        "Message": message,
        "Timestamp": _time(moment.now),
    }


def _notification(message: str, subject: str = "") -> Callable[[Moment], dict[str, Any]]:
    def build(moment: Moment) -> dict[str, Any]:
        fields = _common(moment, "Notification", message) | ({"Subject": subject} if subject else {})
        fields["MessageAttributes"] = {"source": {"Type": "String", "Value": "sandbox"}}
        return fields

    return build


def _confirmation(kind: str, message: str) -> Callable[[Moment], dict[str, Any]]:
    def build(moment: Moment) -> dict[str, Any]:
        return _common(moment, kind, message) | {"Token": TOKEN_START + secrets.token_hex(64)}

    return build


def _sign(state: SandboxState, order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    version, base = str(order.options.get("version", "2")), f"{state.settings.sandbox_url}/aws_sns"
    if version not in ("1", "2"):
        raise ValueError("version must be 1 or 2")
    if fields["Type"] == "Notification":
        links = {"UnsubscribeURL": f"{base}/?Action=Unsubscribe&SubscriptionArn={fields['TopicArn']}"}
    else:
        asked = f"TopicArn={fields['TopicArn']}&Token={fields['Token']}"
        links = {"SubscribeURL": f"{base}/?Action=ConfirmSubscription&{asked}"}
    message = signed(fields | links, version=version, certificate_url=certificate_url(base))
    headers = {
        "Content-Type": "text/plain; charset=UTF-8",
        "User-Agent": "Amazon Simple Notification Service Agent",
        "x-amz-sns-message-type": str(fields["Type"]),
        "x-amz-sns-message-id": str(fields["MessageId"]),
        "x-amz-sns-topic-arn": str(fields["TopicArn"]),
    }
    body = json.dumps(message, ensure_ascii=False, indent=2).encode()
    if order.options.get("raw"):
        headers["x-amz-sns-rawdelivery"] = "true"
        body = str(fields["Message"]).encode()
    return Outgoing("POST", path, headers, body, str(fields["MessageId"]))


CALLBACKS = Callbacks(
    samples=(
        Sample("Notification", Words("A text", "文本消息"), _notification("你好, SNS", "Hello")),
        Sample(
            "Notification.S3",
            Words("An object was put into S3", "S3 新增对象"),
            _notification(json.dumps(S3), "Amazon S3 Notification"),
        ),
        Sample("Notification.SES", Words("A bounced mail (SES)", "SES 退信"), _notification(json.dumps(SES))),
        Sample(
            "Notification.CloudWatch",
            Words("An alarm (CloudWatch)", "CloudWatch 告警"),
            _notification(json.dumps(ALARM), 'ALARM: "cpu-high"'),
        ),
        Sample(
            "SubscriptionConfirmation",
            Words("A request to confirm a subscription", "订阅确认请求"),
            _confirmation("SubscriptionConfirmation", "You have chosen to subscribe to the topic."),
        ),
        Sample(
            "UnsubscribeConfirmation",
            Words("A subscription has ended", "取消订阅确认"),
            _confirmation("UnsubscribeConfirmation", "You have chosen to deactivate the subscription."),
        ),
    ),
    sign=_sign,
)
