"""The samples of docs/receiving.md: each stands in both pages as it is in examples/, and those whose tools are here run against a gateway."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.builders import CALLBACK_CHANNEL, CALLBACK_SECRET
from tests.databases import need
from tests.live import LiveGateway
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
SAMPLES = sorted((ROOT / "examples" / "receivers").iterdir()) + sorted(
    (ROOT / "examples" / "senders").iterdir()
)
PAGES = ("receiving.md", "receiving.zh-CN.md")
HERE = {".py": [sys.executable], ".mjs": ["node"], ".java": ["java"], ".sh": ["sh"]}
"""What starts a sample of this kind. Go and PHP are not on every machine that runs these tests; the pages say so."""

SECRET = "whsec_" + base64.b64encode(b"a secret of 24 bytes and more").decode()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda each: each.name)
@pytest.mark.parametrize("page", PAGES)
def test_a_sample_stands_in_the_page_as_it_is(page: str, sample: Path) -> None:
    assert f"\n{sample.read_text(encoding='utf-8').strip()}\n```" in (ROOT / "docs" / page).read_text(
        encoding="utf-8"
    )


def started_by(sample: Path) -> list[str]:
    command = HERE[sample.suffix]
    need(command[0], shutil.which(command[0]) is not None)
    return [*command, str(sample)]


@pytest.fixture(scope="module")
def ports() -> dict[str, int]:
    return {each.name: free_port() for each in SAMPLES if each.stem.lower() == "receive"}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, ports: dict[str, int]) -> Iterator[LiveGateway]:
    """Serve a gateway that forwards to every receiver that can run here."""
    forwards = "".join(
        f'[[destinations]]\nname = "{Path(name).suffix[1:]}"\nmatch = ["callback:*"]\nsecret = "{SECRET}"\n'
        f'url = "http://127.0.0.1:{port}/hooks"\n'
        for name, port in ports.items()
        if Path(name).suffix in HERE
    )
    env = {"LOG_LEVEL": "WARNING", "RATELIMIT_ENABLED": "0"}
    folder = tmp_path_factory.mktemp("samples")
    with LiveGateway(folder, channels=CALLBACK_CHANNEL + forwards, env=env) as started:
        yield started


@pytest.fixture(scope="module")
def posted(gateway: LiveGateway) -> dict[str, str]:
    """Run every sender that can run here, and return what each printed."""
    env = {**os.environ, "SECRET": CALLBACK_SECRET}
    senders = [each for each in SAMPLES if each.stem.lower() == "post" and each.suffix in HERE]
    running = {
        each.name: subprocess.Popen(
            [*started_by(each), gateway.url],
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for each in senders
    }
    return {name: process.communicate(timeout=50)[0] for name, process in running.items()}


@pytest.mark.parametrize("name", ["post.py", "post.mjs", "Post.java", "post.sh"])
def test_a_sender_is_taken(posted: dict[str, str], name: str) -> None:
    assert "accepted" in posted[name]
    assert "200" in posted[name]


@pytest.mark.parametrize("name", ["receive.py", "receive.mjs", "Receive.java"])
def test_a_receiver_takes_what_is_forwarded_and_nothing_else(
    gateway: LiveGateway, posted: dict[str, str], ports: dict[str, int], tmp_path: Path, name: str
) -> None:
    assert posted
    said, port = tmp_path / "said", ports[name]
    sample = ROOT / "examples" / "receivers" / name
    with said.open("w") as out:
        env = {**os.environ, "SECRET": SECRET}
        process = subprocess.Popen([*started_by(sample), str(port)], env=env, stdout=out, stderr=out)
        try:
            forged = {
                "webhook-id": "x",
                "webhook-timestamp": str(int(time.time())),
                "webhook-signature": "v1,AAAA",
            }
            assert wait_for_answer(port, forged) in (400, 401)
            gateway.flask("destinations", "resume", sample.suffix[1:])
            deadline = time.monotonic() + 40
            while "A-17" not in said.read_text() and time.monotonic() < deadline:
                time.sleep(0.1)
        finally:
            process.kill()
            process.wait(timeout=10)
    assert "A-17" in said.read_text()


def wait_for_answer(port: int, headers: dict[str, str]) -> int:
    """Return how a receiver answers a forged event, as soon as it listens."""
    deadline = time.monotonic() + 40
    while True:
        try:
            return requests.post(
                f"http://127.0.0.1:{port}/hooks", data=b"{}", headers=headers, timeout=5
            ).status_code
        except requests.ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
