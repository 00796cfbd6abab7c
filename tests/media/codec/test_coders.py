"""One leg's wideband coders, their tickets and what is over."""

import numpy as np

from media.codec.coders import Coders
from media.codec.table import NUMBER, wide

G722, OPUS, L16 = (wide(NUMBER[name]) for name in ("g722", "opus", "l16"))


def l16(*values: int) -> bytes:
    return b"".join(value.to_bytes(2, "big") * 160 for value in values)


def test_a_payload_of_160_bytes_is_its_own_row() -> None:
    row = np.arange(160, dtype=np.uint8)
    assert Coders().payload(G722, row) == row.tobytes()
    decoded = Coders().decode(G722, row)
    assert decoded is not None and len(decoded) == 320


def test_a_parcel_comes_back_for_its_ticket() -> None:
    coders = Coders()
    rows = [coders.deposit((l16(n, n),)).copy() for n in range(5)]
    assert [coders.payload(L16, row) == l16(n, n) for n, row in enumerate(rows)] == [True] * 5
    decoded = coders.decode(L16, rows[3])
    assert decoded is not None and set(decoded.tolist()) == {3}


def test_what_is_over_of_a_longer_packet_is_the_next_frame() -> None:
    """30 ms packets: 1, 1, 2 | 2, 3, 3 in frames of two."""
    coders = Coders()
    rows = [coders.deposit(parcel).copy() for parcel in ((l16(1, 1, 2),), (l16(2, 3, 3),), ())]
    heard = [coders.decode(L16, row) for row in rows]
    assert [None if pcm is None else sorted(set(pcm.tolist())) for pcm in heard] == [[1], [2], [3]]
    assert coders.payload(L16, rows[0]) is None, "it is no payload of 20 ms"


def test_after_a_gap_nothing_is_over() -> None:
    coders = Coders()
    first, second = coders.deposit((l16(1, 1, 2),)).copy(), coders.deposit((l16(3),)).copy()
    coders.decode(L16, first)
    coders.skip()
    assert coders.decode(L16, second) is None


def test_another_codec_begins_with_fresh_coders() -> None:
    coders = Coders()
    silence = np.zeros(320, np.int16)
    assert len(coders.encode(G722, silence)) == 160
    assert len(coders.encode(L16, silence)) == 640
    assert OPUS.ticks(coders.encode(OPUS, silence)) == 960


def test_a_row_without_a_parcel_stands_for_nothing() -> None:
    row = np.full(160, 77, np.uint8)
    assert Coders().decode(OPUS, row) is None and Coders().payload(OPUS, row) is None
