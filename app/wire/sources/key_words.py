"""What a channel's key is, in both languages; the English sentence is that of the settings themselves."""

from __future__ import annotations

from app.wire.sources.proof_words import Said

OF_ALL = {
    "secret": "共享密钥；更换期间可以写成列表。",
    "public_key": "平台公钥，按其页面所示填写。",
    "username": "Basic 凭据的用户名。",
    "password": "Basic 凭据的密码。",
    "encrypt_key": "加密内容的密钥。",
    "jwks_url": "平台密钥集的地址。",
    "jwks": "密钥集本身，可代替其地址。",
}

SENTENCES = {
    "The shared secret; a list while it changes.": OF_ALL["secret"],
    "The domain that is signed: the streaming domain, or the host of the callback address.": "参与签名的域名：推流域名，或回调地址的主机名。",
    "Name of the parameter that carries the secret in the address.": "地址中携带密钥的参数名。",
    "Name of the header that you chose at the sender.": "你在对方后台选定的请求头名称。",
    "The public key of the pair whose private key is secret.": "公钥；与之配对的私钥即 secret。",
    "Name of the parameter, where the token stands in the address (access_token).": "令牌放在地址中时的参数名（access_token）。",
    "The app key.": "应用的 App Key。",
    "Your merchant number (pid).": "你的商户号（pid）。",
    "The app id that every receipt must name.": "每条回执都必须带有的应用 ID。",
    "The audience of the push subscription.": "推送订阅的受众（audience）。",
    "The account that the push subscription uses.": "推送订阅所用的服务账号。",
    "Name of the signature header, where it is another one.": "签名请求头的名称（与默认不同时填写）。",
    "Name of the header with the signed time, where Grafana sends one.": "Grafana 发送签名时间时所用的请求头名称。",
    "The user name entered beside the secret.": "与密钥一起填写的用户名。",
    "Name of the header with the token.": "携带令牌的请求头名称。",
    "Name of the parameter with the token.": "携带令牌的参数名。",
    "Your Kinde address, such as https://acme.kinde.com.": "你的 Kinde 地址，例如 https://acme.kinde.com。",
    "The app id that a push must name.": "推送必须带有的应用 ID。",
    "The text that you entered as verify token.": "你在后台填写的 verify token。",
    "The app key that a message must name.": "消息必须带有的 App Key。",
    "The access key.": "Access Key。",
    "The bot's app id (BotAppID).": "机器人的 AppID（BotAppID）。",
    "The AppId.": "AppId。",
    "The SDKAppID.": "SDKAppID。",
    "The operator whose password is secret.": "操作员名称；其密码即 secret。",
    "App id that a notification must name.": "通知必须带有的应用 ID。",
    "Merchant number that a notification must name.": "通知必须带有的商户号。",
    "The client id of the app.": "应用的 client_id。",
}
"""Sentences of descriptions; one that is not here stands in English on both halves of a page."""


def key_sentence(name: str, english: str) -> Said:
    """Return what a key is."""
    return Said(english, SENTENCES.get(english) or OF_ALL.get(name, english))
