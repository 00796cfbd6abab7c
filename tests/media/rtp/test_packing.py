"""Packet times other than 20 ms, outwards."""

import pytest

from media.rtp.packing import Packer


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


def test_after_an_interruption_time_goes_on_where_the_stream_is() -> None:
    packer = Packer(60, 320)
    packer.add(bytes(640), 0, False)
    packer.clear()
    for frame in (5, 6):
        assert packer.add(bytes(640), frame * 320, False) == []
    ((payload, timestamp, _),) = packer.add(bytes(640), 7 * 320, False)
    assert (len(payload), timestamp) == (1_920, 1_600)
