"""Packets of any length as parcels of 20 ms (RFC 7587 §4.2)."""

from itertools import permutations

from media.rtp.parcel import MAX_PARTIAL, Parceller


def test_a_long_packet_is_a_parcel_and_empty_ones_behind_it() -> None:
    parcels = Parceller(5000, 7, 960)
    assert parcels.add(5000, 2880, b"a") == [(7, (b"a",)), (8, ()), (9, ())]
    assert parcels.add(5000 + 2880, 2880, b"b")[0] == (10, (b"b",))


def test_short_packets_make_one_parcel_in_whatever_order_they_come() -> None:
    for first, second in permutations(((0, b"a"), (480, b"b"))):
        parcels = Parceller(0, 0, 960)
        assert parcels.add(first[0], 480, first[1]) == []
        assert parcels.add(second[0], 480, second[1]) == [(0, (b"a", b"b"))]


def test_a_copy_of_a_part_completes_no_parcel() -> None:
    parcels = Parceller(0, 0, 960)
    assert [parcels.add(at, 480, b"%d" % at) for at in (0, 0, 480)] == [[], [], [(0, (b"0", b"480"))]]


def test_thirty_milliseconds_belong_where_they_begin() -> None:
    parcels = Parceller(0, 0, 320)
    assert parcels.add(0, 480, b"a") == [(0, (b"a",))]
    assert parcels.add(480, 480, b"b") == [(1, (b"b",)), (2, ())]


def test_timestamps_wrap() -> None:
    parcels = Parceller(0xFFFF_FFFF - 959, 3, 960)
    assert parcels.add(0xFFFF_FFFF - 959, 960, b"a") == [(3, (b"a",))]
    assert parcels.add(0, 960, b"b") == [(4, (b"b",))]


def test_halves_that_are_never_completed_are_forgotten() -> None:
    parcels = Parceller(0, 0, 960)
    for number in range(100):
        parcels.add(number * 960, 480, b"a")
    assert len(parcels._partial) == MAX_PARTIAL
    assert parcels.anew(0, 5).add(0, 960, b"b") == [(5, (b"b",))]
