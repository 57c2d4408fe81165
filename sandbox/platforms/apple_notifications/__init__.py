"""Simulated App Store: server notifications, version 2, signed with certificates that lead to a root of its own."""

from __future__ import annotations

from sandbox.platforms.apple_notifications.firing import CALLBACKS
from sandbox.platforms.apple_notifications.signer import root_pem
from sandbox.simulated import Credential, Look, SampleChannel, Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="apple-notifications",
    title=Words("App Store", "App Store 通知"),
    place=72,
    credentials=(
        Credential("APPLE_BUNDLE_ID", "com.callgate.sandbox"),
        Credential("APPLE_APP_APPLE_ID", "5425000001"),
        Credential("APPLE_ROOT_CERTIFICATE", root_pem().replace("\n", "\\n")),
    ),
    channel=SampleChannel(
        "apple",
        "App Store",
        {
            "bundle_id": "${APPLE_BUNDLE_ID}",
            "app_apple_id": "${APPLE_APP_APPLE_ID}",
            "root_certs_pem": ["${APPLE_ROOT_CERTIFICATE}"],
        },
    ),
    callbacks=CALLBACKS,
    look=Look("#3a3a3c", dark_accent="#c7c7cc", on_dark_accent="#1c1c1e"),
)
