"""What goes out on the wire: RTP of our own, whatever the leg hears (RFC 3550 §5.1)."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from media.codec.opus import OpusDecoder, ticks
from media.codec.table import NUMBER, wide
from media.port import (
    AgentSpec,
    AttachAgent,
    Bridge,
    Codec,
    Connect,
    DigitsSent,
    Echo,
    SendDigits,
    Tone,
)
from media.rtp.packet import Packet
from media.rtp.telephone_event import DigitReceiver, Press
from tests.support.phone import DTMF, PCMA, Phone, Studio, signal_to_noise, tone

OPUS = Codec("opus", 111, 48_000)


def bridged(studio: Studio, **second: object) -> tuple[Phone, Phone]:
    one, two = studio.phone("one"), studio.phone("two", **second)  # type: ignore[arg-type]
    studio.engine.execute(Bridge(one.leg, two.leg))
    return one, two


def presses(phone: Phone) -> list[Press]:
    receiver = DigitReceiver()
    return [
        press
        for now, p in phone.received
        if p.payload_type == DTMF
        for press in receiver.receive(p.payload, p.timestamp, now)
    ]


def assert_continuous(phone: Phone) -> None:
    """Every packet 20 ms and one sequence number after the one before, in one stream."""
    for (_, a), (_, b) in pairwise(phone.received):
        assert (b.sequence - a.sequence) & 0xFFFF == 1
        assert a.ssrc == b.ssrc
    audio = [p for _, p in phone.received if p.payload_type != DTMF]
    stamps = {(b.timestamp - a.timestamp) & 0xFFFF_FFFF for a, b in pairwise(audio)}
    assert all(step % 160 == 0 and 0 < step < 16_000 for step in stamps)


def test_a_leg_that_hears_nothing_is_sent_silence_so_that_nat_stays_open() -> None:
    studio = Studio()
    phone = studio.phone("leg", law=PCMA)
    studio.run(1.0)
    assert {bytes(p.payload) for _, p in phone.received} == {b"\xd5" * 160}
    assert 49 <= len(phone.received) <= 51
    assert_continuous(phone)
    assert [p.marker for _, p in phone.received] == [True] + [False] * (len(phone.received) - 1)


def test_a_bridge_of_one_codec_passes_the_bytes_unchanged_both_ways() -> None:
    studio = Studio()
    one, two = bridged(studio)
    payloads = [bytes(np.random.default_rng(n).integers(0, 256, 160, np.uint8)) for n in range(50)]
    one.script = list(payloads)
    two.script = list(reversed(payloads))
    studio.run(1.3)
    from_one = [bytes(p.payload) for _, p in two.received]
    from_two = [bytes(p.payload) for _, p in one.received]
    assert [p for p in from_one if p in payloads] == payloads
    assert [p for p in from_two if p in payloads] == list(reversed(payloads))
    assert_continuous(one)
    assert_continuous(two)
    assert one.received[0][1].ssrc != two.ssrc, "the stream is ours"


def test_a_bridge_of_two_codecs_transcodes_both_ways() -> None:
    studio = Studio()
    one, two = bridged(studio, law=PCMA)
    first, second = tone(500, 1.0), tone(900, 1.0)
    one.say(first)
    two.say(second)
    studio.run(1.3)
    assert signal_to_noise(two.heard(), first) > 30
    assert signal_to_noise(one.heard(), second) > 30


def test_audio_crosses_a_bridge_within_15_ms() -> None:
    studio = Studio()
    one, two = bridged(studio)
    one.script = [bytes([n + 1]) * 160 for n in range(100)]
    sent: dict[int, float] = {}
    send = one.send

    def stamped(payload: bytes, **more: object) -> None:
        sent[payload[0]] = studio.loop.time()
        send(payload)

    one.send = stamped  # type: ignore[method-assign, assignment]
    studio.run(2.3)
    heard: dict[int, float] = {}
    for now, p in two.received:
        heard.setdefault(p.payload[0], now)  # what follows the last one is its concealment
    delays = [heard[value] - at for value, at in sent.items() if value in heard]
    assert len(delays) > 95 and max(delays[5:]) <= 0.015


def test_digits_are_sent_as_events_in_one_stream_with_the_audio() -> None:
    """RFC 4733 §2.5.1: marker first, constant timestamp, no audio under a press."""
    studio = Studio()
    phone = studio.phone("leg")
    studio.run(0.2)
    studio.engine.execute(SendDigits(phone.leg, "42#"))
    studio.run(1.0)
    assert [press.digit for press in presses(phone)] == ["4", "2", "#"]
    assert studio.of(DigitsSent) == [DigitsSent(phone.leg, "42#")]
    assert_continuous(phone)
    events = [p for _, p in phone.received if p.payload_type == DTMF]
    assert sum(p.marker for p in events) == 3 and all(len(p.payload) == 4 for p in events)
    assert len({p.timestamp for p in events}) == 3
    order = [p for _, p in phone.received]
    after = [b for a, b in pairwise(order) if a.payload_type == DTMF and b.payload_type != DTMF]
    assert all(p.marker for p in after), "audio begins a new talk spurt"
    spoken = {p.timestamp for p in order if p.payload_type != DTMF}
    assert not spoken & {p.timestamp for p in events}


def test_a_key_that_is_pressed_while_we_stall_is_one_press() -> None:
    """RFC 4733 §2.5.1: the stream's timestamp jumps, that of the press does not."""
    studio = Studio()
    phone = studio.phone("leg")
    studio.run(0.2)
    studio.engine.execute(SendDigits(phone.leg, "12"))
    studio.run(0.05)
    studio.engine._stall.begin(0.29, studio.engine._tick)
    studio.run(1.0)
    assert [press.digit for press in presses(phone)] == ["1", "2"]
    assert len({p.timestamp for _, p in phone.received if p.payload_type == DTMF}) == 2


