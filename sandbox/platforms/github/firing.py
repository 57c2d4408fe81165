"""What the simulated GitHub sends: the events people use most, each with the fields that are always there, and the ping.

Shapes follow docs.github.com, "Webhook events and payloads" (read 2026-11-20).
"""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Callable
from typing import Any

from sandbox.platforms.github.people import account
from sandbox.platforms.github.signer import form_of, headers_of
from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample
from sandbox.state import SandboxState
from sandbox.words import Words

REPOSITORY = {
    "id": 35129377,
    "name": "gateway",
    "full_name": "acme/gateway",
    "private": False,
    "html_url": "https://github.com/acme/gateway",
    "default_branch": "main",
}
BRANCH = {"ref": "feature", "ref_type": "branch", "master_branch": "main", "pusher_type": "user"}

EVENTS: tuple[tuple[str, str, Words], ...] = (
    ("check_run.completed", "check_run", Words("A check ended", "检查完成")),
    ("check_suite.completed", "check_suite", Words("A suite of checks ended", "检查套件完成")),
    ("commit_comment.created", "comment", Words("A comment on a commit", "提交评论")),
    ("deployment.created", "deployment", Words("A deployment", "部署")),
    ("deployment_status.created", "deployment_status", Words("A deployment's state", "部署状态")),
    ("discussion.created", "discussion", Words("A discussion", "讨论")),
    ("fork", "forkee", Words("A fork", "派生仓库")),
    ("issue_comment.created", "comment", Words("A comment on an issue", "议题评论")),
    ("issues.opened", "issue", Words("A new issue", "新议题")),
    ("issues.closed", "issue", Words("A closed issue", "议题关闭")),
    ("label.created", "label", Words("A label", "标签")),
    ("member.added", "member", Words("A collaborator", "新增协作者")),
    ("milestone.created", "milestone", Words("A milestone", "里程碑")),
    ("package.published", "package", Words("A package", "发布软件包")),
    ("pull_request.opened", "pull_request", Words("A pull request", "新建合并请求")),
    ("pull_request.closed", "pull_request", Words("A closed pull request", "合并请求关闭")),
    ("pull_request_review.submitted", "review", Words("A review", "代码评审")),
    ("pull_request_review_comment.created", "comment", Words("A comment in a review", "评审评论")),
    ("release.published", "release", Words("A release", "发布版本")),
    ("repository.created", "", Words("A new repository", "新仓库")),
    ("star.created", "", Words("A star", "加星标")),
    ("watch.started", "", Words("Somebody watches", "开始关注")),
    ("workflow_job.queued", "workflow_job", Words("A job is queued", "作业排队")),
    ("workflow_run.completed", "workflow_run", Words("A workflow ended", "工作流完成")),
)


def _event(kind: str, subject: str) -> Callable[[Moment], dict[str, Any]]:
    _, _, action = kind.partition(".")

    def build(moment: Moment) -> dict[str, Any]:
        named = {"action": action} if action else {}
        about = {"id": secrets.randbelow(10**9), "number": 7, "title": "支付回调验签失败"}
        return {**named, **({subject: about} if subject else {}), **_surroundings(moment)}

    return build


def _surroundings(moment: Moment) -> dict[str, Any]:
    return {"repository": REPOSITORY, "sender": account(moment.person)}


def _push(moment: Moment) -> dict[str, Any]:
    before, after = secrets.token_hex(20), secrets.token_hex(20)
    author = {"name": moment.person.name_zh, "email": moment.person.email, "username": moment.person.key}
    commit = {
        "id": after,
        "message": "修复签名校验",
        "author": author,
        "added": [],
        "removed": [],
        "modified": ["README.md"],
    }
    return {
        "ref": "refs/heads/main",
        "before": before,
        "after": after,
        "created": False,
        "deleted": False,
        "forced": False,
        "commits": [commit],
        "head_commit": commit,
        "pusher": {"name": moment.person.key, "email": moment.person.email},
        **_surroundings(moment),
    }


def _branch(moment: Moment) -> dict[str, Any]:
    return {**BRANCH, **_surroundings(moment)}


def _dispatched(moment: Moment) -> dict[str, Any]:
    own = {"action": "deploy-to-staging", "branch": "main", "client_payload": {"version": "1.2.0"}}
    return {**own, **_surroundings(moment)}


def _installation(moment: Moment) -> dict[str, Any]:
    installed = {
        "id": secrets.randbelow(10**8),
        "account": account(moment.person),
        "repository_selection": "all",
    }
    return {"action": "created", "installation": installed, "sender": account(moment.person)}


def _ping(moment: Moment) -> dict[str, Any]:
    hook = {"type": "Repository", "id": 292430182, "active": True, "events": ["*"]}
    return {"zen": "Keep it logically awesome.", "hook_id": 292430182, "hook": hook, **_surroundings(moment)}


def _sign(state: SandboxState, order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    content_type = str(order.options.get("content_type", "json"))
    if content_type not in ("json", "form"):
        raise ValueError("content_type must be json or form")
    body = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    body = form_of(body) if content_type == "form" else body
    delivery = str(order.options.get("delivery") or uuid.uuid4())
    headers = headers_of(
        state.settings["GITHUB_WEBHOOK_SECRET"], order.type.partition(".")[0], delivery, body
    )
    sort = "application/json" if content_type == "json" else "application/x-www-form-urlencoded"
    return Outgoing("POST", path, {"Content-Type": sort, **headers}, body, delivery)


CALLBACKS = Callbacks(
    samples=(
        Sample("push", Words("A push", "推送代码"), _push),
        Sample("ping", Words("The first request of a new webhook", "新建 Webhook 的首次请求"), _ping),
        Sample("create", Words("A branch was made", "新建分支"), _branch),
        Sample("delete", Words("A branch was deleted", "删除分支"), _branch),
        Sample(
            "repository_dispatch.deploy-to-staging", Words("An event of your own", "自定义事件"), _dispatched
        ),
        Sample("installation.created", Words("The app was installed", "安装应用"), _installation),
        *(Sample(kind, title, _event(kind, subject)) for kind, subject, title in EVENTS),
    ),
    sign=_sign,
)
