"""What comes in over the wire, seen by what comes back of it in an echo, and by the counters."""

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from media.codec.g711 import encode_ulaw
from media.port import Allocate, Connect, Digit, Direction, Echo, Latched, LegId, LegStats, Release, Released
from media.rtp import packet
from media.rtp.telephone_event import DIGITS
from tests.support.emulator import Path
from tests.support.phone import HOST, PCMA, PCMU, Phone, Studio, noise, signal_to_noise, tone


def echo(studio: Studio, **more: object) -> Phone:
    phone = studio.phone("leg", **more)  # type: ignore[arg-type]
    studio.engine.execute(Echo(phone.leg))
    return phone


def stats(studio: Studio, phone: Phone) -> LegStats:
    studio.engine.execute(Release(phone.leg))
    return studio.of(Released)[-1].stats


def event(digit: str, duration: int, *, end: bool = False) -> bytes:
    return bytes((DIGITS.index(digit), 0x8A if end else 0x0A)) + duration.to_bytes(2, "big")


def test_every_frame_of_a_tone_comes_back_in_order() -> None:
    studio = Studio()
    phone = echo(studio)
    sent = tone(1000, 2.0)
    phone.say(sent)
    studio.run(2.2)
    assert signal_to_noise(phone.heard(), sent) >= 35
    counted = stats(studio, phone)
    assert (counted.packets_received, counted.lost, counted.late, counted.malformed) == (100, 0, 0, 0)
    assert counted.level_dbov == pytest.approx(-13.5, abs=0.5)


@pytest.mark.parametrize("milliseconds", [10, 30, 40, 60])
def test_other_packet_times_are_heard_without_a_seam(milliseconds: int) -> None:
    studio = Studio()
    phone = echo(studio)
    sent = noise(1.2, seed=milliseconds)
    phone.say(sent)
    data = b"".join(filter(None, phone.script))
    phone.script.clear()
    size = milliseconds * 8
    for start in range(0, len(data), size):
        phone.send(data[start : start + size], samples=size)
        studio.run(milliseconds / 1000)
    studio.run(0.3)
    assert signal_to_noise(phone.heard(), sent[800:8800]) > 30
    assert stats(studio, phone).lost == 0


def test_a_peer_that_returns_to_20_ms_takes_the_fast_path_again() -> None:
    studio = Studio()
    phone = echo(studio)
    phone.send(bytes(80), samples=80)
    sent = tone(800, 11.0)
    phone.say(sent)
    studio.run(11.2)
    leg = studio.engine._table.find(phone.leg)
    assert leg is not None and leg.reframer is None
    assert signal_to_noise(phone.heard()[-8_000:], sent[-6_400:]) > 30


def test_the_sequence_and_timestamp_wrap_unheard() -> None:
    studio = Studio()
    phone = echo(studio)
    phone.sequence, phone.timestamp = 65_500, 0xFFFF_FFFF - 4000
    sent = tone(700, 2.0)
    phone.say(sent)
    # The phone's counters run on; `packet.build` cuts them to their width.
    studio.run(2.2)
    assert signal_to_noise(phone.heard(), sent) >= 35
    counted = stats(studio, phone)
    assert counted.lost == 0 and counted.late == 0 and counted.jitter_ms < 2


def test_a_new_ssrc_is_a_new_stream_of_the_same_leg() -> None:
    studio = Studio()
    phone = echo(studio)
    phone.say(tone(700, 0.5))
    studio.run(0.6)
    phone.ssrc, phone.sequence, phone.timestamp = 9, 40_000, 77
    sent = tone(900, 0.5)
    phone.say(sent)
    studio.run(0.7)
    assert signal_to_noise(phone.heard(), sent[160:]) >= 30
    assert stats(studio, phone).lost == 0


def test_a_jump_of_sequence_and_timestamp_is_followed_after_two_packets() -> None:
    """RFC 3550 A.1."""
    studio = Studio()
    phone = echo(studio)
    phone.say(tone(700, 0.5))
    studio.run(0.6)
    phone.sequence += 20_000
    phone.timestamp += 1_000_000
    sent = tone(900, 0.5)
    phone.say(sent)
    studio.run(0.7)
    assert signal_to_noise(phone.heard(), sent[320:]) >= 30


