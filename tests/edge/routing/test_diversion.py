"""Diversion (RFC 5806) and History-Info (RFC 7044)."""

import pytest

from edge.routing.diversion import count, headers
from edge.routing.forward import Diversion, Why
from edge.sip.address import Address
from edge.sip.build import request
from edge.sip.uri import Uri

TARGET = Uri.parse("sip:1003@demo.local")
ADDRESS = Address.parse("<sip:a@b>")


def test_a_call_that_nobody_forwarded_says_nothing() -> None:
    assert headers((), TARGET) == ()


def test_the_last_diversion_stands_first_and_the_history_begins_with_the_first() -> None:
    hops = (Diversion("1001", "demo.local", Why.BUSY), Diversion("1002", "demo.local", Why.NO_ANSWER))
    made = headers(hops, TARGET)
    assert [value for name, value in made if name == "Diversion"] == [
        "<sip:1002@demo.local>;reason=no-answer;counter=1;privacy=off",
        "<sip:1001@demo.local>;reason=user-busy;counter=1;privacy=off",
    ]
    (history,) = [value for name, value in made if name == "History-Info"]
    entries = Address.parse_many(history, "History-Info")
    assert [(entry.uri.user, entry.param("index"), entry.param("mp")) for entry in entries] == [
        ("1001", "1", None),
        ("1002", "1.1", "1"),
        ("1003", "1.1.1", "1.1"),
    ]
    assert [entry.uri.param("cause") for entry in entries] == [None, "486", "408"]
    assert entries[1].uri.header("Reason") == 'SIP;cause=486;text="user-busy"'


@pytest.mark.parametrize(
    ("value", "hops"),
    [
        ("", 0),
        ("<sip:1@a>;reason=user-busy", 1),
        ("<sip:1@a>;counter=3, <sip:2@a>;counter=2", 5),
        ("<sip:1@a>;counter=99999", 1),
        ("<sip:1@a>;counter=x", 1),
        ("<<<", 0),
    ],
)
def test_hops_of_others_are_counted(value: str, hops: int) -> None:
    given = (("Diversion", value),) if value else ()
    made = request("INVITE", TARGET, from_=ADDRESS, to=ADDRESS, call_id="c", cseq=1, headers=given)
    assert count(made) == hops
