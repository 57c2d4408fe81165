"""Simulated Jira with one Connect app and one tenant: webhooks, lifecycle callbacks, Atlassian's own keys."""

from __future__ import annotations

from sandbox.platforms.jira_connect import api
from sandbox.platforms.jira_connect.firing import CALLBACKS, CLIENT_KEY
from sandbox.simulated import Address, Credential, SampleChannel, Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="jira-connect",
    title=Words("Jira Connect", "Jira Connect"),
    place=73,
    credentials=(
        Credential("JIRA_CONNECT_BASE_URL", "https://gateway.example/webhooks/jira-connect"),
        Credential("JIRA_CONNECT_APP_KEY", "example.callgate.sandbox"),
        Credential("JIRA_CONNECT_SHARED_SECRET", "sandbox-jira-connect-shared-secret"),
    ),
    addresses=(Address("JIRA_CONNECT_KEYS_BASE", "/jira_connect"),),
    channel=SampleChannel(
        "jira-connect",
        "Jira Connect",
        {
            "base_url": "${JIRA_CONNECT_BASE_URL}",
            "app_key": "${JIRA_CONNECT_APP_KEY}",
            "tenants": {CLIENT_KEY: "${JIRA_CONNECT_SHARED_SECRET}"},
            "keys_base": "${JIRA_CONNECT_KEYS_BASE:-https://connect-install-keys.atlassian.com}",
        },
    ),
    blueprint=api.blueprint,
    callbacks=CALLBACKS,
)
