"""Packets of any length as parcels of 20 ms (RFC 7587 §4.2)."""

from itertools import permutations

import numpy as np

from media.rtp.parcel import MAX_PARTIAL, Parcel, Parceller


def row(parcel: Parcel) -> np.ndarray:
    return np.frombuffer(b"".join(parcel).ljust(160, b"."), np.uint8)


def test_a_long_packet_is_a_parcel_and_empty_ones_behind_it() -> None:
    parcels = Parceller(5000, 7, 960, row)
    assert parcels.add(5000, 2880, b"a") == [(7, (b"a",)), (8, ()), (9, ())]
    assert parcels.add(5000 + 2880, 2880, b"b")[0] == (10, (b"b",))


def test_short_packets_make_one_parcel_in_whatever_order_they_come() -> None:
    for first, second in permutations(((0, b"a"), (480, b"b"))):
        parcels = Parceller(0, 0, 960, row)
        assert parcels.add(first[0], 480, first[1]) == []
        assert parcels.add(second[0], 480, second[1]) == [(0, (b"a", b"b"))]


def test_a_copy_of_a_part_completes_no_parcel() -> None:
    parcels = Parceller(0, 0, 960, row)
    assert [parcels.add(at, 480, b"%d" % at) for at in (0, 0, 480)] == [[], [], [(0, (b"0", b"480"))]]


def test_thirty_milliseconds_belong_where_they_begin() -> None:
    parcels = Parceller(0, 0, 320, row)
    assert parcels.add(0, 480, b"a") == [(0, (b"a",))]
    assert parcels.add(480, 480, b"b") == [(1, (b"b",)), (2, ())]


def test_timestamps_wrap() -> None:
    parcels = Parceller(0xFFFF_FFFF - 959, 3, 960, row)
    assert parcels.add(0xFFFF_FFFF - 959, 960, b"a") == [(3, (b"a",))]
    assert parcels.add(0, 960, b"b") == [(4, (b"b",))]


def test_halves_that_are_never_completed_are_forgotten() -> None:
    parcels = Parceller(0, 0, 960, row)
    for number in range(100):
        parcels.add(number * 960, 480, b"a")
    assert len(parcels._partial) == MAX_PARTIAL
    assert parcels.anew(0, 5).add(0, 960, b"b") == [(5, (b"b",))]


def test_what_has_come_of_a_parcel_is_there_with_its_place_in_the_20_ms() -> None:
    parcels = Parceller(0, 0, 960, row)
    parcels.add(0, 480, b"a")
    parcels.add(960 + 480, 1440, b"b")
    found, there = parcels.partial[0]
    assert bytes(found[:2]) == b"a." and there[:80].all() and not there[80:].any()
    found, there = parcels.partial[1]
    assert bytes(found[:2]) == b"b." and there[80:].all() and not there[:80].any()
    assert list(parcels.partial) == [0, 1] and 2 not in parcels.partial, "that one is whole"


def test_a_packet_that_goes_on_into_a_parcel_is_there_without_a_payload() -> None:
    parcels = Parceller(0, 0, 960, row)
    assert parcels.add(0, 1440, b"a") == [(0, (b"a",))]
    found, there = parcels.partial[1]
    assert bytes(found[:1]) == b"." and there[:80].all() and not there[80:].any()


def test_of_incomplete_parcels_the_oldest_goes_first() -> None:
    parcels = Parceller(0, 0, 960, row)
    for number in range(100):
        parcels.add(number * 960, 480, b"a")
    assert sorted(parcels.partial) == list(range(100 - MAX_PARTIAL, 100))
