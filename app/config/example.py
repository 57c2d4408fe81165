"""The text of `.env.example`, made from the settings themselves so that the two cannot drift apart."""

from __future__ import annotations

from pydantic.fields import FieldInfo

from app.config.settings import Settings

FILLED_BY_MAKE_RUN = ("secret_key", "api_tokens", "admin_password")

HEAD = """\
# Settings of Callgate. `make run` copies this file to .env and puts fresh random values behind the empty secrets.
# The real environment wins over .env. A line that is commented out shows the default.
"""

SIMULATOR = """
# ---- The simulator's credentials (make run). For a real account put its values here and delete the *_BASE lines.
CALLBACK_SECRET=sandbox-callback-secret-of-32-bytes-or-more
STANDARD_WEBHOOKS_SECRET=whsec_c2FuZGJveC1zdGFuZGFyZC13ZWJob29rcy1zZWNyZXQ=

FEISHU_APP_ID=cli_sandbox0001
FEISHU_APP_SECRET=sandbox-feishu-app-secret
FEISHU_VERIFICATION_TOKEN=sandbox-feishu-verification-token
FEISHU_ENCRYPT_KEY=sandbox-feishu-encrypt-key
FEISHU_API_BASE=http://localhost:5004/feishu
FEISHU_ACCOUNTS_BASE=http://localhost:5004/feishu

WECHAT_APP_ID=wx5a4db0c0ffee0001
WECHAT_APP_SECRET=sandbox-wechat-app-secret
WECHAT_TOKEN=sandboxWechatToken
WECHAT_ENCODING_AES_KEY=abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG
WECHAT_API_BASE=http://localhost:5004/wechat
WECHAT_OPEN_BASE=http://localhost:5004/wechat
WECHAT_MP_BASE=http://localhost:5004/wechat

OAUTH2_CLIENT_ID=client_sandbox0001
OAUTH2_CLIENT_SECRET=secret_sandbox0001
OAUTH2_BASE=http://localhost:5004/oauth2/api/oauth2
"""


def env_example() -> str:
    """Return the whole file."""
    lines = [HEAD]
    for name, field in Settings.model_fields.items():
        lines.append(f"# {field.description}")
        lines.append(_line(name, field))
        lines.append("")
    return "\n".join(lines) + SIMULATOR


def _line(name: str, field: FieldInfo) -> str:
    if name in FILLED_BY_MAKE_RUN:
        return f"{name.upper()}="
    default = field.default
    if default is None or default == ():
        return f"# {name.upper()}="
    if isinstance(default, bool):
        default = int(default)
    if isinstance(default, tuple):
        default = ",".join(default)
    return f"# {name.upper()}={default}"
