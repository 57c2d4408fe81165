"""Sends correctly signed events to the gateway, alone, repeated, out of order or side by side.

Turns a sample into the exact bytes a platform would send and collects the answers. What the samples contain
is in `events`, how they are signed in `signers`.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import requests

from sandbox.events import Moment, find_sample
from sandbox.faults import deep_merge
from sandbox.people import PEOPLE, find_person, find_wechat_person
from sandbox.signers import feishu, unified, wechat
from sandbox.state import SandboxState

PLATFORMS = ("feishu", "wechat", "callback", "standard-webhooks")
USUAL_CHANNELS = {"webhooks": "standard-webhooks"}
"""Channels that the gateway's own channels file names differently from their platform."""
MOST_EVENTS = 10_000
MOST_PARALLEL = 64


@dataclass(frozen=True)
class Outgoing:
    """One request, ready to be sent as often as wanted."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    event_id: str


@dataclass(frozen=True)
class Order:
    """What is to be fired; built from the JSON of the control API."""

    channel: str
    type: str
    platform: str = ""
    count: int = 1
    duplicate: int = 0
    reorder: bool = False
    parallel: int = 1
    person: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    """mode and format (wechat), scheme and version (callback), encrypted (feishu), path, timeout."""

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Order:
        """Reads an order; raises ValueError with what to fix."""
        asked = str(given.get("channel") or "")
        platform = str(given.get("platform") or USUAL_CHANNELS.get(asked, asked))
        usual = next((name for name, kind in USUAL_CHANNELS.items() if kind == platform), platform)
        channel = asked or usual
        if platform not in PLATFORMS:
            raise ValueError(f"platform must be one of {', '.join(PLATFORMS)}")
        event_type = str(given.get("type", ""))
        if find_sample(platform, event_type) is None:
            raise ValueError(f"{platform} has no sample {event_type!r}; see GET /_sandbox/samples")
        data = given.get("data", {})
        if not isinstance(data, dict):
            raise ValueError("data must be an object")
        named = {"channel", "type", "platform", "count", "duplicate", "reorder", "parallel", "person", "data"}
        return cls(
            channel=channel,
            type=event_type,
            platform=platform,
            count=_between(given.get("count", 1), 1, MOST_EVENTS),
            duplicate=_between(given.get("duplicate", 0), 0, MOST_EVENTS),
            reorder=bool(given.get("reorder", False)),
            parallel=_between(given.get("parallel", 1), 1, MOST_PARALLEL),
            person=str(given.get("person", "")),
            data=data,
            options={name: value for name, value in given.items() if name not in named},
        )


def fire(state: SandboxState, order: Order) -> list[dict[str, Any]]:
    """Builds, signs and sends what was ordered; returns one result per request."""
    built = [build(state, order, age=order.count - 1 - number) for number in range(order.count)]
    copies = order.duplicate
    repeated = state.faults.take(f"fire.{order.channel}", ("duplicate",))
    if repeated is not None:
        copies += int(repeated.options.get("copies", 1))
    requests_to_send = [outgoing for outgoing in built for _ in range(1 + copies)]
    if order.reorder or state.faults.take(f"fire.{order.channel}", ("reorder",)) is not None:
        requests_to_send.reverse()
    timeout = float(order.options.get("timeout", 10))
    if order.parallel == 1:
        return [send(state, outgoing, order, timeout) for outgoing in requests_to_send]
    with ThreadPoolExecutor(order.parallel) as pool:
        return list(pool.map(lambda outgoing: send(state, outgoing, order, timeout), requests_to_send))


def build(state: SandboxState, order: Order, age: int = 0) -> Outgoing:
    """Turns an order into the exact request its platform would send, new each time.

    WeChat events have no id but their second, so several at once are given different ages.
    """
    sample = find_sample(order.platform, order.type)
    if sample is None:
        raise ValueError(f"{order.platform} has no sample {order.type!r}")
    person = find_person(order.person) or PEOPLE[0]
    happened = state.now() - (age if order.platform == "wechat" else 0)
    moment = Moment(state.settings, person, happened)
    fields = deep_merge(sample.build(moment), order.data)
    path = str(order.options.get("path") or f"/webhooks/{order.channel}")
    if order.platform == "feishu":
        return _feishu(state, order, fields, path)
    if order.platform == "wechat":
        return _wechat(state, order, fields, path)
    if order.platform == "standard-webhooks":
        return _standard(state, fields, path)
    if order.channel == "callback" and "path" not in order.options:
        path = f"/api/{order.options.get('version', 'v1')}/platform/callback"
    return _callback(state, order, fields, path)


def send(state: SandboxState, outgoing: Outgoing, order: Order, timeout: float) -> dict[str, Any]:
    """Sends one request and returns status, body and time; status 0 means no answer."""
    started = time.monotonic()
    result: dict[str, Any] = {"event_id": outgoing.event_id}
    try:
        answer = _exchange(state.settings.gateway_url, outgoing, timeout)
        result |= {"status": answer.status_code, "body": answer.content.decode("utf-8", "replace")}
        if order.platform == "wechat":
            result |= _opened(state, answer.content)
    except requests.RequestException as error:
        result |= {"status": 0, "body": type(error).__name__}
    result["milliseconds"] = round((time.monotonic() - started) * 1000, 1)
    if order.platform == "wechat":
        _remember_follower(state, order)
    return result


def _exchange(gateway_url: str, outgoing: Outgoing, timeout: float) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False  # A proxy meant for the internet must not see calls to this machine.
        return session.request(
            outgoing.method,
            gateway_url + outgoing.path,
            data=outgoing.body,
            headers=outgoing.headers,
            timeout=timeout,
            allow_redirects=False,
        )


def _feishu(state: SandboxState, order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    settings = state.settings
    plain = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    key = settings.feishu_encrypt_key if order.options.get("encrypted", True) else ""
    body = feishu.envelope(plain, key) if key else plain
    timestamp, nonce = str(int(state.now())), str(secrets.randbelow(9 * 10**9) + 10**9)
    headers = {"Content-Type": "application/json;charset=utf-8", "User-Agent": "Go-http-client/1.1"}
    event_id = str(fields.get("header", {}).get("event_id") or fields.get("uuid") or "")
    if order.type == "card.action.trigger_v1":
        body = plain
        signature = feishu.card_signature(timestamp, nonce, settings.feishu_verification_token, body)
        headers |= feishu.headers(timestamp, nonce, signature)
        event_id = str(fields.get("open_message_id", ""))
    elif order.type != "url_verification":
        headers |= feishu.headers(timestamp, nonce, feishu.event_signature(timestamp, nonce, key, body))
    return Outgoing("POST", path, headers, body, event_id)


def _wechat(state: SandboxState, order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    settings = state.settings
    timestamp, nonce = str(int(state.now())), str(secrets.randbelow(10**9))
    signed = wechat.signature(settings.wechat_token, timestamp, nonce)
    query = {"signature": signed, "timestamp": timestamp, "nonce": nonce}
    if order.type == "url_verification":
        query["echostr"] = str(fields.get("echostr") or secrets.randbelow(9 * 10**18) + 10**18)
        return Outgoing("GET", f"{path}?{urlencode(query)}", {}, b"", query["echostr"])
    data_format = str(order.options.get("format", "xml"))
    mode = str(order.options.get("mode") or settings.wechat_mode)
    query["openid"] = str(fields.get("FromUserName", ""))
    body = wechat.build_body(fields, data_format)
    if mode != "plain":
        encrypted = wechat.encrypt(body, settings.wechat_encoding_aes_key, settings.wechat_app_id)
        query["encrypt_type"] = "aes"
        query["msg_signature"] = wechat.message_signature(settings.wechat_token, timestamp, nonce, encrypted)
        shown = fields if mode == "compatible" else {"ToUserName": fields.get("ToUserName", "")}
        body = wechat.build_body({**shown, "Encrypt": encrypted}, data_format)
    headers = {"Content-Type": "application/json" if data_format == "json" else "text/xml"}
    event_id = str(fields.get("MsgId") or f"{fields.get('FromUserName')}{fields.get('CreateTime')}")
    return Outgoing("POST", f"{path}?{urlencode(query)}", headers, body, event_id)


def _callback(state: SandboxState, order: Order, fields: dict[str, Any], path: str) -> Outgoing:
    secret = state.settings.callback_secret
    body = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    now = int(state.now())
    scheme = str(order.options.get("scheme") or state.settings.callback_scheme)
    signers = {
        "body": lambda: unified.body_headers(secret, body),
        "timestamp-nonce": lambda: unified.timestamp_nonce_headers(
            secret, body, str(now), secrets.token_hex(12)
        ),
        "token": lambda: unified.token_headers(secret),
        "jwt": lambda: unified.jwt_headers(secret, body, now),
    }
    if scheme not in signers:
        raise ValueError(f"scheme must be one of {', '.join(signers)}")
    headers = {"Content-Type": "application/json", "X-Event-Type": str(fields.get("event_type", ""))}
    return Outgoing("POST", path, headers | signers[scheme](), body, str(fields.get("event_id", "")))


def _standard(state: SandboxState, fields: dict[str, Any], path: str) -> Outgoing:
    body = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    message_id = "msg_" + secrets.token_hex(12)
    secret = state.settings.standard_webhooks_secret
    headers = unified.standard_webhooks_headers(secret, message_id, int(state.now()), body)
    return Outgoing("POST", path, {"Content-Type": "application/json", **headers}, body, message_id)


def _opened(state: SandboxState, body: bytes) -> dict[str, Any]:
    settings = state.settings
    if not body.lstrip().startswith((b"<", b"{")):
        return {}
    try:
        message = wechat.parse_body(body)
        if "Encrypt" in message:
            message = wechat.open_reply(
                body,
                token=settings.wechat_token,
                encoding_aes_key=settings.wechat_encoding_aes_key,
                receive_id=settings.wechat_app_id,
            )
        return {"reply": message}
    except (ValueError, KeyError) as error:
        return {"reply_problem": str(error)}


def _remember_follower(state: SandboxState, order: Order) -> None:
    person = find_person(order.person) or PEOPLE[0]
    named = find_wechat_person(str(order.data.get("FromUserName", "")), state.settings.wechat_app_id)
    key = (named or person).key
    with state.lock:
        if order.type == "subscribe":
            state.followers.setdefault(key, state.now())
        elif order.type == "unsubscribe":
            state.followers.pop(key, None)


def _between(value: Any, lowest: int, highest: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
        raise ValueError(f"a number is not between {lowest} and {highest}")
    return value
