"""Key presses received and sent (RFC 4733 §2.5; complaint 14: digits lost or doubled)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.rtp.telephone_event import DIGITS, HELD, DigitReceiver, DigitSender, EventPacket, Press


def event(digit: str, duration: int, *, end: bool = False) -> memoryview:
    return memoryview(bytes((DIGITS.index(digit), 0x8A if end else 0x0A)) + duration.to_bytes(2, "big"))


def press(receiver: DigitReceiver, digit: str, timestamp: int, now: float = 0.0) -> list[Press]:
    """A press of 100 ms as a phone sends it: five updates, three ends."""
    heard: list[Press] = []
    for step in range(1, 6):
        heard += receiver.receive(event(digit, step * 160), timestamp, now + step * 0.02)
    for _ in range(3):
        heard += receiver.receive(event(digit, 800, end=True), timestamp, now + 0.12)
    return heard


def test_a_press_is_reported_once_with_its_duration() -> None:
    receiver = DigitReceiver()
    assert press(receiver, "5", 1000) == [Press("5", 100)]
    assert not receiver.is_pressed()
    assert receiver.handle_timer(60.0) == []


def test_the_same_key_twice_is_two_presses_because_the_timestamp_differs() -> None:
    receiver = DigitReceiver()
    assert press(receiver, "1", 1000) + press(receiver, "1", 2600) == [Press("1", 100)] * 2


def test_one_end_packet_alone_is_a_press() -> None:
    """§2.5.1.4: the end is sent three times because packets get lost."""
    receiver = DigitReceiver()
    assert receiver.receive(event("#", 960, end=True), 77, 0.0) == [Press("#", 120)]
    assert receiver.receive(event("#", 960, end=True), 77, 0.02) == []


@pytest.mark.parametrize(("audio", "units", "milliseconds"), [(48_000, 8_640, 180), (8_000, 8_640, 1_080)])
@pytest.mark.parametrize("lost", [0, 8])
def test_a_press_that_is_counted_by_the_clock_of_the_audio(
    audio: int, units: int, milliseconds: int, lost: int
) -> None:
    """baresip 1.0 with Opus: §2.1 asks for the clock that was agreed on, here 8 kHz."""
    receiver = DigitReceiver()
    receiver.audio_rate = audio
    heard: list[Press] = []
    for packet in range(1, 10):
        if packet > lost:
            size = units * packet // 9
            heard += receiver.receive(event("1", size, end=packet == 9), 1000, packet * 0.02)
    assert heard == [Press("1", milliseconds)]


def test_and_one_that_is_counted_rightly_stays_as_long_as_it_was() -> None:
    receiver = DigitReceiver()
    receiver.audio_rate = 48_000
    assert press(receiver, "5", 1000) == [Press("5", 100)]
    for packet in range(1, 51):
        held = receiver.receive(event("6", 160 * packet, end=packet == 50), 9000, 1.0 + packet * 0.02)
    assert held == [Press("6", 1000)]


def test_when_every_end_is_lost_the_silence_ends_the_press() -> None:
    receiver = DigitReceiver()
    receiver.receive(event("7", 160), 5, 0.00)
    receiver.receive(event("7", 640), 5, 0.06)
    assert receiver.handle_timer(0.2) == []
    assert receiver.handle_timer(0.22) == [Press("7", 80)]
    assert receiver.receive(event("7", 800, end=True), 5, 0.3) == [], "the end came after all"


def test_when_every_end_is_lost_the_next_press_ends_it() -> None:
    receiver = DigitReceiver()
    receiver.receive(event("7", 640), 5, 0.06)
    assert receiver.receive(event("8", 160), 5000, 0.1) == [Press("7", 80)]


def test_a_late_copy_of_an_older_press_is_dropped() -> None:
    receiver = DigitReceiver()
    press(receiver, "1", 1000)
    receiver.receive(event("2", 160), 3000, 1.0)
    assert receiver.receive(event("1", 800, end=True), 1000, 1.01) == []
    assert receiver.receive(event("2", 800, end=True), 3000, 1.1) == [Press("2", 100)]


def test_a_key_held_down_is_reported_before_it_is_let_go() -> None:
    receiver = DigitReceiver()
    now = 0.0
    while not (heard := receiver.handle_timer(now)):
        now += 0.05
        receiver.receive(event("9", int(now * 8000) & 0xFFFF), 1, now)
    assert 2.0 <= now <= 2.1 and heard[0].digit == "9"
    assert receiver.receive(event("9", 65_000, end=True), 1, 8.0) == []


@pytest.mark.parametrize("seconds", [1.0, 1.9, 4.5])
@pytest.mark.parametrize("lost", [0, 1, 3])
def test_a_press_that_one_segment_cannot_hold_is_one_press(seconds: float, lost: int) -> None:
    """§2.5.1.3: at 48 kHz, beside Opus, a segment holds 1.4 s; browsers send what lasts longer in several.

    Args: lost: packets at the end of each segment that never come.
    """
    receiver = DigitReceiver()
    receiver.clock_rate = 48_000
    heard: list[Press] = []
    timestamp, begun = 0xFFFF_F000, 0
    packets = int(seconds * 50)
    for step in range(1, packets + 1):
        now = step * 0.02
        if step * 960 - begun > 0xFFFF:
            begun += 0xFFFF
            timestamp = (timestamp + 0xFFFF) & 0xFFFF_FFFF
        if step * 960 - begun < 0xFFFF - 960 * lost:
            end = step == packets
            for _ in range(3 if end else 1):
                heard += receiver.receive(event("9", step * 960 - begun, end=end), timestamp, now)
        heard += receiver.handle_timer(now)
    heard += receiver.handle_timer(now + 1.0)
    assert [press.digit for press in heard] == ["9"]
    assert heard[0].duration_ms >= min(seconds, HELD) * 1000 - 100
    assert press(receiver, "9", timestamp + 100_000, seconds + 2)[0].digit == "9"


def test_the_same_key_after_a_long_press_is_another_press() -> None:
    receiver = DigitReceiver()
    receiver.receive(event("1", 65_000), 0, 8.1)
    receiver.receive(event("1", 65_100, end=True), 0, 8.12)
    assert [p.digit for p in press(receiver, "1", 66_000, 8.4)] == ["1"]
    receiver.receive(event("2", 65_500), 100_000, 20.0)
    assert [p.digit for p in press(receiver, "3", 165_535, 20.1)] == ["2", "3"], "another key"


def test_a_recorded_press_that_is_played_again_is_pressed_again() -> None:
    """The same packets, timestamps and all, as from a file; what is merely late of the first is not one."""
    receiver = DigitReceiver()
    assert press(receiver, "1", 1000, 0.0) == [Press("1", 100)]
    assert press(receiver, "1", 1000, 0.5) == [Press("1", 100)]
    assert receiver.receive(event("1", 800, end=True), 1000, 2.0) == []
    assert receiver.receive(event("1", 160), 1000, 0.72) == []


def test_updates_held_up_on_the_way_are_no_second_press() -> None:
    """300 ms without a packet in the midst of a press, as when a phone changes its cell; then all at once."""
    receiver = DigitReceiver()
    assert receiver.receive(event("1", 160), 1000, 0.0) == []
    assert receiver.handle_timer(0.2) == [Press("1", 20)]
    for step in range(2, 6):
        assert receiver.receive(event("1", step * 160), 1000, 0.3) == []
    assert receiver.receive(event("1", 800, end=True), 1000, 0.3) == []
    assert receiver.handle_timer(1.0) == []


@given(st.lists(st.tuples(st.binary(max_size=8), st.integers(0, 50), st.floats(0, 5)), max_size=30))
def test_any_payloads_give_presses_or_nothing(packets: list[tuple[bytes, int, float]]) -> None:
    receiver = DigitReceiver()
    for payload, timestamp, now in packets:
        for found in receiver.receive(memoryview(payload), timestamp, now):
            assert found.digit in DIGITS and 0 <= found.duration_ms <= 8192


def sent(sender: DigitSender) -> tuple[list[EventPacket | None], list[str]]:
    frames: list[EventPacket | None] = []
    reports: list[str] = []
    while not sender.is_idle():
        event_packet, report = sender.frame(1_000 + 160 * len(frames))
        frames.append(event_packet)
        if report is not None:
            reports.append(report)
    return frames, reports


def test_a_press_is_sent_with_growing_duration_and_three_ends() -> None:
    sender = DigitSender(64)
    sender.send("1", 100, 60, report=True)
    frames, reports = sent(sender)
    packets = [frame for frame in frames if frame]
    durations = [int.from_bytes(p.payload[2:], "big") for p in packets]
    assert durations == [160, 320, 480, 640, 800, 800, 800]
    assert [bool(p.payload[1] & 0x80) for p in packets] == [False] * 4 + [True] * 3
    assert [p.marker for p in packets] == [True] + [False] * 6
    assert {p.timestamp for p in packets} == {1_000}
    assert reports == ["1"]


def test_presses_are_heard_as_they_were_sent() -> None:
    sender, receiver = DigitSender(64), DigitReceiver()
    sender.send("18*#D", 80, 40, report=True)
    clock, heard = 0, list[Press]()
    while not sender.is_idle():
        clock += 160
        packet, _ = sender.frame(clock)
        if packet is not None:
            heard += receiver.receive(memoryview(packet.payload), packet.timestamp, clock / 8000)
    assert heard == [Press(digit, 80) for digit in "18*#D"]


def test_gaps_between_presses_carry_audio() -> None:
    sender = DigitSender(64)
    sender.send("12", 40, 100, report=False)
    frames, reports = sent(sender)
    assert [frame is not None for frame in frames[:8]] == [True] * 4 + [False] * 3 + [True]
    assert reports == []


def test_unknown_characters_and_what_exceeds_the_queue_are_left_out() -> None:
    sender = DigitSender(4)
    sender.send("1 2-x", 40, 60, report=True)
    sender.send("34567", 40, 60, report=True)
    assert sent(sender)[1] == ["12", "34"]
    sender.send("zzz", 40, 60, report=True)
    assert sent(sender) == ([None], [""])
