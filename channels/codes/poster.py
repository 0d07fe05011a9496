"""A poster to print: the bank's name, the code's title, and the QR code, as one SVG."""

import base64
import io
from html import escape

import segno

from channels.models import AnyCode, GroupCode

_FONT = "PingFang SC, Microsoft YaHei, Noto Sans CJK SC, Noto Sans SC, sans-serif"
# A4 upright, in tenths of a millimetre.
_WIDTH, _HEIGHT = 2100, 2970
_QR = 1200


def qr_image(code: AnyCode) -> tuple[str, bytes]:
    """(content type, bytes): WeCom's picture, or until it has come a QR code of its address."""
    if code.picture:
        return code.picture_type, bytes(code.picture)
    out = io.BytesIO()
    segno.make(code.qr_code, error="m").save(out, kind="svg", scale=8, border=2)
    return "image/svg+xml", out.getvalue()


def poster(code: AnyCode, *, bank: str) -> str:
    kind, content = qr_image(code)
    picture = f"data:{kind};base64,{base64.b64encode(content).decode()}"
    act = "扫码加入客户群" if isinstance(code, GroupCode) else "扫码添加您的专属客户经理"
    left, top = (_WIDTH - _QR) // 2, 980
    lines = [
        _text(bank, 330, 120, "#ffffff", 600),
        _text(code.name, 780, _title_size(code.name), "#182433", 700),
        _text(act, top + _QR + 190, 84, "#182433", 500),
        _text("微信扫一扫", top + _QR + 310, 60, "#667382", 400),
        _text(code.branch.name, _HEIGHT - 140, 56, "#667382", 400),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="210mm" height="297mm"'
        f' viewBox="0 0 {_WIDTH} {_HEIGHT}">'
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>'
        f'<rect width="{_WIDTH}" height="520" fill="#066fd1"/>'
        f'<image x="{left}" y="{top}" width="{_QR}" height="{_QR}" href="{picture}"/>'
        f"{''.join(lines)}</svg>"
    )


def _title_size(title: str) -> int:
    """The longest title (30 characters) still fits the width."""
    return min(150, (_WIDTH - 200) // max(len(title), 1))


def _text(text: str, y: int, size: int, colour: str, weight: int) -> str:
    return (
        f'<text x="{_WIDTH // 2}" y="{y}" font-size="{size}" font-weight="{weight}"'
        f' fill="{colour}" text-anchor="middle" font-family="{_FONT}">{escape(text)}</text>'
    )
