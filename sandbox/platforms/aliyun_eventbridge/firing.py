"""What the simulated EventBridge pushes: CloudEvents of some services, and a body that a rule has transformed.

Shapes follow help.aliyun.com, EventBridge, "Events of Alibaba Cloud services" and "HTTP signature" (read 2026-11-28).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import uuid
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sandbox.cloud_keys import enclose_rsa, sign_rsa
from sandbox.platforms.aliyun_eventbridge.api import FILE
from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample
from sandbox.state import SandboxState
from sandbox.words import Words

TRANSFORMED = "transformed"
EVENTS: tuple[tuple[str, str, Words, dict[str, Any]], ...] = (
    ("oss:ObjectCreated:PutObject", "acs.oss", Words("A file is uploaded", "OSS 上传文件"),
     {"oss": {"bucket": {"name": "acme"}, "object": {"key": "图片/a.png", "size": 5}}}),
    ("ecs:Instance:StateChange", "acs.ecs", Words("A server changes its state", "ECS 实例状态变化"),
     {"resourceId": "i-bp1ecr********5go2go", "state": "Stopped"}),
    ("mns:Queue:SendMessage", "acs.mns", Words("A message in a queue", "MNS 队列消息"),
     {"requestId": "606EE4D1", "messageBody": "你好"}),
    ("rds:Instance:RestartInstance", "acs.rds", Words("A database restarts", "RDS 重启实例"), {"instanceName": "rm-1"}),
    ("actiontrail:ActionTrail:ApiCall", "acs.actiontrail", Words("An API call", "操作审计事件"), {"eventName": "RunInstances"}),
    ("cms:Alarm:Alert", "acs.cms", Words("An alert", "云监控告警"), {"alertName": "CPU", "level": "CRITICAL"}),
    ("order:created", "acme.shop", Words("An event of one's own", "自定义事件"), {"order": "ORDER-1"}),
)  # fmt: skip


def _event(kind: str, source: str, data: dict[str, Any]) -> Callable[[Moment], dict[str, Any]]:
    def build(moment: Moment) -> dict[str, Any]:
        return {
            "id": str(uuid.uuid4()),
            "source": source,
            "specversion": "1.0",
            "type": kind,
            "datacontenttype": "application/json",
            "time": datetime.fromtimestamp(moment.now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "subject": f"acs:{source}:cn-hangzhou:1234567890:resource",
            "aliyunaccountid": "1234567890",
            "aliyunregionid": "cn-hangzhou",
            "data": data,
        }

    return build


def _transformed(_moment: Moment) -> dict[str, Any]:
    return {"title": "实例停止", "order": secrets.token_hex(4)}


def headers_of(
    target: str, token: str, body: bytes, *, version: int, now: float, address: str
) -> dict[str, str]:
    """Signs target, five headers and body: with the certificate (2), or with a one-time key that it encloses (1)."""
    prefix = "x-eventbridge-signature"
    method = ("x-eventbridge-hash-method", "SHA256") if version == 2 else (f"{prefix}-method", "HMAC-SHA1")
    signed = {f"{prefix}-timestamp": str(int(now * 1000)), method[0]: method[1], f"{prefix}-version": "1.0"}
    signed |= {f"{prefix}-url": address, f"{prefix}-token": token}
    lines = [target, *(f"{name}: {value}" for name, value in signed.items())]
    message = "\n".join(lines).encode() + b"\n" + body
    if version == 2:
        return signed | {f"{prefix}-v2": b64encode(sign_rsa(message, "sha256")).decode()}
    key = secrets.token_hex(16).encode()
    made = b64encode(hmac.new(key, message, hashlib.sha1).digest()).decode()
    return signed | {prefix: made, f"{prefix}-secret": b64encode(enclose_rsa(key)).decode()}


def _sign(state: SandboxState, order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    version = order.options.get("version", 2)
    if version not in (1, 2):
        raise ValueError("version must be 1 or 2")
    body = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    headers = headers_of(
        state.settings["ALIYUN_EVENTBRIDGE_TARGET_URL"],
        state.settings["ALIYUN_EVENTBRIDGE_TOKEN"],
        body,
        version=version,
        now=state.now(),
        address=f"{state.settings.sandbox_url}/aliyun_eventbridge/{FILE}",
    )
    headers |= {"Content-Type": "application/json", "User-Agent": "Aliyun-EventBridge"}
    return Outgoing("POST", path, headers, body, str(fields.get("id") or hashlib.sha256(body).hexdigest()))


CALLBACKS = Callbacks(
    samples=(
        *(Sample(kind, title, _event(kind, source, data)) for kind, source, title, data in EVENTS),
        Sample(TRANSFORMED, Words("A transformed body", "经过转换的内容"), _transformed),
    ),
    sign=_sign,
)
