"""QR codes, drawn here, so that a page needs nothing from elsewhere."""

from __future__ import annotations

import io

import segno


def qr_svg(content: str) -> bytes:
    """Return a QR code as SVG, black on white in dark pages too."""
    drawn = io.BytesIO()
    segno.make(content, error="m", micro=False).save(
        drawn, kind="svg", scale=8, border=4, dark="#000", light="#fff", xmldecl=False, omitsize=True
    )
    return drawn.getvalue()