@pytest.mark.parametrize("milliseconds", [10, 30, 60])
@pytest.mark.parametrize("jump", [-500_000, 500_000])
def test_timestamps_that_begin_anew_in_the_same_stream_are_followed_at_any_packet_time(
    milliseconds: int, jump: int
) -> None:
    """After a hold or a transfer; RFC 3550 §5.1 asks for a new SSRC, and not everybody listens."""
    studio = Studio()
    phone = echo(studio)
    phone.timestamp = 2_000_000
    send_in(phone, tone(700, 0.6), milliseconds)
    phone.timestamp += jump
    phone.received.clear()
    sent = tone(900, 1.2)
    send_in(phone, sent, milliseconds)
    assert signal_to_noise(phone.heard(), sent[1600:8000]) > 30
    assert stats(studio, phone).late <= milliseconds / 20, "the first packet might have been late indeed"


@pytest.mark.parametrize("milliseconds", [10, 30, 60])
def test_copies_are_not_heard_at_any_packet_time(milliseconds: int) -> None:
    studio = Studio()
    studio.network.impair(Path(copies=0.3, seed=5), towards=HOST)
    phone = echo(studio)
    sent = tone(440, 3.0)
    send_in(phone, sent, milliseconds)
    assert signal_to_noise(phone.heard(), sent[4000:20_000]) > 30
    assert stats(studio, phone).lost == 0


def send_in(phone: Phone, pcm: NDArray[np.int16], milliseconds: int) -> None:
    """Say it at once, in packets of so long."""
    data = encode_ulaw(pcm).tobytes()
    size = milliseconds * 8
    for start in range(0, len(data), size):
        phone.send(data[start : start + size], samples=size)
        phone.studio.run(milliseconds / 1000)
    phone.studio.run(0.2)


def test_a_peer_may_send_the_other_accepted_codec_and_change_it() -> None:
    studio = Studio()
    phone = echo(studio)
    phone.law = PCMA
    sent = tone(600, 0.5)
    phone.say(sent)
    studio.run(0.7)
    assert signal_to_noise(phone.heard(PCMU), sent[320:]) > 30
    phone.law = PCMU
    phone.received.clear()
    phone.say(sent)
    studio.run(0.7)
    assert signal_to_noise(phone.heard(), sent[320:]) > 30


def test_contributing_sources_extensions_and_padding_are_heard_through() -> None:
    studio = Studio()
    phone = echo(studio)
    sent = tone(600, 0.6)
    phone.say(sent)
    for payload in [p for p in phone.script if p]:
        plain = packet.build(0, False, phone.sequence, phone.timestamp, phone.ssrc, b"")
        data = bytes((0xB1, *plain[1:])) + b"csrc" + b"\xbe\xde\x00\x01abcd" + payload + b"\0\0\0\x04"
        phone.socket.sendto(data, phone.server)
        phone.sequence += 1
        phone.timestamp += 160
        studio.run(0.02)
    phone.script.clear()
    studio.run(0.1)
    assert signal_to_noise(phone.heard(), sent[320:4000]) > 30


def test_a_press_is_told_once_and_its_packets_are_not_audio() -> None:
    studio = Studio()
    phone = echo(studio)
    phone.say(tone(500, 0.4))
    studio.run(0.5)
    start = phone.timestamp
    for step in range(1, 6):
        phone.send(event("5", step * 160), payload_type=101, samples=0)
        studio.run(0.02)
    for _ in range(3):
        phone.send(event("5", 800, end=True), payload_type=101, samples=0)
        phone.send(event("5", 800, end=True), payload_type=101, samples=0)
    assert phone.timestamp == start
    phone.timestamp += 800
    sent = tone(500, 0.4)
    phone.say(sent)
    studio.run(0.6)
    assert studio.of(Digit) == [Digit(phone.leg, "5", "rfc4733", 100)]
    assert signal_to_noise(phone.heard(), sent[160:]) > 30
    counted = stats(studio, phone)
    assert counted.lost == 0 and counted.late == 0