def test_a_press_crosses_a_bridge_unless_that_is_switched_off() -> None:
    studio = Studio()
    one, two = bridged(studio)
    for relay in (True, False):
        studio.engine.execute(Bridge(one.leg, two.leg, relay_digits=relay))
        one.send(b"\x07\x8a\x03\x20", payload_type=DTMF)
        studio.run(0.5)
    assert presses(two) == [Press("7", 100)] and presses(one) == []
    assert studio.of(DigitsSent) == [], "nobody asked to be told"


def test_what_an_agent_says_is_sent_in_the_codec_of_the_leg() -> None:
    studio = Studio()
    phone = studio.phone("leg", law=PCMA)
    studio.agents.said = tone(800, 0.02)
    spec = AgentSpec("a", "twilio", "ws://127.0.0.1:1/")
    studio.engine.execute(AttachAgent(phone.leg, spec, "call", "account"))
    studio.run(0.5)
    frames = phone.heard().reshape(-1, 160)[5:]
    assert (np.abs(frames - studio.agents.said) < 400).all()


def test_an_echo_stops_when_it_is_replaced() -> None:
    studio = Studio()
    one, two = studio.phone("one"), studio.phone("two")
    studio.engine.execute(Echo(one.leg))
    one.say(tone(500, 2.0))
    studio.run(0.5)
    studio.engine.execute(Bridge(two.leg, one.leg))
    one.received.clear()
    studio.run(0.5)
    assert (one.heard()[320:] == 0).all() and np.abs(two.heard().astype(int)).max() > 5000


@pytest.mark.parametrize("milliseconds", [10, 30, 40, 50, 60])
def test_packets_are_of_the_time_that_the_peer_wants(milliseconds: int) -> None:
    """RFC 3264 §6.1, RFC 8866 §6.4: ptime is what its author wants to receive."""
    studio = Studio()
    phone = studio.phone("leg", ptime_ms=milliseconds)
    studio.engine.execute(Echo(phone.leg))
    sent = tone(800, 2.0)
    phone.say(sent)
    studio.run(2.3)
    packets = [packet for _, packet in phone.received]
    size = milliseconds * 8
    assert {len(packet.payload) for packet in packets} == {size}
    assert {(later.sequence - earlier.sequence) & 0xFFFF for earlier, later in pairwise(packets)} == {1}
    assert {(later.timestamp - earlier.timestamp) & 0xFFFF_FFFF for earlier, later in pairwise(packets)} == {
        size
    }
    assert [packet.marker for packet in packets] == [True] + [False] * (len(packets) - 1)
    assert signal_to_noise(phone.heard(), sent[1600:14_400]) > 35


def test_digits_leave_between_packets_of_another_time() -> None:
    studio = Studio()
    phone = studio.phone("leg", ptime_ms=60)
    studio.engine.execute(Echo(phone.leg))
    phone.say(tone(800, 2.0))
    studio.run(0.5)
    studio.engine.execute(SendDigits(phone.leg, "7"))
    studio.run(1.0)
    packets = [packet for _, packet in phone.received]
    assert {(later.sequence - earlier.sequence) & 0xFFFF for earlier, later in pairwise(packets)} == {1}
    sizes = [len(packet.payload) for packet in packets]
    key = sizes.index(4)
    assert {*sizes[: key - 1], *sizes[key + 1 :]} == {480, 4} and sizes[key - 1] in (160, 320, 480)
    stats = studio.engine._reports.stats(studio.engine._table.at(0))
    assert stats.packets_sent == len(packets)


@pytest.mark.parametrize("codec", [Codec("g722", 9), Codec("l16", 112, 16_000)])
def test_wideband_payloads_are_cut_too_where_they_can_be(codec: Codec) -> None:
    studio = Studio()
    phone = studio.phone("leg", connect=False)
    studio.engine.execute(Connect(phone.leg, (phone.host, phone.port), codec, (codec,), None, ptime_ms=30))
    studio.run(1.0)
    step = 240 if codec.name == "g722" else 480
    packets = [packet for _, packet in phone.received]
    assert {len(packet.payload) for packet in packets} == {240 if codec.name == "g722" else 960}
    assert {(later.timestamp - earlier.timestamp) & 0xFFFF_FFFF for earlier, later in pairwise(packets)} == {
        step
    }


