"""A real nginx with the configuration of ops/: only places, the certificate and the length of rates are other ones."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.architecture.source import ROOT
from tests.databases import need
from tests.ports import free_port

PROGRAM = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
START_SECONDS = 10
INCLUDED = "nginx-forward-auth.conf"
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")

# `X-Test-Address` lets one machine call from many addresses, as nginx sees them.
WHOLE = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    {temporary}
    set_real_ip_from 127.0.0.1;
    real_ip_header X-Test-Address;
    include {folder}/callgate.conf;
}}
"""


@dataclass(frozen=True)
class Nginx:
    """Where it listens, and what proves that it is this one."""

    https: str
    http: str
    certificate: Path


@contextmanager
def nginx(folder: Path, gateway_port: int, app_port: int | None = None) -> Iterator[Nginx]:
    """Start one in front of a gateway, and of somebody's pages for people who are logged in; skipped where there is none."""
    need("nginx", reachable=PROGRAM is not None)
    assert PROGRAM is not None
    http, https = free_port(), free_port()
    certificate = write_certificate(folder)
    own = shipped(folder, http=http, https=https, gateway_port=gateway_port)
    if app_port is not None:
        own = with_pages_of_others(own, folder, app_port)
    (folder / "callgate.conf").write_text(own, encoding="utf-8")
    temporary = " ".join(f"{name}_temp_path {folder}/{name};" for name in TEMPORARY)
    (folder / "nginx.conf").write_text(WHOLE.format(folder=folder, temporary=temporary), encoding="utf-8")
    command = [PROGRAM, "-c", str(folder / "nginx.conf"), "-p", str(folder), "-e", str(folder / "error.log")]
    judged = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert judged.returncode == 0, judged.stderr
    assert "[warn]" not in judged.stderr, judged.stderr
    process = subprocess.Popen(command)
    try:
        wait_until_it_listens(process, https, folder / "error.log")
        yield Nginx(f"https://127.0.0.1:{https}", f"http://127.0.0.1:{http}", certificate)
    finally:
        process.terminate()
        process.wait(timeout=10)


def shipped(folder: Path, *, http: int, https: int, gateway_port: int) -> str:
    """Return the configuration as it is shipped, at home here; rates are a minute's, so that a slow machine meets them too."""
    text = (ROOT / "ops" / "nginx.conf").read_text(encoding="utf-8")
    changes = {
        r"listen \[::\]:\d+(?: ssl)?;": "",
        r"listen 80;": f"listen 127.0.0.1:{http};",
        r"listen 443 ssl;": f"listen 127.0.0.1:{https} ssl;",
        r"server 127\.0\.0\.1:5003;": f"server 127.0.0.1:{gateway_port};",
        r"/etc/ssl/callgate/": f"{folder}/",
        r"r/s;": "r/m;",
    }
    for pattern, place in changes.items():
        text, count = re.subn(pattern, place, text)
        assert count, f"{pattern} is not in ops/nginx.conf"
    return text


def with_pages_of_others(own: str, folder: Path, app_port: int) -> str:
    """Return the configuration with the line that includes them in force."""
    included = (ROOT / "ops" / INCLUDED).read_text(encoding="utf-8")
    assert "127.0.0.1:8080;" in included
    (folder / INCLUDED).write_text(included.replace(":8080;", f":{app_port};"), encoding="utf-8")
    line = f"# include /etc/nginx/{INCLUDED};"
    assert line in own
    return own.replace(line, f"include {folder}/{INCLUDED};")


def write_certificate(folder: Path) -> Path:
    """Write a key and a certificate for this machine, which proves itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder(
            name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1)
        )
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "privkey.pem").write_bytes(private)
    (folder / "fullchain.pem").write_bytes(built.public_bytes(serialization.Encoding.PEM))
    return folder / "fullchain.pem"


def wait_until_it_listens(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"it does not listen:\n{log.read_text(encoding='utf-8')}")
