"""The SIP ladder as SVG."""

import xml.etree.ElementTree as ElementTree
from typing import Any

from controlplane.cli.ladder import PEERS_MAX
from controlplane.cli.ladder_svg import ladder_svg
from tests.controlplane.cli.test_ladder import A, B, row

NAME = "{http://www.w3.org/2000/svg}"


def drawn(rows: list[dict[str, Any]]) -> ElementTree.Element:
    return ElementTree.fromstring(ladder_svg(rows, "Call <1> & more"))


def test_each_message_is_an_arrow_from_who_sent_it() -> None:
    tree = drawn(
        [
            row(1000, A, "received", "INVITE sip:2@h SIP/2.0\r\n\r\nv=0\r\n"),
            row(1001, B, "sent", "INVITE sip:2@192.0.2.8 SIP/2.0\r\n"),
            row(1005, B, "received", "SIP/2.0 180 Ringing\r\n"),
        ]
    )
    arrows = [line for line in tree.iter(f"{NAME}line") if line.get("marker-end")]
    ends = [(int(line.get("x1", 0)), int(line.get("x2", 0))) for line in arrows]
    left, us, right = sorted({x for pair in ends for x in pair})
    assert ends == [(left, us), (us, right), (right, us)]
    texts = [text.text for text in tree.iter(f"{NAME}text")]
    assert {A, "tandem", B, "INVITE sdp", "180 Ringing", "0 ms", "5 ms"} <= set(texts)


def test_whatever_a_peer_sent_is_xml() -> None:
    tree = drawn([row(1, A, "received", "<script>\x00\x1b\ud800 & x SIP/2.0")])
    assert not list(tree.iter(f"{NAME}script"))
    assert tree.findtext(f"{NAME}title") == "Call <1> & more"


def test_no_message_and_too_many_peers() -> None:
    assert "no SIP message" in ladder_svg([{"ts": 1, "layer": "sip", "data": None}], "")
    rows = [row(number, f"udp:192.0.2.{number}:5060", "sent", "OPTIONS x SIP/2.0") for number in range(50)]
    arrows = [line for line in drawn(rows).iter(f"{NAME}line") if line.get("marker-end")]
    assert len(arrows) == PEERS_MAX