def test_a_press_under_an_ssrc_of_its_own_does_not_cut_the_audio() -> None:
    """Some gateways, and tools that play a recorded key beside the audio, send events so."""
    studio = Studio()
    phone = echo(studio)
    sent = tone(500, 1.0)
    phone.say(sent)
    studio.run(0.4)
    for step in range(1, 8):
        own = phone.sequence, phone.timestamp, phone.ssrc
        phone.sequence, phone.timestamp, phone.ssrc = 30 + step, 77, 0x5555
        phone.send(event("5", min(step, 5) * 160, end=step > 5), payload_type=101, samples=0)
        phone.sequence, phone.timestamp, phone.ssrc = own
        studio.run(0.02)
    studio.run(0.7)
    assert studio.of(Digit) == [Digit(phone.leg, "5", "rfc4733", 100)]
    assert signal_to_noise(phone.heard(), sent[160:]) > 30
    assert stats(studio, phone).lost == 0


def test_a_press_whose_ends_are_all_lost_is_told_when_updates_stop() -> None:
    studio = Studio()
    phone = echo(studio)
    for step in range(1, 4):
        phone.send(event("#", step * 160), payload_type=101, samples=0)
        studio.run(0.02)
    studio.run(0.4)
    assert studio.of(Digit) == [Digit(phone.leg, "#", "rfc4733", 60)]


@pytest.mark.parametrize("number", [13, 19])
def test_comfort_noise_is_quiet_and_no_loss(number: int) -> None:
    """RFC 3389 §4; 19 was its number in drafts, and is that of some gateways (RFC 3551 §6)."""
    studio = Studio()
    phone = echo(studio)
    phone.say(tone(500, 0.4))
    studio.run(0.5)
    phone.received.clear()
    for _ in range(5):
        phone.send(b"\x30", payload_type=number, samples=1600)
        studio.run(0.2)
    assert 0 < np.abs(phone.heard().astype(int)[1600:]).max() < 700
    counted = stats(studio, phone)
    assert counted.lost == 0 and counted.malformed == 0


def test_garbage_is_counted_and_harms_nothing() -> None:
    studio = Studio()
    phone = echo(studio)
    random = np.random.default_rng(3)
    sent = tone(700, 1.5)
    phone.say(sent)
    for size in range(60):
        phone.socket.sendto(random.bytes(size * 9), phone.server)
        studio.run(0.02)
    studio.run(0.6)
    assert signal_to_noise(phone.heard(), sent) > 30
    assert stats(studio, phone).malformed >= 50


def test_stun_is_ignored_uncounted() -> None:
    studio = Studio()
    phone = echo(studio)
    phone.say(tone(700, 0.2))
    studio.run(0.1)
    for _ in range(5):
        phone.socket.sendto(b"\x00\x01\x00\x00\x21\x12\xa4\x42" + bytes(12), phone.server)
        studio.run(0.02)
    assert stats(studio, phone).malformed == 0


def test_rtcp_on_the_rtp_port_is_read() -> None:
    """RFC 5761 §4."""
    studio = Studio()
    phone = echo(studio)
    phone.say(tone(700, 0.4))
    studio.run(0.1)
    leg = studio.engine._table.find(phone.leg)
    assert leg is not None
    ssrc = int(studio.engine._table.columns.ssrc[leg.slot])
    block = ssrc.to_bytes(4, "big") + (5).to_bytes(4, "big") + bytes(4) + (80).to_bytes(4, "big") + bytes(8)
    phone.socket.sendto(b"\x81\xc9\x00\x07" + (9).to_bytes(4, "big") + block, phone.server)
    studio.run(0.1)
    counted = stats(studio, phone)
    assert (counted.remote_lost, counted.remote_jitter_ms, counted.malformed) == (5, 10.0, 0)


def test_the_source_behind_nat_is_latched_answered_and_locked() -> None:
    """Complaint 9: one-way audio behind NAT."""
    studio = Studio()
    phone = studio.phone("leg", remote=("10.0.0.5", 5004))
    studio.engine.execute(Echo(phone.leg))
    sent = tone(700, 2.0)
    phone.say(sent)
    studio.run(0.5)
    assert studio.of(Latched) == [Latched(phone.leg, (phone.host, phone.port))]
    assert phone.received
    stranger = studio.network.bind("198.51.100.66", 666)
    for _ in range(20):
        phone.send(bytes(160), source=stranger, samples=0)
        phone.sequence -= 1
        studio.run(0.05)
    studio.run(0.8)
    assert signal_to_noise(phone.heard(), sent[:8000]) > 30
    assert not stranger.queue and len(studio.of(Latched)) == 1
    # Before the lock foreign packets are counted, after it the system drops them.
    assert stats(studio, phone).foreign > 5


