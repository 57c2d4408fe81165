"""The sample channels of suites: the suite's own events, and what happens in an authorised company."""

from __future__ import annotations

from tests.platforms.callback_cases import NOW
from tests.platforms.samples import Sample
from tests.platforms.wecom_suite import suite

SAMPLES = (
    Sample(
        "wecom-suite",
        "commands",
        suite.SETTINGS,
        suite.commanded,
        suite.command("suite_ticket", SuiteTicket="ticket1"),
        now=NOW,
        has_window=False,
    ),
    Sample(
        "wecom-suite",
        "data",
        suite.SETTINGS | {"provider_corp_id": suite.PROVIDER},
        suite.of_company,
        suite.message(MsgId=7),
        now=NOW,
        has_window=False,
    ),
)
