"""Files that prove a domain: exactly these bytes at two addresses, and no way to anything else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.config.channels import load_channels, parse_channels
from app.config.domain_files import MOST_BYTES, MOST_FILES, OWN_NAMES
from app.core.errors import ConfigurationError
from app.factory import create_app
from app.pipeline.services import Services
from app.storage.database.db import Database
from tests.builders import make_services

pytestmark = pytest.mark.backends("sqlite")
CHANNEL = """
[channels.shop]
platform = "callback"
secret = "5f1c9d27b3e84a60"
domain_files = { "MP_verify_aBc123.txt" = "aBc123", "apple-app-site-association" = '{"applinks":{}}', "microsoft-identity-association.json" = "{}\\n", "apple-developer-domain-association.txt" = "é ${HOME_TOWN:-x}" }
"""
EXPECTED = {
    "MP_verify_aBc123.txt": (b"aBc123", "text/plain; charset=utf-8"),
    "apple-app-site-association": (b'{"applinks":{}}', "application/json"),
    "microsoft-identity-association.json": (b"{}\n", "application/json"),
    "apple-developer-domain-association.txt": ("é x".encode(), "text/plain; charset=utf-8"),
}
PROD = {
    "APP_ENV": "prod",
    "SANDBOX": "0",
    "PUBLIC_BASE_URL": "https://gate.example",
    "API_TOKENS": "ops:" + "4d1f8a2b" * 5,
}


@pytest.fixture
def client(services_with: Callable[..., Services]) -> FlaskClient:
    return create_app(services=services_with(channels=CHANNEL)).test_client()


def faults_of(files: str, folder: Path = Path()) -> str:
    """Read a channels file with these domain files; return what is said against them."""
    text = f'[channels.a]\nplatform = "callback"\nsecret = "x"\ndomain_files = {files}\n'
    try:
        parse_channels(text, {}, folder=folder)
    except ConfigurationError as error:
        return "\n".join(error.faults)
    return ""


@pytest.mark.parametrize("folder", ["/", "/.well-known/"])
@pytest.mark.parametrize("name", EXPECTED)
def test_a_file_is_answered_exactly_at_both_addresses(client: FlaskClient, name: str, folder: str):
    answer = client.get(folder + name)
    assert (answer.status_code, answer.data, answer.headers["Content-Type"]) == (200, *EXPECTED[name])
    head = client.head(folder + name)
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == str(len(EXPECTED[name][0]))
    assert head.headers["Content-Type"] == EXPECTED[name][1]


@pytest.mark.parametrize("folder", ["/", "/.well-known/"])
def test_prod_redirects_nobody_away_from_it_over_plain_http(database: Database, folder: str):
    services = make_services(database, channels=CHANNEL, env=PROD)
    client = create_app(services=services).test_client()
    assert client.get(f"{folder}MP_verify_aBc123.txt", base_url="http://gate.example").data == b"aBc123"
    assert client.get("/oauth/done", base_url="http://gate.example").status_code == 302


@pytest.mark.parametrize(
    "address",
    [
        "/MP_verify_aBc123.txt/",
        "/mp_verify_abc123.txt",
        "/MP_verify_aBc123",
        "/x/MP_verify_aBc123.txt",
        "/.well-known/x/MP_verify_aBc123.txt",
        "/.well-known/..%2fMP_verify_aBc123.txt",
        "/static/MP_verify_aBc123.txt",
        "/MP_verify_other.txt",
        "/channels.toml",
        "/.env",
    ],
)
def test_no_other_address_answers(client: FlaskClient, address: str):
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_it_is_read_and_nothing_else(client: FlaskClient, method: str):
    assert client.open("/MP_verify_aBc123.txt", method=method).status_code == 405


def test_files_beside_the_channels_file_are_read_as_they_are(tmp_path: Path, database: Database):
    raw = b"\xef\xbb\xbfabc\r\n\x00\xff"
    (tmp_path / "WW_verify_Xy.txt").write_bytes(raw)
    (tmp_path / "channels.toml").write_text(
        '[channels.a]\nplatform = "callback"\nsecret = "5f1c9d27b3e84a60"\ndomain_files = ["WW_verify_Xy.txt"]\n'
    )
    (config,) = load_channels(tmp_path / "channels.toml", {}).channels
    assert config.domain_files == {"WW_verify_Xy.txt": raw}


def test_a_channel_that_lacks_its_keys_proves_its_domain_already(database: Database):
    channel = (
        '[channels.a]\nplatform = "callback"\nsecret = "${NOT_THERE}"\n{off}domain_files = {"a.txt" = "1"}\n'
    )
    for off, status in (("", 200), ("enabled = false\n", 404)):
        services = make_services(database, channels=channel.replace("{off}", off))
        assert create_app(services=services).test_client().get("/a.txt").status_code == status


@pytest.mark.parametrize(
    "name",
    [
        "../secret.txt", "..", ".", "", ".env", ".well-known/x.txt", "a/b.txt", "a\\\\b.txt", "/etc/passwd", "a b.txt", "a.html",
        "a.js", "a.svg", "a.txt.html", "a..txt", "a.TXT", "é.txt", "%2e.txt", "<x>.txt", "-a.txt", "a" * 129, "a.txt\\n", "channels.toml",
    ],
)  # fmt: skip
def test_a_name_that_is_no_plain_file_name_is_refused(tmp_path: Path, name: str):
    assert "domain_files" in faults_of(f'["{name}"]', tmp_path)
    assert "domain_files" in faults_of(f'{{ "{name}" = "x" }}', tmp_path)


@pytest.mark.parametrize("name", sorted(OWN_NAMES))
def test_a_name_of_our_own_is_refused_at_the_start(name: str):
    assert "the gateway's own" in faults_of(f'{{ "{name}" = "x" }}')


def test_every_first_segment_of_our_own_addresses_is_reserved(services_with: Callable[..., Services]):
    """Who adds a route adds its first segment, or its name under /.well-known/, to OWN_NAMES."""
    app = create_app(services=services_with(env={"APP_ENV": "dev"}))
    segments: set[str] = set()
    for rule in app.url_map.iter_rules():
        first, _, rest = rule.rule.strip("/").partition("/")
        segments.add(rest if first == ".well-known" else first)
    fit_for_a_file = {each for each in segments if each and not each.startswith("<")}
    assert fit_for_a_file <= OWN_NAMES


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ('["gone.txt"]', "gone.txt cannot be read beside the channels file"),
        ('["folder"]', "folder cannot be read beside the channels file"),
        ('"MP_verify_x.txt"', "must be a list of names, or a table"),
        ("5", "must be a list of names, or a table"),
        ("[5]", "a name must be one file name"),
        ('{ "a.txt" = 5 }', "a.txt must be text"),
        ('{ "a.txt" = ["x"] }', "a.txt must be text"),
        ("{ " + ", ".join(f'"a{n}.txt" = "x"' for n in range(MOST_FILES + 1)) + " }", "more than 20 files"),
        (f'{{ "a.txt" = "{"x" * (MOST_BYTES + 1)}" }}', "is longer than 131072 bytes"),
        ('["big.txt"]', "is longer than 131072 bytes"),
    ],
)
def test_what_cannot_be_answered_is_refused_at_the_start(tmp_path: Path, files: str, said: str):
    (tmp_path / "folder").mkdir()
    (tmp_path / "big.txt").write_bytes(b"x" * (MOST_BYTES + 10))
    assert said in faults_of(files, tmp_path)


def two_channels(**contents: str) -> Any:
    return parse_channels(
        "".join(
            f'[channels.{name}]\nplatform = "callback"\nsecret = "x"\ndomain_files = {{ "a.txt" = "{content}" }}\n'
            for name, content in contents.items()
        ),
        {},
    )


def test_two_channels_may_not_answer_one_name_differently():
    two_channels(one="1", two="1")
    with pytest.raises(ConfigurationError) as caught:
        two_channels(one="1", two="2")
    assert "[channels.two] domain_files: a.txt says something else than in 'one'" in str(caught.value.faults)