def test_who_sends_from_port_0_is_heard_and_answered_where_its_sdp_says() -> None:
    """sipp does, when its SDP names another port than its option: nobody can send there."""
    studio = Studio()
    phone = echo(studio)
    nowhere = studio.network.bind(phone.host, 0)
    sent = tone(500, 3.0)
    for frame in encode_ulaw(sent).reshape(-1, 160):
        phone.send(frame.tobytes(), source=nowhere)
        studio.run(0.02)
    phone.connect()
    studio.run(0.1)
    assert signal_to_noise(phone.heard(), sent[160:22_000]) > 30
    assert not nowhere.queue


def test_the_sdp_address_wins_over_a_stranger_who_was_first() -> None:
    studio = Studio()
    phone = echo(studio)
    stranger = studio.network.bind("198.51.100.66", 666)
    stranger.sendto(packet.build(0, False, 1, 1, 666, bytes(160)), phone.server)
    studio.run(0.1)
    sent = tone(700, 1.0)
    phone.say(sent)
    studio.run(1.2)
    assert [latched.source for latched in studio.of(Latched)] == [stranger.at, (phone.host, phone.port)]
    assert signal_to_noise(phone.heard(), sent[320:]) > 30


@pytest.mark.parametrize("seed", range(4))
def test_who_sprays_ports_before_a_phone_behind_nat_speaks_does_not_keep_its_leg(seed: int) -> None:
    random = Random(seed)
    studio = Studio()
    phone = studio.phone("leg", remote=("10.0.0.5", 4000), signalling="203.0.113.1")
    studio.engine.execute(Echo(phone.leg))
    sprayers = [
        studio.network.bind(f"198.51.100.{random.randrange(1, 255)}", random.randrange(1024, 65_535))
        for _ in range(3)
    ]
    speaks_at = random.uniform(1.2, 3.0)
    sent, said = tone(700, 1.0), False
    for turn in range(int((speaks_at + 1.5) * 50)):
        if not said and turn * 0.02 >= speaks_at:
            phone.say(sent)
            said = True
        for sprayer in random.sample(sprayers, random.randrange(1, 4)):
            sprayer.sendto(packet.build(0, False, turn, turn * 160, 666, bytes(160)), phone.server)
        studio.run(0.02)
    latched = [event.source for event in studio.of(Latched)]
    assert len(latched) == 2 and latched[1] == (phone.host, phone.port)
    assert signal_to_noise(phone.heard(), sent[320:]) > 30


def test_a_stream_whose_nat_port_changes_is_found_again_after_two_seconds() -> None:
    studio = Studio()
    phone = echo(studio)
    phone.say(tone(700, 0.5))
    studio.run(0.5)
    moved = studio.network.bind(phone.host, 61_000)
    sent = [p for p in phone.script if p]
    phone.script.clear()
    assert sent == []
    for _ in range(150):
        phone.send(bytes(160), source=moved)
        studio.run(0.02)
    assert [latched.source[1] for latched in studio.of(Latched)] == [phone.port, 61_000]
    assert moved.queue


def test_nobody_who_guesses_the_port_of_a_silent_leg_is_heard() -> None:
    studio = Studio()
    phone = echo(studio)
    phone.say(tone(700, 0.5))
    studio.run(4.0)
    stranger = studio.network.bind("198.51.100.66", 666)
    for _ in range(100):
        stranger.sendto(packet.build(0, True, 5, 5, 0x666, bytes(160)), phone.server)
        studio.run(0.02)
    assert len(studio.of(Latched)) == 1 and not stranger.queue
    assert stats(studio, phone).foreign == 100


def test_a_new_address_in_a_new_offer_moves_the_stream() -> None:
    studio = Studio()
    phone = echo(studio)
    phone.say(tone(700, 0.5))
    studio.run(0.5)
    other = studio.network.bind("203.0.113.99", 7000)
    phone.connect(remote=other.at)
    studio.run(0.1)
    assert other.queue, "we send there at once"
    for _ in range(20):
        other.sendto(packet.build(0, False, 5, 5, 5, bytes(160)), phone.server)
    studio.run(0.1)
    assert studio.of(Latched)[-1].source == other.at


def test_a_leg_that_has_waited_long_is_aligned_by_its_second_packet() -> None:
    studio = Studio()
    phone = echo(studio)
    studio.run(5.0)
    phone.say(tone(700, 1.0))
    studio.run(0.1)
    columns = studio.engine._table.columns
    assert columns.aligned[0] and columns.locked[0]


