"""Opus (RFC 6716, RFC 7587)."""

import itertools

import numpy as np
import pytest

from media.codec import opus
from tests.bench import sources
from tests.support.phone import level_of, signal_to_noise


@pytest.mark.parametrize("frequency", [440, 1500, 3000])
def test_tones_keep_level_and_shape_at_16_khz(frequency: int) -> None:
    time = np.arange(32_000) / 16_000
    pcm = (6000 * np.sin(2 * np.pi * frequency * time)).astype(np.int16)
    encoder, decoder = opus.OpusEncoder(), opus.OpusDecoder()
    packets = [encoder.encode(frame) for frame in pcm.reshape(-1, 320)]
    heard = np.concatenate([decoder.decode(packet) for packet in packets])
    assert all(opus.ticks(packet) == 960 for packet in packets)
    assert abs(level_of(heard[8000:]) - level_of(pcm)) < 1
    assert signal_to_noise(heard, pcm[8000:24_000]) > 15
    mean = np.mean([len(packet) for packet in packets])
    assert mean * 400 < 1.1 * opus.BITS, "as much as was asked for"


def test_what_has_no_more_than_4_khz_is_coded_as_that_and_heard_at_16_khz() -> None:
    """RFC 6716 §3.1: configurations 0 to 3 are SILK's narrowband, 8 to 11 wideband."""
    narrow = (6000 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 8_000)).astype(np.int16)
    whole = (6000 * np.sin(2 * np.pi * 440 * np.arange(32_000) / 16_000)).astype(np.int16)
    encoder, decoder = opus.OpusEncoder(), opus.OpusDecoder()
    packets = [encoder.encode(frame) for frame in narrow.reshape(-1, 160)]
    assert {packet[0] >> 3 for packet in packets} == {1} and all(opus.ticks(p) == 960 for p in packets)
    heard = np.concatenate([decoder.decode(packet) for packet in packets])
    assert abs(level_of(heard[8000:]) - level_of(whole)) < 1
    assert signal_to_noise(heard, whole[8000:24_000]) > 15
    assert np.mean([len(packet) for packet in packets]) * 400 < 1.1 * opus.NARROW_BITS[0]


