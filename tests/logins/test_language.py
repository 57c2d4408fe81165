"""The words of a description: where values stand, how answers are written, what refusals mean, and what a wrong one is told."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from app.config.channels import fault_sentences
from app.core.errors import (
    ConfigurationError,
    GrantRejected,
    TokenRejected,
    UpstreamError,
    UpstreamUnavailable,
)
from app.platforms.oauth2 import PLATFORM
from app.platforms.oauth2.tables import presets
from app.wire.logins.bodies import compile_readers
from app.wire.logins.calls import rebased
from app.wire.logins.catalogue import read_login
from app.wire.logins.judging import Judge, Told
from app.wire.logins.places import Scope, Values, alternatives, compile_template, compile_value
from app.wire.logins.tokens import seconds
from tests.logins.replaying import answer_of

SCOPE = Scope({"client_id", "code"}, {"user", "token"})
VALUES = Values(
    {"client_id": "c1", "code": None},
    {
        "user": {"id": 2**60, "tags": ["a", "b"], "https://x.example/team": "T1", "none": None, "empty": ""},
        "token": {},
    },
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("user.id", 2**60),
        ("user.tags.1", "b"),
        ("user.tags.7", None),
        ('user."https://x.example/team"', "T1"),
        ("user.none|user.empty|user.id", 2**60),
        ("token.id", None),
        ("{client_id}", "c1"),
        ("{client_id}/{user.id}", f"c1/{2**60}"),
        ("https://p.example/{user.none}.png", None),
        ('{{"a":"{client_id}"}}', '{"a":"c1"}'),
    ],
)
def test_a_value_is_found_where_its_place_says(text: str, found: Any):
    assert compile_value(text, SCOPE)(VALUES) == found


@pytest.mark.parametrize("text", ["user..id", ".id", "user.", 'user."x', 'user."x"y', "", "a|"])
def test_a_place_that_makes_no_sense_is_refused(text: str):
    with pytest.raises(ValueError, match=r"path|quotes"):
        alternatives(text)


@pytest.mark.parametrize("text", ["{client_id", "client_id}", "{}", "{secret}", "{profile.id}"])
def test_a_template_that_cannot_be_filled_is_refused(text: str):
    with pytest.raises(ValueError, match=r"brace|known here|answers here"):
        compile_template(text, SCOPE)


def read(parse: list[str], body: bytes) -> Any:
    return compile_readers(tuple(parse))(body)


@pytest.mark.parametrize(
    "body",
    [
        b'callback( {"a":1} );', b'cb({"a":1})', b'{"a":1}', b'&&&START&&&{"a":1}', b'x.y( {"a":1,} );\n',
    ],
)  # fmt: skip
def test_a_body_is_read_in_whichever_form_it_has(body: bytes):
    assert read(["prefix:&&&START&&&", "jsonp", "json", "form"], body) == {"a": 1}


def test_a_form_is_read_when_it_is_no_json():
    assert read(["jsonp", "json", "form"], b"access_token=a%2Bb&expires_in=3") == {
        "access_token": "a+b",
        "expires_in": "3",
    }


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<html lang=x>a=b</html>", b"[1]", b'{"a":1,"a":2}', b"a=1&a=2", b"callback({)", b'(")', b"\xff\xfe", b"x" * 100_000,
        b'{"a":' * 50_000, b'alert(1);callback({"a":1})', b"null", b'callback([{"a":1}])', b"a=1&b", b'callback({"a":1,,})',
    ],
)  # fmt: skip
def test_a_body_in_no_form_is_refused(body: bytes):
    with pytest.raises(ValueError, match="in none of the forms"):
        read(["prefix:&&&START&&&", "jsonp", "json", "form"], body)


def test_names_with_raw_control_characters_are_read_where_the_description_says_so():
    assert read(["typed-json"], b'{"nickname":"a\nb"}') == {"nickname": "ab"}


LOGIN = """
slug = "made-up"
name = "Made up"
name_zh = "示例"
console = "made-up.example → Apps"
facts = "none"
read = "2026-11-28"
confidence = "source"
code = "header:X-Code|error.code|error"
fails = [{ where = "error", exists = true }, { where = "ok", is_not = [1] }]
errors = [
  { at = ["token"], is = [7], means = "grant_rejected/code_used" },
  { where = "message", contains = ["Secret"], means = "config/client_secret" },
  { status = [418], means = "config/app_disabled" },
]

