"""The SIP ladder as text."""

from typing import Any

from controlplane.cli.ladder import PEERS_MAX, label, ladder

A, B = "udp:192.0.2.7:5060", "tcp:192.0.2.8:5060"


def row(ts: int, peer: str, outcome: str, message: str) -> dict[str, Any]:
    return {
        "ts": ts,
        "layer": "sip",
        "event": "x",
        "outcome": outcome,
        "data": {"peer": peer, "message": message},
    }


def test_the_caller_stands_left_of_us_and_whom_we_reach_right() -> None:
    lines = ladder(
        [
            row(1000, A, "received", "INVITE sip:2@h SIP/2.0\r\n\r\nv=0\r\n"),
            row(1001, B, "sent", "INVITE sip:2@192.0.2.8 SIP/2.0\r\n"),
            row(1005, B, "received", "SIP/2.0 180 Ringing\r\n"),
            row(1006, A, "sent", "SIP/2.0 180 Ringing\r\n"),
        ]
    )
    assert [line.split() for line in lines[:1]] == [[A, "tandem", B]]
    shapes = [line[8:].strip("| ") for line in lines[1:]]
    assert shapes[0].startswith("-") and shapes[0].endswith(">") and " INVITE sdp " in shapes[0]
    assert shapes[1].endswith(">") and shapes[2].startswith("<") and shapes[3].startswith("<")
    assert [line[:7].strip() for line in lines[1:]] == ["0", "1", "5", "6"]
    places = [[place for place, letter in enumerate(line) if letter == "|"] for line in lines[1:]]
    assert places[0] == places[1] == places[2] == places[3] and len(places[0]) == 3


def test_rows_that_are_no_messages_are_left_out() -> None:
    assert ladder([]) == []
    assert ladder([{"ts": 1, "layer": "route", "event": "x", "outcome": "", "data": {}}]) == []
    assert ladder([{"ts": 1, "layer": "sip", "event": "x", "outcome": "", "data": None}]) == []


def test_the_width_is_bounded() -> None:
    rows = [row(number, f"udp:192.0.2.{number}:5060", "sent", "OPTIONS x SIP/2.0") for number in range(50)]
    assert len(ladder(rows)) == PEERS_MAX + 1
    assert max(map(len, ladder([row(1, A, "sent", "X" * 500 + " y")]))) < 80


def test_a_label_is_what_a_person_would_say() -> None:
    assert label(row(1, A, "sent", "SIP/2.0 200 OK\r\n\r\nv=0\r\n")) == "200 OK sdp"
    assert label(row(1, A, "sent", "BYE sip:a@b SIP/2.0\r\n")) == "BYE"
    assert label(row(1, A, "sent", "")) == "x"
