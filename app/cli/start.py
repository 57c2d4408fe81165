"""`make run`: a working gateway from a bare checkout: own files for development, tables, gateway and simulator."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from app.cli import take_over
from app.cli.own_files import CODE, write_for_development
from app.config.environment import environment_with_home, named_home, read_environment
from app.serving.used_port import port_fault

GATEWAY = "http://localhost:5003"
SIMULATOR = "http://localhost:5004"
PORTS = (5003, 5004)
START_SECONDS = 30


def main() -> int:
    """Prepare, start both servers, wait until they answer, and stop them together."""
    if faults := [fault for port in PORTS if (fault := port_fault("127.0.0.1", port))]:
        print("\n".join(faults))
        return 1
    home = Path(named_home() or CODE).resolve()
    if (CODE / take_over.KEPT).is_dir():
        # What was copied before a pull goes to its place first; an example there would be in its way.
        take_over.main()
    try:
        for file in write_for_development(home):
            if file.is_new:
                print(f"Wrote {file.path}")
    except OSError as error:
        print(f"{error.filename or home} cannot be written: {error.strerror}.")
        return 1
    environment = environment_with_home(home)
    flask = [sys.executable, "-m", "flask"]
    if subprocess.run([*flask, "db", "upgrade"], cwd=CODE, env=environment, check=False).returncode:
        return 1
    return _serve([[*flask, "serve"], [sys.executable, "-m", "sandbox"]], home, environment)


def _serve(commands: list[list[str]], home: Path, environment: dict[str, str]) -> int:
    """Run the servers until one of them ends or somebody stops them."""
    servers = [subprocess.Popen(command, cwd=CODE, env=environment) for command in commands]
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        if not _wait_until_up(servers):
            return 1
        _print_addresses(home)
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


def _print_addresses(home: Path) -> None:
    environment = read_environment(home / ".env")
    print(
        f"\n  Gateway      {GATEWAY}\n  Simulator    {SIMULATOR}\n"
        f"  API token    {environment.get('API_TOKENS', '').partition(':')[2] or '(none set)'}\n"
        f"  Handlers     {home / 'handlers'}: a change takes effect by itself\n\n"
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
