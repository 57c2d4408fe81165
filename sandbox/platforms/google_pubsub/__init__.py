"""Simulated Google Pub/Sub: pushes with a token of the service account, and Google's keys."""

from __future__ import annotations

from sandbox.platforms.google_pubsub import api
from sandbox.platforms.google_pubsub.firing import CALLBACKS
from sandbox.simulated import Address, Credential, Look, Preset, SampleChannel, Simulated
from sandbox.words import Words

SIMULATED = Simulated(
    slug="google-pubsub",
    title=Words("Google Pub/Sub", "Google Pub/Sub"),
    place=73,
    credentials=(
        Credential("GOOGLE_PUBSUB_AUDIENCE", "https://callgate.sandbox.example/webhooks/google-pubsub"),
        Credential("GOOGLE_PUBSUB_SERVICE_ACCOUNT", "push@callgate-sandbox.iam.gserviceaccount.com"),
        Credential("GOOGLE_PUBSUB_SUBSCRIPTION", "projects/callgate-sandbox/subscriptions/gateway"),
    ),
    addresses=(Address("GOOGLE_PUBSUB_API_BASE", "/google_pubsub"),),
    channel=SampleChannel(
        "google-pubsub",
        "Google Pub/Sub",
        {
            "audience": "${GOOGLE_PUBSUB_AUDIENCE}",
            "service_account": "${GOOGLE_PUBSUB_SERVICE_ACCOUNT}",
            "subscriptions": ["${GOOGLE_PUBSUB_SUBSCRIPTION}"],
            "api_base": "${GOOGLE_PUBSUB_API_BASE:-https://www.googleapis.com}",
        },
    ),
    blueprint=api.blueprint,
    callbacks=CALLBACKS,
    look=Look("#2b5fb8", dark_accent="#9dbdf2", on_dark_accent="#0d1f3d"),
    presets=(
        Preset(
            "keys",
            "google_pubsub.keys",
            "status",
            1,
            {"status": 500},
            Words("The next list of keys is an error 500", "下一次获取公钥列表返回 500"),
        ),
    ),
)
