"""What the simulated Jira sends to a Connect app: webhooks with the tenant's token, lifecycle callbacks with Atlassian's.

Shapes follow developer.atlassian.com, "Webhooks", "Lifecycle" and "Understanding JWT for Connect apps" (read 2026-11-28).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, quote

from sandbox.cloud_keys import sign_rsa
from sandbox.platforms.jira_connect.api import KEY_ID
from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample
from sandbox.state import SandboxState
from sandbox.words import Words

CLIENT_KEY = "5a4db0c0-ffee-4000-8000-000000tenant"
ISSUE = {"id": "10001", "key": "OPS-1", "fields": {"summary": "登录页打不开", "status": {"name": "To Do"}}}
COMMENT = {"id": "10100", "body": "已复现", "author": {"accountId": "5b10a2844c20165700ede21g"}}
PROJECT = {"id": 10000, "key": "OPS", "name": "运维"}
SPRINT = {"id": 4, "name": "Sprint 4", "state": "active"}

LIFECYCLE: tuple[tuple[str, Words], ...] = (
    ("installed", Words("The app is installed", "应用安装")),
    ("uninstalled", Words("The app is removed", "应用卸载")),
    ("enabled", Words("The app is enabled", "应用启用")),
    ("disabled", Words("The app is disabled", "应用停用")),
)
BY_ATLASSIAN = ("installed", "uninstalled")
EVENTS: tuple[tuple[str, Words, dict[str, Any]], ...] = (
    ("jira:issue_created", Words("An issue is created", "创建事务"), {"issue": ISSUE}),
    ("jira:issue_updated", Words("An issue is changed", "更新事务"), {"issue": ISSUE, "changelog": {"items": []}}),
    ("jira:issue_deleted", Words("An issue is deleted", "删除事务"), {"issue": ISSUE}),
    ("comment_created", Words("A comment", "新增评论"), {"comment": COMMENT, "issue": ISSUE}),
    ("comment_updated", Words("A changed comment", "修改评论"), {"comment": COMMENT, "issue": ISSUE}),
    ("comment_deleted", Words("A deleted comment", "删除评论"), {"comment": COMMENT, "issue": ISSUE}),
    ("worklog_created", Words("Time is logged", "登记工时"), {"worklog": {"id": "1", "issueId": "10001"}}),
    ("worklog_updated", Words("Logged time is changed", "修改工时"), {"worklog": {"id": "1", "issueId": "10001"}}),
    ("worklog_deleted", Words("Logged time is deleted", "删除工时"), {"worklog": {"id": "1", "issueId": "10001"}}),
    ("issuelink_created", Words("Issues are linked", "关联事务"), {"issueLink": {"id": 10010}}),
    ("issuelink_deleted", Words("A link is removed", "取消关联"), {"issueLink": {"id": 10010}}),
    ("attachment_created", Words("A file is attached", "添加附件"), {"attachment": {"id": "10050"}}),
    ("attachment_deleted", Words("A file is removed", "删除附件"), {"attachment": {"id": "10050"}}),
    ("project_created", Words("A project is created", "创建项目"), {"project": PROJECT}),
    ("project_updated", Words("A project is changed", "更新项目"), {"project": PROJECT}),
    ("project_deleted", Words("A project is deleted", "删除项目"), {"project": PROJECT}),
    ("jira:version_released", Words("A version is released", "发布版本"), {"version": {"id": "10020"}}),
    ("user_created", Words("A user is created", "创建用户"), {"user": {"accountId": "5b10a2844c20165700ede21g"}}),
    ("sprint_started", Words("A sprint begins", "冲刺开始"), {"sprint": SPRINT}),
    ("sprint_closed", Words("A sprint ends", "冲刺结束"), {"sprint": SPRINT}),
    ("board_created", Words("A board is created", "创建看板"), {"board": {"id": 1}}),
)  # fmt: skip


def _lifecycle(kind: str) -> Callable[[Moment], dict[str, Any]]:
    def build(moment: Moment) -> dict[str, Any]:
        body = {"key": moment.settings["JIRA_CONNECT_APP_KEY"], "clientKey": CLIENT_KEY}
        if kind == "installed":
            body["sharedSecret"] = moment.settings["JIRA_CONNECT_SHARED_SECRET"]
        return body | {"baseUrl": "https://acme.atlassian.net", "productType": "jira", "eventType": kind}

    return build


def _webhook(kind: str, more: dict[str, Any]) -> Callable[[Moment], dict[str, Any]]:
    return lambda moment: {"timestamp": int(moment.now * 1000), "webhookEvent": kind, **more}


def query_string_hash(method: str, path: str, query: str) -> str:
    """Hashes method, path below the app's base, and the sorted query."""
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name != "jwt":
            values.setdefault(quote(name, safe="-._~"), []).append(quote(value, safe="-._~"))
    canonical = "&".join(f"{name}={','.join(sorted(found))}" for name, found in sorted(values.items()))
    return hashlib.sha256(f"{method}&{path.replace('&', '%26')}&{canonical}".encode()).hexdigest()


def token(claims: dict[str, Any], secret: str | None) -> str:
    """Signs claims: with a tenant's secret (HS256), or as Atlassian where there is none (RS256)."""
    header = (
        {"typ": "JWT", "alg": "RS256", "kid": KEY_ID} if secret is None else {"typ": "JWT", "alg": "HS256"}
    )
    message = f"{_part(json.dumps(header).encode())}.{_part(json.dumps(claims).encode())}"
    if secret is None:
        return f"{message}.{_part(sign_rsa(message.encode(), 'sha256'))}"
    return f"{message}.{_part(hmac.new(secret.encode(), message.encode(), hashlib.sha256).digest())}"


def _part(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _below(order: Order) -> str:
    kinds = [kind for kind, _ in LIFECYCLE]
    return f"/{order.type}" if order.type in kinds else "/webhook"


def _path(order: Order) -> str:
    return f"/webhooks/{order.channel}{_below(order)}"


def _sign(state: SandboxState, order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    settings, now = state.settings, int(state.now())
    place, _, query = path.partition("?")
    below = place[place.rfind("/") :]
    claims = {"iss": CLIENT_KEY, "iat": now, "exp": now + 180, "qsh": query_string_hash("POST", below, query)}
    by_atlassian = order.type in BY_ATLASSIAN
    if by_atlassian:
        claims["aud"] = [settings["JIRA_CONNECT_BASE_URL"]]
    signed = token(claims, None if by_atlassian else settings["JIRA_CONNECT_SHARED_SECRET"])
    identifier = str(uuid.uuid4())
    headers = {"Content-Type": "application/json", "Authorization": f"JWT {signed}"}
    if "webhookEvent" in fields:
        headers["X-Atlassian-Webhook-Identifier"] = identifier
    body = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    return Outgoing("POST", path, headers, body, identifier)


CALLBACKS = Callbacks(
    samples=(
        *(Sample(kind, title, _webhook(kind, more)) for kind, title, more in EVENTS),
        *(Sample(kind, title, _lifecycle(kind)) for kind, title in LIFECYCLE),
    ),
    sign=_sign,
    path=_path,
)
