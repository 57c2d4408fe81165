"""`make run`: a working gateway from a bare checkout: `.env` with fresh secrets, tables, gateway and simulator."""

from __future__ import annotations

import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from app.config.environment import read_environment

ROOT = Path(__file__).resolve().parents[2]
GATEWAY = "http://localhost:5003"
SIMULATOR = "http://localhost:5004"
START_SECONDS = 30
FRESH = {
    "SECRET_KEY=": lambda: secrets.token_hex(32),
    "API_TOKENS=": lambda: f"ops:{secrets.token_hex(20)}",
    "ADMIN_PASSWORD=": lambda: secrets.token_hex(8),
}


def main() -> int:
    """Prepare, start both servers, wait until they answer, and stop them together."""
    env_file = ROOT / ".env"
    if not env_file.exists():
        write_env_file(ROOT / ".env.example", env_file)
        print("Wrote .env with fresh secrets.")
    flask = [sys.executable, "-m", "flask"]
    if subprocess.run([*flask, "db", "upgrade"], cwd=ROOT, check=False).returncode:
        return 1
    servers = [
        subprocess.Popen([*flask, "serve"], cwd=ROOT),
        subprocess.Popen([sys.executable, "-m", "sandbox"], cwd=ROOT),
    ]
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        if not _wait_until_up(servers):
            return 1
        _print_addresses()
        while all(server.poll() is None for server in servers):
            time.sleep(0.5)
        return 1
    except KeyboardInterrupt:
        print("\nStopping.")
        return 0
    finally:
        _stop(servers)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def write_env_file(example: Path, target: Path) -> None:
    """Copy the example, with a fresh random value behind each empty secret."""
    lines = []
    for line in example.read_text(encoding="utf-8").splitlines():
        make = FRESH.get(line.strip())
        lines.append(line + make() if make is not None else line)
    target.touch(mode=0o600)
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _wait_until_up(servers: list[subprocess.Popen[bytes]]) -> bool:
    deadline = time.monotonic() + START_SECONDS
    for address in (f"{GATEWAY}/healthz", f"{SIMULATOR}/"):
        while not _answers(address):
            if time.monotonic() > deadline or any(server.poll() is not None for server in servers):
                print(f"{address} does not answer; is the port in use?")
                return False
            time.sleep(0.1)
    return True


def _answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=2) as answer:  # noqa: S310 - our own address, written above
            return bool(answer.status)
    except (URLError, OSError):
        return False


def _print_addresses() -> None:
    environment = read_environment(ROOT / ".env")
    print(
        f"\n  Gateway      {GATEWAY}\n  Simulator    {SIMULATOR}\n"
        f"  API token    {environment.get('API_TOKENS', '').partition(':')[2] or '(none set)'}\n\n"
        "  Ctrl-C stops both.\n"
    )


def _stop(servers: list[subprocess.Popen[bytes]]) -> None:
    for server in servers:
        if server.poll() is None:
            server.send_signal(signal.SIGTERM)
    for server in servers:
        try:
            server.wait(timeout=12)
        except subprocess.TimeoutExpired:
            server.kill()


if __name__ == "__main__":
    sys.exit(main())
