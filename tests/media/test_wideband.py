"""Wideband legs among themselves and with narrow ones, on a hand clock and an in-memory network."""

from itertools import pairwise

import numpy as np
import pytest

from media.codec import opus
from media.codec.coders import Coders
from media.codec.g711 import LINEAR_TO_ULAW
from media.codec.table import NUMBER, Encoder, wide
from media.port import (
    Adjust,
    AgentSpec,
    AttachAgent,
    Bridge,
    Codec,
    Connect,
    Digit,
    Echo,
    Join,
    Play,
    Played,
    Release,
    Released,
    RoomId,
    SendDigits,
    StopPlay,
    Tone,
)
from media.prompt import made_of
from tests.bench import sources
from tests.support.phone import DTMF, PCMU, Phone, Studio, level_of, signal_to_noise, tone

CODECS = {
    "g722": Codec("g722", 9, 8000),
    "opus": Codec("opus", 111, 48_000),
    "l16": Codec("l16", 96, 16_000),
}
NAMES = tuple(CODECS)


def pitch(frequency: float, seconds: float, level: float = 0.3) -> np.ndarray:
    """A tone at 16 kHz."""
    return (level * 32767 * np.sin(2 * np.pi * frequency / 16_000 * np.arange(int(seconds * 16_000)))).astype(
        np.int16
    )


def joined(studio: Studio, name: str, codec: Codec) -> Phone:
    phone = studio.phone(name, law=codec, connect=False)
    studio.engine.execute(Connect(phone.leg, (phone.host, phone.port), codec, (codec, PCMU), DTMF))
    return phone


def payloads(codec: Codec, pcm: np.ndarray) -> list[bytes]:
    encoder: Encoder = wide(NUMBER[codec.name]).encoder()
    return [encoder.encode(frame) for frame in pcm.reshape(-1, 320)]


def say(studio: Studio, phone: Phone, frames: list[bytes], seconds: float | None = None) -> None:
    step = phone.law.clock_rate // 50
    for frame in frames:
        phone.send(frame, samples=step)
        studio.run(0.020)
    studio.run(0.1)


def decoded(phone: Phone) -> np.ndarray:
    """All that the phone received, at 16 kHz."""
    codec = wide(NUMBER[phone.law.name])
    decoder = codec.decoder()
    return np.concatenate(
        [decoder.decode(bytes(p.payload)) for _, p in phone.received if p.payload_type != DTMF]
    )


