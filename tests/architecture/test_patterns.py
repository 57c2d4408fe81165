"""Every regular expression of the gateway takes time in step with the text, or meets configuration only.

A pattern that starts anew at each of its own pieces needs the square of the text: 200 kB of header then stop the
interpreter for 20 seconds. So each pattern is fed 1 MB of what is worst for it. A new pattern is entered here.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import time
from collections.abc import Iterator

import pytest

import app
from app.security.redaction import redact_headers, redact_query, redact_text
from tests.architecture.source import modules, text, tree

SECONDS = {20_000: 2.0, 1_000_000: 10.0}
"""By size of the text, of this thread's own time on the processor: a busy machine changes nothing.

A linear pattern needs a twentieth of it; one that needs the square of the text needs minutes for 1 MB.
"""

CONFIGURATION_ONLY = {
    "app.cli.own_files:VARIABLE",
    "app.cli.take_over:OLD_IMPORT",
    "app.cli.take_over:OLD_SETTING",
    "app.config.api_tokens:METHOD",
    "app.config.api_tokens:NAME",
    "app.config.channels:HOST",
    "app.config.channels:VARIABLE",
    "app.config.domain_files:NAME",
    "app.config.field_paths:PATH",
    "app.config.passwords:END_OF_HOST",
    "app.config.passwords:USER_ALONE",
    "app.config.names:NAME",
    "app.config.push_keys:KEY",
    "app.config.notifications:TEMPLATE",
    "app.config.rates:BURST",
    "app.config.rates:RATE",
    "app.config.retries:DELAY",
    "app.config.samples:BLOCK",
    "app.config.setting_kinds:HOST",
    "app.config.tracing:HEADER_NAME",
    "app.pipeline.router:ON_DEAD_NAME",
    "app.platforms.aws_sns.settings:TOPIC",
    "app.platforms.google_pubsub.settings:SUBSCRIPTION",
    "app.platforms.dingtalk.settings:ROBOT_TOKEN",
    "app.platforms.ebay.settings:TOKEN",
    "app.platforms.huawei_smn.settings:URN",
    "app.platforms.ntfy.settings:TOPIC",
    "app.platforms.oauth2.settings:PATH",
    "app.platforms.paypal.settings:HOST",
    "app.platforms.serverchan.settings:SEND_KEY",
    "app.platforms.smtp.settings:HOST",
    "app.platforms.telegram.settings:BOT_TOKEN",
    "app.platforms.wechat_component.settings:APP_ID",
    "app.platforms.wechatpay.keys:PUBLIC_KEY_ID",
    "app.platforms.wecom.settings:ROBOT_KEY",
    "app.telemetry.handler_meters:NAME",
    "app.wire.key_addresses:WORD",
    "app.wire.wechat_family.template_settings:VALUE_NAME",
    "app.wire.logins.sentences:_PLACE",
    "app.wire.sources.chinese:AFTER_CHINESE",
    "app.wire.sources.chinese:BEFORE_CHINESE",
    "app.wire.sources.chinese:CODE",
    "app.wire.sources.chinese:NEEDLESS",
    "app.wire.sources.places:PART",
    "app.wire.sources.places:SETTING",
    "app.wire.sources.places:STEP",
    "app.wire.sources.templates:FUNCTION",
    "app.wire.sources.templates:PIECE",
    "app.wire.wechat_family.crypto:ENCODING_AES_KEY",
}
"""What only an operator writes, in the channels file or the environment, or a developer, in the name of a handler."""

WORST: dict[str, tuple[str, list[tuple[str, str, str]]]] = {
    "app.config.api_tokens:SEGMENT": ("fullmatch", [("", "a", "/"), ("", "a.", "%")]),
    "app.pipeline.relay.call:RELAY_TOKEN": ("sub", [("", "cgr_", ""), ("cgr_", "a", "!"), ("", "cgr_a", "!")]),
    "app.core.exact_json:_ESCAPE": ("sub", [("", "\\ud83d", ""), ("", "\\", ""), ("", "\\u", ""), ("", "\\ud83d\\u", "")]),
    "app.core.exact_json:_HALF": ("sub", [("", "a", ""), ("", "\ud83d", "")]),
    "app.core.moments:HOUR_24": ("sub", [("", "T2", ""), ("", " ", ""), ("", "T24", "")]),
    "app.core.storable:NOT_KEPT": ("sub", [("", "a\t", ""), ("", "\x00", ""), ("", "\ud83d", "")]),
    "app.core.visible:CONTROL": ("sub", [("", "a\t", ""), ("", "\x1b", ""), ("", "a\u200d", "")]),
    "app.core.visible:STEERING": ("sub", [("", "a\t", ""), ("", "\x1b", ""), ("", "\u202e", "")]),
    "app.core.traces:TRACEPARENT": ("fullmatch", [("", "0", ""), (f"cc-{'a' * 32}-{'b' * 16}-01-", "a", ""), (f"cc-{'a' * 32}-{'b' * 16}-01-", "a", " ")]),
    "app.config.clients:CLIENT_ID": ("fullmatch", [("", "a", ""), ("a", ".", "!")]),
    "app.config.clients:SCOPE": ("fullmatch", [("", "a", ""), ("a", ":", "!")]),
    "app.web.issuer.asking:CHALLENGE": ("fullmatch", [("", "a", ""), ("", "-", "!")]),
    "app.pipeline.binding.codes:APP_SHAPE": ("fullmatch", [("", "a", ""), ("", "a.", "!")]),
    "app.pipeline.binding.codes:CODE_SHAPE": ("fullmatch", [("", "A", "")]),
    "app.pipeline.binding.codes:WORD_SHAPE": ("fullmatch", [("", "a", "x")]),
    "app.pipeline.commands.accept:COMMAND": ("fullmatch", [("", "A", ""), ("", "A.", "!")]),
    "app.pipeline.payments.expect:ZONE": ("search", [("", "+00", ""), ("", "-", "")]),
    "app.pipeline.payments.expect:ORDER": ("fullmatch", [("", "a", "")]),
    "app.pipeline.commands.accept:COMMAND_ID": ("fullmatch", [("", "a", "")]),
    "app.pipeline.operators.notifications:EVENT_ID": ("fullmatch", [("", "a", "")]),
    "app.pipeline.operators.console_people:NAME": ("fullmatch", [("", "a", "/"), ("a", "@", " ")]),
    "app.pipeline.operators.bindings:CURSOR_SHAPE": ("fullmatch", [("", "a", "")]),
    "app.pipeline.operators.messages:CURSOR": ("fullmatch", [("", "1", ""), ("1.", "1", "!")]),
    "app.pipeline.sending.accept:IDEMPOTENCY_KEY": ("fullmatch", [("", "a", ""), ("", " ", "\n")]),
    "app.pipeline.sending.wanted:TYPE": ("fullmatch", [("", "A", ""), ("", "A.", "!")]),
    "app.pipeline.sending.wanted:ACCOUNT_VALUE": ("fullmatch", [("", "a", ""), ("a/", "a", "!"), ("", "a/", "")]),
    "app.platforms.alipay.callbacks:NOTIFY_ID": ("fullmatch", [("", "a", ""), ("", "1", "!")]),
    "app.platforms.alipay.callbacks:WORD": ("fullmatch", [("", "a", ""), ("", "a.", "!")]),
    "app.platforms.alipay.error_codes:ERROR_WORD": ("fullmatch", [("", "a", ""), ("", "1.", "!")]),
    "app.platforms.apple_notifications.signed_data:COMPACT": (
        "fullmatch", [("", "a", ""), ("a.", "a", ""), ("", "a.", ""), ("a.b.", "-", "!")],
    ),
    "app.platforms.aws_sns.callbacks:CERTIFICATE_PATH": (
        "fullmatch", [("SimpleNotificationService-", "a", ".pem"), ("", "/SimpleNotificationService-", "")],
    ),
    "app.platforms.callback.bearer:BEARER": (
        "fullmatch", [("Bearer ", "a.", ""), ("Bearer ", "a", ""), ("Bearer ", "a-", "."), ("Bearer a.", "a", "")],
    ),
    "app.platforms.callback.callbacks:NONCE": ("fullmatch", [("", "a", "")]),
    "app.platforms.callback.callbacks:SIGNATURE": ("fullmatch", [("", "a", ""), ("sha256=", "a", ""), ("", "sha256=", "")]),
    "app.platforms.dingtalk.answers:ERROR_WORD": ("fullmatch", [("", "a", ""), ("", "1.", "!")]),
    "app.platforms.dingtalk.sending:MEMBER_ID": ("fullmatch", [("", "a", ""), ("a", ".", "!")]),
    "app.platforms.dingtalk.sending:MOBILE": ("fullmatch", [("", "1", ""), ("+861", "0", "!"), ("+", "1", "")]),
    "app.platforms.discord.sending:MENTION": ("fullmatch", [("", "1", ""), ("", "1", "x")]),
    "app.platforms.slack.sending:MENTION": ("fullmatch", [("U", "A", ""), ("U", "0", "!")]),
    "app.platforms.smtp.settings:ADDRESS": ("fullmatch", [("", "a", ""), ("", "a@", ""), ("a@", "a.", "!")]),
    "app.platforms.telegram.sending:NAME": ("fullmatch", [("@", "a", ""), ("", "@", "")]),
    "app.platforms.telegram.sending:PERSON": ("fullmatch", [("", "1", ""), ("", "1", "x")]),
    "app.platforms.telegram.sending:TAG": ("sub", [("", "<", ""), ("", "<a", ""), ("<", "a", ""), ("", "<a>", ""), ("", "<>", "")]),
    "app.platforms.ebay.callbacks:KID": ("fullmatch", [("", "a", ""), ("", "a-", "!")]),
    "app.platforms.ebay.callbacks:TOPIC": ("fullmatch", [("", "A", ""), ("", "A_", "!")]),
    "app.platforms.ebay.handshake:CODE": ("fullmatch", [("", "a", ""), ("", "a-", "!")]),
    "app.platforms.jira_connect.callbacks:KEY_WORD": ("fullmatch", [("", "a", ""), ("", "a:", "!")]),
    "app.platforms.jira_connect.callbacks:TYPE": ("fullmatch", [("", "a", ""), ("", "a:", "!")]),
    "app.platforms.jira_connect.tenants:TENANT_LETTERS": ("fullmatch", [("", "a", ""), ("", "a:", " ")]),
    "app.platforms.plaid.callbacks:WORD": ("fullmatch", [("", "A", ""), ("", "A_", "!")]),
    "app.wire.key_addresses:REST": ("fullmatch", [("", "a", ""), ("", "a/", ""), ("", "a.", "!"), (".", "a", "/")]),
    "app.wire.pem_texts:PEM_BLOCK": (
        "findall", [("", "-----BEGIN A-----", ""), ("-----BEGIN A-----", "a", ""), ("-----BEGIN A-----", "a\n", "-----END B-----"), ("", "-", "")],
    ),
    "app.wire.signed_tokens:KEY_ID": ("fullmatch", [("", "a", ""), ("", "a-", "!")]),
    "app.platforms.feishu.answers:ERROR_WORD": ("fullmatch", [("", "a", ""), ("", "1.", "!")]),
    "app.platforms.feishu.answers:WHOLE_NUMBER": ("fullmatch", [("-", "1", "")]),
    "app.platforms.feishu.outgoing:MENTION": ("fullmatch", [("", "a", "!")]),
    "app.platforms.feishu.messages:FRACTIONAL_SECONDS": ("fullmatch", [("", "1", ""), ("1.", "1", "x"), ("", "1.", "")]),
    "app.wire.wechat_family.account_messages:PLACES": ("split", [("", "{title", ""), ("", "{", "}"), ("{title}", "{text", "}")]),
    "app.wire.wechat_family.account_messages:VALUE_NAME": ("fullmatch", [("", "a", "1"), ("a", "1", ""), ("", "a1", "!")]),
    "app.wire.wechat_family.answers:IPV4": ("sub", [("", "1.", ""), ("", "123.", "x"), ("", "1", ""), ("", "1.1.1.", "x")]),
    "app.platforms.github.callbacks:DELIVERY": ("fullmatch", [("", "a", " ")]),
    "app.platforms.github.callbacks:EVENT_NAME": ("fullmatch", [("", "a", "!")]),
    "app.platforms.github.callbacks:SIGNATURE": ("fullmatch", [("", "sha256=", ""), ("sha256=", "a", "")]),
    "app.platforms.paypal.callbacks:CERTIFICATE_PATH": (
        "fullmatch", [("v1/notifications/certs/", "a", ""), ("", "/v1/notifications/certs/", "")],
    ),
    "app.platforms.wechat.binding:BIND_TEXT": (
        "fullmatch",
        [("", " ", "x"), ("bind", " ", "x"), ("bind ", "a ", "!x"), ("bind abcdefgh", ".,", "x"), ("bind a", " ", "x"),
         ("bind", ": ", "x"), ("", "bind ", "")],
    ),
    "app.pipeline.tokens.authorisation_links:CODE": ("fullmatch", [("", "a", " ")]),
    "app.pipeline.tokens.authorisation_links:KEY": ("fullmatch", [("", "1", ""), ("1234567890-", "a", "x")]),
    "app.platforms.wechat_component.callbacks:ACCOUNT": ("fullmatch", [("", "a", ""), ("", "a", "/"), ("a", "/", "")]),
    "app.platforms.qqbot.sending:ANSWERED": ("fullmatch", [("", "a", " ")]),
    "app.platforms.qqbot.sending:OPENID": ("fullmatch", [("", "a", "/")]),
    "app.platforms.wecom.sending:MEMBER_ID": ("fullmatch", [("", "a", ""), ("a", ".", "!")]),
    "app.platforms.wecom.sending:MOBILE": ("fullmatch", [("", "1", ""), ("1", "0", "!")]),
    "app.platforms.wecom_aibot.callbacks:ECHO": ("fullmatch", [("", "a", "!")]),
    "app.platforms.wecom_suite.callbacks:COMPANY": ("fullmatch", [("", "a", ""), ("", "$CORPID$", ""), ("a", "/", "")]),
    "app.wire.wechat_family.message_push:ECHO": ("fullmatch", [("", "a", "")]),
    "app.platforms.wechatpay.keys:SERIAL": ("fullmatch", [("", "0", ""), ("", "A", "x")]),
    "app.security.addresses:WITH_PORT": ("fullmatch", [("", "1.", ""), ("[", "a:", "]:1"), ("1.1.1.1:", "1", "")]),
    "app.security.mail_client:AT_PLACE": ("fullmatch", [("", "a", ""), ("", "a", "@")]),
    "app.security.mail_client:IN_BRACKETS": (
        "sub", [("", "<", ""), ("", "<a", ""), ("", "a", ""), ("", "a@", ""), ("a@", "b", ""), ("<", "a", ""), ("", "<a>", "")],
    ),
    "app.security.public_addresses:_NAME": (
        "fullmatch", [("", "a", ""), ("", "a.", ""), ("", "a-", ""), ("", "a-a.", "-"), ("", "a", "-")],
    ),
    "app.security.public_addresses:_NUMBER": ("fullmatch", [("", "1", "x"), ("0x", "0", "x")]),
    "app.security.public_addresses:_PLAIN": ("fullmatch", [("", "a", " ")]),
    "app.security.redaction:_BEARER": (
        "sub", [("", "token ", ""), ("", "bearer\t", ""), ("token", " ", ""), ("", "basic  a-", ""), ("token ", "a-token ", "")],
    ),
    "app.security.redaction:_ELEMENT": (
        "sub", [("", "<a", ""), ("", "<a>", ""), ("<", "a", ">"), ("", "<a>  ", ""), ("", "<a><![CDATA[", ""), ("<a>", " ", "")],
    ),
    "app.security.redaction:_ELEMENT_VALUE": ("match", [("", "a", "<"), ("", "]", ""), ("", "]]", ">"), ("", "]]a", "]]>")]),
    "app.security.redaction:_EMAIL": (
        "sub", [("", "a@", ""), ("", "a%40", ""), ("", "a.", "@"), ("", "a@b-", ""), ("a@", "b.", "@"), ("", "a+", ""), ("a@", "b", "")],
    ),
    "app.security.redaction:_ENCODED_VALUE": ("match", [("", "%", ""), ("", "%2", ""), ("", "%25", "%26"), ("", "a", "&")]),
    "app.security.redaction:_HEADER_LINE": (
        "sub", [("", "\n ", ""), ("", " ", ""), ("", "cookie", ""), ("", "\ncookie ", ""), ("cookie", " ", ""), ("", "set-", "")],
    ),
    "app.security.redaction:_HEX_AFTER": ("match", [("", "a", "x")]),
    "app.security.redaction:_JWT": (
        "sub",
        [("", "eyJ-", ""), ("", "eyJ-", "."), ("", "eyJ-", ".a"), ("", "eyJa.", ""), ("", "a-", ".eyJ"), ("", "eyJ", ".a.a"),
         ("", "-", ".a"), ("", "a-eyJ.", ""), ("", "eyJ--", ".a"), ("", "é-eyJ", "")],
    ),
    "app.security.redaction:_PAIR": (
        "sub", [("", "a", ""), ("", "a-", ""), ("", "%61", ""), ("", "%3", ""), ("", "a%3D", ""), ("", "code=", ""), ("", "a&", "")],
    ),
    "app.security.redaction:_PHONE": ("sub", [("", "1", ""), ("", "86 ", ""), ("", "+86-13", ""), ("", "13912345678", ""), ("", "1391234 ", "")]),
    "app.security.redaction:_PLAIN_VALUE": ("match", [("", "a", "&")]),
    "app.security.redaction:_PLAIN_WORD": ("fullmatch", [("", "a", "")]),
    "app.security.redaction:_QUOTED": ("sub", [("", "\"", ""), ("", "'a", ""), ("", "'a'  ", ""), ("", "\"a\\", ""), ("", "'a':", "")]),
    "app.security.redaction:_QUOTED_VALUE": ("match", [("", "\\", ""), ("", "\\a", "\""), ("", "a", "")]),
    "app.security.redaction:_USER_INFO": ("sub", [("", "://", ""), ("", "://a", ""), ("://", "a", ""), ("", "://a:", "@")]),
    "app.security.redaction:_WEBHOOK_SECRET": ("sub", [("", "whsec_", ""), ("", "whsk_ ", ""), ("", "-whsec_", "")]),
    "app.security.return_urls:_ADDRESS": ("fullmatch", [("http://", "a", "\n"), ("http://a", "/", "\n"), ("", "http://", "")]),
    "app.security.return_urls:_DOT_SEGMENT": ("sub", [("", "/.", ""), ("", "/..", "x"), ("", "/", "")]),
    "app.security.return_urls:_ODD_IN_PATH": ("sub", [("", "/", ""), ("", "%", ""), ("", "%2", ""), ("", "%41", "")]),
    "app.security.return_urls:_PLAIN": ("fullmatch", [("", "a", " ")]),
    "app.security.return_urls:_REST": ("split", [("", "?", ""), ("", "a", "#")]),
    "app.security.safe_xml:_NOT_XML": ("sub", [("", "a", ""), ("", "\x01", ""), ("", "\ud83d", "")]),
    "app.security.safe_xml:_REFERENCE": ("sub", [("", "&#", ""), ("", "&#x", ""), ("&#", "1", ""), ("", "&#1", ""), ("", "&#1;", "")]),
    "app.security.session_tokens:_KID": ("fullmatch", [("", "a", "")]),
    "app.security.session_tokens:_TOKEN": ("fullmatch", [("", "a.", ""), ("", "a", ""), ("a.", "a", ""), ("a.a.", "a", "!")]),
    "app.security.strict_json:STRING": ("sub", [("", "\"", ""), ("", "\"\\", ""), ("\"", "\\\"", ""), ("\"", "a", ""), ("", "\"a", "")]),
    "app.web.people.session_cookies:_BEARER": ("fullmatch", [("Bearer ", "a", "!"), ("", "Bearer ", "")]),
    "app.web.people.session_cookies:_LOGIN_VALUE": ("fullmatch", [("", "a", ""), ("", "a.", "")]),
    "app.platforms.huawei_iap_v3.token:COMPACT": (
        "fullmatch", [("", "a", ""), ("", "a.", ""), ("a.", "a", "!"), ("a.a.", "a", "!"), ("", "a-", ".")],
    ),
    "app.platforms.unionpay.callbacks:WORD": ("fullmatch", [("", "a", ""), ("", "1", "!")]),
    "app.wire.beijing_time:WRITTEN": ("fullmatch", [("", "1", ""), ("", "2026-05-29 ", ""), ("2026-05-29", " ", "")]),
    "app.wire.oauth2:ERROR_WORD": ("fullmatch", [("", "a", ""), ("", "a.", "!")]),
    "app.wire.oauth2:TOKEN": ("fullmatch", [("", "a", ""), ("", "a", " ")]),
    "app.wire.sources.answers:BASE64_ECHO": ("fullmatch", [("", "a", "")]),
    "app.wire.sources.answers:LETTERS_ECHO": ("fullmatch", [("", "a", ""), ("", "a", "-")]),
    "app.wire.sources.answers:HEX_ECHO": ("fullmatch", [("", "a", "")]),
    "app.wire.sources.answers:ORIGIN_ECHO": ("fullmatch", [("", "a", "")]),
    "app.wire.sources.answers:PLAIN_ECHO": ("fullmatch", [("", "a", "")]),
    "app.wire.sources.answers:WORD_ECHO": ("fullmatch", [("", "a", "")]),
    "app.wire.sources.delivery:XML_ROOT": (
        "match", [("", " ", ""), ("<?xml ?>", " ", ""), ("", "<?xml ?>", ""), ("<", "a", ""), ("", "<", "")],
    ),
    "app.wire.signed_tokens:COMPACT": ("fullmatch", [("", "a", ""), ("a.", "a", ""), ("", "a.", ""), ("a.b.", "-", "!")]),
}  # fmt: skip
"""For each pattern that meets outside text: how it is used, and its worst texts as beginning, what repeats, and end."""

BOUNDED_BEFORE = {"app.security.redaction:_HEX_BEFORE"}
"""Only ever sees a slice of a fixed length, cut where it is used."""


def patterns() -> Iterator[tuple[str, re.Pattern[str] | re.Pattern[bytes]]]:
    """Walk over every module of the gateway and give its compiled patterns."""
    for info in pkgutil.walk_packages(app.__path__, "app."):
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern):
                yield f"{info.name}:{name}", value


FOUND = dict(patterns())


def test_every_pattern_is_entered_here_and_none_that_is_gone() -> None:
    entered = WORST.keys() | CONFIGURATION_ONLY | BOUNDED_BEFORE
    imported = {name for name in FOUND.keys() - entered if FOUND[name] in map(FOUND.get, entered)}
    assert FOUND.keys() - entered - imported == set()
    assert entered - FOUND.keys() == set()


def test_patterns_are_compiled_where_they_can_be_found() -> None:
    offending = [
        f"{path}:{call.lineno}"
        for path in modules("app")
        if "re." in text(path)
        for call in _calls_of_re(tree(path))
    ]
    assert offending == []


def _calls_of_re(module: ast.Module) -> list[ast.Call]:
    """Return the calls of `re` that do not make a pattern with a name of its own in the module."""
    named = {id(node.value) for node in module.body if isinstance(node, ast.Assign | ast.AnnAssign)}
    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call) and id(node) not in named]
    return [call for call in calls if ast.unparse(call.func).startswith("re.") and call.func.attr != "escape"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", sorted(WORST))
def test_a_pattern_takes_time_in_step_with_the_text(name: str) -> None:
    how, shapes = WORST[name]
    for before, pump, after in shapes:
        for size, most in SECONDS.items():
            worst = before + pump * (size // len(pump)) + after
            assert _seconds(FOUND[name], how, worst) < most, (name, before, pump, after, size)


def _seconds(pattern: re.Pattern[str] | re.Pattern[bytes], how: str, worst: str) -> float:
    subject = worst.encode("utf-8", "surrogatepass") if isinstance(pattern.pattern, bytes) else worst
    nothing = subject[:0]
    started = time.thread_time()
    if how == "sub":
        pattern.sub(nothing, subject)  # type: ignore[arg-type]
    else:
        getattr(pattern, how)(subject)
    return time.thread_time() - started


@pytest.mark.parametrize("name", sorted(name for name in WORST if name.startswith("app.security.redaction")))
def test_redaction_as_a_whole_takes_time_in_step_with_the_text(name: str) -> None:
    for before, pump, after in WORST[name][1]:
        worst = before + pump * (100_000 // len(pump)) + after
        started = time.thread_time()
        redact_text(worst)
        redact_query(worst)
        assert time.thread_time() - started < SECONDS[1_000_000], (before, pump, after)


def test_a_header_of_many_half_tokens_is_read_once() -> None:
    started = time.thread_time()
    redact_headers([("X-Note", "eyJ-" * 250_000)])
    assert time.thread_time() - started < SECONDS[1_000_000]
