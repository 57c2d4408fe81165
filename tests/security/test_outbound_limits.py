"""What the HTTP client refuses: redirects, large bodies, answers that are not JSON, foreign origins."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from app.config.platform_settings import PlatformSettings, Secrets
from app.core.errors import UpstreamError
from app.core.ports import HttpAnswer
from app.security.outbound import configured_origins, origin_of, retry_after
from tests.security.conftest import MisbehavingServer
from tests.security.outbound_client import BOMB, OK, client_for, drip, failure_of


class TestRedirects:
    @pytest.mark.parametrize("status", ["301 A", "302 B", "303 C", "307 D", "308 E"])
    @pytest.mark.parametrize(
        "location",
        ["http://169.254.169.254/", "file:///etc/passwd", "//evil.example/", "/elsewhere", "http://[::1]"],
    )
    def test_a_redirect_is_an_error_and_not_followed(
        self, server: MisbehavingServer, status: str, location: str
    ) -> None:
        server.answers_json(b"", status, extra=f"\nLocation: {location}")
        error, _ = failure_of(server)
        assert error.code == "upstream_redirect"
        assert len(server.requests) == 1

    def test_a_redirect_to_the_same_origin_is_not_followed(self, server: MisbehavingServer) -> None:
        server.answers_json(b"", "302 Found", extra=f"\nLocation: {server.origin}/next")
        error, _ = failure_of(server)
        assert error.code == "upstream_redirect"
        assert len(server.requests) == 1

    def test_the_body_of_a_redirect_is_not_read(self, server: MisbehavingServer) -> None:
        head = b"HTTP/1.1 302 Found\r\nLocation: /n\r\nContent-Length: 1000\r\n\r\n"
        server.script = lambda connection, _: drip(connection, head, b"a")
        error, elapsed = failure_of(server, total_timeout=20)
        assert error.code == "upstream_redirect"
        assert elapsed < 4, "all of the body takes five seconds"


class TestSize:
    def test_ten_megabytes_are_refused(self, server: MisbehavingServer) -> None:
        server.answers_json(b'"' + b"a" * 10_000_000 + b'"')
        error, _ = failure_of(server, total_timeout=5)
        assert error.code == "upstream_bad_answer"

    def test_ten_megabytes_in_chunks_are_refused(self, server: MisbehavingServer) -> None:
        chunk = b"10000\r\n" + b"a" * 65536 + b"\r\n"
        server.answers("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", chunk * 160 + b"0\r\n\r\n")
        error, _ = failure_of(server, total_timeout=5)
        assert error.code == "upstream_bad_answer"

    @pytest.mark.parametrize("layers", [1, 2])
    def test_a_gzip_bomb_is_refused_early(self, server: MisbehavingServer, layers: int) -> None:
        body = BOMB
        for _ in range(layers - 1):
            body = gzip.compress(body)
        encoding = ", ".join(["gzip"] * layers)
        server.answers(f"HTTP/1.1 200 OK\nContent-Encoding: {encoding}\nContent-Length: {len(body)}", body)
        error, elapsed = failure_of(server, total_timeout=5)
        assert error.code == "upstream_bad_answer"
        assert elapsed < 4, "it was ended by the limit of time"

    def test_a_compressed_answer_is_read(self, server: MisbehavingServer) -> None:
        body = gzip.compress(OK)
        server.answers(f"HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: {len(body)}", body)
        assert client_for(server.origin).request("GET", server.origin).json_object() == {"ok": True}

    def test_the_largest_allowed_body_is_read(self, server: MisbehavingServer) -> None:
        body = b'{"a":"' + b"a" * (1_048_576 - 8) + b'"}'
        server.answers_json(body)
        assert client_for(server.origin, total_timeout=5).request("GET", server.origin).body == body

    def test_damaged_compression_is_a_bad_answer(self, server: MisbehavingServer) -> None:
        server.answers("HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: 4", b"abcd")
        error, _ = failure_of(server)
        assert error.code == "upstream_bad_answer"


class TestJson:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"<html>login</html>",
            b'{"a":1',
            b"[1]",
            b"null",
            b'"text"',
            b'{"a":1,"a":2}',
            b'{"a":{"b":1,"b":2}}',
            b'{"a":NaN}',
            b'{"a":Infinity}',
            b'{"a":"\xff"}',
            '{"a":"é"}'.encode("latin-1"),
            '{"a":1}'.encode("utf-16"),
            b'callback({"a":1})',
            b'{"a":1} trailing',
            b"[" * 1_000_000,
            b'{"a":' * 100 + b"1" + b"}" * 100,
            b'{"a":' + b"9" * 5000 + b"}",
        ],
    )
    def test_anything_but_one_plain_object_is_a_bad_answer(
        self, server: MisbehavingServer, body: bytes
    ) -> None:
        server.answers_json(body)
        answer = client_for(server.origin, total_timeout=5).request("GET", server.origin)
        with pytest.raises(UpstreamError) as caught:
            answer.json_object()
        assert caught.value.code == "upstream_bad_answer"

    def test_half_a_character_in_an_answer_is_replaced(self, server: MisbehavingServer) -> None:
        server.answers_json(rb'{"nickname":"cut \ud83d","id":18446744073709551617}')
        answer = client_for(server.origin, total_timeout=5).request("GET", server.origin)
        assert answer.json_object() == {"nickname": "cut \ufffd", "id": 2**64 + 1}

    def test_the_declared_charset_is_not_believed(self, server: MisbehavingServer) -> None:
        body = '{"a":"é"}'.encode()
        server.answers(
            f"HTTP/1.1 200 OK\nContent-Type: application/json; charset=gbk\nContent-Length: {len(body)}", body
        )
        assert client_for(server.origin).request("GET", server.origin).json_object() == {"a": "é"}


class TestOrigins:
    @pytest.mark.parametrize(
        "url",
        [
            "http://127.0.0.1:1/",
            "https://{host}/",
            "http://localhost:{port}/",
            "http://{host}@evil.example/",
            "http://evil.example#@{host}/",
            "http://evil.example\\@{host}/",
            "http://user:pw@{host}/",
            "//{host}/",
            "file:///etc/passwd",
            "ftp://{host}/",
            "HTTP://{host}.evil.example/",
            "http://{host}\t/",
            "http://{host}\r\nX: y/",
            "http://127。0。0。1:{port}/",
            "http://127.0.0.1:99999/",
            "http://[::1/",
            "http:///x",
            "",
        ],
    )
    def test_any_other_origin_is_refused_before_connecting(self, server: MisbehavingServer, url: str) -> None:
        host = server.origin.removeprefix("http://")
        with pytest.raises(UpstreamError) as caught:
            client_for(server.origin).request("GET", url.format(host=host, port=host.split(":")[1]))
        assert caught.value.code in ("upstream_origin_refused", "upstream_request_refused")
        assert server.connections == 0

    def test_a_client_without_origins_goes_nowhere(self, server: MisbehavingServer) -> None:
        with pytest.raises(UpstreamError):
            client_for().request("GET", server.origin)
        assert server.connections == 0

    @pytest.mark.parametrize("method", ["get", "CONNECT", "GET /x HTTP/1.1\r\nX: y", ""])
    def test_odd_methods_are_refused(self, server: MisbehavingServer, method: str) -> None:
        with pytest.raises(UpstreamError):
            client_for(server.origin).request(method, server.origin)
        assert server.connections == 0

    @pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", " a", "令牌", "a\x00b\ud800"])
    def test_a_header_that_cannot_be_sent_is_an_upstream_error(
        self, server: MisbehavingServer, value: str
    ) -> None:
        server.answers_json(OK)
        with pytest.raises(UpstreamError):
            client_for(server.origin).request("GET", server.origin, headers={"Authorization": value})
        assert server.requests == []

    def test_origins_are_compared_with_their_port(self) -> None:
        assert origin_of("https://API.example/x?y#z") == "https://api.example:443"
        assert origin_of("http://api.example") == "http://api.example:80"
        assert origin_of("http://[::1]:5004/x") == "http://[::1]:5004"

    @given(st.text(max_size=40))
    def test_whatever_the_address_only_our_own_errors_come_out(self, url: str) -> None:
        with pytest.raises(UpstreamError):
            client_for().request("GET", url)


class Nested(PlatformSettings):
    token_url: str
    robot_hook: SecretStr
    secret: Secrets
    table: dict[str, str]
    note: str = "see http docs"
    port: int = 5


def test_the_origins_of_a_channel_are_those_in_its_settings() -> None:
    settings = Nested(
        token_url="https://id.example/token",
        robot_hook=SecretStr("https://open.example/hook/1"),
        secret=("javascript:alert(1)",),  # type: ignore[arg-type]
        table={"a": "http://localhost:5004/a", "b": "plain"},
    )
    expected = {"https://id.example:443", "https://open.example:443", "http://localhost:5004"}
    assert configured_origins(settings) == expected


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30),
        ("0", 0),
        ("-5", None),
        ("", None),
        ("soon", None),
        ("9" * 400, 86_400),
        ("1.5", None),
        ("٣", None),
    ],
)
def test_retry_after_is_read_in_seconds(header: str, seconds: int | None) -> None:
    assert retry_after(HttpAnswer(429, {"Retry-After": header}, b"", dict)) == seconds


def test_retry_after_is_read_as_a_date() -> None:
    ahead = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    found = retry_after(HttpAnswer(503, {"Retry-After": ahead}, b"", dict))
    assert found is not None
    assert 55 <= found <= 60
    assert retry_after(HttpAnswer(503, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, b"", dict)) == 0
    assert retry_after(HttpAnswer(503, {"Retry-After": "Wed, 21 Oct 2015 07:28:00"}, b"", dict)) in (0, None)
