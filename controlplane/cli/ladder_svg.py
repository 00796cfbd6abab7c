"""A SIP ladder as SVG, from the rows of a trace: one drawing that opens in any browser."""

from collections.abc import Sequence
from html import escape
from typing import Any, Final

from controlplane.cli.ladder import PEERS_MAX, label

COLUMN: Final = 240
"Between two lifelines [px]."
LINE: Final = 26
"Between two messages [px]."
_TOP: Final = 50
_LEFT: Final = 160
_LABEL: Final = 60  # characters

Row = dict[str, Any]

_STYLE: Final = (
    "text{font:12px ui-monospace,monospace;fill:#222}line{stroke:#888}"
    ".sent{stroke:#1f6f43;stroke-width:1.5}.received{stroke:#1d4f91;stroke-width:1.5}"
    "@media(prefers-color-scheme:dark){svg{background:#111}text{fill:#ddd}}"
)


def ladder_svg(rows: Sequence[Row], title: str) -> str:
    """A whole SVG document; without messages it says so."""
    messages = [row for row in rows if row.get("layer") == "sip" and _peer(row)]
    peers = list(dict.fromkeys(map(_peer, messages)))[:PEERS_MAX]
    messages = [row for row in messages if _peer(row) in peers]
    # The first peer is the caller; he stands left of us, whom we reach stand right.
    names = [*peers[:1], "tandem", *peers[1:]]
    width, height = _LEFT + COLUMN * len(names), _TOP + LINE * (len(messages) + 1)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}">',
        f"<title>{_text(title)}</title><style>{_STYLE}</style>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" '
        'orient="auto-start-reverse"><path d="M0 0L8 4L0 8z" fill="#888"/></marker></defs>',
    ]
    for index, name in enumerate(names):
        x = _place(index)
        parts.append(f'<text x="{x}" y="20" text-anchor="middle">{_text(name)}</text>')
        parts.append(f'<line x1="{x}" y1="30" x2="{x}" y2="{height}"/>')
    for number, row in enumerate(messages):
        y = _TOP + LINE * (number + 1) - 8
        parts.append(f'<text x="8" y="{y}">{row["ts"] - messages[0]["ts"]} ms</text>')
        parts.append(_arrow(row, names.index(_peer(row), 0), y))
    if not messages:
        parts.append('<text x="8" y="40">no SIP message is in this trace</text>')
    return "\n".join([*parts, "</svg>\n"])


def _arrow(row: Row, theirs: int, y: int) -> str:
    sent = row["outcome"] == "sent"
    start, end = (_place(1), _place(theirs)) if sent else (_place(theirs), _place(1))
    text = _text(label(row))
    kind = "sent" if sent else "received"
    return (
        f'<line class="{kind}" x1="{start}" y1="{y}" x2="{end}" y2="{y}" marker-end="url(#tip)"/>'
        f'<text x="{(start + end) // 2}" y="{y - 5}" text-anchor="middle">{text}</text>'
    )


def _text(text: str) -> str:
    """What a peer sent may hold characters that XML has no way to write."""
    return escape("".join(letter if letter.isprintable() else "\N{MIDDLE DOT}" for letter in text[:_LABEL]))


def _place(column: int) -> int:
    return _LEFT + COLUMN * column


def _peer(row: Row) -> str:
    data = row.get("data")
    return str(data.get("peer", "")) if isinstance(data, dict) else ""
