"""The fictional application of the simulated Huawei IAP, and the gateway's sample channel for it."""

from __future__ import annotations

from sandbox.platforms.huawei_iap_v3 import keys
from sandbox.simulated import Credential, SampleChannel

CREDENTIALS = (
    Credential("HUAWEI_IAP_APPLICATION_ID", "5765880207853000001"),
    Credential("HUAWEI_IAP_ROOT_CERT", keys.ROOT_CERTIFICATE),
)
CHANNEL = SampleChannel(
    "huawei-iap",
    "Huawei IAP",
    {"application_id": "${HUAWEI_IAP_APPLICATION_ID}", "root_certs_pem": "${HUAWEI_IAP_ROOT_CERT}"},
)
