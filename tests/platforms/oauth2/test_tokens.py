"""OAuth 2.0 tokens: codes redeemed, tokens refreshed, by a server that answers well, badly, and with malice."""

from __future__ import annotations

import base64
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import GrantRejected, UpstreamError, UpstreamUnavailable
from app.core.values import CodeGrant, TokenSet
from app.platforms.oauth2 import RevocableTopupLogin
from tests.platforms.oauth2.server import (
    GOOD,
    SECRET,
    SERVER,
    TOKENS,
    channel,
    exchange,
    server,
)


class TestExchange:
    def test_a_code_is_redeemed_with_the_secret_in_the_body(self) -> None:
        http = server(GOOD)
        tokens = exchange(http)
        (call,) = http.calls
        assert call["url"] == SERVER["token_url"]
        assert call["params"] is None
        assert call["form"] == {
            "grant_type": "authorization_code",
            "code": "the-code",
            "redirect_uri": "https://gate.example/cb",
            "code_verifier": "verifier",
            "client_id": "client_abc",
            "client_secret": SECRET,
        }
        assert (tokens.access_token, tokens.refresh_token, tokens.expires_in) == ("at-2", "rt-2", 7200)
        assert tokens.scope == "profile"

    def test_basic_authentication_encodes_both_parts_first(self) -> None:
        http = server(GOOD)
        exchange(http, client_auth="basic", client_id="a:b", client_secret="p@ss wörd")
        header = http.calls[0]["headers"]["Authorization"]
        assert base64.b64decode(header.removeprefix("Basic ")) == b"a%3Ab:p%40ss+w%C3%B6rd"
        assert "client_secret" not in http.calls[0]["form"]

    def test_no_verifier_is_sent_without_pkce(self) -> None:
        http = server(GOOD)
        exchange(http, pkce=False)
        assert "code_verifier" not in http.calls[0]["form"]

    def test_a_form_encoded_answer_is_read(self) -> None:
        body = b"access_token=gho_1&scope=repo%2Cuser&token_type=bearer"
        tokens = exchange(server(body, Content_Type="application/x-www-form-urlencoded; charset=utf-8"))
        assert (tokens.access_token, tokens.scope, tokens.expires_in) == ("gho_1", "repo,user", None)

    def test_an_answer_wrapped_in_data_is_read(self) -> None:
        assert exchange(server({"code": 200, "data": GOOD})).access_token == "at-2"

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"<html>access_token=x</html>",
            b'callback({"access_token":"x"})',
            b'["access_token"]',
            b'{"access_token":"a","access_token":"b"}',
            b'{"access_token":"a"',
            b"access_token=a&access_token=b",
            b"access_token",
            b"hello=world",
            b"\xff=1",
        ],
    )
    @pytest.mark.parametrize(
        "kind", ["application/json", "application/x-www-form-urlencoded", "text/html", ""]
    )
    def test_an_answer_that_is_no_token_answer_is_bad(self, body: bytes, kind: str) -> None:
        with pytest.raises(UpstreamError) as caught:
            exchange(server(body, Content_Type=kind))
        assert caught.value.code == "upstream_bad_answer"

    def test_a_form_in_a_page_is_not_read(self) -> None:
        with pytest.raises(UpstreamError):
            exchange(server(b"access_token=a", Content_Type="text/html"))

    @pytest.mark.parametrize("token", [None, "", 5, True, [], {}, "a b", "a\r\nX: y", "令牌", "a" * 20_000])
    def test_an_unusable_access_token_is_refused(self, token: Any) -> None:
        with pytest.raises(UpstreamError) as caught:
            exchange(server(GOOD | {"access_token": token}))
        assert caught.value.code == "upstream_bad_answer"

    @pytest.mark.parametrize(
        "error",
        [
            {"error": "access_denied"},
            {"error": True},
            {"error": {"code": "x"}},
            {"errcode": 40029},
            {"errcode": "40029"},
            {"code": 20003},
            {"code": "20003"},
            {"code": -1},
            {"code": True},
            {"code": []},
            {"error_response": {"code": "40002"}},
            {"success": False},
        ],
    )
    def test_an_error_in_a_200_is_an_error(self, error: dict[str, Any]) -> None:
        with pytest.raises(UpstreamError):
            exchange(server(GOOD | error))

    @pytest.mark.parametrize(
        "fine", [{"code": 0}, {"code": "0"}, {"code": 200}, {"errcode": 0}, {"error": None}, {"error": ""}]
    )
    def test_codes_that_mean_success_are_not_errors(self, fine: dict[str, Any]) -> None:
        assert exchange(server(GOOD | fine)).access_token == "at-2"

    def test_an_error_in_form_encoding_is_an_error(self) -> None:
        body = b"error=bad_verification_code&error_description=The+code+is+wrong"
        with pytest.raises(GrantRejected):
            exchange(server(body, Content_Type="application/x-www-form-urlencoded"))

    @pytest.mark.parametrize(
        ("status", "error"), [(400, "invalid_client"), (401, "invalid_client"), (401, "odd")]
    )
    def test_a_rejected_client_names_the_settings_to_check(self, status: int, error: str) -> None:
        with pytest.raises(UpstreamError) as caught:
            exchange(server({"error": error}, status))
        assert caught.value.code == "upstream_client_rejected"
        assert "client_secret" in caught.value.message

    def test_a_401_page_is_a_rejected_client_too(self) -> None:
        with pytest.raises(UpstreamError) as caught:
            exchange(server(b"<html>", 401))
        assert caught.value.code == "upstream_client_rejected"

    @pytest.mark.parametrize("status", [429, 500, 502, 503])
    def test_a_busy_server_is_unavailable_and_asked_once(self, status: int) -> None:
        http = server({"error": "invalid_grant"}, status, Retry_After="7")
        with pytest.raises(UpstreamUnavailable) as caught:
            exchange(http)
        assert caught.value.retry_after == 7
        assert len(http.calls) == 1

    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            (None, None),
            (7200, 7200),
            ("3600", 3600),
            (7200.9, 7200),
            (0.5, 1),
            (0, None),
            (-5, None),
            ("-6", None),
            (10**12, 31_536_000),
            (1e300, 31_536_000),
            ("9" * 400, 31_536_000),
            (True, None),
            ("soon", None),
            ([], None),
            ("", None),
        ],
    )
    def test_lifetimes_are_bounded(self, given: Any, kept: int | None) -> None:
        assert exchange(server(GOOD | {"expires_in": given})).expires_in == kept

    def test_a_missing_lifetime_is_not_known(self) -> None:
        assert exchange(server({"access_token": "a"})).expires_in is None

    def test_error_words_are_cleaned_and_descriptions_dropped(self) -> None:
        with pytest.raises(UpstreamError) as caught:
            exchange(server({"error": "<script>" + SECRET, "error_description": SECRET}, 400))
        assert SECRET not in caught.value.message + str(caught.value.platform_code)
        assert "<" not in caught.value.message


