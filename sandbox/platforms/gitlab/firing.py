"""What the simulated GitLab sends: events of projects, groups and servers, each with the fields that are always there.

Shapes follow docs.gitlab.com, "Webhook events" and "System hooks" (read 2026-11-28).
"""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Callable
from typing import Any

from sandbox.platforms.gitlab.people import number, user
from sandbox.platforms.gitlab.signer import headers_of, signature_headers, token_headers
from sandbox.simulated import Callbacks, Moment, Order, Outgoing, Sample
from sandbox.state import SandboxState
from sandbox.words import Words

PROJECT = {
    "id": 15,
    "name": "gateway",
    "web_url": "https://gitlab.example.com/acme/gateway",
    "git_http_url": "https://gitlab.example.com/acme/gateway.git",
    "namespace": "acme",
    "visibility_level": 0,
    "path_with_namespace": "acme/gateway",
    "default_branch": "main",
}

OBJECTS: tuple[tuple[str, str, dict[str, Any], Words], ...] = (
    (
        "Issue Hook.open",
        "issue",
        {"iid": 23, "title": "支付回调验签失败", "state": "opened"},
        Words("A new issue", "新议题"),
    ),
    (
        "Issue Hook.close",
        "issue",
        {"iid": 23, "title": "支付回调验签失败", "state": "closed"},
        Words("A closed issue", "议题关闭"),
    ),
    (
        "Confidential Issue Hook.open",
        "issue",
        {"iid": 24, "confidential": True, "state": "opened"},
        Words("A confidential issue", "机密议题"),
    ),
    (
        "Note Hook.create",
        "note",
        {"note": "看起来不错", "noteable_type": "MergeRequest"},
        Words("A comment", "评论"),
    ),
    (
        "Confidential Note Hook.create",
        "note",
        {"note": "仅内部可见", "internal": True},
        Words("An internal comment", "内部评论"),
    ),
    (
        "Merge Request Hook.open",
        "merge_request",
        {"iid": 1, "state": "opened"},
        Words("A merge request", "新建合并请求"),
    ),
    (
        "Merge Request Hook.update",
        "merge_request",
        {"iid": 1, "state": "opened", "oldrev": "e8f5a7"},
        Words("New commits in a merge request", "合并请求有新提交"),
    ),
    (
        "Merge Request Hook.approved",
        "merge_request",
        {"iid": 1, "state": "opened"},
        Words("A merge request was approved", "合并请求已批准"),
    ),
    (
        "Merge Request Hook.merge",
        "merge_request",
        {"iid": 1, "state": "merged"},
        Words("A merge request was merged", "合并请求已合并"),
    ),
    (
        "Wiki Page Hook.create",
        "wiki_page",
        {"title": "上线手册", "slug": "handbook"},
        Words("A wiki page", "新建 Wiki 页面"),
    ),
    (
        "Pipeline Hook",
        "pipeline",
        {"iid": 3, "ref": "main", "status": "success", "duration": 63},
        Words("A pipeline ended", "流水线结束"),
    ),
    (
        "Milestone Hook.create",
        "milestone",
        {"iid": 10, "title": "v1.0", "state": "active"},
        Words("A milestone", "里程碑"),
    ),
    (
        "Emoji Hook.award",
        "emoji",
        {"name": "thumbsup", "awardable_type": "Issue"},
        Words("A reaction", "表情回应"),
    ),
    (
        "Feature Flag Hook",
        "feature_flag",
        {"name": "new-checkout", "active": True},
        Words("A feature flag", "功能开关"),
    ),
)
"""Events whose object stands in `object_attributes`: type, kind, the object's fields, title."""


def _about_object(kind: str, object_kind: str, fields: dict[str, Any]) -> Callable[[Moment], dict[str, Any]]:
    _, _, action = kind.partition(".")

    def build(moment: Moment) -> dict[str, Any]:
        done = {"action": action} if action else {}
        return {
            "object_kind": object_kind,
            "event_type": object_kind,
            "user": user(moment.person),
            "project": PROJECT,
            "object_attributes": {"id": secrets.randbelow(10**6), **fields, **done},
        }

    return build


