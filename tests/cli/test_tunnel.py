"""`flask tunnel`: finds what runs, prints the addresses, writes one line of `.env`, and is refused in prod."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from app.config.dotenv_lines import set_line
from app.config.tunnels import TUNNEL_HOSTS, tunnel_of
from app.core.errors import ConfigurationError
from app.factory import build_services
from app.pipeline.operators import tunnels
from app.pipeline.operators.tunnels import CLOUDFLARED, FRP, NGROK, Tunnel, find_tunnels
from tests.builders import environment
from tests.cli.typed import Typed, flask
from tests.ports import free_port

CHANNELS = '[channels.callback]\nplatform = "callback"\nsecret = "callback-3f9d1c7b5a"\n'
NGROK_ANSWER = {
    "tunnels": [
        {
            "name": "ssh",
            "public_url": "tcp://0.tcp.ngrok.io:1",
            "proto": "tcp",
            "config": {"addr": "localhost:22"},
        },
        {
            "name": "web",
            "public_url": "https://abc.ngrok-free.dev",
            "proto": "https",
            "config": {"addr": "http://localhost:5003"},
        },
        {
            "name": "other",
            "public_url": "https://other.ngrok.app",
            "proto": "https",
            "config": {"addr": "http://localhost:8080"},
        },
    ],
    "uri": "/api/tunnels",
}
FRP_ANSWER = {
    "http": [
        {
            "name": "gw",
            "type": "http",
            "status": "running",
            "local_addr": "127.0.0.1:5003",
            "remote_addr": "gw.example.com:8080,b.example.com",
        },
        {
            "name": "off",
            "type": "http",
            "status": "start error",
            "local_addr": "127.0.0.1:5003",
            "remote_addr": "off.example.com",
        },
    ],
    "https": [
        {
            "name": "s",
            "type": "https",
            "status": "running",
            "local_addr": "127.0.0.1:5003",
            "remote_addr": "s.example.com",
        }
    ],
    "tcp": [
        {
            "name": "t",
            "type": "tcp",
            "status": "running",
            "local_addr": "127.0.0.1:22",
            "remote_addr": ":6000",
        }
    ],
}


class LocalApi(ThreadingHTTPServer):
    """Answers one path as a tunnel's program does, with a password where it has one."""

    daemon_threads = True

    def __init__(self, path: str, answer: Any, password: str = ""):
        self.path, self.answer, self.password = path, answer, password
        super().__init__(("127.0.0.1", 0), _Api)
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Api(BaseHTTPRequestHandler):
    server: LocalApi

    def do_GET(self) -> None:
        is_let_in = not self.server.password or self.headers.get("Authorization") == self.server.password
        is_known = self.path == self.server.path
        body = (
            self.server.answer
            if isinstance(self.server.answer, bytes)
            else json.dumps(self.server.answer).encode()
        )
        self.send_response(404 if not is_known else 200 if is_let_in else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Write nothing."""


@contextmanager
def api(path: str, answer: Any, password: str = "") -> Iterator[str]:
    with LocalApi(path, answer, password) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.url
        server.shutdown()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return own files of a gateway."""
    lines = ["# The address.", "# PUBLIC_BASE_URL=http://localhost:5003", "", *_lines(environment())]
    (tmp_path / ".env").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / ".env").chmod(0o600)
    (tmp_path / "channels.toml").write_text(CHANNELS, encoding="utf-8")
    return tmp_path


def _lines(values: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in values.items()]


def tunnel(home: Path, *words: str, **env: str) -> Typed:
    return flask(home, "tunnel", *words, env=env)


def test_ngroks_tunnel_to_this_port_is_found_and_other_kinds_are_left_out() -> None:
    with api("/api/tunnels", NGROK_ANSWER) as url:
        found = find_tunnels([(NGROK, url)])
    assert [each.url for each in found] == ["https://abc.ngrok-free.dev", "https://other.ngrok.app"]
    assert tunnels.leads_to(found, 5003) == [
        Tunnel(NGROK, "https://abc.ngrok-free.dev", "http://localhost:5003")
    ]


def test_cloudflareds_quick_tunnel_is_found() -> None:
    with api("/quicktunnel", {"hostname": "some-words-here.trycloudflare.com"}) as url:
        found = find_tunnels([(CLOUDFLARED, url)])
    assert found == [Tunnel(CLOUDFLARED, "https://some-words-here.trycloudflare.com")]


def test_frps_running_names_are_found_https_first_and_with_its_password() -> None:
    with api("/api/status", FRP_ANSWER, "Basic YWRtaW46aHVudGVyMg==") as url:
        found = find_tunnels([(FRP, url.replace("//", "//admin:hunter2@"))])
        without = find_tunnels([(FRP, url)])
    assert [each.url for each in found] == [
        "https://s.example.com",
        "http://gw.example.com:8080",
        "http://b.example.com",
    ]
    assert without == []


@pytest.mark.parametrize(
    "answer", [b"", b"[]", b'{"tunnels":7}', b'{"tunnels":[1,{"public_url":null}]}', b"<html>", b"\xff"]
)
def test_whatever_such_a_program_answers_nothing_breaks(answer: bytes) -> None:
    with api("/api/tunnels", answer) as url:
        assert find_tunnels([(NGROK, url)]) == []


def test_nobody_at_the_usual_places_is_no_tunnel(home: Path) -> None:
    result = tunnel(home, "--at", f"http://127.0.0.1:{free_port()}")
    assert result.exit_code == 1
    assert "No tunnel was found on port 5003" in result.output
    assert "flask tunnel --url" in result.output