[authorize]
url = "https://made-up.example/authorize"

[token]
url = "https://made-up.example/token"

[user]
url = "https://made-up.example/me"

[identity]
subject = "user.id"
kind = "id"
"""
TOLD = Told("Made up", "made-up.example → Apps", "https://gate.example/cb", frozenset({"s3cret-value"}))


def made_up(**changes: str) -> str:
    text = LOGIN
    for old, new in changes.items():
        text = text.replace(old, new)
    return text


def judged(status: int, body: bytes, call: str = "token", **headers: str) -> Any:
    judge = Judge(read_login(LOGIN, file="made-up.toml"))
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return judge.content(answer_of(status, said, body), call, compile_readers(("json",)), TOLD)


def refusal(*args: Any, **options: Any) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        judged(*args, **options)
    return caught.value


@pytest.mark.parametrize(
    ("args", "kind", "hint", "code"),
    [
        ((200, b'{"error":{"code":7}}'), GrantRejected, "code_used", "7"),
        ((200, b'{"error":{"code":7}}', "user"), UpstreamError, None, "7"),
        ((200, b'{"ok":0,"message":"bad SECRET"}'), UpstreamError, "client_secret", None),
        ((418, b"{}"), UpstreamError, "app_disabled", None),
        ((400, b'{"error":"invalid_grant"}'), GrantRejected, "login_again", "invalid_grant"),
        ((400, b'{"error":"redirect_uri_mismatch"}'), UpstreamError, "redirect_uri", "redirect_uri_mismatch"),
        ((401, b"{}", "user"), TokenRejected, "refresh", None),
        ((401, b"<html>", "user"), TokenRejected, "refresh", None),
        ((401, b"{}"), UpstreamError, "client_secret", None),
        ((403, b"{}", "user"), UpstreamError, "scope", None),
        ((429, b'{"error":{"code":7}}'), UpstreamUnavailable, None, "7"),
        ((503, b'{"error":"invalid_grant"}'), UpstreamUnavailable, None, "invalid_grant"),
        ((200, b"<html>"), UpstreamUnavailable, None, None),
    ],
)
def test_a_refusal_means_what_the_first_rule_says(
    args: Any, kind: type[UpstreamError], hint: str | None, code: str | None
):
    error = refusal(*args)
    assert (type(error), error.hint, error.platform_code) == (kind, hint, code)


def test_a_code_may_stand_in_a_header():
    assert refusal(200, b'{"error":true}', X_Code="7").hint == "code_used"


def test_a_good_answer_is_no_refusal_whatever_its_type():
    assert (
        judged(200, b'{"ok":1,"error":0,"access_token":"t"}', Content_Type="text/html")["access_token"] == "t"
    )


@pytest.mark.parametrize("said", ["the secret is s3cret-value", "x" * 200, "a\u202eb\nc"])
def test_a_code_never_repeats_a_secret_nor_what_cannot_be_shown(said: str):
    body = f'{{"error":{{"code":{said!r}}}}}'.replace("'", '"').encode()
    error = refusal(400, body)
    assert error.platform_code in ("unnamed_error", None)
    assert "s3cret-value" not in error.message


def test_a_sentence_names_the_console_page_and_our_address():
    message = refusal(400, b'{"error":"redirect_uri_mismatch"}').message
    assert "made-up.example → Apps" in message
    assert "https://gate.example/cb" in message


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            'kind = "id"',
            'kind = "id"\nnickname = "x"',
            "identity.nickname is not a known key|identity.nickname: is not a known key; allowed there are",
        ),
        ("config/app_disabled", "config/nonsense", "errors.2: means must be one of"),
        ('["token"], is', '["tokens"], is', "errors: at names tokens; calls are"),
        ('url = "https://made-up.example/token"', 'place = "form"', "token.url must be set"),
        (
            '{ where = "error", exists = true }',
            '{ where = "error" }',
            "fails.0: must hold is, is_not, contains or exists",
        ),
        ('slug = "made-up"', 'slug = "other"', "so the file must be called other.toml"),
        ("[identity]", "[identity", "made-up.toml: "),
    ],
)
def test_a_wrong_file_is_told_with_the_key_at_fault(old: str, new: str, sentence: str):
    with pytest.raises(ConfigurationError) as caught:
        read_login(LOGIN.replace(old, new), file="made-up.toml")
    assert any(each in str(caught.value) for each in sentence.split("|"))


def faults(**keys: Any) -> str:
    values = {"preset": "qq", "client_id": "101", "client_secret": "qq-secret"} | keys
    with pytest.raises(ValidationError) as caught:
        PLATFORM.settings.model_validate(values)
    return " ".join(fault_sentences(caught.value))


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"preset": "gogle"}, "preset: 'gogle' is unknown; do you mean google"),
        ({"preset": 5}, "preset: 5 is unknown"),
        ({"client_id": "abc"}, "client_id: String should match pattern"),
        ({"client_secret": ""}, "client_secret: must not be empty"),
        ({"corp_id": "x"}, "corp_id: is not a known key; allowed there are"),
        ({"token": {"metod": "GET"}}, "token.metod: is not a known key; allowed there are"),
        ({"token": {"method": "PATCH"}}, "token.method: Input should be 'GET' or 'POST'"),
        ({"token": {"url": "ftp://x.example/"}}, "token.url: not an http(s) address"),
        (
            {"user": {"params": {"openid": "{you.openid}"}}},
            "user: openid: 'you.openid' needs an answer of 'you'",
        ),
        ({"identity": {"name": "user.a..b"}}, "identity: 'user.a..b' is no path"),
        ({"pkce": "plain"}, "pkce: Input should be"),
        ({"base": "localhost:5004"}, "base: not an http(s) address"),
        ({"allowed_hosts": ["a b"]}, "allowed_hosts: 'a b' is not a host"),
    ],
)
def test_a_wrong_key_of_a_channel_is_told_with_what_is_allowed(keys: dict[str, Any], sentence: str):
    assert sentence in faults(**keys)


def test_a_secret_of_a_channel_never_stands_in_a_fault():
    assert "qq-secret" not in faults(client_id="x y")


@pytest.mark.parametrize("name", ["wechat_open", "wechat-open", "WeChat-Open", "wechat-web"])
def test_a_preset_has_several_spellings(name: str):
    login = presets().find(name)
    assert login is not None
    assert login.slug == "wechat-open"


@pytest.mark.parametrize(
    ("address", "base", "called"),
    [
        ("https://id.example/a/b?c=d", "http://localhost:5004", "http://localhost:5004/a/b?c=d"),
        ("https://id.example", "http://localhost:5004/x/", "http://localhost:5004/x/"),
        ("https://id.example/a", "", "https://id.example/a"),
        ("http://localhost:5004/x/a", "http://localhost:5004/x", "http://localhost:5004/x/a"),
        ("https://localhost:5004.evil.example/a", "https://localhost:5004", "https://localhost:5004/a"),
    ],
)
def test_base_replaces_scheme_and_host(address: str, base: str, called: str):
    assert rebased(address, base) == called


@pytest.mark.parametrize(
    ("said", "kept"),
    [("7201", 7201), (7200, 7200), (0, None), (-1, None), ("x", None), (True, None), (10**12, 315_360_000), (1.5, 1), ([], None), ("٣", None)],
)  # fmt: skip
def test_a_lifetime_is_bounded_and_never_nonsense(said: object, kept: int | None):
    assert seconds(said) == kept
