"""`make run`: a working gateway from a bare checkout: own files for development, tables, gateway and simulator."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from app.cli import take_over
from app.cli.own_files import ADDRESS_SETTINGS, CODE, Addresses, write_for_development
from app.config.environment import environment_with_home, named_home, read_environment
from app.core.errors import ConfigurationError
from app.serving.used_port import port_fault

LAST_PORT = 65_535
LOCAL = ("localhost", "127.0.0.1")
START_SECONDS = 30
OTHER_PORTS = "Other ports: before .env is written, make run GATEWAY_PORT=6003 SIMULATOR_PORT=6004; afterwards PUBLIC_BASE_URL and SANDBOX_URL in it."


def main(wishes: Sequence[str] = ()) -> int:
    """Prepare, start both servers, wait until they answer, and stop them together; `wishes` are two ports, empty: the usual ones."""
    home = Path(named_home() or CODE).resolve()
    addresses = chosen_addresses(home / ".env", wishes)
    if isinstance(addresses, str):
        print(addresses)
        return 1
    if faults := [fault for port in _ports(addresses) if (fault := port_fault("127.0.0.1", port))]:
        print("\n".join([*faults, OTHER_PORTS]))
        return 1
    return _prepare_and_serve(home, addresses)


def chosen_addresses(file: Path, wishes: Sequence[str]) -> Addresses | str:
    """Return the addresses that own settings say, before there are any those that are wished for; a sentence where both disagree."""
    if wrong := [wish for wish in wishes if wish and not (wish.isdecimal() and 0 < int(wish) <= LAST_PORT)]:
        return f"{wrong[0]} is no port; a port is a number from 1 to {LAST_PORT}."
    wished = [f"http://localhost:{wish}" if wish else "" for wish in wishes]
    if not file.is_file():
        return Addresses(*(own or usual for own, usual in zip(wished, Addresses(), strict=False)))
    said = _written(file)
    if any(own and own != kept for own, kept in zip(wished, said, strict=False)):
        return (
            f"{file} says {said.gateway} and {said.simulator}. Change {' and '.join(ADDRESS_SETTINGS)} there, and the "
            "simulator's port in the lines below them; or begin another folder with CALLGATE_HOME."
        )
    return said


def _written(file: Path) -> Addresses:
    """Return the addresses that own settings say; what is not on this machine, or cannot be read, leaves the usual port."""
    try:
        said = read_environment(file)
    except ConfigurationError:
        return Addresses()  # The commands below say what is wrong with the file.
    found = [said.get(name, "").rstrip("/") for name in ADDRESS_SETTINGS]
    return Addresses(
        *(own if _is_here(own) else usual for own, usual in zip(found, Addresses(), strict=True))
    )


def _is_here(address: str) -> bool:
    try:
        split = urlsplit(address)
        return split.scheme == "http" and split.hostname in LOCAL and split.port is not None
    except ValueError:
        return False


def _ports(addresses: Addresses) -> list[int]:
    return [urlsplit(address).port or 0 for address in addresses]


def _prepare_and_serve(home: Path, addresses: Addresses) -> int:
    """Write what is missing, bring the tables up, serve."""
    if (CODE / take_over.KEPT).is_dir():
        # What was copied before a pull goes to its place first; an example there would be in its way.
        take_over.main()
    try:
        for file in write_for_development(home, addresses):
            if file.is_new:
                print(f"Wrote {file.path}")
    except OSError as error:
        print(f"{error.filename or home} cannot be written: {error.strerror}.")
        return 1
    environment = environment_with_home(home)
    flask = [sys.executable, "-m", "flask"]
    if subprocess.run([*flask, "db", "upgrade"], cwd=CODE, env=environment, check=False).returncode:
        return 1
    gateway, simulator = map(str, _ports(addresses))
    commands = [[*flask, "serve", "--port", gateway], [sys.executable, "-m", "sandbox", "--port", simulator]]
    return _serve(commands, home, environment, addresses)


def _serve(commands: list[list[str]], home: Path, environment: dict[str, str], addresses: Addresses) -> int:
    """Run the servers until one of them ends or somebody stops them."""
    servers = [subprocess.Popen(command, cwd=CODE, env=environment) for command in commands]
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        if not _wait_until_up(servers, addresses):
            return 1
        _print_addresses(home, addresses)
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


def _wait_until_up(servers: list[subprocess.Popen[bytes]], addresses: Addresses) -> bool:
    deadline = time.monotonic() + START_SECONDS
    for address in (f"{addresses.gateway}/healthz", f"{addresses.simulator}/"):
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


def _print_addresses(home: Path, addresses: Addresses) -> None:
    environment = read_environment(home / ".env")
    print(
        f"\n  Gateway      {addresses.gateway}\n  Simulator    {addresses.simulator}\n"
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
    sys.exit(main(sys.argv[1:]))
