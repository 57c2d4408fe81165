"""What `flask channels check` sees of one channel beyond its keys: its address from outside, what it refused lately, what its console must hold."""

from __future__ import annotations

from app.pipeline.operators.doctor.channel import console_finding
from app.pipeline.operators.doctor.examine import lately, public_findings
from app.pipeline.operators.doctor.finding import Finding
from app.pipeline.operators.doctor.public_address import is_local
from app.pipeline.services import Services

TOLD = ("warn", "wrong")
OF_AN_ADDRESS = ("public_address", "callback_addresses", "proxies")


class Looks:
    """Looks at one channel after the other. The public address is the same for all of them and is called once, when it is first asked for."""

    def __init__(self, services: Services, *, is_offline: bool):
        self._services = services
        self._calls_nobody = is_offline or is_local(services.settings)
        self._address: list[Finding] | None = None

    def at(self, name: str) -> list[Finding]:
        """Return what there is to say about a channel; nothing about one that takes no part."""
        services, channel = self._services, self._services.channels.get(name)
        if channel is None:
            return []
        held = console_finding(services.settings, channel)
        found = [finding for finding in lately(services, channel) if finding.state in TOLD]
        if held is None:
            return found
        return [*self._reached(), *found, held]

    def _reached(self) -> list[Finding]:
        if self._calls_nobody:
            return []
        if self._address is None:
            findings = public_findings(self._services, is_offline=False)
            self._address = [
                each for each in findings if each.name in OF_AN_ADDRESS and each.state != "not_tried"
            ]
        return self._address
