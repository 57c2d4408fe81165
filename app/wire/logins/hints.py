"""What a refusal means for whoever must act: one sentence for each hint, in English and Chinese.

The sentences hold the provider's name, its console page and our return address, never anything that came from outside. COMPOSED are the
other sentences of a described login that have something filled in. `sentences` finds the Chinese of one that was filled.
"""

from __future__ import annotations

from typing import NamedTuple


class Hint(NamedTuple):
    """A sentence about a refusal; `{name}`, `{console}` and `{redirect_uri}` are filled in."""

    sentence: str
    sentence_zh: str


HINTS = {
    "code_used": Hint(
        "{name} says that the code is used or too old; start the login again.",
        "{name}表示授权码已用过或已过期，请重新登录。",
    ),
    "login_again": Hint(
        "{name} no longer accepts this login; start it again.", "{name}不再认可这次登录，请重新登录。"
    ),
    "user_denied": Hint(
        "The login was cancelled; start again when you like.", "登录已取消，需要时请重新开始。"
    ),
    "anonymous_user": Hint(
        "{name} let a visitor in who has no account of their own; log in with a full account.",
        "{name}返回的是游客身份，不是正式账号，请用正式账号登录。",
    ),
    "refresh": Hint(
        "{name} no longer accepts the token; log in again.", "{name}不再接受这个令牌，请重新登录。"
    ),
    "id_token": Hint(
        "The ID token from {name} does not hold: signature, issuer, audience, nonce or time is wrong.",
        "{name}的 ID Token 未通过校验：签名、签发者、受众、nonce 或时间有误。",
    ),
    "redirect_uri": Hint(
        "The address {redirect_uri} is not registered at {name}: open {console} and paste it exactly.",
        "地址 {redirect_uri} 没有在{name}登记：打开 {console}，原样填入。",
    ),
    "client_id": Hint(
        "{name} does not know this application: compare client_id with {console}.",
        "{name}不认识这个应用：请对照 {console} 检查 client_id。",
    ),
    "client_secret": Hint(
        "{name} does not accept this application's secret: compare client_id and client_secret with {console}; a blank at the end, "
        "the secret's id instead of its value, or a secret that was replaced are the usual causes.",
        "{name}不接受这个应用的密钥：请对照 {console} 检查 client_id 和 client_secret。常见原因：末尾多了空格、误填密钥的编号、密钥已更换。",
    ),
    "answer_signature": Hint(
        "The answer of {name} is not signed with the key in the channel: compare the platform's public key (not the application's) with {console}.",
        "{name}的应答不是用渠道里的公钥对应的密钥签名的：请对照 {console} 检查平台公钥（不是应用公钥）。",
    ),
    "ip_allowlist": Hint(
        "{name} does not let this server's address call it: add the address to the list of trusted ones in {console}.",
        "{name}不允许本服务器的出口地址调用：请在 {console} 把它加入可信 IP 列表。",
    ),
    "scope": Hint(
        "The application may not do this at {name}: enable the permission in {console}, or ask for less in scope.",
        "应用在{name}没有相应权限：请在 {console} 开通，或在 scope 里少申请一些。",
    ),
    "test_user": Hint(
        "The application is not reviewed yet at {name}: add this account as a test user in {console}.",
        "应用在{name}尚未通过审核：请在 {console} 把该账号加为测试用户。",
    ),
    "app_not_live": Hint(
        "The application is not online at {name}: finish and publish it in {console}.",
        "应用在{name}尚未上线：请在 {console} 完成配置并发布。",
    ),
    "app_disabled": Hint(
        "{name} has blocked the application: {console} says why.", "应用被{name}封禁：原因见 {console}。"
    ),
    "unionid": Hint(
        "The permission to read the unionid is missing at {name}: apply for it in {console}.",
        "应用在{name}没有 unionid 权限：请在 {console} 申请。",
    ),
    "tenant": Hint(
        "This account belongs to an organisation that may not log in here; an operator names those that may in the channel.",
        "该账号所属的组织不允许在此登录；允许的组织由管理员写在渠道里。",
    ),
    "not_a_member": Hint(
        "Only members of the organisation can log in here, and {name} says that this person is none.",
        "只有组织成员可以登录，而{name}表示此人不是成员。",
    ),
    "not_assigned": Hint(
        "This account was not given the application: an administrator assigns it in {console}.",
        "该账号未被分配此应用：请管理员在 {console} 分配。",
    ),
    "clock": Hint(
        "{name} finds the time of a signed request wrong: set this server's clock (NTP).",
        "{name}认为签名请求的时间不对：请校准本服务器的时钟（NTP）。",
    ),
}
"""By the word that a description uses."""

COMPOSED = {
    "busy": Hint(
        "{name} cannot answer at the moment (status {status}); try again later.",
        "{name}暂时无法响应（状态码 {status}），请稍后再试。",
    ),
    "refused_with": Hint("The login server refused with {code}.", "登录服务器拒绝了请求，代码 {code}。"),
    "refused": Hint("The login server refused.", "登录服务器拒绝了请求。"),
    "set_up": Hint(
        "The login server does not accept how this login is set up.", "登录服务器不接受这个登录的设置。"
    ),
    "answered": Hint(
        "The login server answered {status}; try again later.", "登录服务器返回了 {status}，请稍后再试。"
    ),
    "discovery": Hint(
        "The login server's discovery document cannot be used: {why}.",
        "登录服务器的发现文档无法使用：{why}。",
    ),
    "no_subject": Hint("{name} did not say clearly who logged in.", "{name}没有明确说明登录者是谁。"),
    "no_app_token": Hint("{name} gave no token for the application.", "{name}没有给出应用的令牌。"),
    "no_address": Hint("The login server names no address for {call}.", "登录服务器没有给出 {call} 的地址。"),
    "no_private_key": Hint(
        "{key} is no private key for {algorithm}; write the PEM text as the console gave it.",
        "{key} 不是 {algorithm} 私钥，请原样填写后台给出的 PEM 文本。",
    ),
}
"""Sentences about faults that no description words, by a name of ours."""

GRANT_HINTS = ("code_used", "login_again", "user_denied", "anonymous_user", "refresh", "id_token")
"""What a person cures by logging in again; the others are an operator's."""
