"""What the web server is told about connections: HTTP/1.1 only, and as many as the process may have files for."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest
from granian.constants import HTTPModes

from app.serving.connections import KEPT_FILES, MOST_CONNECTIONS, connection_settings
from tests.live import ROOT

ASK = "from app.serving.connections import most_connections; print(most_connections())"


def most_connections_under(soft: int, hard: int) -> int:
    """Ask a process with these limits of open files."""
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard)),
    )
    return int(done.stdout)


@pytest.mark.parametrize(
    ("soft", "hard", "connections"),
    [
        (1024, 1024, 1024 - KEPT_FILES),
        (1024, 8192, MOST_CONNECTIONS),
        (8192, 8192, MOST_CONNECTIONS),
    ],
)
def test_connections_fit_into_the_files_a_process_may_open(soft: int, hard: int, connections: int) -> None:
    assert most_connections_under(soft, hard) == connections


def test_a_head_has_a_time_and_only_one_version_is_spoken() -> None:
    settings = connection_settings()
    assert settings["http"] is HTTPModes.http1
    assert settings["http1_settings"].header_read_timeout == 30_000
