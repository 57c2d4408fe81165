"""Causes and cures of refusals that several reasons share, in both languages. Words only; the table of reasons is cure_table.py.

`{keys}` becomes the names of the channel's keys that prove callbacks, `{address}` its callback address.
"""

from __future__ import annotations

from typing import NamedTuple


class Words(NamedTuple):
    """One sentence in both languages."""

    english: str
    chinese: str


class Cure(NamedTuple):
    """What happened, and what to do about it."""

    cause: Words
    cure: Words


COPY_AGAIN = Words(
    "Copy {keys} again from the platform's page into the environment, without blanks or line ends, reload, and let the platform "
    "send again.",
    "请从平台页面重新复制 {keys} 到环境变量，前后不要有空格或换行，重新加载配置后让平台再发一次。",
)
PASS_ON_BODIES = Words(
    "Let whatever stands in between (proxy, firewall, tunnel, load balancer) pass bodies to `{address}` on byte for byte: no "
    "rewriting, re-encoding, trimming or compression.",
    "请让中间的代理、防火墙、隧道或负载均衡把发往 `{address}` 的请求体逐字节原样转发：不改写、不转码、不去空白、不压缩。",
)
PASS_ON_HEADERS = Words(
    "If it was the platform, let the proxy pass on every header and the whole query; the evidence shows which ones arrived. "
    "If it was somebody else, nothing needs to be done.",
    "如果确是平台发来的，请让代理转发所有请求头和完整的查询参数（证据中可看到实际收到的内容）；如果是其他人发来的，无需处理。",
)
OTHER_APP = Words(
    "Enter `{address}` at the account or application of this channel, or correct the id in the channels file to the one that "
    "the request names.",
    "请在本渠道所属的账号或应用中填写 `{address}`，或把渠道文件里的编号改成请求中的那一个。",
)
SET_CLOCK = Words(
    "Set this machine's clock (`timedatectl set-ntp true`). If it is right, the request waited on its way or is a copy of an old "
    "one; let the platform send a new one.",
    "请校准本机时钟（`timedatectl set-ntp true`）。若时钟无误，则请求在途中滞留过或是旧请求的副本，请让平台重新发送。",
)
ONE_SENDER = Words(
    "Enter `{address}` only where this platform asks for its callback address, and give other senders a channel of their own.",
    "`{address}` 只应填写在该平台的回调地址处；其他发送方请另建渠道。",
)
SET_KEYS = Words(
    "Set {keys} in the environment, as the channels file names it, and reload.",
    "请按渠道文件里的名称在环境变量中设置 {keys}，然后重新加载配置。",
)
NEW_KEYS = Words(
    "Copy the platform's public key or certificate again. Where the gateway fetches it by itself, see that it may reach the "
    "platform and that the clock is right.",
    "请重新复制平台的公钥或证书。若由网关自行获取，请确认它能访问平台，且时钟准确。",
)
SAME_MODE = Words(
    "Choose the same mode on both sides: compare the encryption mode on the platform's page with the channel's keys (`mode`, "
    "{keys}).",
    "请让两边使用相同的模式：对照平台页面的加密方式与渠道的键（`mode`、{keys}）。",
)
SEE_DETAIL = Words(
    "The body came from the platform and is of a form that this gateway does not know. The sentence above names the field; "
    "compare it with the platform's documentation, and report it if the platform is right.",
    "请求来自该平台，但请求体的形式本网关不认识。上面的说明指出了具体字段；请对照平台文档，若平台无误请向我们反馈。",
)
NOTHING = Words("Nothing needs to be done.", "无需处理。")

BODY_CHANGED = Cure(
    Words(
        "The keys fit, and the body was changed on its way: the signature is right for another form of it.",
        "密钥无误，但请求体在途中被改动：签名与另一种写法的请求体相符。",
    ),
    PASS_ON_BODIES,
)
COMPRESSED = Cure(
    Words(
        "The body came compressed (Content-Encoding), so its bytes are not those that were signed.",
        "请求体经过压缩（Content-Encoding），已不是签名时的字节。",
    ),
    PASS_ON_BODIES,
)
CUT_OFF = Cure(
    Words(
        "Fewer or more bytes arrived than the header Content-Length says: the body was changed on its way.",
        "收到的字节数与请求头 Content-Length 不一致：请求体在途中被改动。",
    ),
    PASS_ON_BODIES,
)
WRONG_SIGNATURE = Cure(
    Words(
        "The signature does not fit: the platform signs with another secret than {keys} here, or the body was changed on the way.",
        "签名不符：平台签名所用的密钥与这里的 {keys} 不同，或请求体在途中被改动。",
    ),
    COPY_AGAIN,
)
OTHER_ID = Cure(
    Words(
        "The proof fits, and the request is for another account, application or address than this channel's.",
        "证明无误，但请求属于另一个账号、应用或地址。",
    ),
    OTHER_APP,
)
UNREADABLE = Cure(
    Words("The body cannot be read in this platform's format.", "请求体无法按该平台的格式解析。"),
    PASS_ON_BODIES,
)
ODD_CONTENT = Cure(
    Words(
        "The request is proven, and something in its content is missing or not as this platform sends it.",
        "请求已通过验证，但内容缺少某项，或与该平台的写法不同。",
    ),
    SEE_DETAIL,
)
LACKING_PROOF = Cure(
    Words(
        "What should prove the request is missing: it is not from the platform, or something in between removed a header or a "
        "parameter.",
        "缺少用于验证的内容：请求并非来自该平台，或中间环节去掉了请求头或参数。",
    ),
    PASS_ON_HEADERS,
)
NOT_ENTERED = Cure(
    Words("No channel of this name takes callbacks here.", "这里没有接收回调的同名渠道。"),
    Words(
        "Compare the address at the platform with those that `flask channels list` prints, letter for letter.",
        "请把平台上的地址与 `flask channels list` 显示的地址逐字对照。",
    ),
)
