"""The signature of pages, against the example that WeCom publishes (page 90506)."""

from __future__ import annotations

from app.wire.js_pages import page_signature

TICKET = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"


def test_the_published_example_has_its_published_signature() -> None:
    signature = page_signature(
        TICKET, nonce="Wm3WZYTPz0wzccnW", timestamp=1414587457, url="http://mp.weixin.qq.com?params=value"
    )
    assert signature == "0f9de62fce790f9a083d5c99e95740ceb90c27ed"