@pytest.mark.parametrize("milliseconds", [10, 30])
def test_packet_times_that_change_in_the_midst_of_a_word_make_no_step(milliseconds: int) -> None:
    """415 Hz has no whole number of periods in 20 ms; 12 s are long enough to go back to the fast path."""
    studio = Studio()
    phone = echo(studio)
    data = encode_ulaw(tone(415, 17.0)).tobytes()
    at = 0
    for seconds, time in ((1.2, 20), (3.0, milliseconds), (12.0, 20)):
        for _ in range(round(seconds * 1000 / time)):
            phone.send(data[at : at + 8 * time], samples=8 * time)
            at += 8 * time
            studio.run(time / 1000)
    leg = studio.engine._table.find(phone.leg)
    assert leg is not None and leg.reframer is None
    bend = np.abs(np.diff(phone.heard().astype(float)[4_000:], 2)).max()
    assert bend < 3 * 0.3 * 32767 * (2 * np.pi * 415 / 8_000) ** 2


def test_of_packets_that_came_at_once_the_first_alone_tells_when_they_come() -> None:
    """A socket is read once in a tick; those behind the first wait in it, and are found whenever."""
    studio = Studio()
    phone = echo(studio)
    phone.say(tone(700, 1.0))
    studio.run(1.1)
    table = studio.engine._table
    assert table.columns.locked[0]
    table.phases.doubt(np.array([0]))
    told: list[bool] = []
    table.phases.align = lambda slot, group, late, *, sole: told.append(sole) or False  # type: ignore[method-assign]
    studio.run(0.02)
    for _ in range(4):
        phone.send(bytes(160))
    studio.run(0.02)
    assert told == [True, False, False, False]


def test_a_phone_behind_nat_is_heard_and_answered_at_once_after_a_hold_of_the_old_kind() -> None:
    """RFC 3264 §8.4: 0.0.0.0 stops what we send; the private address of the resumption reaches nobody."""
    studio = Studio()
    phone = studio.phone("leg", remote=("10.0.0.5", 5004))
    studio.engine.execute(Echo(phone.leg))
    phone.say(tone(700, 10.0))
    studio.run(2.0)
    phone.connect(remote=("0.0.0.0", 5004))
    studio.run(0.1)
    phone.received.clear()
    studio.run(0.5)
    assert phone.received == []
    phone.connect(remote=("10.0.0.5", 5004))
    studio.run(0.5)
    assert len(phone.received) >= 23 and np.abs(phone.heard().astype(int)).max() > 5000


def test_before_the_first_packet_we_send_to_the_sdp_address() -> None:
    studio = Studio()
    phone = studio.phone("leg")
    studio.run(0.5)
    assert 24 <= len(phone.received) <= 26 and studio.of(Latched) == []


@pytest.mark.parametrize("host,port", [("0.0.0.0", 4), ("phone.example", 4), ("203.0.113.1", 0), ("::", 9)])
def test_an_address_that_cannot_be_sent_to_is_left_alone(host: str, port: int) -> None:
    """A name must never make the tick wait for DNS; 0.0.0.0 is the old way to hold (RFC 3264 §8.4)."""
    studio = Studio()
    studio.engine.execute(Allocate(LegId("leg"), HOST))
    studio.engine.execute(Connect(LegId("leg"), (host, port), PCMU, (PCMU,), None))
    studio.run(0.2)
    assert studio.engine.gauges().send_errors == 0


def test_jitter_loss_and_reordering_are_survived() -> None:
    """Seeded: 3 % loss, up to 50 ms of jitter, which reorders."""
    studio = Studio()
    phone = echo(studio)
    sent = tone(440, 12.0)
    phone.say(sent)
    studio.run(1.0)
    studio.network.impair(Path(loss=0.03, jitter=0.05, seed=5))
    studio.run(11.5)
    counted = stats(studio, phone)
    assert 5 <= counted.lost <= 35 and counted.jitter_ms > 5
    assert counted.late < 20, "the buffer has become as deep as the jitter"
    assert counted.concealed < 60
    heard = phone.heard()[8000 * 5 : 8000 * 11].astype(float)
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    assert abs(np.argmax(spectrum) * 8000 / len(heard) - 440) < 1