def _push(kind: str, ref: str) -> Callable[[Moment], dict[str, Any]]:
    def build(moment: Moment) -> dict[str, Any]:
        after = secrets.token_hex(20)
        author = {"name": moment.person.name_zh, "email": moment.person.email}
        commit = {"id": after, "message": "修复签名校验", "author": author, "modified": ["README.md"]}
        return {
            "object_kind": kind,
            "event_name": kind,
            "before": secrets.token_hex(20),
            "after": after,
            "ref": ref,
            "checkout_sha": after,
            "user_id": number(moment.person),
            "user_name": moment.person.name_en,
            "user_username": moment.person.key,
            "project_id": PROJECT["id"],
            "project": PROJECT,
            "commits": [commit],
            "total_commits_count": 1,
        }

    return build


def _job(moment: Moment) -> dict[str, Any]:
    return {
        "object_kind": "build",
        "ref": "main",
        "build_id": secrets.randbelow(10**6),
        "build_name": "test",
        "build_stage": "test",
        "build_status": "failed",
        "build_failure_reason": "script_failure",
        "project_id": PROJECT["id"],
        "user": user(moment.person),
    }


def _deployment(moment: Moment) -> dict[str, Any]:
    return {
        "object_kind": "deployment",
        "status": "success",
        "deployment_id": secrets.randbelow(10**6),
        "environment": "staging",
        "project": PROJECT,
        "user": user(moment.person),
    }


def _release(_moment: Moment) -> dict[str, Any]:
    return {
        "object_kind": "release",
        "id": secrets.randbelow(10**6),
        "name": "v1.1",
        "tag": "v1.1",
        "action": "create",
        "project": PROJECT,
    }


def _named(name: str) -> Callable[[Moment], dict[str, Any]]:
    """Builds an event that only its `event_name` tells from others with the same header."""

    def build(moment: Moment) -> dict[str, Any]:
        return {
            "created_at": "2026-11-28T04:57:22Z",
            "event_name": name,
            "name": "acme",
            "group_id": 100,
            "user_id": number(moment.person),
            "user_username": moment.person.key,
        }

    return build


def _sign(state: SandboxState, order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    """Proves a body by the kind of secret, as the hook's page does; `proof` and `secret` choose otherwise."""
    secret = str(order.options.get("secret") or state.settings["GITLAB_WEBHOOK_SECRET"])
    proof = str(order.options.get("proof") or ("signature" if secret.startswith("whsec_") else "token"))
    if proof not in ("signature", "token"):
        raise ValueError("proof must be signature or token")
    body = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    delivery = str(order.options.get("delivery") or uuid.uuid4())
    headers = {"Content-Type": "application/json", **headers_of(order.type.partition(".")[0], delivery)}
    headers |= (
        signature_headers(secret, delivery, int(state.now()), body)
        if proof == "signature"
        else token_headers(secret)
    )
    return Outgoing("POST", path, headers, body, delivery)


CALLBACKS = Callbacks(
    samples=(
        Sample("Push Hook", Words("A push", "推送代码"), _push("push", "refs/heads/main")),
        Sample("Tag Push Hook", Words("A tag", "推送标签"), _push("tag_push", "refs/tags/v1.1")),
        *(
            Sample(kind, title, _about_object(kind, object_kind, fields))
            for kind, object_kind, fields, title in OBJECTS
        ),
        Sample("Job Hook", Words("A job failed", "作业失败"), _job),
        Sample("Deployment Hook", Words("A deployment", "部署"), _deployment),
        Sample("Release Hook.create", Words("A release", "发布版本"), _release),
        Sample(
            "Member Hook.user_add_to_group",
            Words("A new group member", "新增群组成员"),
            _named("user_add_to_group"),
        ),
        Sample("Subgroup Hook.subgroup_create", Words("A subgroup", "新建子群组"), _named("subgroup_create")),
        Sample(
            "Project Hook.project_create",
            Words("A project of a group", "群组新建项目"),
            _named("project_create"),
        ),
        Sample(
            "System Hook.user_create",
            Words("A new account on the server", "服务器新增用户"),
            _named("user_create"),
        ),
        Sample(
            "System Hook.push",
            Words("A push anywhere on the server", "服务器上任意推送"),
            _push("push", "refs/heads/main"),
        ),
    ),
    sign=_sign,
)
