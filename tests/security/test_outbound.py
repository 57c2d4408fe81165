"""The only HTTP client, against real servers that hang, drip and lie."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
import traceback
from pathlib import Path

import pytest
import structlog

from app.core.errors import UpstreamError, UpstreamUnavailable
from app.core.ports import HttpClient
from app.security.outbound import OutboundClient
from tests.ports import free_port
from tests.security.conftest import MisbehavingServer
from tests.security.outbound_client import MOST_SECONDS, OK, PATIENCE, TOTAL, client_for, drip, failure_of


class TestGoodAnswers:
    def test_a_json_answer_is_read_whole(self, server: MisbehavingServer) -> None:
        server.answers_json(b'{"id":12345678901234567890123,"name":"\xe5\xbc\xa0"}')
        answer = client_for(server.origin).request("GET", server.origin + "/user")
        assert answer.status == 200
        assert answer.json_object() == {"id": 12345678901234567890123, "name": "张"}
        assert answer.headers["content-type"] == "application/json"

    def test_the_client_is_what_the_port_asks_for(self) -> None:
        assert isinstance(client_for(), HttpClient)

    @pytest.mark.parametrize(
        "status", ["400 Bad Request", "401 Unauthorized", "429 Too Many", "503 Busy", "500 No"]
    )
    def test_error_statuses_are_returned_to_the_platform(
        self, server: MisbehavingServer, status: str
    ) -> None:
        server.answers_json(b'{"error":"invalid_grant"}', status)
        answer = client_for(server.origin).request("POST", server.origin + "/token", form={"a": "b"})
        assert answer.status == int(status[:3])
        assert answer.json_object()["error"] == "invalid_grant"

    def test_a_form_and_parameters_are_encoded(self, server: MisbehavingServer) -> None:
        server.answers_json(OK)
        client_for(server.origin).request(
            "POST", server.origin + "/t", params={"q": "a&b"}, form={"code": "x=y z"}
        )
        head, _, body = server.requests[0].partition(b"\r\n\r\n")
        assert head.startswith(b"POST /t?q=a%26b HTTP/1.1")
        assert body == b"code=x%3Dy+z"
        assert b"User-Agent: Callgate/" in head
        assert b"Accept: application/json" in head

    def test_json_is_sent_as_plain_utf8(self, server: MisbehavingServer) -> None:
        server.answers_json(OK)
        client_for(server.origin).request("POST", server.origin, json={"text": "你好"})
        assert server.requests[0].endswith('{"text":"你好"}'.encode())

    def test_a_caller_may_replace_a_header(self, server: MisbehavingServer) -> None:
        server.answers_json(OK)
        client_for(server.origin).request("GET", server.origin, headers={"accept": "text/plain", "X-A": "1"})
        assert b"accept: text/plain" in server.requests[0]
        assert b"application/json" not in server.requests[0]

    def test_one_thread_reuses_its_connection(self, server: MisbehavingServer) -> None:
        server.answers_json(OK)
        client = client_for(server.origin)
        for _ in range(3):
            client.request("GET", server.origin)
        assert server.connections == 1

    def test_threads_share_a_client_but_no_connection(self, server: MisbehavingServer) -> None:
        server.answers_json(OK)
        client = client_for(server.origin)
        statuses: list[int] = []
        threads = [
            threading.Thread(target=lambda: statuses.append(client.request("GET", server.origin).status))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert statuses == [200] * 8
        assert server.connections == 8

    def test_cookies_are_neither_kept_nor_sent_back(self, server: MisbehavingServer) -> None:
        server.answers_json(OK, extra="\nSet-Cookie: sid=1; Path=/")
        client = client_for(server.origin)
        client.request("GET", server.origin)
        client.request("GET", server.origin)
        assert b"Cookie" not in server.requests[1]

    def test_the_environment_changes_nothing(
        self, server: MisbehavingServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login a password b\n")
        monkeypatch.setenv("NETRC", str(netrc))
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        server.answers_json(OK)
        client_for(server.origin).request("GET", server.origin)
        assert b"Authorization" not in server.requests[0]


class TestTimeAndNetworkFaults:
    def test_a_server_that_hangs_is_given_up(self, server: MisbehavingServer) -> None:
        server.script = lambda *_: time.sleep(PATIENCE)
        error, elapsed = failure_of(server, total_timeout=TOTAL)
        assert isinstance(error, UpstreamUnavailable)
        assert error.http_status == 504
        assert elapsed < MOST_SECONDS

    def test_a_body_that_drips_is_given_up(self, server: MisbehavingServer) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
        server.script = lambda connection, _: drip(connection, head, b"a")
        error, elapsed = failure_of(server, total_timeout=TOTAL)
        assert isinstance(error, UpstreamUnavailable)
        assert elapsed < MOST_SECONDS

    def test_chunks_that_drip_are_given_up(self, server: MisbehavingServer) -> None:
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        server.script = lambda connection, _: drip(connection, head, b"1\r\na\r\n")
        error, elapsed = failure_of(server, total_timeout=TOTAL)
        assert isinstance(error, UpstreamUnavailable)
        assert elapsed < MOST_SECONDS

    def test_headers_that_drip_are_given_up(self, server: MisbehavingServer) -> None:
        server.script = lambda connection, _: drip(connection, b"HTTP/1.1 200 OK\r\n", b"X")
        error, elapsed = failure_of(server, total_timeout=TOTAL)
        assert isinstance(error, UpstreamUnavailable)
        assert elapsed < MOST_SECONDS

    def test_endless_interim_answers_are_given_up(self, server: MisbehavingServer) -> None:
        server.script = lambda connection, _: drip(connection, b"", b"HTTP/1.1 100 Continue\r\n\r\n")
        error, elapsed = failure_of(server, total_timeout=TOTAL)
        assert isinstance(error, UpstreamUnavailable)
        assert elapsed < MOST_SECONDS

    def test_a_second_call_has_its_own_deadline(self, server: MisbehavingServer) -> None:
        server.answers_json(OK)
        client = client_for(server.origin, total_timeout=2)
        for _ in range(3):
            client.request("GET", server.origin)
            time.sleep(1)

    def test_a_full_backlog_is_a_connect_timeout(self) -> None:
        with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
            port = full.getsockname()[1]
            fillers = [_connecting(port) for _ in range(4)]
            started = time.monotonic()
            with pytest.raises(UpstreamUnavailable) as caught:
                client_for(f"http://127.0.0.1:{port}", connect_timeout=0.3).request(
                    "GET", f"http://127.0.0.1:{port}/"
                )
            assert time.monotonic() - started < 2
            assert caught.value.http_status == 504
            for filler in fillers:
                filler.close()

    def test_a_reset_connection_is_unavailable(self, server: MisbehavingServer) -> None:
        def reset(connection: socket.socket, _: bytes) -> None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()

        server.script = reset
        error, _ = failure_of(server)
        assert isinstance(error, UpstreamUnavailable)

    def test_a_closed_port_is_unavailable(self, server: MisbehavingServer) -> None:
        server.close()
        with socket.create_server(("127.0.0.1", 0)) as gone:
            origin = f"http://127.0.0.1:{gone.getsockname()[1]}"
        with pytest.raises(UpstreamUnavailable):
            client_for(origin).request("GET", origin)

    def test_an_unknown_host_is_unavailable(self) -> None:
        with pytest.raises(UpstreamUnavailable):
            client_for("https://no-such-host.invalid").request("GET", "https://no-such-host.invalid/")

    def test_a_truncated_body_is_unavailable(self, server: MisbehavingServer) -> None:
        def cut(connection: socket.socket, _: bytes) -> None:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + OK)
            connection.close()

        server.script = cut
        error, _ = failure_of(server)
        assert isinstance(error, UpstreamUnavailable)

    @pytest.mark.parametrize("raw", [b"nonsense\r\n\r\n", b"HTTP/1.1 abc OK\r\n\r\n", b"\x00" * 70_000])
    def test_an_answer_that_is_not_http_is_unavailable(self, server: MisbehavingServer, raw: bytes) -> None:
        def answer(connection: socket.socket, _: bytes) -> None:
            connection.sendall(raw)
            connection.close()

        server.script = answer
        error, _ = failure_of(server)
        assert error.http_status in (502, 504)

    def test_a_failed_request_is_never_sent_again(self, server: MisbehavingServer) -> None:
        failure_of(server)
        time.sleep(0.1)
        assert len(server.requests) == 1

    @pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable", "500 Error"])
    def test_a_busy_answer_is_not_repeated(self, server: MisbehavingServer, status: str) -> None:
        server.answers_json(b"{}", status, extra="\nRetry-After: 1")
        client_for(server.origin).request("POST", server.origin, form={"code": "1"})
        assert len(server.requests) == 1


def _connecting(port: int) -> socket.socket:
    filler = socket.socket()
    filler.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        filler.connect(("127.0.0.1", port))
    return filler


class TestLogs:
    def test_a_call_is_logged_without_query_body_or_headers(self, server: MisbehavingServer) -> None:
        server.answers_json(b'{"access_token":"TOKEN-IN-BODY"}', extra="\nX-Secret: HEADER-IN-ANSWER")
        with structlog.testing.capture_logs() as logs:
            client_for(server.origin).request(
                "POST",
                server.origin + "/sns/oauth2/access_token",
                params={"secret": "QUERY-SECRET"},
                form={"code": "FORM-CODE"},
                headers={"Authorization": "Bearer HEADER-TOKEN"},
            )
        (entry,) = logs
        assert entry["host"] == server.origin.removeprefix("http://")
        assert entry["path"] == "/sns/oauth2/access_token"
        assert entry["status"] == 200
        assert isinstance(entry["milliseconds"], int)
        for secret in ("QUERY-SECRET", "FORM-CODE", "HEADER-TOKEN", "TOKEN-IN-BODY", "HEADER-IN-ANSWER"):
            assert secret not in str(logs)

    def test_a_secret_path_segment_is_not_logged(self, server: MisbehavingServer) -> None:
        server.answers_json(OK)
        with structlog.testing.capture_logs() as logs:
            client_for(server.origin).request(
                "POST", server.origin + "/bot/v2/hook/3f2a7c1e-aaaa-bbbb-cccc-0123456789ab"
            )
        assert logs[0]["path"] == "/bot/v2/hook/…"

    def test_a_failure_is_logged_and_names_no_secret(self, server: MisbehavingServer) -> None:
        with structlog.testing.capture_logs() as logs, pytest.raises(UpstreamError) as caught:
            client_for(server.origin).request("GET", server.origin, params={"secret": "QUERY-SECRET"})
        assert logs[0]["event"] == "outbound_failed"
        assert "QUERY-SECRET" not in str(logs) + caught.value.message


class TestInterimAnswers:
    @pytest.mark.parametrize("interim", ["103 Early Hints", "102 Processing", "100 Continue"])
    def test_the_final_answer_counts(self, server: MisbehavingServer, interim: str) -> None:
        first = f"HTTP/1.1 {interim}\r\nLink: </a.css>\r\n\r\n".encode()
        final = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok"
        server.script = lambda connection, _: connection.sendall(first * 3 + final)
        answer = client_for(server.origin, total_timeout=5).request(
            "POST", f"{server.origin}/x", content=b"{}"
        )
        assert (answer.status, answer.body) == (201, b"ok")

    def test_interim_answers_without_end_are_a_failure(self, server: MisbehavingServer) -> None:
        server.script = lambda connection, _: connection.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 50)
        error, _ = failure_of(server, total_timeout=5)
        assert error.code == "upstream_unavailable"


class TestReasons:
    def test_what_stands_in_a_query_is_in_no_traceback(self) -> None:
        origin = f"http://127.0.0.1:{free_port()}"
        with pytest.raises(UpstreamUnavailable) as caught:
            client_for(origin).request("GET", f"{origin}/x", params={"pre_auth_code": "only-once"})
        told = "".join(traceback.format_exception(caught.value, limit=0))
        assert "refuses the connection" in told
        assert "only-once" not in told

    def test_a_refused_port_is_said_so(self) -> None:
        port = free_port()
        client = OutboundClient([f"http://127.0.0.1:{port}"])
        with pytest.raises(UpstreamUnavailable, match="refuses the connection") as caught:
            client.request("GET", f"http://127.0.0.1:{port}/")
        assert caught.value.http_status == 502

    def test_an_unknown_host_is_said_so(self) -> None:
        client = OutboundClient(["http://no-such-host.invalid"])
        with pytest.raises(UpstreamUnavailable, match="cannot be resolved"):
            client.request("GET", "http://no-such-host.invalid/")

    def test_a_time_out_is_said_so(self, server: MisbehavingServer) -> None:
        server.script = lambda connection, _: time.sleep(2 * TOTAL)
        error, _ = failure_of(server, total_timeout=TOTAL)
        assert (error.http_status, "in time" in error.message) == (504, True)


class TestWhetherItWasSent:
    def test_what_never_connected_was_for_sure_not_sent(self) -> None:
        for origin in (f"http://127.0.0.1:{free_port()}", "http://does-not-exist.invalid"):
            with pytest.raises(UpstreamUnavailable) as caught:
                client_for(origin).request("POST", origin + "/send", json={"text": "hello"})
            assert caught.value.was_sent is False

    def test_nobody_knows_of_a_request_that_got_no_answer(self, server: MisbehavingServer) -> None:
        server.script = lambda *_: time.sleep(PATIENCE)
        error, _ = failure_of(server, total_timeout=TOTAL)
        assert isinstance(error, UpstreamUnavailable)
        assert error.was_sent is True
