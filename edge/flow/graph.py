"""A flow as a picture: Mermaid text, or SVG drawn in layers from the entry down."""

from html import escape
from typing import Final

from edge.flow.machine import Flow, Node

_WIDTH: Final = 150
_HEIGHT: Final = 44
_COLUMN: Final = 190
_ROW: Final = 110
_TEXT_MAX: Final = 22


def mermaid(flow: Flow) -> str:
    """A `flowchart`, as GitHub and most editors draw it."""
    names = {id: f"n{number}" for number, id in enumerate(flow.nodes)}
    lines = ["flowchart TD"]
    for id, node in flow.nodes.items():
        text = _quoted(f"{id}<br/>{node.data.KIND}")
        shape = f'(["{text}"])' if id == flow.entry or node.data.ENDS else f'["{text}"]'
        lines.append(f"    {names[id]}{shape}")
    for id, node in flow.nodes.items():
        for outcome, target in node.edges.items():
            arrow = "-->" if outcome == "default" else f'-->|"{_quoted(outcome)}"|'
            lines.append(f"    {names[id]} {arrow} {names[target]}")
    return "\n".join(lines) + "\n"


def svg(flow: Flow) -> str:
    places = _places(flow)
    columns = max(x for x, _ in places.values()) + 1
    rows = max(y for _, y in places.values()) + 1
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{columns * _COLUMN}" height="{rows * _ROW}" '
        'font-family="sans-serif" font-size="12">',
        '<defs><marker id="a" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" '
        'orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>',
    ]
    for id, node in flow.nodes.items():
        parts += _arrows(node, places)
        parts += _box(node, *places[id], first=id == flow.entry)
    return "\n".join([*parts, "</svg>\n"])


def _places(flow: Flow) -> dict[str, tuple[int, int]]:
    """Column and row of every node: the row is the shortest way from the entry."""
    row, layer = 0, [flow.entry]
    rows = {flow.entry: 0}
    while layer:
        row += 1
        following = dict.fromkeys(target for id in layer for target in flow.nodes[id].edges.values())
        layer = [id for id in following if id not in rows]
        rows.update(dict.fromkeys(layer, row))
    last = max(rows.values()) + 1
    filled: dict[int, int] = {}
    places = {}
    for id in flow.nodes:
        at = rows.get(id, last)  # what no way leads to stands below
        places[id] = (filled.get(at, 0), at)
        filled[at] = filled.get(at, 0) + 1
    return places


def _box(node: Node, column: int, row: int, *, first: bool) -> list[str]:
    x, y = column * _COLUMN + 20, row * _ROW + 20
    round_ = 20 if first or node.data.ENDS else 4
    middle = x + _WIDTH // 2
    return [
        f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="{round_}" '
        'fill="#eef4fb" stroke="#345"/>',
        f'<text x="{middle}" y="{y + 18}" text-anchor="middle" font-weight="bold">{_short(node.id)}</text>',
        f'<text x="{middle}" y="{y + 34}" text-anchor="middle" fill="#567">{node.data.KIND}</text>',
    ]


def _arrows(node: Node, places: dict[str, tuple[int, int]]) -> list[str]:
    column, row = places[node.id]
    x, y = column * _COLUMN + 20 + _WIDTH // 2, row * _ROW + 20 + _HEIGHT
    lines = []
    for outcome, target in node.edges.items():
        to_column, to_row = places[target]
        to_x, to_y = to_column * _COLUMN + 20 + _WIDTH // 2, to_row * _ROW + 20
        if to_row > row:
            path = f"M{x} {y} C{x} {y + 40} {to_x} {to_y - 40} {to_x} {to_y}"
        else:  # back up: round the right side
            side = max(x, to_x) + _WIDTH // 2 + 25
            to_x += _WIDTH // 2
            to_y += _HEIGHT // 2
            path = f"M{x} {y} C{side} {y + 30} {side} {to_y} {to_x} {to_y}"
        lines.append(f'<path d="{path}" fill="none" stroke="#789" marker-end="url(#a)"/>')
        if outcome != "default":
            label_x, label_y = (x + to_x) // 2, (y + to_y) // 2
            lines.append(f'<text x="{label_x}" y="{label_y}" fill="#357">{_short(outcome)}</text>')
    return lines


def _short(text: str) -> str:
    return escape(text if len(text) <= _TEXT_MAX else text[: _TEXT_MAX - 1] + "…")


def _quoted(text: str) -> str:
    return text.replace('"', "#quot;").replace("\n", " ")
