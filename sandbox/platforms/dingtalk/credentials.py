"""The fictional application of the simulated DingTalk, and the gateway's sample channel for it."""

from __future__ import annotations

from sandbox.simulated import Address, Credential, SampleChannel

CREDENTIALS = (
    Credential("DINGTALK_APP_KEY", "dingsandbox0000001"),
    Credential("DINGTALK_APP_SECRET", "sandbox-dingtalk-app-secret"),
    Credential("DINGTALK_AGENT_ID", "9150042"),
    Credential("DINGTALK_ROBOT_TOKEN", "sandboxdingtalkrobot0123456789abcdef0123456789abcdef"),
    Credential("DINGTALK_ROBOT_SECRET", "SECsandboxdingtalkrobot0123456789abcdef0123456789abcdef"),
    Credential("DINGTALK_TOKEN", "sandbox-dingtalk-token"),
    Credential("DINGTALK_AES_KEY", "SandboxDingTalkAesKey0123456789abcdefghijkl"),
)
ADDRESSES = (
    Address("DINGTALK_API_BASE", "/dingtalk"),
    Address("DINGTALK_LOGIN_BASE", "/dingtalk"),
    Address("DINGTALK_OAPI_BASE", "/dingtalk"),
    Address("DINGTALK_JSAPI_URL", "/dingtalk/jsapi/dingtalk.open.js"),
)
CHANNEL = SampleChannel(
    "dingtalk",
    "DingTalk",
    {
        "app_key": "${DINGTALK_APP_KEY}",
        "app_secret": "${DINGTALK_APP_SECRET}",
        "agent_id": "${DINGTALK_AGENT_ID}",
        "robot_token": "${DINGTALK_ROBOT_TOKEN}",
        "robot_secret": "${DINGTALK_ROBOT_SECRET}",
        "token": "${DINGTALK_TOKEN}",
        "aes_key": "${DINGTALK_AES_KEY}",
        "api_base": "${DINGTALK_API_BASE:-https://api.dingtalk.com}",
        "login_base": "${DINGTALK_LOGIN_BASE:-https://login.dingtalk.com}",
        "oapi_base": "${DINGTALK_OAPI_BASE:-https://oapi.dingtalk.com}",
        "jsapi_url": "${DINGTALK_JSAPI_URL:-https://g.alicdn.com/dingding/dingtalk-jsapi/3.0.25/dingtalk.open.js}",
    },
)
