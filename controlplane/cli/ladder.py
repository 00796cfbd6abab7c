"""A SIP ladder as text, from the rows of a trace.

::

      ms  udp:192.0.2.7:5060                tandem
       0            |------- INVITE sdp ------->|
       1            |<------- 100 Trying -------|
"""

from collections.abc import Sequence
from typing import Any, Final

WIDTH: Final = 30
"Between two lifelines."
PEERS_MAX: Final = 6
"Lifelines beside ours; messages of further peers are left out."

Row = dict[str, Any]


def ladder(rows: Sequence[Row]) -> list[str]:
    """Lines of text, empty when no SIP message is among `rows`."""
    messages = [row for row in rows if row.get("layer") == "sip" and _data(row).get("peer")]
    peers = list(dict.fromkeys(str(_data(row)["peer"]) for row in messages))[:PEERS_MAX]
    if not peers:
        return []
    # The first peer is the caller; he stands left of us, whom we reach stand right.
    lines = [peers[0], "tandem", *peers[1:]]
    start = messages[0]["ts"]
    out = [" " * 8 + "".join(name[: WIDTH - 2].center(WIDTH) for name in lines).rstrip()]
    for row in messages:
        peer = str(_data(row)["peer"])
        if peer not in peers:
            continue
        theirs = lines.index(peer)
        out.append(
            f"{row['ts'] - start:>7} " + _arrow(len(lines), theirs, row["outcome"] == "sent", label(row))
        )
    return out


def _arrow(columns: int, theirs: int, sent: bool, text: str) -> str:
    cells = [" "] * (columns * WIDTH)
    places = [column * WIDTH + WIDTH // 2 for column in range(columns)]
    for place in places:
        cells[place] = "|"
    left, right = sorted((places[1], places[theirs]))
    rightward = sent == (theirs > 1)
    room = right - left - 1
    shaft = f" {text[: room - 6]} ".center(room, "-")
    cells[left + 1 : right] = shaft[:-1] + ">" if rightward else "<" + shaft[1:]
    return "".join(cells).rstrip()


def label(row: Row) -> str:
    """`INVITE sdp`, `180 Ringing`, `200 OK sdp`."""
    message = str(_data(row).get("message", ""))
    first, _, rest = message.partition("\n")
    words = first.strip().split(" ", 2)
    name = " ".join(words[1:]) if words[0].startswith("SIP/") else words[0] or str(row["event"])
    return name + (" sdp" if "\nv=0" in rest else "")


def _data(row: Row) -> dict[str, Any]:
    data = row.get("data")
    return data if isinstance(data, dict) else {}
