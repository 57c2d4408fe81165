"""The guard for addresses that callers supply: every way to write or reach a private address is refused."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import UpstreamError, UpstreamUnavailable
from app.security import deadline_sockets
from app.security.outbound import OutboundClient
from app.security.public_addresses import AddressGuard, NotPublicError, is_public
from tests.security.conftest import MisbehavingServer

PUBLIC_V4, PUBLIC_V6 = "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"
NOT_PUBLIC_V4 = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "100.127.255.255",
    "127.0.0.1", "127.255.255.254", "168.63.129.16", "169.254.169.254", "169.254.170.2", "172.16.0.1",
    "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255",
    "198.51.100.7", "203.0.113.7", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
]  # fmt: skip
NEIGHBOURS_V4 = ["9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
    "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0",
    "198.17.255.255", "198.20.0.0", "223.255.255.255", "1.0.0.0", "8.8.8.8", PUBLIC_V4]  # fmt: skip
NOT_PUBLIC_V6 = [
    "::", "::1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "100::1",
    "2001:db8::1", "3fff::1", "2001:2::1", "2001:10::1", "2001:20::1", "3ffe::1", "4000::1", "5f00::1",
    "64:ff9b:1::7f00:1", "64:ff9b:1::808:808", f"{PUBLIC_V6}%eth0", "2606:2800::5efe:7f00:1", "2606:2800::200:5efe:808:808",
]  # fmt: skip
FORMS_HOLDING_V4 = {
    "mapped": "::ffff:{}",
    "compatible": "::{}",
    "translated": "::ffff:0:{}",
    "nat64": "64:ff9b::{}",
}

BAD_FORMS = {
    "decimal": "http://2130706433/",
    "octal": "http://0177.0.0.1/",
    "long octal": "http://00000177.0.0.1/",
    "hex": "http://0x7f.1/",
    "hex number": "http://0x7f000001/",
    "short": "http://127.1/",
    "shorter": "http://127.0.1/",
    "zero": "http://0/",
    "mixed": "http://0x7f.0.0.1/",
    "too large": "http://256.256.256.256/",
    "five parts": "http://1.2.3.4.5/",
    "dot at the end": "http://127.0.0.1./",
    "name with a dot at the end": "https://example.com./",
    "user": "https://user@example.com/",
    "user and password": "https://user:pass@example.com/",
    "allowed host as user": "https://allowed.test@10.0.0.1/",
    "empty user": "https://@example.com/",
    "backslash": "https://example.com\\@127.0.0.1/",
    "blank": "https://example.com /",
    "leading blank": " https://example.com/",
    "tab": "https://exam\tple.com/",
    "line break": "https://example.com/\r\nHost: 127.0.0.1",
    "null": "https://example.com\x00.test/",
    "percent in the host": "https://%31%32%37.0.0.1/",
    "full-width digits": "http://１２７.0.0.1/",
    "circled digits": "http://①②⑦.0.0.1/",
    "ideographic dot": "http://127。0。0。1/",
    "kelvin sign": "https://\u212aexample.com/",
    "fragment": "https://example.com/#x",
    "fragment before the host ends": "https://example.com#@127.0.0.1/",
    "no scheme": "//example.com/",
    "file": "file:///etc/passwd",
    "gopher": "gopher://example.com/",
    "ftp": "ftp://example.com/",
    "javascript": "javascript:alert(1)",
    "no host": "https:///x",
    "only a path": "/hooks",
    "empty": "",
    "port 22": "http://example.com:22/",
    "port 25": "http://example.com:25/",
    "port 1023": "http://example.com:1023/",
    "port 0": "http://example.com:0/",
    "port 65536": "http://example.com:65536/",
    "negative port": "http://example.com:-1/",
    "empty port": "http://example.com:/",
    "port of letters": "http://example.com:http/",
    "unclosed bracket": "http://[::1/",
    "bracket with a name": "http://[example.com]/",
    "future address": "http://[v1.a]/",
    "too long": "https://example.com/" + "a" * 2000,
    "empty label": "https://example..com/",
    "leading dot": "https://.example.com/",
    "long label": f"https://{'a' * 64}.com/",
    "long name": f"https://{'a.' * 130}com/",
}
LOCAL_FORMS = [
    "http://localhost/", "http://LOCALHOST:8080/", "http://intranet/", "http://a.localhost/", "http://printer.local/",
    "http://metadata.google.internal/", "http://nas.home.arpa/",
    *(f"http://{address}/" for address in NOT_PUBLIC_V4),
    *(f"http://[{address}]/" for address in NOT_PUBLIC_V6 if "%" not in address),
    "http://[fe80::1%25eth0]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[64:ff9b::a9fe:a9fe]/",
    "http://[0:0:0:0:0:ffff:127.0.0.1]/", "http://[2002:7f00:1::]/", "http://[2001:0:4136:e378::1]/",
]  # fmt: skip
GOOD_FORMS = [
    "https://external-system.com/hooks/result", "http://example.com", "https://EXAMPLE.com:443/", "http://example.com:80/",
    "https://example.com:8443/a?b=c&d=%20", "https://xn--fsqu00a.xn--0zwm56d/", "https://a_b.example.com/", "http://8.8.8.8/",
    "http://example.com:1024/", "http://example.com:65535/", f"https://[{PUBLIC_V6}]/x", "https://0x7f.example.com/",
    "https://1.2.3.4.example.com/", "https://a.com/it's(fine);x=1",
]  # fmt: skip


@pytest.mark.parametrize(
    "address", [*NOT_PUBLIC_V4, *NOT_PUBLIC_V6, "", "example.com", "127.1", "0x7f000001"]
)
def test_it_is_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", [*NEIGHBOURS_V4, PUBLIC_V6, "2a00:1450:4001::200e", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8"])  # fmt: skip
def test_it_is_public(address):
    assert is_public(address)


@pytest.mark.parametrize("form", FORMS_HOLDING_V4)
@pytest.mark.parametrize("address", NOT_PUBLIC_V4)
def test_a_private_address_inside_an_ipv6_address_is_not_public(form, address):
    assert not is_public(FORMS_HOLDING_V4[form].format(address))


@pytest.mark.parametrize("address", [*NOT_PUBLIC_V4, *NEIGHBOURS_V4])
def test_no_tunnel_address_is_public_whatever_it_holds(address):
    number = int(IPv4Address(address))
    six_to_four = IPv6Address((0x2002 << 112) | (number << 80) | 1)
    teredo = IPv6Address((0x20010000 << 96) | (int(IPv4Address("8.8.8.8")) << 64) | (number ^ 0xFFFFFFFF))
    assert not is_public(str(six_to_four))
    assert not is_public(str(teredo))


@settings(deadline=None)
@given(st.ip_addresses())
def test_what_the_standard_library_calls_private_is_never_public(address):
    holds_v4 = str(address).startswith(("::ffff:", "64:ff9b::"))
    if not holds_v4 and (not address.is_global or address.is_multicast or address.is_reserved):
        assert not is_public(str(address))


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_judged_without_another_error(text):
    for url in (text, f"http://{text}/", f"https://example.com{text}"):
        try:
            AddressGuard(("allowed.test",)).check_url(url)
        except ValueError:
            continue
    assert not is_public(text) or text.count(".") == 3 or ":" in text


@pytest.mark.parametrize("form", BAD_FORMS)
def test_a_form_that_can_be_misread_is_refused(form):
    with pytest.raises(ValueError, match=r"^it"):
        AddressGuard(("allowed.test",)).check_url(BAD_FORMS[form])


@pytest.mark.parametrize("url", LOCAL_FORMS)
def test_what_is_plainly_local_is_refused_without_asking_anybody(url):
    with pytest.raises(NotPublicError):
        AddressGuard().check_url(url)


@pytest.mark.parametrize("url", GOOD_FORMS)
def test_a_public_address_passes_by_its_form(url):
    AddressGuard().check_url(url)


@pytest.mark.parametrize(
    ("entry", "url", "passes"),
    [
        ("10.0.0.5", "http://10.0.0.5/", True),
        ("10.0.0.5", "http://10.0.0.5:22/", True),
        ("10.0.0.5:8080", "http://10.0.0.5:8080/", True),
        ("10.0.0.5:8080", "http://10.0.0.5:8081/", False),
        ("10.0.0.5:80", "http://10.0.0.5/", True),
        ("crm.internal", "https://CRM.internal/hooks", True),
        ("CRM.internal", "https://crm.internal/hooks", True),
        ("crm.internal", "https://x.crm.internal/", False),
        ("crm.internal", "https://crm.internal./", False),
        ("crm.internal", "https://xcrm.internal/", False),
        ("localhost:5005", "http://localhost:5005/", True),
        ("[::1]:8080", "http://[::1]:8080/", True),
        ("[::1]", "http://[::1]:9999/", True),
        ("127.0.0.1", "http://2130706433/", False),
        ("127.0.0.1", "http://127.1/", False),
    ],
)
def test_an_allowed_host_is_exact(entry, url, passes):
    guard = AddressGuard((entry,))
    if passes:
        guard.check_url(url)
    else:
        with pytest.raises(ValueError, match=r"^its (host|address)"):
            guard.check_url(url)


class Network:
    """Stands in for name resolution and connecting; keeps what was asked and where sockets went."""

    def __init__(self, *answers: list[str]):
        self.answers = list(answers)
        self.asked: list[str] = []
        self.connected: list[str] = []

    def getaddrinfo(self, host: str, port: int, **_: Any) -> list[Any]:
        self.asked.append(host)
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        family = {True: socket.AF_INET6, False: socket.AF_INET}
        return [(family[":" in each], socket.SOCK_STREAM, 6, "", (each, port)) for each in found]

    def connect(self, address: Any) -> None:
        self.connected.append(address[0])
        raise ConnectionRefusedError


@pytest.fixture
def network(monkeypatch):
    def install(*answers: list[str]) -> Network:
        made = Network(*answers)
        monkeypatch.setattr(socket, "getaddrinfo", made.getaddrinfo)
        monkeypatch.setattr(
            deadline_sockets._DeadlineSocket, "connect", lambda _, address: made.connect(address)
        )
        return made

    return install


def guarded(*allowed: str, **options: Any) -> OutboundClient:
    return OutboundClient(
        guard=AddressGuard(allowed), **({"connect_timeout": 0.5, "total_timeout": 2.0} | options)
    )


def test_the_connection_goes_to_the_address_that_was_checked(network):
    """The resolver says public first and loopback second: it is asked once, and only the first is connected to."""
    asked = network([PUBLIC_V4], ["127.0.0.1"])
    with pytest.raises(UpstreamUnavailable):
        guarded().request("POST", "http://rebind.example.com/", content=b"{}")
    assert (asked.asked, asked.connected) == (["rebind.example.com"], [PUBLIC_V4])


def test_a_name_that_turns_private_is_refused_at_the_next_connect(network):
    asked = network([PUBLIC_V4], ["127.0.0.1"])
    client = guarded()
    with pytest.raises(UpstreamUnavailable):
        client.request("POST", "http://rebind.example.com/", content=b"{}")
    with pytest.raises(UpstreamError) as caught:
        client.request("POST", "http://rebind.example.com/", content=b"{}")
    assert caught.value.code == "upstream_address_refused"
    assert asked.connected == [PUBLIC_V4]


def test_private_addresses_among_public_ones_are_stepped_over(network):
    asked = network(["127.0.0.1", PUBLIC_V4, "::1", "fd00::1", PUBLIC_V6, "169.254.169.254"])
    with pytest.raises(UpstreamUnavailable):
        guarded().request("POST", "https://mixed.example.com/", content=b"{}")
    assert asked.connected == [PUBLIC_V4, PUBLIC_V6]


@pytest.mark.parametrize("address", [*NOT_PUBLIC_V4, *NOT_PUBLIC_V6])
def test_a_name_that_is_private_is_never_connected_to(network, address):
    asked = network([address])
    for url in ("http://name.example.com/", "https://name.example.com:8443/"):
        with pytest.raises(UpstreamError) as caught:
            guarded("other.example.com", "name.example.com:9000").request("POST", url, content=b"{}")
        assert caught.value.code == "upstream_address_refused"
    assert asked.connected == []


def test_an_address_that_leads_elsewhere_is_caught_by_the_peer(server, monkeypatch):
    """A socket that ends up at a private address, whatever it was asked for, carries nothing."""
    port = int(server.origin.rpartition(":")[2])
    connect = deadline_sockets._DeadlineSocket.connect
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (PUBLIC_V4, port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    monkeypatch.setattr(
        deadline_sockets._DeadlineSocket, "connect", lambda self, _: connect(self, ("127.0.0.1", port))
    )
    with pytest.raises(UpstreamError) as caught:
        guarded().request("POST", f"http://name.example.com:{port}/", content=b"secret")
    assert caught.value.code == "upstream_address_refused"
    assert server.requests == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0177.0.0.1", "0x7f.1", "127.1", "0", "[::1]"])  # fmt: skip
def test_a_real_loopback_server_is_never_reached(server, host, monkeypatch):
    """The form is refused first; with that check away, the address is refused at the connect."""
    port = server.origin.rpartition(":")[2]
    for checks_form in (True, False):
        if not checks_form:
            monkeypatch.setattr(AddressGuard, "check_url", lambda *_: None)
        with pytest.raises(UpstreamError) as caught:
            guarded().request("POST", f"http://{host}:{port}/", content=b"x")
        assert caught.value.code == "upstream_address_refused"
    assert server.connections == 0


def test_an_allowed_host_is_reached_and_gets_the_exact_bytes(server: MisbehavingServer):
    server.answers_json(b"{}")
    host = server.origin.removeprefix("http://")
    content = '{"a": "é",  "b":1}'.encode()
    answer = guarded(host).request(
        "POST", f"{server.origin}/x", content=content, headers={"Content-Type": "application/json"}
    )
    assert answer.status == 200
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert body == content
    assert b"content-type: application/json\r\n" in head.lower() + b"\r\n"


@pytest.mark.parametrize("url", ["http://example.com:22/", "ftp://example.com/", "http://user@example.com/"])
def test_a_bad_form_is_refused_before_anybody_is_asked(network, url):
    asked = network([PUBLIC_V4])
    with pytest.raises(UpstreamError) as caught:
        guarded().request("POST", url, content=b"{}")
    assert caught.value.code in {"upstream_address_refused", "upstream_request_refused"}
    assert asked.asked == []


def test_a_redirect_to_a_private_address_is_not_followed(server: MisbehavingServer):
    server.answers("HTTP/1.1 307 Temporary Redirect\nLocation: http://127.0.0.1:1/\nContent-Length: 0")
    with pytest.raises(UpstreamError) as caught:
        guarded(server.origin.removeprefix("http://")).request("POST", f"{server.origin}/x", content=b"{}")
    assert caught.value.code == "upstream_redirect"
    assert len(server.requests) == 1


def test_a_client_with_an_allow_list_still_connects_to_private_addresses(server: MisbehavingServer):
    server.answers_json(b"{}")
    assert OutboundClient([server.origin]).request("GET", f"{server.origin}/x").status == 200