class TestRefresh:
    def test_what_the_answer_does_not_name_is_kept(self) -> None:
        http = server({"access_token": "at-2"})
        tokens = channel().refresh(TOKENS, http)
        assert (tokens.refresh_token, tokens.scope, tokens.expires_in) == ("rt-1", "profile balance", None)
        assert http.calls[0]["form"]["refresh_token"] == "rt-1"

    def test_new_tokens_and_a_narrower_scope_are_stored(self) -> None:
        tokens = channel().refresh(TOKENS, server(GOOD))
        assert (tokens.access_token, tokens.refresh_token, tokens.scope) == ("at-2", "rt-2", "profile")

    @pytest.mark.parametrize("status", [200, 400, 401])
    def test_invalid_grant_ends_the_login(self, status: int) -> None:
        with pytest.raises(GrantRejected) as caught:
            channel().refresh(TOKENS, server({"error": "invalid_grant"}, status))
        assert caught.value.code == "login_required"

    @pytest.mark.parametrize(
        "word", ["invalid_request", "invalid_client", "invalid_scope", "odd", "server_error"]
    )
    def test_other_errors_do_not_end_the_login(self, word: str) -> None:
        with pytest.raises(UpstreamError) as caught:
            channel().refresh(TOKENS, server({"error": word}, 400))
        assert not isinstance(caught.value, GrantRejected)

    def test_without_a_refresh_token_nobody_is_asked(self) -> None:
        http = server(GOOD)
        with pytest.raises(GrantRejected):
            channel().refresh(TokenSet("a"), http)
        assert http.calls == []


NAMES = st.sampled_from(
    ["access_token", "error", "errcode", "code", "data", "id", "expires_in", "scope", "success"]
)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=8,
)


@given(st.dictionaries(NAMES, JSON_VALUES, max_size=6), st.sampled_from([200, 400, 401, 403, 404, 500]))
def test_whatever_the_server_says_only_our_own_errors_come_out(content: dict[str, Any], status: int) -> None:
    opened = channel(revoke_url="https://id.example/r", topup_url="https://id.example/t", subject="data.id")
    assert isinstance(opened, RevocableTopupLogin)
    for act in (
        lambda http: opened.exchange(CodeGrant("c", "https://g/", "v"), http),
        lambda http: opened.refresh(TOKENS, http),
        lambda http: opened.identity(TOKENS, http),
        lambda http: opened.revoke(TOKENS, http),
        lambda http: opened.topup_url(TOKENS, http),
    ):
        with suppress(UpstreamError):
            act(server(content, status))
