"""Eight processes at once that relay a call of one channel, over one database. For each line it reads it has them do so again.

Started as `python -m tests.relay.eight_processes FOLDER`, with a channels file and the database's address in that folder. The
gateway is joined once and opens no connection before it is forked.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from app.core.clock import SystemClock
from app.storage.database.db import Database
from tests.builders import make_services
from tests.relay.gateway import SHOP, Sibling

PROCESSES = 8


def relay_once(sibling: Sibling, begin_at: float) -> int:
    """Relay one call and return the platform's error number."""
    time.sleep(max(0.0, begin_at - time.time()))
    answer = sibling.ask("GET", "/relay/wechat/cgi-bin/user/info?openid=nobody", SHOP)
    return int(json.loads(answer.data).get("errcode", -1))


def relay_in_all(sibling: Sibling, folder: Path) -> list[int]:
    """Fork, let all begin at once, and return what each got."""
    begin_at = time.time() + 0.3
    places = [folder / f"found-{number}" for number in range(PROCESSES)]
    for place in places:
        if os.fork() == 0:
            try:
                place.write_text(str(relay_once(sibling, begin_at)))
            finally:
                os._exit(0)
    for _ in places:
        os.wait()
    return [int(place.read_text()) for place in places]


def main(folder: Path) -> None:
    """Do so once for each line."""
    channels = (folder / "channels.toml").read_text(encoding="utf-8")
    database = Database((folder / "database").read_text())
    services = make_services(database, channels=channels, env={"LOG_LEVEL": "ERROR"}, clock=SystemClock())
    sibling = Sibling(services)
    for _ in sys.stdin:
        sys.stdout.write(json.dumps(relay_in_all(sibling, folder)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
