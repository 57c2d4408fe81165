"""The newest row of each channel is found for many channels at once, on every database."""

from __future__ import annotations

from app.pipeline.services import Services
from app.storage.channel_checks import PassedCheck, channel_checks, insert_check
from app.storage.database.newest import AT_ONCE, newest_of_each
from tests.builders import NOW


def test_each_channel_has_its_own_newest_row(services: Services) -> None:
    names = [f"channel-{number}" for number in range(AT_ONCE + 3)]
    columns = (channel_checks.c.channel, channel_checks.c.kind, channel_checks.c.at)
    with services.database.begin() as tx:
        for name in (*names, *names):
            insert_check(tx, PassedCheck(name, NOW, "GET", f"check of {name}", ""))
        insert_check(tx, PassedCheck(names[0], NOW, "GET", "the last", ""))
        found = newest_of_each(tx, columns, channel_checks.c.id, [*names, "nobody", "Channel-1"])
    assert found.keys() == set(names)
    assert (found[names[0]].kind, found[names[1]].kind, found[names[1]].at) == (
        "the last",
        "check of channel-1",
        NOW,
    )