@pytest.mark.parametrize("name", NAMES)
def test_an_echo_passes_payloads_unchanged(name: str) -> None:
    studio = Studio()
    phone = joined(studio, "leg", CODECS[name])
    studio.engine.execute(Echo(phone.leg))
    sent = payloads(CODECS[name], pitch(700, 1.0))
    say(studio, phone, sent)
    back = [bytes(p.payload) for _, p in phone.received]
    assert [frame for frame in back if frame in set(sent)] == sent
    stamps = {(b[1].timestamp - a[1].timestamp) & 0xFFFF_FFFF for a, b in pairwise(phone.received)}
    assert stamps == {CODECS[name].clock_rate // 50}
    studio.engine.execute(Release(phone.leg))
    counted = studio.of(Released)[-1].stats
    assert (counted.packets_received, counted.lost, counted.malformed) == (len(sent), 0, 0)
    assert counted.jitter_ms < 2, "timestamps are read by the codec's own clock"


@pytest.mark.parametrize("name", NAMES)
def test_of_two_phones_of_one_codec_nothing_is_decoded_but_what_is_measured(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their payloads go on as they came; of every fourth frame the level is wanted."""
    count = 0
    decode = Coders.decode

    def counted(coders: Coders, *given: object) -> object:
        nonlocal count
        count += 1
        return decode(coders, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(Coders, "decode", counted)
    studio = Studio()
    one, two = joined(studio, "one", CODECS[name]), joined(studio, "two", CODECS[name])
    studio.engine.execute(Bridge(one.leg, two.leg))
    sent = payloads(CODECS[name], pitch(700, 4.0))
    say(studio, one, sent)
    assert [bytes(p.payload) for _, p in two.received if bytes(p.payload) in set(sent)] == sent
    assert len(sent) / 5 < count < len(sent) / 3
    studio.engine.execute(Release(one.leg))
    level = 20 * np.log10(0.3 / np.sqrt(2))
    assert abs(studio.of(Released)[0].stats.level_dbov - level) < 1.5


@pytest.mark.parametrize("name", NAMES)
def test_what_somebody_begins_to_listen_to_is_decoded_from_then_on_without_a_click(name: str) -> None:
    studio = Studio()
    one, two = joined(studio, "one", CODECS[name]), joined(studio, "two", CODECS[name])
    studio.engine.execute(Bridge(one.leg, two.leg))
    frames = payloads(CODECS[name], pitch(400, 2.0))
    for frame in frames[:50]:
        one.send(frame, samples=one.law.clock_rate // 50)
        studio.run(0.020)
    two.received.clear()
    # Whoever is made softer is decoded and coded anew.
    studio.engine.execute(Adjust(one.leg, gain_db=-6.0))
    say(studio, one, frames[50:])
    heard = decoded(two).astype(np.float64)
    bend = 0.3 * 32_767 * (2 * np.pi * 400 / 16_000) ** 2
    assert np.abs(np.diff(heard, 2)).max() < 3 * bend
    assert abs(level_of(heard[1_920:12_800]) - level_of(pitch(400, 1.0)) + 6.0) < 1.0, "in full after 0.12 s"


def test_a_frame_that_the_next_packet_restores_is_not_counted_as_made_up_where_it_is_passed_on() -> None:
    """RFC 7587 §3.3: the far decoder reads it out of the in-band FEC."""
    studio = Studio()
    one, two = joined(studio, "one", CODECS["opus"]), joined(studio, "two", CODECS["opus"])
    studio.engine.execute(Bridge(one.leg, two.leg))
    encoder = opus.OpusEncoder()
    encoder.expect_loss(10)
    frames = [encoder.encode(frame) for frame in np.concatenate([sources.voice(16_000)] * 2)]
    lost = [number for number in range(30, 90, 10) if opus.has_fec(frames[number + 1])]
    for index, frame in enumerate(frames):
        if index in lost:
            one.sequence += 1
            one.timestamp += 960
        else:
            one.send(frame, samples=960)
        if index == 10:
            studio.run(0.020)
        if index != 11:
            studio.run(0.020)
    studio.engine.execute(Release(one.leg))
    stats = studio.of(Released)[0].stats
    assert len(lost) > 3 and stats.lost == len(lost) and stats.concealed <= 2, (
        "the late one, and a measured one"
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_wideband_leg_and_a_narrow_one_hear_each_other(name: str) -> None:
    studio = Studio()
    one, two = joined(studio, "one", CODECS[name]), studio.phone("two")
    studio.engine.execute(Bridge(one.leg, two.leg))
    two.say(tone(900, 1.0))
    # So low that a delay of half a sample is little noise.
    say(studio, one, payloads(CODECS[name], pitch(250, 1.0)))
    assert signal_to_noise(two.heard(), tone(250, 1.0)[1600:6400]) > 18
    assert signal_to_noise(decoded(one), pitch(900, 1.0)[3200:12_800]) > 18


def test_to_opus_goes_narrowband_what_has_no_more() -> None:
    """RFC 6716 §3.1: the first five bits are below 4 for that, and 8 to 11 for wideband voice."""
    studio = Studio()
    phone, other = joined(studio, "opus", CODECS["opus"]), studio.phone("two")
    studio.engine.execute(Bridge(phone.leg, other.leg))

    def bandwidths(seconds: float) -> set[int]:
        phone.received.clear()
        other.say(tone(400, seconds))
        studio.run(seconds)
        return {p.payload[0] >> 3 for _, p in phone.received[3:] if p.payload_type != DTMF}

    assert bandwidths(0.5) == {1}
    studio.engine.execute(Tone(phone.leg, "busy", (440.0,), ()))
    assert bandwidths(0.3) == {1}
    spec = AgentSpec("a", "twilio", "ws://127.0.0.1:1/")
    studio.engine.execute(Release(other.leg))
    studio.engine.execute(StopPlay(phone.leg))
    studio.run(0.1)
    studio.engine.execute(AttachAgent(phone.leg, spec, "c", "a"))
    studio.run(0.1)
    phone.received.clear()
    studio.run(0.3)
    assert {p.payload[0] >> 3 for _, p in phone.received} == {9}


@pytest.mark.parametrize(("first", "second"), [("g722", "opus"), ("opus", "l16"), ("l16", "g722")])
def test_two_wideband_codecs_keep_the_upper_band(first: str, second: str) -> None:
    studio = Studio()
    one, two = joined(studio, "one", CODECS[first]), joined(studio, "two", CODECS[second])
    studio.engine.execute(Bridge(one.leg, two.leg))
    say(studio, one, payloads(CODECS[first], pitch(5000, 1.0)))
    heard = decoded(two)
    spectrum = np.abs(np.fft.rfft(heard[4800:12_800] * np.hanning(8000)))
    assert abs(int(np.argmax(spectrum)) * 2 - 5000) <= 4
    assert abs(level_of(heard[4800:12_800]) - level_of(pitch(5000, 1.0))) < 3


def test_of_opus_with_fec_a_lost_packet_is_not_made_up_where_the_next_is_there_in_time() -> None:
    """That is, when packets come unevenly and one waits in the jitter buffer."""
    studio = Studio()
    one, two = joined(studio, "one", CODECS["opus"]), studio.phone("two")
    studio.engine.execute(Bridge(one.leg, two.leg))
    encoder = opus.OpusEncoder()
    encoder.expect_loss(10)
    frames = [encoder.encode(frame) for frame in np.concatenate([sources.voice(16_000)] * 2)]
    lost = [number for number in range(30, 90, 10) if opus.has_fec(frames[number + 1])]
    for index, frame in enumerate(frames):
        if index in lost:
            one.sequence += 1
            one.timestamp += 960
        else:
            one.send(frame, samples=960)
        if index == 10:
            studio.run(0.020)
        if index != 11:
            studio.run(0.020)
    studio.engine.execute(Release(one.leg))
    stats = studio.of(Released)[0].stats
    assert len(lost) > 3 and (stats.lost, stats.concealed) == (len(lost), 1), "the late one"


def test_what_g711_cannot_carry_does_not_fold_into_its_band() -> None:
    """Alias of a 6 kHz tone on its way to 8 kHz: at least 60 dB down."""
    studio = Studio()
    one, two = joined(studio, "one", CODECS["l16"]), studio.phone("two")
    studio.engine.execute(Bridge(one.leg, two.leg))
    say(studio, one, payloads(CODECS["l16"], pitch(6000, 1.0, level=0.9)))
    heard = two.heard()[3200:6400]
    assert level_of(pitch(6000, 1.0, level=0.9)) - level_of(heard - np.int16(np.median(heard))) > 60


def test_a_lost_packet_stays_lost_in_a_relay_of_one_codec() -> None:
    studio = Studio()
    one, two = joined(studio, "one", CODECS["opus"]), joined(studio, "two", CODECS["opus"])
    studio.engine.execute(Bridge(one.leg, two.leg))
    frames = payloads(CODECS["opus"], pitch(700, 1.0))
    say(studio, one, frames[:20])
    one.sequence += 1
    one.timestamp += 960
    studio.run(0.020)
    say(studio, one, frames[21:])
    numbers = [p.sequence for _, p in two.received]
    skipped = [b - a for a, b in pairwise(numbers) if b - a != 1]
    assert skipped and all(gap <= 10 for gap in skipped)
    step = {
        (b[1].timestamp - a[1].timestamp) / (b[1].sequence - a[1].sequence) for a, b in pairwise(two.received)
    }
    assert step == {960.0}


def test_of_g722_packets_of_10_ms_a_lost_one_is_all_that_is_filled() -> None:
    """For a listener of G.711; a relay leaves the frame out, since the far decoder knows best."""
    for codec in (PCMU, CODECS["g722"]):
        studio = Studio()
        one, two = joined(studio, "one", CODECS["g722"]), joined(studio, "two", codec)
        studio.engine.execute(Bridge(one.leg, two.leg))
        halves = [
            half for whole in payloads(CODECS["g722"], pitch(400, 2.0)) for half in (whole[:80], whole[80:])
        ]
        for index, half in enumerate(halves):
            if index in (80, 121):
                one.sequence += 1
                one.timestamp += 80
            else:
                one.send(half, samples=80)
            studio.run(0.010)
        heard = two.heard() if codec is PCMU else decoded(two)
        levels = [level_of(frame) for frame in heard[: len(heard) // 160 * 160].reshape(-1, 160)[40:90]]
        assert min(levels) > max(levels) - 3
        studio.engine.execute(Release(one.leg))
        assert studio.of(Released)[0].stats.concealed == 1, "two halves"


def test_a_lost_packet_is_concealed_for_a_narrow_listener() -> None:
    studio = Studio()
    one, two = joined(studio, "one", CODECS["g722"]), studio.phone("two")
    studio.engine.execute(Bridge(one.leg, two.leg))
    frames = payloads(CODECS["g722"], pitch(400, 2.0))
    for index, frame in enumerate(frames):
        if index in (30, 60):
            one.sequence += 1
            one.timestamp += 160
        else:
            one.send(frame)
        studio.run(0.020)
    studio.engine.execute(Release(one.leg))
    assert studio.of(Released)[0].stats.concealed >= 2
    heard = two.heard().reshape(-1, 160)
    levels = [level_of(frame) for frame in heard[20:95]]
    assert min(levels) > max(levels) - 3


@pytest.mark.parametrize("milliseconds", [10, 40, 60])
@pytest.mark.parametrize("name", ["l16", "g722"])
def test_other_packet_times_are_heard_without_a_seam(name: str, milliseconds: int) -> None:
    studio = Studio()
    codec = CODECS[name]
    one, two = joined(studio, "one", codec), joined(studio, "two", codec)
    studio.engine.execute(Bridge(one.leg, two.leg))
    whole = b"".join(payloads(codec, pitch(600, 1.2)))
    size = len(whole) * milliseconds // 1200
    for at in range(0, len(whole), size):
        one.send(whole[at : at + size], samples=codec.clock_rate * milliseconds // 1000)
        studio.run(milliseconds / 1000)
    studio.run(0.1)
    assert signal_to_noise(decoded(two), pitch(600, 1.2)[6400:14_400]) > 18


def test_prompts_tones_and_silence_are_heard_by_a_wideband_phone() -> None:
    studio = Studio()
    for name, codec in CODECS.items():
        phone = joined(studio, name, codec)
        say(studio, phone, payloads(codec, pitch(500, 0.2, level=0.0)))
        phone.received.clear()
        studio.run(0.3)
        assert np.abs(decoded(phone)[3200:].astype(int)).max() < 40, "nothing is played"
        studio.engine.execute(Tone(phone.leg, "t", (440.0,), ()))
        phone.received.clear()
        studio.run(0.5)
        heard = decoded(phone)[3200:]
        spectrum = np.abs(np.fft.rfft(heard[:4000] * np.hanning(4000)))
        assert abs(int(np.argmax(spectrum)) * 4 - 440) <= 4


@pytest.mark.parametrize("name", NAMES)
def test_a_prompt_of_16_khz_is_heard_in_full_and_one_of_8_khz_follows_it(name: str) -> None:
    studio = Studio()
    codec = CODECS[name]
    high = made_of(16_000, [pitch(6_000, 0.5).astype(np.float32) / 32_768])
    low = made_of(8_000, [tone(1_000, 0.5).astype(np.float32) / 32_768])
    studio.prompts.store |= {"high": high, "low": low}
    phone = joined(studio, name, codec)
    say(studio, phone, payloads(codec, pitch(500, 0.1, level=0.0)))
    phone.received.clear()
    studio.engine.execute(Play(phone.leg, "1", "high"))
    studio.engine.execute(Play(phone.leg, "2", "low"))
    studio.run(1.2)
    assert [played.milliseconds for played in studio.of(Played)] == [500, 500]
    heard = decoded(phone)
    for start, hertz in ((1_600, 6_000), (9_600, 1_000)):
        spectrum = np.abs(np.fft.rfft(heard[start : start + 4_000] * np.hanning(4_000)))
        assert abs(int(np.argmax(spectrum)) * 4 - hertz) <= 8


def test_an_agent_hears_and_speaks_to_a_wideband_phone_at_16_khz() -> None:
    studio = Studio()
    phone = joined(studio, "leg", CODECS["g722"])
    studio.engine.execute(AttachAgent(phone.leg, AgentSpec("a", "twilio", "ws://127.0.0.1:1/"), "c", "a"))
    studio.agents.said_wide = pitch(6000, 0.02)
    say(studio, phone, payloads(CODECS["g722"], pitch(500, 1.0)))
    narrow = np.concatenate([pcm[0] for _, pcm, _ in studio.agents.heard])
    wide = np.concatenate([pcm[0] for pcm in studio.agents.heard_wide])
    assert signal_to_noise(narrow, tone(500, 1.0)[1600:6400]) > 20
    assert signal_to_noise(wide, pitch(500, 1.0)[3200:12_800]) > 20
    assert abs(level_of(decoded(phone)[3200:]) - level_of(pitch(6000, 0.02))) < 1.5


def test_a_phone_may_change_its_codec_at_any_packet() -> None:
    studio = Studio()
    phone = joined(studio, "leg", CODECS["g722"])
    studio.engine.execute(Echo(phone.leg))
    say(studio, phone, payloads(CODECS["g722"], pitch(500, 0.5)))
    ulaw = bytes(range(160))
    for _ in range(20):
        phone.send(ulaw, payload_type=0)
        studio.run(0.020)
    say(studio, phone, payloads(CODECS["g722"], pitch(500, 0.5)))
    assert studio.failures == [] and studio.engine.gauges().connected == 1


def test_garbage_of_any_length_is_survived() -> None:
    random = np.random.default_rng(5)
    for codec in CODECS.values():
        studio = Studio()
        one, two = joined(studio, "one", codec), studio.phone("two")
        studio.engine.execute(Bridge(one.leg, two.leg))
        for _ in range(100):
            size = int(random.integers(0, 1400))
            one.send(random.integers(0, 256, size, np.uint8).tobytes(), samples=int(random.integers(0, 9000)))
            studio.run(0.020)
        assert len(two.received) >= 98


def test_keys_to_an_opus_phone_are_timed_by_its_clock() -> None:
    """RFC 4733 §2.1: events share the clock of the stream."""
    studio = Studio()
    phone = studio.phone("leg", law=CODECS["opus"], connect=False)
    codec = CODECS["opus"]
    studio.engine.execute(
        Connect(phone.leg, (phone.host, phone.port), codec, (codec,), DTMF, dtmf_clock=48_000)
    )
    studio.engine.execute(SendDigits(phone.leg, "5", 100, 60))
    studio.run(0.4)
    events = [p for _, p in phone.received if p.payload_type == DTMF]
    assert len({p.timestamp for p in events}) == 1 and {p.payload[0] for p in events} == {5}
    assert [int.from_bytes(p.payload[2:4], "big") for p in events][-1] == 4800
    phone.send(b"\x07\x8a\x12\xc0", payload_type=DTMF, samples=960)
    studio.run(0.1)
    assert [(d.digit, d.duration_ms) for d in studio.of(Digit)] == [("7", 100)]


def test_silence_that_opus_announces_is_no_loss() -> None:
    """RFC 7587 §3.1.3: discontinuous transmission."""
    studio = Studio()
    one, two = joined(studio, "one", CODECS["opus"]), studio.phone("two")
    studio.engine.execute(Bridge(one.leg, two.leg))
    say(
        studio,
        one,
        [*payloads(CODECS["opus"], pitch(500, 0.4)), payloads(CODECS["opus"], pitch(0, 0.02))[0][:1]],
    )
    studio.run(0.4)
    studio.engine.execute(Release(one.leg))
    stats = studio.of(Released)[0].stats
    assert stats.concealed <= 2 and stats.lost == 0 and stats.malformed == 0


def test_wideband_phones_in_a_room_hear_the_chimes() -> None:
    """They are made at 8 kHz and lie below it: nothing of them is lost."""
    studio = Studio()
    first, second = (joined(studio, name, CODECS["l16"]) for name in "ab")
    studio.engine.execute(Join(first.leg, RoomId("room"), chimes=True))
    studio.run(0.3)
    studio.engine.execute(Join(second.leg, RoomId("room"), chimes=True))
    studio.run(0.6)
    heard = decoded(first)[-9600:]
    time = np.arange(2240) / 16_000
    for hertz in (523, 784):
        levels = [
            abs(np.mean(heard[at : at + 2240] * np.exp(-2j * np.pi * hertz * time))) * 2 / 32767
            for at in range(0, 7000, 160)
        ]
        assert 0.08 < max(levels) < 0.4, (hertz, max(levels))


@pytest.mark.parametrize("name", NAMES)
def test_wideband_and_narrow_phones_meet_in_one_room(name: str) -> None:
    """S004-39: any codec and rate."""
    studio = Studio()
    wideband, first, second = joined(studio, "w", CODECS[name]), studio.phone("a"), studio.phone("b")
    for phone in (wideband, first, second):
        studio.engine.execute(Join(phone.leg, RoomId("room")))
    first.say(tone(700, 1.2, 0.1))
    say(studio, wideband, payloads(CODECS[name], pitch(1200, 1.0, 0.1)))
    narrow, broad = second.heard()[4000:7200], decoded(wideband)[8000:14_400]
    for heard, rate, expected in ((narrow, 8000, (700, 1200)), (broad, 16_000, (700,))):
        time = np.arange(len(heard)) / rate
        for frequency in (700, 1200):
            level = abs(np.mean(heard * np.exp(-2j * np.pi * frequency * time))) * 2 / 32767
            assert (level > 0.09) if frequency in expected else (level < 0.004), (rate, frequency, level)


@pytest.mark.parametrize("name", NAMES)
def test_a_codec_that_changes_in_the_midst_of_a_word_does_not_click(name: str) -> None:
    """RFC 3264 §8.3.2: any codec of the answer may come at any time."""
    studio = Studio()
    codec = CODECS[name]
    phone, other = studio.phone("leg", law=codec, connect=False), studio.phone("other")
    studio.engine.execute(Connect(phone.leg, (phone.host, phone.port), PCMU, (PCMU, codec), DTMF))
    studio.engine.execute(Bridge(phone.leg, other.leg))
    sound = pitch(400, 3.0)
    narrow = [LINEAR_TO_ULAW[frame[::2].view(np.uint16)].tobytes() for frame in sound.reshape(-1, 320)]
    broad = payloads(codec, sound[16_000:])
    for number in range(150):
        if number // 50 == 1:
            phone.send(broad[number - 50], samples=codec.clock_rate // 50)
        else:
            phone.send(narrow[number], payload_type=PCMU.payload_type)
        studio.run(0.020)
    heard = other.heard().astype(float)[4_000:]
    bend = np.abs(np.diff(heard, 2)).max()
    assert bend < 2.5 * 0.3 * 32767 * (2 * np.pi * 400 / 8_000) ** 2
    assert min(level_of(frame) for frame in heard[: 100 * 160].reshape(-1, 160)) > level_of(sound) - 6


@pytest.mark.parametrize(
    ("first", "second", "listens"),
    [
        ("pcmu", "g722", "l16"),
        ("pcmu", "g722", "g722"),
        ("pcmu", "opus", "g722"),
        ("pcmu", "l16", "l16"),
        ("l16", "pcmu", "g722"),
        ("opus", "pcmu", "l16"),
        ("g722", "pcmu", "l16"),
        ("g722", "l16", "l16"),
    ],
)
def test_nor_does_it_for_a_wideband_listener(first: str, second: str, listens: str) -> None:
    """It goes on as it came, or is coded anew, before and after; in between it is one wave."""
    codecs = {"pcmu": PCMU, **CODECS}
    studio = Studio()
    phone = studio.phone("leg", law=codecs[first], connect=False)
    other = studio.phone("other", law=codecs[listens], connect=False)
    both = (codecs[first], codecs[second])
    for each, accepted in ((phone, both), (other, (other.law,))):
        studio.engine.execute(Connect(each.leg, (each.host, each.port), accepted[0], accepted, None))
    studio.engine.execute(Bridge(phone.leg, other.leg))
    sound = pitch(317, 2.4)
    for codec, part in zip(both, (sound[:19_200], sound[19_200:]), strict=True):
        if codec is PCMU:
            frames = [LINEAR_TO_ULAW[frame[::2].view(np.uint16)].tobytes() for frame in part.reshape(-1, 320)]
        else:
            frames = payloads(codec, part)
        for frame in frames:
            phone.send(frame, payload_type=codec.payload_type, samples=codec.clock_rate // 50)
            studio.run(0.020)
    heard = decoded(other)[8_000:-1_600].astype(float)
    bend = np.abs(np.diff(heard, 2)).max()
    assert bend < 4 * 0.3 * 32767 * (2 * np.pi * 317 / 16_000) ** 2
    assert min(level_of(frame) for frame in heard[: len(heard) // 320 * 320].reshape(-1, 320)) > 70 - 6


@pytest.mark.parametrize("name", NAMES)
def test_where_the_jitter_buffer_leaves_out_a_frame_what_goes_on_as_it_came_makes_no_step(name: str) -> None:
    """The peer's clock is 0.2 % fast; 415 Hz has no whole number of periods in 20 ms."""
    studio = Studio()
    codec = CODECS[name]
    phone, other = (studio.phone(leg, law=codec, connect=False) for leg in ("leg", "other"))
    for each in (phone, other):
        studio.engine.execute(Connect(each.leg, (each.host, each.port), codec, (codec,), DTMF))
    studio.engine.execute(Bridge(phone.leg, other.leg))
    due = studio.loop.time()
    for frame in payloads(codec, pitch(415, 24.0)):
        studio.run(max(0.0, due - studio.loop.time()))
        phone.send(frame, samples=codec.clock_rate // 50)
        due += 0.020 * (1 - 2e-3)
    assert len(other.received) < 1200, "one is left out"
    bend = np.abs(np.diff(decoded(other)[32_000:].astype(float), 2)).max()
    assert bend < 2.0 * 0.3 * 32767 * (2 * np.pi * 415 / 16_000) ** 2


def test_opus_that_is_late_now_and_then_is_heard_as_it_was_said() -> None:
    """Once a second a packet is 15 ms late: its frame is made up, and nothing behind it is softer."""
    studio = Studio()
    one, two = joined(studio, "one", CODECS["opus"]), studio.phone("two")
    studio.engine.execute(Bridge(one.leg, two.leg))
    frames = payloads(CODECS["opus"], pitch(415, 3.0))
    for number, frame in enumerate(frames):
        late = 0.015 if number % 50 == 49 else 0.0
        studio.run(late)
        one.send(frame, samples=960)
        studio.run(0.020 - late)
    heard = two.heard()[8_000:20_000].reshape(-1, 160)
    levels = np.array([level_of(frame) for frame in heard])
    assert levels.min() > np.median(levels) - 2
