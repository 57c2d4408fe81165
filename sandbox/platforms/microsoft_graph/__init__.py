"""Simulated Microsoft Graph: change and lifecycle notifications, with resource data and without, the handshake, and Microsoft's keys."""

from __future__ import annotations

from sandbox.platforms.microsoft_graph import api, keys
from sandbox.platforms.microsoft_graph.firing import CALLBACKS
from sandbox.simulated import Address, Credential, Look, Preset, SampleChannel, Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="microsoft-graph",
    title=Words("Microsoft Graph", "Microsoft Graph"),
    place=74,
    credentials=(
        Credential("MICROSOFT_GRAPH_CLIENT_STATE", "sandbox-microsoft-graph-client-state"),
        Credential("MICROSOFT_GRAPH_APP_ID", "5a4db0c0-ffee-4b1e-8790-000000000001"),
        Credential("MICROSOFT_GRAPH_TENANT", "5a4db0c0-ffee-4958-8b9f-000000000002"),
        Credential("MICROSOFT_GRAPH_PRIVATE_KEY", keys.ENCRYPTION_PRIVATE_KEY_PEM),
    ),
    addresses=(Address("MICROSOFT_GRAPH_LOGIN_BASE", "/microsoft_graph"),),
    channel=SampleChannel(
        "microsoft-graph",
        "Microsoft Graph",
        {
            "client_state": "${MICROSOFT_GRAPH_CLIENT_STATE}",
            "app_id": "${MICROSOFT_GRAPH_APP_ID}",
            "tenants": ["${MICROSOFT_GRAPH_TENANT}"],
            "encryption_keys": {keys.ENCRYPTION_CERTIFICATE_ID: "${MICROSOFT_GRAPH_PRIVATE_KEY}"},
            "login_base": "${MICROSOFT_GRAPH_LOGIN_BASE:-https://login.microsoftonline.com}",
        },
    ),
    blueprint=api.blueprint,
    callbacks=CALLBACKS,
    look=Look("#5b4bb7", dark_accent="#b8aef2", on_dark_accent="#1b1540"),
    presets=(
        Preset(
            "keys",
            "microsoft_graph.keys",
            "status",
            1,
            {"status": 500},
            Words("The next list of keys is an error 500", "下一次获取公钥列表返回 500"),
        ),
    ),
)
