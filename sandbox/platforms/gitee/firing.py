"""What the simulated Gitee sends: its five kinds of hooks, and the test from the webhook's page.

Shapes follow help.gitee.com, "WebHook 推送数据格式说明" (read 2026-11-28); the actions are those that openeuler-mirror/sync-bot (gitee/action.go)
handles; that a test is told by `X-Gitee-Ping` is seen in deliveries that public repositories quote.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable
from typing import Any

from sandbox.platforms.gitee.people import account
from sandbox.platforms.gitee.signer import escaped, headers_of, signature
from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample
from sandbox.state import SandboxState
from sandbox.words import Words

PING = "push_hooks"
"""What a test names as its event."""

HOOK_NAMES = {
    "Push Hook": "push_hooks",
    "Tag Push Hook": "tag_push_hooks",
    "Issue Hook": "issue_hooks",
    "Merge Request Hook": "merge_request_hooks",
    "Note Hook": "note_hooks",
    PING: "push_hooks",
}
REPOSITORY = {
    "id": 1200922,
    "name": "gateway",
    "path": "gateway",
    "full_name": "acme/gateway",
    "private": False,
    "html_url": "https://gitee.com/acme/gateway",
    "default_branch": "main",
    "path_with_namespace": "acme/gateway",
}
OBJECTS: tuple[tuple[str, str, dict[str, Any], Words], ...] = (
    ("Issue Hook.open", "issue", {"number": "IG6E9", "state": "open"}, Words("A new issue", "新建任务")),
    ("Issue Hook.state_change", "issue", {"number": "IG6E9", "state": "closed"}, Words("An issue changed", "任务状态变更")),
    ("Issue Hook.assign", "issue", {"number": "IG6E9", "state": "open"}, Words("An issue was assigned", "任务指派")),
    ("Merge Request Hook.open", "pull_request", {"number": 7, "state": "open"}, Words("A pull request", "新建 Pull Request")),
    ("Merge Request Hook.update", "pull_request", {"number": 7, "state": "open"}, Words("A pull request changed", "更新 Pull Request")),
    ("Merge Request Hook.merge", "pull_request", {"number": 7, "state": "merged"}, Words("A pull request was merged", "合并 Pull Request")),
    ("Merge Request Hook.close", "pull_request", {"number": 7, "state": "closed"}, Words("A pull request was closed", "关闭 Pull Request")),
    ("Note Hook.comment", "comment", {"body": "看起来不错"}, Words("A comment", "评论")),
)  # fmt: skip
"""Type, where the object stands, its fields, title."""


def _about_object(kind: str, name: str, fields: dict[str, Any]) -> Callable[[Moment], dict[str, Any]]:
    _, _, action = kind.partition(".")

    def build(moment: Moment) -> dict[str, Any]:
        about = {"id": secrets.randbelow(10**9), "title": "支付回调验签失败", **fields}
        return {"action": action, name: about, **_surroundings(moment)}

    return build


def _push(ref: str) -> Callable[[Moment], dict[str, Any]]:
    def build(moment: Moment) -> dict[str, Any]:
        after = secrets.token_hex(20)
        commit = {"id": after, "message": "修复签名校验", "modified": ["README.md"]}
        return {
            "ref": ref,
            "before": secrets.token_hex(20),
            "after": after,
            "created": False,
            "deleted": False,
            "commits": [commit],
            "head_commit": commit,
            "total_commits_count": 1,
            "commits_more_than_ten": False,
            "pusher": account(moment.person),
            **_surroundings(moment),
        }

    return build


def _surroundings(moment: Moment) -> dict[str, Any]:
    return {"repository": REPOSITORY, "sender": account(moment.person), "hook_id": 822463}


def _sign(state: SandboxState, order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    """Proves a body in the mode of the order; the body repeats what the headers say, as Gitee's does."""
    mode = str(order.options.get("mode", "signature"))
    if mode not in ("signature", "escaped", "password"):
        raise ValueError("mode must be signature, escaped or password")
    secret, timestamp = state.settings["GITEE_WEBHOOK_SECRET"], int(state.now() * 1000)
    sign = signature(secret, timestamp)
    tokens = {"password": secret, "signature": sign, "escaped": escaped(sign)}
    event = order.type.partition(".")[0]
    repeated = {
        "hook_name": HOOK_NAMES.get(event, event),
        "hook_url": "https://gitee.com/acme/gateway/hooks/822463/edit",
        "password": secret if mode == "password" else "",
        "timestamp": str(timestamp),
        "sign": "" if mode == "password" else sign,
    }
    body = json.dumps({**fields, **repeated}, ensure_ascii=False, separators=(",", ":")).encode()
    headers = headers_of(event, tokens[mode], timestamp, ping=event == PING)
    return Outgoing("POST", path, {"Content-Type": "application/json", **headers}, body, _name_of(body))


def _name_of(body: bytes) -> str:
    """Names a delivery by its body, for want of an id."""
    return "sha256:" + hashlib.sha256(body).hexdigest()


CALLBACKS = Callbacks(
    samples=(
        Sample("Push Hook", Words("A push", "推送代码"), _push("refs/heads/main")),
        Sample("Tag Push Hook", Words("A tag", "推送标签"), _push("refs/tags/v1.1")),
        *(Sample(kind, title, _about_object(kind, name, fields)) for kind, name, fields, title in OBJECTS),
        Sample(
            PING, Words("The test from the webhook's page", "WebHook 页面的测试"), _push("refs/heads/main")
        ),
    ),
    sign=_sign,
)
