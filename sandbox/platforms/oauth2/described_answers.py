"""What the simulator answers to the calls of a described login: its samples filled in, its ID tokens, its refusals.

A description's samples hold `${subject}`, `${access_token}` and the like. Refusals are built backwards from its rules: what would be
understood as a used code is what is sent for one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from flask import Response

from sandbox.people import Person
from sandbox.platforms.oauth2 import openid
from sandbox.platforms.oauth2.described import first, rule_for
from sandbox.state import Grant, SandboxState

TENANT = "11111111-2222-3333-4444-555555555555"
LIFETIME = 7200
USUAL_USER = (
    '{"sub":"${subject}","name":"${name}","email":"${email}","email_verified":true,"picture":"${avatar}"}'
)
USUAL_WORDS = {
    "code_used": ("invalid_grant", 400),
    "login_again": ("invalid_grant", 400),
    "client_secret": ("invalid_client", 401),
    "client_id": ("invalid_client", 401),
    "redirect_uri": ("redirect_uri_mismatch", 400),
    "scope": ("invalid_scope", 400),
    "refresh": ("invalid_token", 401),
}
STATUS_OF_RULES = 400


def subject_of(slug: str, person: Person) -> str:
    """Returns what a described provider calls a person."""
    return f"{slug}-{person.key}"


def filled(text: str, words: Mapping[str, str]) -> str:
    """Fills the words into a sample; those of JSON are written as such."""
    for name, value in words.items():
        inside = json.dumps(value, ensure_ascii=False)[1:-1]
        text = text.replace(f"${{{name}}}", inside)
    return text


def words_about(slug: str, person: Person, **more: str) -> dict[str, str]:
    """Returns what samples may hold about a person."""
    return {
        "subject": subject_of(slug, person),
        "number": str(person.number),
        "union_id": f"union-{person.key}",
        "name": person.name_zh,
        "name_encoded": quote(person.name_zh),
        "email": person.email,
        "avatar": f"https://pictures.example/{person.key}.png",
        "expires_in": str(LIFETIME),
        **more,
    }


def usual_token_answer(login: Mapping[str, Any]) -> str:
    """Returns the sample of a token answer where a description has none of its own."""
    answer = {
        "access_token": "${access_token}",
        "token_type": "Bearer",
        "expires_in": LIFETIME,
        **({"refresh_token": "${refresh_token}"} if "refresh" in login else {}),
        **({"id_token": "${id_token}"} if "id_token" in login else {}),
    }
    return json.dumps(answer)


def id_token(
    state: SandboxState, slug: str, login: Mapping[str, Any], grant: Grant, *, issuer: str, secret: str
) -> str:
    """Returns a signed ID token about the person of a grant."""
    now = int(state.now())
    person = grant.person
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": subject_of(slug, person),
        "aud": grant.client_id,
        "iat": now,
        "exp": now + openid.LIFETIME,
        "name": person.name_zh,
        "email": person.email,
        "email_verified": True,
    }
    if grant.nonce and login["id_token"].get("nonce") != "if_present":
        claims["nonce"] = grant.nonce
    claims |= json.loads(filled(login.get("samples", {}).get("claims", "{}"), words_about(slug, person)))
    if first(login["id_token"].get("algorithms", ["RS256"])) == "HS256":
        return openid.signed_hs256(claims, secret.encode(), "shared")
    return openid.signed_rs256(claims)


def refusal(login: Mapping[str, Any], call: str, *hints: str) -> Response:
    """Returns a provider's own way of saying one of these things, the usual words where it has none."""
    rule = rule_for(login, call, hints)
    if rule is None and hints[0] == "not_a_member":
        return _answer({"errcode": 0, "openid": "outsider"}, 200)
    if rule is None:
        word, status = USUAL_WORDS.get(hints[0], ("server_error", 400))
        return _answer({"error": word, "error_description": hints[0]}, status)
    code_path = str(login.get("code", "error")).split("|")[0]
    where = str(rule.get("where") or code_path).split("|")[0]
    value = first(rule["is"]) if "is" in rule else first(rule["contains"]) if "contains" in rule else True
    status = int(first(rule["status"])) if "status" in rule else STATUS_OF_RULES
    content: dict[str, Any] = {}
    headers: dict[str, str] = {}
    if where.startswith("header:"):
        headers[where.removeprefix("header:")] = str(value)
    else:
        _put(content, where, value)
    if not where.startswith(code_path) and not code_path.startswith("header:"):
        _put(content, code_path.split(".")[0], content.get(code_path.split(".")[0], "refused"))
    answer = _answer(content, status)
    answer.headers.update(headers)
    return answer


def _put(content: dict[str, Any], path: str, value: Any) -> None:
    *before, last = path.split(".")
    if last.isdigit():
        content[before[-1]] = [value]
        return
    for step in before:
        content = content.setdefault(step, {})
    content[last] = value


def _answer(content: dict[str, Any], status: int) -> Response:
    return Response(
        json.dumps(content, ensure_ascii=False).encode(), status=status, content_type="text/plain"
    )