def test_the_addresses_of_each_channel_are_printed_and_nothing_is_changed(home: Path) -> None:
    before = (home / ".env").read_text()
    with api("/api/tunnels", NGROK_ANSWER) as url:
        result = tunnel(home, "--at", url)
    assert result.exit_code == 0, result.output
    assert "https://abc.ngrok-free.dev/webhooks/callback" in result.output
    assert (home / ".env").read_text() == before


def test_writing_changes_one_line_and_keeps_the_file_as_it_was(home: Path) -> None:
    before = (home / ".env").read_text()
    result = tunnel(home, "--url", "https://x.loca.lt", "--write")
    after = (home / ".env").read_text()
    assert result.exit_code == 0, result.output
    assert after == before.replace(
        "# PUBLIC_BASE_URL=http://localhost:5003", "PUBLIC_BASE_URL=https://x.loca.lt"
    )
    assert "# The address.\n" in after
    assert (home / ".env.before-tunnel").read_text() == before
    assert (home / ".env").stat().st_mode & 0o777 == 0o600
    tunnel(home, "--url", "https://y.loca.lt", "--write")
    assert "PUBLIC_BASE_URL=https://y.loca.lt\n" in (home / ".env").read_text()
    assert (home / ".env").read_text().count("PUBLIC_BASE_URL=") == 1


@pytest.mark.parametrize(
    "added",
    ["\nADMIN_PASSWORD=chosen-by-it-77", "\rA=1", "${SECRET_KEY}.example", "\x1b[2J", "@b.example", "é"],
)
def test_what_a_tunnels_program_says_never_adds_a_line_to_dotenv(home: Path, added: str) -> None:
    before = (home / ".env").read_text()
    said = {"public_url": f"https://a.example{added}", "config": {"addr": "http://localhost:5003"}}
    with api("/api/tunnels", {"tunnels": [said]}) as url:
        result = tunnel(home, "--at", url, "--write")
    assert (result.exit_code, (home / ".env").read_text()) == (1, before), result.output
    with pytest.raises(ValueError, match="line ends"):
        set_line(home / ".env", "PUBLIC_BASE_URL", "https://a.example\nA=1")


def test_the_copy_of_dotenv_is_its_owners_alone_and_follows_no_link(home: Path) -> None:
    (home / ".env").chmod(0o644)
    (home / "elsewhere").write_text("mine", encoding="utf-8")
    (home / ".env.before-tunnel").symlink_to(home / "elsewhere")
    set_line(home / ".env", "PUBLIC_BASE_URL", "https://a.example")
    assert (home / "elsewhere").read_text() == "mine"
    assert (home / ".env.before-tunnel").stat().st_mode & 0o777 == 0o600


def test_where_a_tunnel_leads_to_is_shown_on_one_line(home: Path) -> None:
    said = {"public_url": "https://a.example", "config": {"addr": "\x1b[2J\nNothing here:5003"}}
    with api("/api/tunnels", {"tunnels": [said]}) as url:
        shown = tunnel(home, "--at", url.replace("//", "//admin:hunter2@")).output
    assert "ngrok  https://a.example  → \\u001b[2J\\nNothing here:5003\n" in shown


def test_an_address_in_the_environment_itself_is_told(home: Path) -> None:
    result = tunnel(home, "--url", "https://x.loca.lt", "--write", PUBLIC_BASE_URL="https://gw.example.com")
    assert "which wins over .env" in result.output


@pytest.mark.parametrize("url", ["x.loca.lt", "https://x.loca.lt/path", "ftp://x", "https://x.loca.lt/?a=1"])
def test_an_address_that_cannot_be_one_is_refused_with_a_sentence(home: Path, url: str) -> None:
    result = tunnel(home, "--url", url)
    assert (result.exit_code, "Error: --url must" in result.output) == (1, True)


def test_a_tunnel_to_another_port_is_named(home: Path) -> None:
    with api("/api/tunnels", NGROK_ANSWER) as url:
        result = tunnel(home, "--at", url, "--port", "5013")
    assert result.exit_code == 1
    assert "https://other.ngrok.app  → http://localhost:8080" in result.output


def test_prod_refuses_a_tunnel(home: Path) -> None:
    result = tunnel(home, "--url", "https://x.loca.lt", "--write", APP_ENV="prod")
    assert result.exit_code == 1
    assert "APP_ENV is prod" in result.output
    assert "x.loca.lt" not in (home / ".env").read_text()


def test_prod_starts_with_no_known_tunnel_as_its_address(home: Path) -> None:
    for _, name in TUNNEL_HOSTS:
        env = environment(APP_ENV="prod", CALLGATE_HOME=str(home), PUBLIC_BASE_URL=f"https://abc.{name}")
        with pytest.raises(ConfigurationError) as error:
            build_services(env)
        assert any("PUBLIC_BASE_URL is a tunnel" in fault for fault in error.value.faults), name


@pytest.mark.parametrize(
    ("address", "who"),
    [
        ("https://a.b.ngrok.io", "ngrok"),
        ("https://ABC.NGROK-FREE.APP.", "ngrok"),
        ("https://ngrok.io.example.com", None),
        ("https://notngrok.io", None),
        ("https://test.your-domain.com", None),
    ],
)
def test_a_tunnel_is_known_by_the_end_of_its_name(address: str, who: str | None) -> None:
    assert tunnel_of(address) == who
