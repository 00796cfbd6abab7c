"""What is written down of a call."""

from edge.call.detail import plain
from media import port


def test_an_event_is_taken_apart_without_a_copy() -> None:
    assert plain(port.Silent(port.LegId("x/1"), 3.0)) == {"leg": "x/1", "seconds": 3.0}
