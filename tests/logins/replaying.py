"""Puts a channel with a described login through recorded exchanges, as the pipeline would: return, code, tokens, person."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from requests.structures import CaseInsensitiveDict

from app.core.errors import CallgateError, LoginError, RequestError, UpstreamError
from app.core.ports import HttpAnswer
from app.core.values import CodeGrant, Identity, TokenSet
from app.pipeline.login.return_query import read_return
from app.platforms.oauth2 import PLATFORM
from app.security.strict_json import parse_json_exactly

VECTORS = Path(__file__).parent / "vectors"
NOT_KEYS = ("redirect_uri", "state", "nonce", "code_verifier", "refresh_token")
DIRECT = "redeem_code"


def answer_of(status: int, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
    def json_object() -> Any:
        try:
            return parse_json_exactly(body)
        except ValueError as error:
            raise UpstreamError("upstream_bad_answer", "not JSON") from error

    return HttpAnswer(status, CaseInsensitiveDict(headers), body, json_object)


@dataclass
class Replayed:
    """Answers calls in their order; what was asked must be what the record says. Discovery and keys answer any time."""

    exchanges: list[dict[str, Any]]
    document: dict[str, Any] = field(default_factory=dict)
    jwks: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Any = None,
        form: Any = None,
        json: Any = None,
        headers: Any = None,
    ) -> HttpAnswer:
        if url == self.document.get("jwks_uri"):
            return self._said(self.jwks)
        if "openid-configuration" in url:
            return self._said(self.document)
        self.asked.append(url)
        assert self.exchanges, f"nothing was recorded for {method} {url}"
        exchange = self.exchanges.pop(0)
        wanted = exchange["request"]
        assert (method, url) == (wanted["method"], wanted["url"])
        assert None in (form, json)
        _holds(params, wanted.get("query", {}))
        _holds(headers, wanted.get("headers", {}))
        _holds(form if json is None else json, wanted.get("body", {}))
        if "place" in wanted:
            assert (form if wanted["place"] == "form" else json) is not None
        answer = exchange["answer"]
        return answer_of(answer["status"], answer["headers"], answer["body"].encode())

    @staticmethod
    def _said(content: Any) -> HttpAnswer:
        return answer_of(200, {}, json.dumps(content).encode())


def _holds(given: Any, wanted: Mapping[str, Any]) -> None:
    said = {name: str(value) for name, value in (given or {}).items()}
    assert {name: said.get(name) for name in wanted} == {name: str(value) for name, value in wanted.items()}


def opened(slug: str, keys: Mapping[str, Any]) -> Any:
    return PLATFORM.open("x", PLATFORM.settings.model_validate({"preset": slug, **keys}))


def document_of(login: Any, case: Mapping[str, Any]) -> dict[str, Any]:
    """Return a discovery document that names what the record's calls go to."""
    urls = [exchange["request"]["url"] for exchange in case["exchanges"]]
    issuer = login.engine.issuer if hasattr(login, "engine") else ""
    found = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": urls[0] if urls else f"{issuer}/token",
        "jwks_uri": f"{issuer}/keys",
    }
    return found | ({"userinfo_endpoint": urls[1]} if len(urls) > 1 else {})


def replay(
    slug: str, record: Mapping[str, Any], case: Mapping[str, Any]
) -> tuple[Identity | None, TokenSet, list[Any]]:
    """Put one case through; returns who it is (nobody for a refresh), the tokens, and what was not asked for."""
    said = record["settings"]
    keys = {name: value for name, value in said.items() if name not in NOT_KEYS}
    login = opened(slug, keys)
    http = Replayed(list(case["exchanges"]), document_of(login, case), record.get("jwks", {}))
    if case["flow"] == "refresh":
        old = TokenSet("AT-OLD", refresh_token=said["refresh_token"], asked_at=record["now"])
        return None, login.refresh(old, http), http.exchanges
    code, others = _returned(login, case["callback"]["params"])
    app_token = (
        login.fetch_app_token(http, rejected=None).value if hasattr(login, "fetch_app_token") else None
    )
    if hasattr(login, "learn"):
        login.learn(http)
    grant = CodeGrant(
        code, said["redirect_uri"], said["code_verifier"], parameters=others, nonce=said["nonce"],
        redeemed_at=record["now"], app_token=app_token,
    )  # fmt: skip
    tokens = login.exchange(grant, http)
    lent = TokenSet(**{**_fields(tokens), "app_token": app_token, "asked_at": record["now"]})
    return login.identity(lent, http), tokens, http.exchanges


def _fields(tokens: TokenSet) -> dict[str, Any]:
    return {name: getattr(tokens, name) for name in TokenSet.__dataclass_fields__}


def _returned(login: Any, params: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
    """Read a return as the pipeline does: two codes are refused, an error is told, no code is a refusal."""
    if hasattr(login, DIRECT):
        return params["code"], {}
    try:
        given = read_return(urlencode(params).encode(), login.code_parameters, login.return_names)
    except RequestError as error:
        raise LoginError(error.code, error.message) from None
    told = login.refused_return(given.error, given.others)
    if told is not None:
        raise told
    if given.code is None:
        raise LoginError("access_denied", "The login was cancelled; start again when you like.")
    return given.code, given.others


def failure_of(error: CallgateError) -> dict[str, Any]:
    """Return an error in the words of the records."""
    classes = {
        "GrantRejected": "grant_rejected", "TokenRejected": "token_rejected", "UpstreamUnavailable": "unavailable",
        "UpstreamError": "config", "LoginError": "grant_rejected",
    }  # fmt: skip
    hints = {"access_denied": "user_denied", "bad_callback": "login_again"}
    return {
        "class": classes[error.__class__.__name__],
        "hint": getattr(error, "hint", None) or hints.get(error.code),
        "code": getattr(error, "platform_code", None),
        "retry_after": error.retry_after,
    }


def query_of(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))
