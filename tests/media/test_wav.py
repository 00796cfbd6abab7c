import io
import struct
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.codec.g711 import ALAW_TO_LINEAR, ULAW_TO_LINEAR
from media.wav import NotWav, Wav, parse

SAMPLES = np.array([0.0, 0.5, -0.5, 0.25, -1.0], np.float64)


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(
        name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for name, data in chunks
    )
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def fmt(tag: int, bits: int, channels: int = 1, rate: int = 8000, extra: bytes = b"") -> tuple[bytes, bytes]:
    frame = channels * bits // 8
    return b"fmt ", struct.pack("<HHIIHH", tag, channels, rate, rate * frame, frame, bits) + extra


def samples(content: bytes) -> np.ndarray:
    file = io.BytesIO(content)
    found = parse(file)
    assert isinstance(found, Wav), found
    return found.read(file, 0, found.frames)


def why(content: bytes) -> str:
    found = parse(io.BytesIO(content))
    assert isinstance(found, NotWav)
    return found.why


def pcm24(samples: np.ndarray) -> bytes:
    wide = np.rint(samples * (2**23 - 1)).astype("<i4")
    return wide.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()


@pytest.mark.parametrize(
    ("tag", "bits", "data", "step"),
    [
        (1, 8, np.rint(SAMPLES * 127 + 128).astype(np.uint8).tobytes(), 1e-2),
        (1, 16, np.rint(SAMPLES * 32767).astype("<i2").tobytes(), 1e-4),
        (1, 24, pcm24(SAMPLES), 1e-6),
        (1, 32, np.rint(SAMPLES * (2**31 - 1)).astype("<i4").tobytes(), 1e-6),
        (3, 32, SAMPLES.astype("<f4").tobytes(), 1e-7),
        (3, 64, SAMPLES.astype("<f8").tobytes(), 1e-7),
    ],
)
def test_reads_every_width(tag: int, bits: int, data: bytes, step: float) -> None:
    assert samples(riff(fmt(tag, bits), (b"data", data))) == pytest.approx(SAMPLES, abs=step)


def test_reads_both_laws() -> None:
    codes = bytes(range(256))
    assert (samples(riff(fmt(7, 8), (b"data", codes))) * 32768 == ULAW_TO_LINEAR).all()
    assert (samples(riff(fmt(6, 8), (b"data", codes))) * 32768 == ALAW_TO_LINEAR).all()


def test_mixes_channels_to_their_mean() -> None:
    left_right = np.array([[1000, 3000], [-2000, 0]], "<i2").tobytes()
    content = riff(fmt(1, 16, channels=2), (b"data", left_right))
    assert (samples(content) * 32768).tolist() == [2000.0, -1000.0]
    assert getattr(parse(io.BytesIO(content)), "seconds", None) == pytest.approx(2 / 8000)


def test_reads_in_pieces_and_short_at_the_end() -> None:
    file = io.BytesIO(riff(fmt(1, 16), (b"data", np.arange(10, dtype="<i2").tobytes()), (b"LIST", b"tail")))
    wav = parse(file)
    assert isinstance(wav, Wav)
    pieces = [(wav.read(file, position, 4) * 32768).tolist() for position in (0, 4, 8, 12)]
    assert pieces == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9], []]


def test_reads_the_extensible_wrapping_of_a_plain_format() -> None:
    guid = struct.pack("<H", 1) + bytes.fromhex("000000001000800000aa00389b71")
    extra = struct.pack("<HHI", 22, 16, 4) + guid
    assert len(samples(riff(fmt(0xFFFE, 16, extra=extra), (b"data", b"\0\0\1\0")))) == 2
    assert "extensible" in why(riff(fmt(0xFFFE, 16, extra=extra[:-1] + b"\0"), (b"data", b"\0\0")))


def test_other_chunks_and_odd_lengths_are_stepped_over() -> None:
    content = riff((b"LIST", b"odd"), fmt(1, 16), (b"fact", b"1234"), (b"data", b"\1\0\2\0"))
    assert (samples(content) * 32768).tolist() == [1.0, 2.0]


def test_a_file_that_breaks_off_is_read_as_far_as_it_goes() -> None:
    content = riff(fmt(1, 16), (b"data", b"\1\0" * 100))
    assert len(samples(content[:-151])) == 24


@pytest.mark.parametrize("ends", [0, 36, 0xFFFFFFFF])
def test_a_header_that_was_never_completed_hides_nothing(ends: int) -> None:
    content = riff(fmt(1, 16), (b"data", b"\1\0" * 100))
    died = content[:4] + ends.to_bytes(4, "little") + content[8:40] + bytes(4) + content[44:]
    assert len(samples(died)) == 100
    for empty in (riff(fmt(1, 16), (b"data", b"")), riff(fmt(1, 16), (b"data", b""), (b"LIST", b"abcd"))):
        assert len(samples(empty)) == 0


def test_a_chunk_of_an_odd_length_may_lack_what_fills_it_up() -> None:
    content = riff((b"LIST", b"odd"), fmt(1, 16), (b"data", b"\1\0\2\0"))
    assert (samples(content.replace(b"odd\0", b"odd")) * 32768).tolist() == [1.0, 2.0]


def test_what_is_no_number_is_silence() -> None:
    data = np.array([np.nan, np.inf, -np.inf, 0.5], "<f4").tobytes()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert samples(riff(fmt(3, 32), (b"data", data))).tolist() == [0.0, 1.0, -1.0, 0.5]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "RIFF"),
        (b"ID3\x03 and so on, an MP3", "RIFF"),
        (riff(), "no samples"),
        (riff((b"data", b"\0\0")), "before their format"),
        (riff((b"fmt ", b"\1\0")), "cut off"),
        (riff(fmt(0x55, 16), (b"data", b"")), "convert it"),
        (riff(fmt(1, 12), (b"data", b"")), "12 bits"),
        (riff(fmt(1, 16, channels=0), (b"data", b"")), "0 channels"),
        (riff(fmt(1, 16, channels=9), (b"data", b"")), "9 channels"),
        (riff(fmt(1, 16, rate=0), (b"data", b"")), "0 Hz"),
        (riff(fmt(1, 16, rate=10**9), (b"data", b"")), "Hz are readable"),
    ],
)
def test_says_why_a_file_cannot_be_read(content: bytes, reason: str) -> None:
    assert reason in why(content)


@given(st.binary(max_size=200))
def test_any_bytes_behind_the_head_are_a_wav_or_a_reason(tail: bytes) -> None:
    file = io.BytesIO(b"RIFF\0\0\0\0WAVE" + tail)
    found = parse(file)
    assert isinstance(found, NotWav) or len(found.read(file, 0, 999)) <= 200


@given(st.binary(min_size=16, max_size=40), st.binary(max_size=64))
def test_any_format_is_a_wav_or_a_reason(format: bytes, data: bytes) -> None:
    with np.errstate(all="ignore"):
        file = io.BytesIO(riff((b"fmt ", format), (b"data", data)))
        found = parse(file)
        assert isinstance(found, NotWav) or len(found.read(file, 0, 999)) == found.frames


def test_a_million_empty_chunks_are_given_up_early() -> None:
    assert "no samples" in why(b"RIFF\0\0\0\0WAVE" + b"junk\0\0\0\0" * 1_000_000)
