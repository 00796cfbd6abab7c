"""Key presses by INFO, as phones write them (S004-59)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.call.info import key_press
from media.port import HearDigit, LegId

LEG = LegId("leg")


@pytest.mark.parametrize(
    ("kind", "body", "key", "milliseconds"),
    [
        ("application/dtmf-relay", b"Signal=5\r\nDuration=160\r\n", "5", 160),
        ("application/dtmf-relay", b"Signal= *\nDuration= 250", "*", 250),
        ("application/dtmf-relay; charset=utf-8", b"signal=11\r\n", "#", 100),
        ("Application/DTMF-Relay", b"Duration=999999\r\nSignal=a", "A", 100),
        ("application/dtmf-relay", b"Signal=1\r\nDuration=99999", "1", 5000),
        ("application/dtmf", b"7", "7", 100),
        ("application/dtmf", b"10\r\n", "*", 100),
        ("application/dtmf-relay", b"Signal=hf\r\nDuration=200", "!", 200),
        ("application/dtmf-relay", b"Signal=16", "!", 100),
        ("application/dtmf-relay", b"Signal=flash", "!", 100),
    ],
)
def test_a_key_is_read_with_its_length(kind: str, body: bytes, key: str, milliseconds: int) -> None:
    assert key_press(LEG, kind, body) == HearDigit(LEG, key, "info", milliseconds)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/dtmf-relay", b""),
        ("application/dtmf-relay", b"Signal=99"),
        ("application/dtmf", b"hello"),
        ("application/media_control+xml", b"Signal=5"),
        ("", b"5"),
    ],
)
def test_what_is_no_key_is_left_to_the_trace(kind: str, body: bytes) -> None:
    assert key_press(LEG, kind, body) is None


@given(st.sampled_from(["application/dtmf", "application/dtmf-relay"]), st.binary(max_size=300))
def test_no_body_is_too_strange(kind: str, body: bytes) -> None:
    key_press(LEG, kind, body)
