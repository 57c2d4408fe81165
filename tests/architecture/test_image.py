"""The image: what its Dockerfile installs and copies; read as text, since building it needs another machine's registry."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from app.config.settings import read_settings
from tests.builders import SECRET_KEY

ROOT = Path(__file__).resolve().parents[2]
TEST_TOOLS = {
    "pytest",
    "pytest-timeout",
    "pytest-cov",
    "hypothesis",
    "playwright",
    "ruff",
    "mypy",
}
NAME = re.compile(r"^([A-Za-z0-9._-]+)", re.MULTILINE)


def test_the_image_installs_everything_but_what_tests_need(tmp_path: Path) -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    (filtering,) = re.findall(r"^RUN (grep .*?) \\$", dockerfile, re.MULTILINE)
    shutil.copy(ROOT / "requirements.txt", tmp_path)
    subprocess.run(["bash", "-c", filtering], cwd=tmp_path, check=True)
    kept, all_of_them = (
        set(NAME.findall((tmp_path / name).read_text(encoding="utf-8")))
        for name in ("requirements-image.txt", "requirements.txt")
    )
    installed = re.findall(r"-r (requirements\S+)", dockerfile)
    assert installed == ["requirements-image.txt", "requirements-scale.txt"]
    assert "flask" in kept
    assert not kept & TEST_TOOLS
    assert all_of_them - kept <= TEST_TOOLS


def test_the_image_gets_no_folder_of_tests() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert lines[0] == "*"
    assert not {line for line in lines if "tests" in line or "requirements-dev" in line}


def test_a_container_is_production_unless_it_is_told_otherwise(tmp_path: Path) -> None:
    lines = re.findall(r"^ENV (.*)$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    image = {"SECRET_KEY": SECRET_KEY, **dict(re.findall(r"([A-Z_]+)=(\S+)", " ".join(lines)))}
    assert {"APP_ENV", "CALLGATE_HOME", "PATH"} <= image.keys()
    image["CALLGATE_HOME"] = str(tmp_path)
    assert read_settings(image)[0].app_env == "prod"
    assert read_settings(image | {"APP_ENV": "test"})[0].app_env == "test"
    assert read_settings({"SECRET_KEY": SECRET_KEY})[0].app_env == "dev", "which is why the image says it"


def test_the_dockerfile_is_as_linters_want_it() -> None:
    """No linter for it can be installed here, so what one would say is said by this."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    words = {line.split()[0] for line in lines}
    assert words <= {
        "ARG",
        "FROM",
        "ENV",
        "WORKDIR",
        "COPY",
        "RUN",
        "LABEL",
        "USER",
        "EXPOSE",
        "STOPSIGNAL",
        "HEALTHCHECK",
        "CMD",
    }
    assert re.findall(r"^FROM (\S+)", text, re.MULTILINE) == ["${PYTHON_IMAGE}"] * 2
    assert "ARG PYTHON_IMAGE=python:3.11-slim" in lines, "a version, not the latest"
    assert not re.search(r"\b(?:sudo|curl|wget|apt-get|chmod 777)\b", text)
    assert all(";" not in line for line in lines if line.startswith("RUN") and "-exec" not in line), (
        "a failed step ends it"
    )
    last = lines[max(number for number, line in enumerate(lines) if line.startswith("FROM")) :]
    assert [line for line in last if line.startswith("USER")] == ["USER 10001:10001"]
    assert [line[:4] for line in last if line.startswith("CMD")] == ["CMD "]
    assert all(line.startswith("COPY --from=packages") for line in last if line.startswith("COPY"))
