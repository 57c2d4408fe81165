"""OAuth 2.0 channels: settings, capabilities, the page people are sent to, and who they are."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from pydantic import ValidationError

from app.core.errors import TokenRejected, UpstreamError, UpstreamUnavailable
from app.core.ports import (
    AuthorizeRequest,
    LoginProvider,
    OutboundUser,
    TokenRevoker,
    TopupSource,
    WebhookSource,
)
from app.platforms.oauth2 import PLATFORM
from tests.platforms.oauth2.server import (
    FLOW,
    PERSON,
    SECRET,
    SERVER,
    TOKENS,
    channel,
    identity,
    server,
)


class TestCapabilities:
    @pytest.mark.parametrize("revokes", [False, True])
    @pytest.mark.parametrize("tops_up", [False, True])
    def test_a_capability_exists_only_where_its_address_is_configured(
        self, revokes: bool, tops_up: bool
    ) -> None:
        keys = {"revoke_url": "https://id.example/revoke"} if revokes else {}
        keys |= {"topup_url": "https://id.example/topup"} if tops_up else {}
        opened = channel(**keys)
        assert isinstance(opened, LoginProvider)
        assert isinstance(opened, OutboundUser)
        assert isinstance(opened, TokenRevoker) is revokes
        assert isinstance(opened, TopupSource) is tops_up
        assert not isinstance(opened, WebhookSource)

    def test_only_the_addresses_that_are_called_are_allowed_origins(self) -> None:
        opened = channel(authorize_url="https://login.example/a", topup_url="http://pay.example/t")
        expected = {"https://id.example:443", "https://api.example:8443", "http://pay.example:80"}
        assert opened.origins == expected


class TestSettings:
    @pytest.mark.parametrize(
        "keys",
        [
            {"client_id": ""},
            {"client_secret": ""},
            {"token_url": "ftp://id.example/"},
            {"token_url": "file:///etc/passwd"},
            {"userinfo_url": "https://user:pw@id.example/"},
            {"userinfo_url": ""},
            {"authorize_url": "https://id.example/a#x"},
            {"authorize_url": "https://id.example/a?state=1"},
            {"authorize_params": {"state": "fixed"}},
            {"authorize_params": {"Redirect_URI": "https://evil.example"}},
            {"authorize_params": {"code_challenge_method": "plain"}},
            {"subject": ""},
            {"subject": "a..b"},
            {"client_auth": "query"},
            {"topup_url": "javascript:alert(1)"},
            {"nonsense": 1},
        ],
    )
    def test_unusable_settings_are_faults(self, keys: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            channel(**keys)

    def test_no_secret_shows_in_the_settings(self) -> None:
        assert SECRET not in repr(PLATFORM.settings.model_validate(SERVER))


class TestAuthorizeUrl:
    def test_every_value_is_there_once_and_encoded(self) -> None:
        url = channel(scope="profile balance", authorize_params={"auto_authorize": "true"}).authorize_url(
            FLOW
        )
        assert dict(parse_qsl(urlsplit(url).query)) == {
            "response_type": "code",
            "client_id": "client_abc",
            "redirect_uri": "https://gate.example/oauth/x/callback",
            "scope": "profile balance",
            "state": "st&te",
            "code_challenge": "chal",
            "code_challenge_method": "S256",
            "auto_authorize": "true",
        }
        assert "scope=profile%20balance" in url
        assert SECRET not in url

    def test_a_query_in_the_configured_address_stays(self) -> None:
        url = channel(authorize_url="https://id.example/a?tenant=1").authorize_url(FLOW)
        assert url.startswith("https://id.example/a?tenant=1&")

    def test_without_pkce_no_challenge_is_sent(self) -> None:
        opened = channel(pkce=False)
        assert not opened.pkce
        assert "code_challenge" not in opened.authorize_url(FLOW)

    def test_the_flow_may_ask_for_its_own_scope(self) -> None:
        url = channel(scope="profile").authorize_url(AuthorizeRequest("https://g/", "s", "c", "email"))
        assert dict(parse_qsl(urlsplit(url).query))["scope"] == "email"


class TestIdentity:
    def test_the_person_is_read_with_the_token(self) -> None:
        http = server(PERSON)
        person = channel().identity(TOKENS, http)
        assert http.calls[0]["headers"] == {"Authorization": "Bearer at-1"}
        assert (person.issuer, person.subject_kind, person.subject) == (
            "oauth2:id.example:client_abc",
            "id",
            "12345",
        )
        assert person.name == "user123"
        assert person.profile == PERSON

    @pytest.mark.parametrize(
        "record",
        [
            {"id": 7, "code": "EMP-77"},
            {"id": 7, "code": 77},
            {"id": 7, "code": "77"},
            {"id": 7, "code": ""},
            {"id": 7, "code": {"personnel": 77}},
            {"id": 7, "code": "EMP-77", "message": "on leave"},
            {"id": 7, "error": "", "errcode": 0, "success": True},
        ],
    )
    def test_fields_of_the_persons_own_record_are_no_errors(self, record: Any) -> None:
        assert identity(record).subject == "7"

    def test_a_person_inside_an_envelope_whose_code_is_a_word_is_a_person(self) -> None:
        body = {"code": "OK", "data": {"id": 7, "code": "EMP-77"}}
        assert identity(body, subject="data.id").subject == "7"

    @pytest.mark.parametrize(
        "refusal",
        [
            {"code": "EMP-77"},
            {"code": 40001},
            {"id": None, "code": "InvalidAuthentication", "message": "no"},
            {"id": 7, "code": 40001, "msg": "no"},
            {"id": 7, "code": "40001", "data": {}},
            {"id": 7, "errcode": 1},
            {"id": 7, "error": "insufficient_scope"},
        ],
    )
    def test_an_error_that_names_no_person_or_comes_in_an_envelope_is_refused(self, refusal: Any) -> None:
        with pytest.raises(UpstreamError) as caught:
            identity(refusal)
        assert caught.value.code == "upstream_refused"

    @pytest.mark.parametrize(
        "subject", [None, "", "  ", True, False, 1.0, 1e16, [], ["a"], {}, {"id": 1}, "a\x00b", "s" * 256]
    )
    def test_an_unusable_subject_is_refused(self, subject: Any) -> None:
        with pytest.raises(UpstreamError) as caught:
            identity({"id": subject, "name": "n"})
        assert caught.value.code == "upstream_no_subject"

    def test_a_missing_subject_is_refused(self) -> None:
        with pytest.raises(UpstreamError):
            identity({"name": "n"})

    @pytest.mark.parametrize("raw", [b"1e16", b"10000000000000000.0", b"1E2"])
    def test_a_float_in_the_answer_is_never_a_subject(self, raw: bytes) -> None:
        with pytest.raises(UpstreamError):
            identity(b'{"id":' + raw + b"}")

    @pytest.mark.parametrize("number", [0, 7, 9007199254740993, 1234567890123456789, 12345678901234567890123])
    def test_integers_are_kept_exactly(self, number: int) -> None:
        person = identity({"id": number})
        assert person.subject == str(number)
        assert str(person.profile["id"]) == str(number)

    @pytest.mark.parametrize("subject", ["Alice", "alice", "alice ", " alice", "\u00e9", "e\u0301", "0012"])
    def test_text_is_kept_exactly(self, subject: str) -> None:
        assert identity({"id": subject}).subject == subject

    def test_the_subject_may_lie_deeper(self) -> None:
        content = {"code": 200, "data": {"user": {"id": 5, "login": "li", "x": {}}}}
        person = identity(content, subject="data.user.id")
        assert (person.subject, person.name, person.profile) == ("5", "li", {"id": 5, "login": "li"})
        assert identity({"users": [{"id": 9}]}, subject="users.0.id").subject == "9"

    @pytest.mark.parametrize("path", ["users.1.id", "users.99999999999999999999.id", "users.x.id", "id.id"])
    def test_a_path_that_leads_nowhere_is_refused(self, path: str) -> None:
        with pytest.raises(UpstreamError):
            identity({"id": "a", "users": [{"id": 9}]}, subject=path)

    def test_the_name_may_be_configured(self) -> None:
        assert identity({"id": 1, "p": {"nick": "Li"}, "name": "x"}, name="p.nick").name == "Li"

    @pytest.mark.parametrize("avatar", ["javascript:alert(1)", "//evil.example", "data:x", 5, "a" * 3000])
    def test_an_avatar_that_is_no_web_address_is_dropped(self, avatar: Any) -> None:
        assert identity({"id": 1, "avatar_url": avatar}).avatar_url is None

    def test_the_profile_is_a_bounded_set_of_plain_fields(self) -> None:
        content = {f"f{i}": i for i in range(100)} | PERSON
        content |= {
            "access_token": "t",
            "password": "p",
            "bio": "b" * 257,
            "nested": {},
            "list": [],
            "none": None,
        }
        profile = identity(content).profile
        assert len(profile) == 32
        assert {"username", "email", "quota", "status"} <= profile.keys()
        few = identity(PERSON | {"access_token": "t", "password": "p", "session_key": "k"}).profile
        assert few == PERSON
        assert not {"access_token", "password", "bio", "nested", "list", "none"} & profile.keys()

    def test_the_issuer_tells_servers_and_applications_apart(self) -> None:
        issuers = {
            identity({"id": 1}, **keys).issuer
            for keys in (
                {},
                {"client_id": "other"},
                {"token_url": "https://id2.example/t"},
                {"token_url": "http://localhost:5004/t"},
                {"token_url": "http://localhost:5005/t"},
            )
        }
        assert len(issuers) == 5

    @pytest.mark.parametrize(
        ("status", "content", "kind"),
        [
            (401, {"error": "x"}, TokenRejected),
            (401, b"", TokenRejected),
            (200, {"error": "invalid_token"}, TokenRejected),
            (200, {"code": 401, "id": 5}, TokenRejected),
            (400, {"error": "invalid_token"}, TokenRejected),
            (503, b"", UpstreamUnavailable),
            (429, b"", UpstreamUnavailable),
        ],
    )
    def test_statuses_and_words_are_told_apart(
        self, status: int, content: Any, kind: type[UpstreamError]
    ) -> None:
        with pytest.raises(kind):
            channel().identity(TOKENS, server(content, status))

    @pytest.mark.parametrize(
        ("status", "content"),
        [
            (403, b""),
            (403, {"error": "invalid_token"}),
            (403, {"error": "insufficient_scope"}),
            (404, b"<html>"),
        ],
    )
    def test_a_forbidden_answer_asks_for_no_refresh(self, status: int, content: Any) -> None:
        with pytest.raises(UpstreamError) as caught:
            channel().identity(TOKENS, server(content, status))
        assert not isinstance(caught.value, TokenRejected | UpstreamUnavailable)


class TestRevokeAndTopup:
    def test_both_tokens_are_revoked_the_refresh_token_first(self) -> None:
        http = server(b"", 200)
        opened = channel(revoke_url="https://id.example/revoke")
        assert isinstance(opened, TokenRevoker)
        opened.revoke(TOKENS, http)
        assert [call["form"]["token"] for call in http.calls] == ["rt-1", "at-1"]
        assert {call["url"] for call in http.calls} == {"https://id.example/revoke"}

    @pytest.mark.parametrize(
        ("status", "kind"), [(503, UpstreamUnavailable), (401, UpstreamError), (400, UpstreamError)]
    )
    def test_a_failed_revocation_is_said(self, status: int, kind: type[UpstreamError]) -> None:
        opened = channel(revoke_url="https://id.example/revoke")
        assert isinstance(opened, TokenRevoker)
        with pytest.raises(kind):
            opened.revoke(TOKENS, server({"error": "invalid_request"}, status))

    @pytest.mark.parametrize(
        "content",
        [{"topup_url": "https://pay.example/x?t=1"}, {"data": {"topup_url": "https://pay.example/x?t=1"}}],
    )
    def test_the_topup_page_is_returned(self, content: Any) -> None:
        opened = channel(topup_url="https://id.example/topup")
        assert isinstance(opened, TopupSource)
        assert opened.topup_url(TOKENS, server(content)) == "https://pay.example/x?t=1"

    @pytest.mark.parametrize(
        "address", ["javascript:alert(1)", "", None, 5, "//x", "https://a@b/", "https://a/\r\n"]
    )
    def test_anything_but_a_web_address_is_refused(self, address: Any) -> None:
        opened = channel(topup_url="https://id.example/topup")
        assert isinstance(opened, TopupSource)
        with pytest.raises(UpstreamError):
            opened.topup_url(TOKENS, server({"topup_url": address}))

    def test_a_stale_token_asks_for_a_refresh(self) -> None:
        opened = channel(topup_url="https://id.example/topup")
        assert isinstance(opened, TopupSource)
        with pytest.raises(TokenRejected):
            opened.topup_url(TOKENS, server({}, 401))