def test_the_bandwidth_may_change_at_any_frame() -> None:
    """Both ways within one frame, and never louder than it is."""
    whole = (6000 * np.sin(2 * np.pi * 317 * np.arange(48_000) / 16_000)).astype(np.int16)
    encoder, decoder = opus.OpusEncoder(), opus.OpusDecoder()
    packets = [
        encoder.encode(frame if number // 30 % 2 else frame[::2])
        for number, frame in enumerate(whole.reshape(-1, 320))
    ]
    assert [packet[0] >> 3 for packet in packets[28:32]] == [1, 1, 9, 9]
    heard = np.concatenate([decoder.decode(packet) for packet in packets])[3200:]
    levels = [level_of(frame) for frame in heard.reshape(-1, 320)]
    assert max(levels) < level_of(whole) + 1 and min(levels) > level_of(whole) - 8
    assert np.abs(heard.astype(int)).max() < 7000


def test_fec_is_spent_in_both_bandwidths() -> None:
    encoder = opus.OpusEncoder()
    encoder.expect_loss(10)
    packets = [encoder.encode(frame) for frame in np.concatenate([sources.voice(8_000)] * 2)]
    assert sum(map(opus.has_fec, packets)) > 50


def test_fec_is_spent_once_the_peer_tells_of_losses_and_as_long_as_it_does() -> None:
    """RFC 7587 §3.3; the second bit after the first byte says that FEC is in it (RFC 6716 §4.2.3)."""
    encoder, voice = opus.OpusEncoder(), itertools.cycle(sources.voice(16_000))

    def spent() -> list[bool]:
        return [bool(encoder.encode(next(voice))[1] & 0x40) for _ in range(50)]

    assert not any(spent())
    encoder.expect_loss(3)
    assert sum(spent()) > 25
    encoder.expect_loss(0)
    assert sum(spent()) > 25, "who lost something a moment ago may again"
    for _ in range(2):
        encoder.expect_loss(0)
    spent()
    assert not any(spent())


def test_a_lost_frame_is_read_out_of_the_next_packets_fec_else_made_up() -> None:
    """RFC 6716 §4.2.5, RFC 7587 §3.3: after the sender was told of losses."""
    encoder, with_fec, without, whole = (opus.OpusEncoder(), *(opus.OpusDecoder() for _ in range(3)))
    encoder.encode(np.zeros(320, np.int16))
    encoder.expect_loss(10)
    pcm = np.concatenate([sources.voice(16_000)] * 2)
    packets = [encoder.encode(frame) for frame in pcm]
    errors: dict[str, float] = {"read": 0.0, "made up": 0.0}
    for number, packet in enumerate(packets):
        sent = whole.decode(packet).astype(np.float64)
        if number % 10 != 5:
            with_fec.decode(packet), without.decode(packet)
            continue
        read, known = with_fec.conceal(packets[number + 1])
        made, unknown = without.conceal(b"")
        assert known == opus.has_fec(packets[number + 1]) and not unknown and len(read) == len(made) == 320
        errors["read"] += float(np.square(read - sent).sum()) * known
        errors["made up"] += float(np.square(made - sent).sum()) * known
    assert 0 < errors["read"] < errors["made up"] / 2


def test_what_holds_no_earlier_frame_says_so() -> None:
    for payload in (b"", b"\x48", b"\xf8\x40", b"\x4b\x40", b"\x40\x40", b"\x48\xbf"):
        assert not opus.has_fec(payload)
    assert opus.has_fec(b"\x48\xc0")


def test_a_packet_of_120_ms_is_decoded_whole() -> None:
    """RFC 6716 §3.2.5: code 3, six frames of 20 ms."""
    packet = opus.OpusEncoder().encode(np.zeros(320, np.int16))
    six = bytes((packet[0] | 3, 6)) + packet[1:] * 6
    assert len(opus.OpusDecoder().decode(six)) == 6 * 320


@pytest.mark.parametrize(
    ("first", "rest", "ticks"),
    [
        (0b00000_000, b"", 480),  # SILK 10 ms
        (0b00011_000, b"", 2880),  # SILK 60 ms
        (0b01101_001, b"", 1920),  # hybrid 20 ms, two frames
        (0b11111_000, b"", 960),  # CELT 20 ms
        (0b11100_011, b"\x04", 480),  # CELT 2.5 ms, four frames by count
        (0b00011_011, b"\x03", 0),  # 180 ms: more than a packet may hold
        (0b00011_011, b"", 0),
        (0b00011_011, b"\x00", 0),
    ],
)
def test_the_first_bytes_tell_how_long_a_packet_lasts(first: int, rest: bytes, ticks: int) -> None:
    """RFC 6716 §3.1, table 2."""
    assert opus.ticks(bytes((first,)) + rest) == ticks


def test_garbage_gives_nothing_and_spoils_nothing() -> None:
    decoder, encoder = opus.OpusDecoder(), opus.OpusEncoder()
    packet = encoder.encode(np.zeros(320, np.int16))
    for garbage in (b"", b"\xff" * 20, b"\x0b", bytes(range(200))):
        decoder.decode(garbage)
        assert len(decoder.decode(packet)) == 320
    assert opus.ticks(b"") == 0


def test_the_peers_bound_holds_with_and_without_fec() -> None:
    """RFC 7587 §6.1, maxaveragebitrate."""
    pcm = np.concatenate([sources.voice(16_000)] * 3)
    rates = {}
    for most in (0, 8_000, 16_000):
        for loss in (0, 10):
            encoder = opus.OpusEncoder()
            encoder.suit(most, pauses=False)
            encoder.expect_loss(loss)
            rates[most, loss] = sum(len(encoder.encode(frame)) for frame in pcm) * 8 / (len(pcm) / 50)
    for most in (8_000, 16_000):
        assert rates[most, 0] < most * 1.1 and rates[most, 10] < most * 1.1
    assert rates[0, 0] > 8_000 * 1.5 and rates[0, 10] > 16_000 * 1.1


def test_a_bound_may_come_and_go_in_the_midst_of_a_stream() -> None:
    encoder, pcm = opus.OpusEncoder(), np.random.default_rng(4).normal(0, 3_000, (100, 320)).astype(np.int16)
    free = sum(len(encoder.encode(frame)) for frame in pcm)
    encoder.suit(8_000, pauses=False)
    bound = sum(len(encoder.encode(frame)) for frame in pcm)
    encoder.suit(0, pauses=False)
    assert bound < free / 2 and sum(len(encoder.encode(frame)) for frame in pcm) > free * 0.9


@pytest.mark.parametrize("samples", [320, 160])
def test_in_silence_there_is_nothing_to_send_but_a_frame_every_400_ms(samples: int) -> None:
    encoder = opus.OpusEncoder()
    encoder.suit(0, pauses=True)
    sizes = [len(encoder.encode(np.zeros(samples, np.int16))) for _ in range(100)]
    later = sizes[20:]
    assert sum(size > opus.NOTHING_SAID for size in later) in (3, 4)
    assert len(encoder.encode(np.random.default_rng(1).normal(0, 3_000, samples).astype(np.int16))) > 20
