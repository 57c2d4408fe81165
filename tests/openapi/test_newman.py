"""The Postman collection: as the document says, and run by Newman against a live gateway."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.live import LiveGateway
from tests.openapi.postman import FILE, written

NEWMAN = Path(__file__).parents[1] / "newman" / "node_modules" / ".bin" / "newman"
SCOPES = "read+send+bind+replay+token+user-token+metrics+operate+tokens+people+clients"
TOKEN = "newman-token-4d1f8a2b77aa"


def test_the_collection_is_made_of_the_document() -> None:
    assert FILE.read_text(encoding="utf-8") == written(), "run `make example-files`"


@pytest.fixture
def newman() -> Path:
    if not NEWMAN.exists():
        if os.environ.get("REQUIRE_SERVICES") == "1":
            pytest.fail("Newman is not installed and REQUIRE_SERVICES=1: make newman")
        pytest.skip("Newman is not installed: make newman")
    return NEWMAN


def test_every_request_of_the_collection_is_answered_as_promised(newman: Path, tmp_path: Path) -> None:
    env = {"API_TOKENS": f"newman:{TOKEN}:{SCOPES}", "RATELIMIT_ENABLED": "0", "SANDBOX": "0"}
    env |= {"CLIENT_REGISTRATION": "1"}
    report = tmp_path / "report.json"
    with LiveGateway(tmp_path, env=env | {"LOG_LEVEL": "WARNING"}) as gateway:
        command = [str(newman), "run", str(FILE), "--reporters", "json", "--timeout-request", "20000"]
        command += ["--reporter-json-export", str(report)]
        command += [
            "--env-var",
            f"base={gateway.url}",
            "--env-var",
            f"token={TOKEN}",
            "--env-var",
            "channel=callback",
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=55, check=False)
        assert report.exists(), done.stdout + done.stderr + gateway.log()[-2000:]
        run = json.loads(report.read_text(encoding="utf-8"))["run"]
        failed = [
            f"{failure['source']['name']}: {failure['error']['message']}" for failure in run["failures"]
        ]
        assert failed == []
        assert run["stats"]["assertions"]["total"] == run["stats"]["requests"]["total"] > 60
    assert done.returncode == 0