@pytest.mark.parametrize(("asked", "sent"), [(10, 20), (20, 20), (30, 20), (40, 40), (50, 40), (60, 60)])
def test_of_opus_whole_frames_are_joined(asked: int, sent: int) -> None:
    """RFC 6716 §3.2, RFC 7587 §4.2; what is joined is decoded as if it had not been."""
    heard = []
    for milliseconds in (asked, 20):
        studio = Studio()
        phone = studio.phone("leg", law=OPUS, connect=False)
        remote = (phone.host, phone.port)
        studio.engine.execute(Connect(phone.leg, remote, OPUS, (OPUS,), DTMF, ptime_ms=milliseconds))
        studio.engine.execute(Tone(phone.leg, "t", (440.0,), ()))
        studio.run(1.5)
        packets = [packet for _, packet in phone.received]
        if milliseconds == asked:
            assert {ticks(bytes(packet.payload)) for packet in packets} == {48 * sent}
            steps = {later.timestamp - earlier.timestamp for earlier, later in pairwise(packets)}
            assert steps == {48 * sent}
            numbers = {later.sequence - earlier.sequence for earlier, later in pairwise(packets)}
            assert numbers == {1}
        decoder = OpusDecoder()
        heard.append(np.concatenate([decoder.decode(bytes(packet.payload)) for packet in packets]))
    least = min(map(len, heard))
    assert least > 20_000 and (heard[0][:least] == heard[1][:least]).all()


def test_of_what_is_joined_a_lost_frame_takes_no_other_along() -> None:
    """Two phones that speak G.722 or Opus: one asks for 60 ms, and of the other's packets some are lost."""
    for codec in (OPUS, Codec("g722", 9)):
        studio = Studio()
        one, two = (studio.phone(name, law=codec, connect=False) for name in ("one", "two"))
        for phone, milliseconds in ((one, 20), (two, 60)):
            remote = (phone.host, phone.port)
            studio.engine.execute(Connect(phone.leg, remote, codec, (codec,), None, ptime_ms=milliseconds))
        studio.engine.execute(Bridge(one.leg, two.leg))
        encoder = wide(NUMBER[codec.name]).encoder()
        kept = []
        for number in range(200):
            payload = encoder.encode(np.full(320, number, np.int16))
            if number % 7 == 3 and number > 50:
                one.sequence, one.timestamp = one.sequence + 1, one.timestamp + codec.clock_rate // 50
            else:
                kept += [payload] if number > 50 else []
                one.send(payload, samples=codec.clock_rate // 50)
            studio.run(0.02)
        studio.run(0.2)
        whole = b"".join(bytes(packet.payload) for _, packet in two.received)
        gone = sum(frame[1:] not in whole for frame in kept)
        assert gone == 0, f"{gone} of {len(kept)} frames of {codec.name} did not arrive"
        stats = studio.engine._reports.stats(studio.engine._table.at(1))
        assert stats.packets_sent == len(two.received)


def test_who_asks_for_pauses_is_sent_next_to_nothing_while_nobody_speaks() -> None:
    """RFC 7587 §3.1.3, §6.1 (usedtx): time goes on, numbers do not, and a marker begins what is said next."""
    packets: dict[bool, list[tuple[float, Packet]]] = {}
    for pauses in (False, True):
        studio = Studio()
        codec = replace(OPUS, pauses=pauses)
        phone, other = studio.phone("leg", law=codec, connect=False), studio.phone("other")
        remote = (phone.host, phone.port)
        connect = Connect(phone.leg, remote, codec, (codec,), DTMF, dtmf_clock=48_000)
        studio.engine.execute(connect)
        studio.engine.execute(Bridge(phone.leg, other.leg))
        other.say(np.concatenate([tone(500, 1.0), np.zeros(24_000, np.int16), tone(500, 1.0)]))
        studio.run(2.6)
        studio.engine.execute(SendDigits(phone.leg, "5"))
        studio.run(2.0)
        packets[pauses] = phone.received
        assert [press.digit for press in presses(phone)] == ["5"]
        stats = studio.engine._reports.stats(studio.engine._table.at(0))
        assert stats.packets_sent == len(phone.received)
    begun = packets[True][0][0]
    assert sum(1.5 < at - begun < 2.5 for at, _ in packets[False]) == 50
    assert 2 <= sum(1.5 < at - begun < 2.5 for at, _ in packets[True]) <= 4
    spoken = [packet for at, packet in packets[True] if at - begun > 4.1]
    assert len(spoken) > 15
    for (before, one), (at, two) in pairwise(packets[True]):
        assert (two.sequence - one.sequence) & 0xFFFF == 1
        if one.payload_type == two.payload_type == OPUS.payload_type:
            assert (two.timestamp - one.timestamp) / 48_000 == pytest.approx(at - before, abs=0.006)
            assert two.marker == (two.timestamp - one.timestamp > 960)
