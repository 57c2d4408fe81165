"""n8n beside the gateway: one workflow with a webhook that is answered at once, its executions stored in PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url

from bench import signing
from bench.contenders import Contender, Standing
from bench.load import HOST, run
from bench.ports import free_port
from bench.samples import Bench, Skipped
from bench.servers import ROOT, Server, ServerFailed
from bench.stores import Store

FOLDER = ROOT / "bench" / "peers" / "n8n"
PROGRAM = FOLDER / "node_modules" / ".bin" / "n8n"
STARTED = b"Workflow was started"
WORKFLOW = "benchCallback001"
PREPARE_SECONDS = 120
START_SECONDS = 60
SETTLE_SECONDS = 3.0
"""After a restart it goes on with what it can; then it is asked."""

COUNT = "SELECT count(*) FROM execution_entity"
DONE = """
    SELECT (regexp_matches(data, '[0-9a-f]{32}', 'g'))[1]
    FROM execution_data JOIN execution_entity ON id = "executionId" WHERE status = 'success'"""


def contender() -> Contender:
    """Return it as one that can be measured and killed."""
    return Contender("n8n", "n8n, one webhook node", _stand)


@contextmanager
def _stand(bench: Bench, name: str) -> Iterator[Standing]:
    if not PROGRAM.exists():
        raise Skipped("n8n is not installed: `make bench-peers` installs it")
    is_new = f"postgresql_{name}" not in bench.stores
    store = bench.bare_store("postgresql", name, "SELECT 1")
    environment = _environment(bench.folder / f"n8n_{name}", store)
    if is_new:
        _run(environment, "import:workflow", f"--input={FOLDER / 'workflow.json'}")
        _run(environment, "publish:workflow", f"--id={WORKFLOW}")
    port = free_port()
    server = Server(
        [str(PROGRAM), "start"],
        folder=bench.folder,
        port=port,
        environment=environment | {"N8N_PORT": str(port), "N8N_RUNNERS_BROKER_PORT": str(free_port())},
        serves_in_children=False,
    )
    with server:
        _wait_for_the_workflow(bench, port)
        yield Standing(
            server,
            known=lambda: _done(store),
            count=lambda: store.number(COUNT),
            databases=store.processes(),
        )


def _environment(folder: Path, store: Store) -> dict[str, str]:
    folder.mkdir(exist_ok=True)
    url = make_url(store.url)
    return {
        "DB_TYPE": "postgresdb",
        "DB_POSTGRESDB_HOST": url.host or HOST,
        "DB_POSTGRESDB_PORT": str(url.port or 5432),
        "DB_POSTGRESDB_DATABASE": url.database or "",
        "DB_POSTGRESDB_USER": url.username or "",
        "DB_POSTGRESDB_PASSWORD": str(url.password or ""),
        "N8N_USER_FOLDER": str(folder),
        "N8N_LISTEN_ADDRESS": HOST,
        "N8N_ENDPOINT_WEBHOOK": "webhooks",
        "N8N_DIAGNOSTICS_ENABLED": "false",
        "N8N_VERSION_NOTIFICATIONS_ENABLED": "false",
    }


def _run(environment: Mapping[str, str], *words: str) -> None:
    done = subprocess.run(
        [str(PROGRAM), *words],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=PREPARE_SECONDS,
        check=False,
    )
    if done.returncode:
        raise ServerFailed((done.stdout + done.stderr)[-1500:])


def _wait_for_the_workflow(bench: Bench, port: int) -> None:
    """Wait until the webhook itself answers: before that n8n answers in its place, now with 200 and now with 404."""
    deadline = time.monotonic() + START_SECONDS
    asked = signing.signed("callback", f"n8n/{bench.folder.name}/{port}", 1)
    while time.monotonic() < deadline:
        result = run(port, asked, connections=1, seconds=START_SECONDS, keep_answers=True)
        if STARTED in result.answers[0]:
            return
        time.sleep(0.2)
    raise ServerFailed("n8n did not activate its workflow")


def _done(store: Store) -> set[str]:
    time.sleep(SETTLE_SECONDS)
    return store.words(DONE)
