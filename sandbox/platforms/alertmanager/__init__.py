"""Simulated Alertmanager: notifications of a webhook receiver with a token."""

from __future__ import annotations

from sandbox.platforms.alertmanager.firing import CALLBACKS
from sandbox.simulated import Credential, SampleChannel, Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="alertmanager",
    title=Words("Alertmanager", "Alertmanager"),
    place=60,
    credentials=(Credential("ALERTMANAGER_TOKEN", "sandbox-alertmanager-token"),),
    channel=SampleChannel("alertmanager", "Alertmanager", {"token": "${ALERTMANAGER_TOKEN}"}),
    callbacks=CALLBACKS,
)
