"""One leg's wideband coders, their tickets and what is over."""

import numpy as np

from media.codec import opus
from media.codec.coders import Coders
from media.codec.g711 import Pcm
from media.codec.table import NUMBER, wide

G722, OPUS, L16 = (wide(NUMBER[name]) for name in ("g722", "opus", "l16"))


def l16(*values: int) -> bytes:
    return b"".join(value.to_bytes(2, "big") * 160 for value in values)


def test_a_payload_of_160_bytes_is_its_own_row() -> None:
    row = np.arange(160, dtype=np.uint8)
    assert Coders().payload(G722, row) == row.tobytes()
    decoded = Coders().decode(G722, row, 0)
    assert decoded is not None and len(decoded) == 320


def test_a_parcel_comes_back_for_its_ticket() -> None:
    coders = Coders()
    rows = [coders.deposit((l16(n, n),)).copy() for n in range(5)]
    assert [coders.payload(L16, row) == l16(n, n) for n, row in enumerate(rows)] == [True] * 5
    decoded = coders.decode(L16, rows[3], 3)
    assert decoded is not None and set(decoded.tolist()) == {3}


def test_what_is_over_of_a_longer_packet_is_the_next_frame() -> None:
    """30 ms packets: 1, 1, 2 | 2, 3, 3 in frames of two."""
    coders = Coders()
    rows = [coders.deposit(parcel).copy() for parcel in ((l16(1, 1, 2),), (l16(2, 3, 3),), ())]
    heard = [coders.decode(L16, row, number) for number, row in enumerate(rows)]
    assert [None if pcm is None else sorted(set(pcm.tolist())) for pcm in heard] == [[1], [2], [3]]
    assert coders.payload(L16, rows[0]) is None, "it is no payload of 20 ms"


def test_after_a_gap_nothing_is_over() -> None:
    coders = Coders()
    first, second = coders.deposit((l16(1, 1, 2),)).copy(), coders.deposit((l16(3),)).copy()
    coders.decode(L16, first, 0)
    coders.skip()
    assert coders.decode(L16, second, 1) is None


def opus_rows(coders: Coders, frequency: float) -> list[np.ndarray]:
    """Two seconds of a tone."""
    times = np.arange(32_000) / 16_000
    encoder = OPUS.encoder()
    pcm = (9_000 * np.sin(2 * np.pi * frequency * times)).astype(np.int16)
    return [coders.deposit((encoder.encode(frame),)).copy() for frame in pcm.reshape(-1, 320)]


def test_a_frame_that_was_only_late_is_decoded_as_if_it_had_not_been() -> None:
    """RFC 6716 §4.4: what a decoder makes up changes what it decodes behind it."""
    punctual, late = Coders(), Coders()
    rows = [opus_rows(coders, 415.0) for coders in (punctual, late)]
    for number in range(100):
        if number % 9 == 8:
            for _ in range(3):
                assert late.conceal(OPUS, number, None) is None, "it is made up elsewhere"
        heard = [
            coders.decode(OPUS, row[number], number)
            for coders, row in zip((punctual, late), rows, strict=True)
        ]
        assert heard[0] is not None and heard[1] is not None and (heard[0] == heard[1]).all()


def test_a_decoder_is_told_of_frames_that_never_came() -> None:
    coders = Coders()
    rows = opus_rows(coders, 200.0)
    told: list[bytes] = []
    for number in range(20):
        coders.decode(OPUS, rows[number], number)
    assert isinstance(coders._decoder, opus.OpusDecoder)
    conceal = coders._decoder.conceal

    def tell(following: bytes) -> tuple[Pcm, bool]:
        told.append(following)
        return conceal(following)

    coders._decoder.conceal = tell  # type: ignore[method-assign]
    for _ in range(2):
        assert coders.conceal(OPUS, 20, None) is None
    coders.decode(OPUS, rows[22], 22)
    assert told == [b"", coders.payload(OPUS, rows[22])], "the packet that came may hold the one before it"


def test_another_codec_begins_with_fresh_coders() -> None:
    coders = Coders()
    silence = np.zeros(320, np.int16)
    assert len(coders.encode(G722, silence)) == 160
    assert len(coders.encode(L16, silence)) == 640
    assert OPUS.ticks(coders.encode(OPUS, silence)) == 960


def test_a_row_without_a_parcel_stands_for_nothing() -> None:
    row = np.full(160, 77, np.uint8)
    assert Coders().decode(OPUS, row, 0) is None and Coders().payload(OPUS, row) is None
