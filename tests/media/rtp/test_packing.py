"""Packet times other than 20 ms, outwards."""

import pytest

from media.rtp.packing import Joiner, Packer


@pytest.mark.parametrize("ptime", [10, 30, 40, 50, 60])
def test_every_byte_leaves_once_in_order_with_the_timestamp_of_its_first_sample(ptime: int) -> None:
    packer = Packer(ptime, 160)
    sent = bytes(number % 251 for number in range(160 * 30))
    packets = []
    for frame in range(30):
        packets += packer.add(sent[frame * 160 : frame * 160 + 160], 1_000 + frame * 160, frame == 0)
    assert b"".join(payload for payload, _, _ in packets) == sent[: len(packets) * ptime * 8]
    assert [timestamp for _, timestamp, _ in packets] == [1_000 + n * ptime * 8 for n in range(len(packets))]
    assert [marker for _, _, marker in packets] == [True] + [False] * (len(packets) - 1)
    assert len(packets) == 600 // ptime


def test_the_marker_waits_for_the_packet_that_it_marks() -> None:
    packer = Packer(40, 160)
    assert packer.add(bytes(160), 0, True) == []
    assert [marker for _, _, marker in packer.add(bytes(160), 160, False)] == [True]


def test_what_waits_at_an_interruption_is_a_shorter_packet_and_time_goes_on_where_the_stream_is() -> None:
    packer = Packer(60, 320)
    packer.add(bytes(640), 0, True)
    assert packer.flush() == [(bytes(640), 0, True)] and packer.flush() == []
    for frame in (5, 6):
        assert packer.add(bytes(640), frame * 320, False) == []
    ((payload, timestamp, marker),) = packer.add(bytes(640), 7 * 320, False)
    assert (len(payload), timestamp, marker) == (1_920, 1_600, False)


def of_one_kind(first: bytes, second: bytes) -> bytes | None:
    return first + second if first[:1] == second[:1] else None


@pytest.mark.parametrize(("ptime", "frames"), [(40, 2), (50, 2), (60, 3)])
def test_payloads_that_cannot_be_cut_are_joined(ptime: int, frames: int) -> None:
    joiner = Joiner(ptime, 960, of_one_kind)
    packets = [joiner.add(b"a", stamp * 960, stamp == 0) for stamp in range(12)]
    assert [packet for ready in packets for packet in ready] == [
        (b"a" * frames, first * 960, first == 0) for first in range(0, 12, frames)
    ]
    assert [bool(ready) for ready in packets] == ([False] * (frames - 1) + [True]) * (12 // frames)


def test_payloads_of_two_kinds_are_two_packets_and_what_waits_is_a_shorter_one() -> None:
    joiner = Joiner(60, 960, of_one_kind)
    assert joiner.add(b"a", 0, True) == []
    assert joiner.add(b"b", 960, False) == [(b"a", 0, True)]
    assert joiner.add(b"b", 1_920, False) == []
    assert joiner.flush() == [(b"bb", 960, False)] and joiner.flush() == []
    assert joiner.add(b"b", 9_600, True) == []
    assert joiner.flush() == [(b"b", 9_600, True)]