@pytest.mark.parametrize("clock_error", [200e-6, -200e-6])
def test_a_drifting_clock_leaves_no_delay_behind(clock_error: float) -> None:
    studio = Studio()
    phone = echo(studio)
    phone.clock_error = clock_error
    marks = 13  # 130 s: the clocks part by 26 ms, more than a frame
    for _ in range(marks):
        phone.say(np.zeros(8000 * 10 - 160, np.int16))
        phone.say(np.full(160, 8000, np.int16))
    asked: list[float] = []
    delays: list[float] = []
    began = phone.next_at
    for number in range(marks):
        asked.append(began + (500 * (number + 1) - 1) * 0.020 * (1 - clock_error))
    studio.run(marks * 10 + 1)
    loud = [now for now, p in phone.received if p.payload[80] != 0xFF]
    for at in asked:
        later = [now - at for now in loud if -0.001 <= now - at < 0.5]
        delays.append(later[0])
    assert max(delays) < 0.025, delays


@pytest.mark.parametrize("phase", [0.0, 0.005, 0.010, 0.015])
def test_bursts_leave_nothing_in_the_socket_of_a_lonely_leg(phase: float) -> None:
    """Whatever its group: the first one may have nothing to read."""
    studio = Studio()
    phone = echo(studio)
    phone.next_at += phase
    leg = studio.engine._table.find(phone.leg)
    assert leg is not None
    for _ in range(40):
        phone.say(tone(700, 0.5))
        studio.run(1.0)
        for _ in range(25):  # what was due meanwhile comes at once
            phone.send(bytes(160))
        phone.say(tone(700, 0.3))
        studio.run(0.3)
        assert len(studio.network.sockets[HOST, leg.port].queue) <= 1


def test_directions_are_kept() -> None:
    studio = Studio()
    phone = echo(studio)
    phone.say(tone(500, 4.0))
    studio.run(0.5)
    for direction, sends, hears in (
        (Direction.SENDONLY, True, False),
        (Direction.RECVONLY, False, True),
        (Direction.INACTIVE, False, False),
        (Direction.SENDRECV, True, True),
    ):
        phone.connect(direction)
        studio.run(0.1)
        phone.received.clear()
        studio.run(0.4)
        assert bool(phone.received) == sends
        if sends:
            assert (np.abs(phone.heard().astype(int)).max() > 5000) == hears


@st.composite
def _packets(draw: st.DrawFn) -> bytes:
    kind = draw(st.sampled_from((0, 8, 13, 101, 55)))
    size = draw(st.sampled_from((0, 1, 4, 80, 160, 240, 320, 480, 1400)))
    sequence = draw(st.integers(98, 125) | st.integers(0, 65_535))
    timestamp = draw(st.integers(0, 40).map(lambda n: 5000 + n * 80) | st.integers(0, 0xFFFF_FFFF))
    ssrc = draw(st.sampled_from((0x11223344, 7)))
    return packet.build(kind, draw(st.booleans()), sequence, timestamp, ssrc, bytes(size))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.binary(max_size=300), _packets()), max_size=40), st.randoms())
def test_whatever_a_peer_sends_the_tick_goes_on(datagrams: list[bytes], chance: Random) -> None:
    """Hypothesis: valid packets of any type, sequence, timestamp and length among raw bytes."""
    studio = Studio(legs=1)
    phone = echo(studio)
    phone.send(bytes(160))
    studio.run(0.03)
    for datagram in datagrams:
        socket = phone.socket if chance.random() < 0.9 else phone.rtcp
        socket.sendto(datagram, phone.server)
        if chance.random() < 0.5:
            studio.run(0.005)
    studio.run(0.2)
    assert len(phone.received) >= 10
    counted = stats(studio, phone)
    assert counted.lost >= 0 and counted.packets_received >= 1


def test_digits_come_under_every_number_that_was_agreed_on() -> None:
    studio = Studio()
    phone = echo(studio, dtmf=110, dtmf_clock=48_000, events=((126, 8000),))
    for number, duration in ((126, 800), (110, 4_800)):
        for end in (False, True, True, True):
            phone.send(event("5", duration, end=end), payload_type=number, samples=0)
            studio.run(0.02)
        phone.timestamp += 4_800
    assert [(heard.digit, heard.duration_ms) for heard in studio.of(Digit)] == [("5", 100), ("5", 100)]
