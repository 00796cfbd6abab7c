"""What a bad network costs the ear, as numbers, under a seeded emulator (issue 4, must be shown 2)."""

from dataclasses import dataclass

import numpy as np
import pytest

from media.port import (
    AgentSpec,
    AttachAgent,
    Bridge,
    Codec,
    Connect,
    Echo,
    Join,
    LegStats,
    Release,
    Released,
    RoomId,
)
from media.rtp import packet
from media.rtp.jitter import JitterBuffer
from tests.support.emulator import Path
from tests.support.phone import HOST, PCMU, Studio, signal_to_noise, tone

SECONDS = 20
LEAST = 5.0
"Of a round trip on a clean path: a packet waits for its tick [ms]."
OPUS = {10: b"\x40" + bytes(20), 30: b"\x43\x03" + bytes(60)}
"SILK frames of 10 ms, one or three (RFC 6716 §3.2)."


@dataclass(frozen=True)
class Outcome:
    lost: float
    "Share of the packets that the path swallowed."
    concealed: float
    "Share of the frames that were made up."
    delays: np.ndarray
    "From the phone, through path and buffer, into the next packet out, in the second half [ms]."
    stats: LegStats


def call(path: Path) -> Outcome:
    """One call whose way to us is impaired; every frame is stamped, and comes back as an echo."""
    studio = Studio()
    studio.network.impair(path, towards=HOST)
    phone = studio.phone("leg")
    studio.engine.execute(Echo(phone.leg))
    count = SECONDS * 50
    sent: list[float] = []
    for number in range(count):
        frame = np.full(160, 0x50, np.uint8)
        frame[40:42] = number & 0x7F, number >> 7  # behind the cross-fade that follows a gap
        phone.script.append(frame.tobytes())
    send = phone.send

    def noted(payload: bytes, **more: object) -> None:
        sent.append(studio.loop.time())
        send(payload, **more)  # type: ignore[arg-type]

    phone.send = noted  # type: ignore[method-assign]
    studio.run(SECONDS)
    studio.engine.execute(Release(phone.leg))
    delays = [
        (at - sent[number]) * 1000
        for at, packet in phone.received
        if len(packet.payload) == 160 and packet.payload[150] == 0x50
        if count // 2 < (number := packet.payload[40] | packet.payload[41] << 7) < len(sent)
    ]
    stats = studio.of(Released)[0].stats
    return Outcome(path.lost / path.sent, stats.concealed / len(sent), np.array(delays), stats)


@pytest.mark.parametrize(
    ("loss", "burst", "jitter", "reorders"),
    [
        (0.0, 1, 0.0, True),
        (0.02, 1, 0.0, True),
        (0.10, 1, 0.0, True),
        (0.10, 4, 0.0, True),
        (0.0, 1, 0.02, True),
        (0.0, 1, 0.08, True),
        (0.0, 1, 0.08, False),
        (0.05, 1, 0.04, False),
        (0.10, 1, 0.08, True),
        (0.10, 4, 0.08, True),
    ],
)
def test_no_more_is_made_up_than_was_lost_and_no_more_waits_than_must(
    loss: float, burst: int, jitter: float, reorders: bool
) -> None:
    """Concealed at most the loss and 1 %; delayed at most by the path's jitter and 20 ms."""
    heard = call(Path(loss=loss, burst=burst, jitter=jitter, reorders=reorders, seed=3))
    assert heard.concealed <= heard.lost + 0.01
    assert len(heard.delays) > 300 and heard.delays.max() <= jitter * 1000 + 20 + LEAST
    assert heard.stats.delay_ms <= jitter * 1000 + 20


@pytest.mark.parametrize("milliseconds", [10, 30])
@pytest.mark.parametrize(("loss", "burst"), [(0.0, 1), (0.02, 1), (0.10, 1), (0.10, 4)])
def test_packets_of_other_times_cost_what_was_in_them_alone(
    milliseconds: int, loss: float, burst: int
) -> None:
    """Packets of 10 ms are halves of a frame, those of 30 ms one and a half."""
    studio, path = Studio(), Path(loss=loss, burst=burst, seed=4)
    studio.network.impair(path, towards=HOST)
    phone = studio.phone("leg")
    studio.engine.execute(Echo(phone.leg))
    size = 8 * milliseconds
    for _ in range(count := SECONDS * 1000 // milliseconds):
        phone.send(bytes([0x50]) * size, samples=size)
        studio.run(milliseconds / 1000)
    studio.engine.execute(Release(phone.leg))
    stats = studio.of(Released)[0].stats
    assert stats.concealed * 20 / (count * milliseconds) <= path.lost / path.sent + 0.01
    assert stats.delay_ms <= milliseconds + 20


@pytest.mark.parametrize("codec", [Codec("l16", 96, 16_000), Codec("opus", 111, 48_000)], ids=["l16", "opus"])
@pytest.mark.parametrize("milliseconds", [10, 30])
@pytest.mark.parametrize(("loss", "burst"), [(0.0, 1), (0.10, 1), (0.10, 4)])
def test_so_do_packets_that_cannot_be_cut(codec: Codec, milliseconds: int, loss: float, burst: int) -> None:
    """Opus and L16: what came of 20 ms is decoded and played, and the rest made up (RFC 7587 §4.2)."""
    studio, path = Studio(), Path(loss=loss, burst=burst, seed=4)
    studio.network.impair(path, towards=HOST)
    phone = studio.phone("leg", connect=False)
    phone.law = codec
    studio.engine.execute(Connect(phone.leg, (phone.host, phone.port), codec, (codec,), None))
    studio.engine.execute(Echo(phone.leg))
    samples = codec.clock_rate * milliseconds // 1000
    payload = OPUS[milliseconds] if codec.name == "opus" else bytes(2 * samples)
    for _ in range(count := SECONDS * 1000 // milliseconds):
        phone.send(payload, samples=samples)
        studio.run(milliseconds / 1000)
    studio.engine.execute(Release(phone.leg))
    stats = studio.of(Released)[0].stats
    assert stats.concealed * 20 / (count * milliseconds) <= path.lost / path.sent + 0.01
    assert stats.delay_ms <= milliseconds + 20


def test_copies_and_overtaking_are_played_once_and_in_order() -> None:
    studio = Studio()
    studio.network.impair(Path(jitter=0.06, copies=0.1, seed=5), towards=HOST)
    phone = studio.phone("leg")
    studio.engine.execute(Echo(phone.leg))
    sent = tone(440, 10.0)
    phone.say(sent)
    studio.run(10.5)
    assert signal_to_noise(phone.heard(), sent[40_000:72_000]) > 30
    studio.engine.execute(Release(phone.leg))
    assert studio.of(Released)[0].stats.duplicates > 20


def test_the_score_falls_as_the_path_gets_worse() -> None:
    """ITU-T G.107; a burst is worse than the same loss spread out."""
    scores = [
        call(Path(loss=loss, burst=burst, seed=3)).stats.mos
        for loss, burst in ((0.0, 1), (0.05, 1), (0.1, 4))
    ]
    known = [score for score in scores if score is not None]
    assert len(known) == 3 and known == sorted(known, reverse=True) and known[0] > 4.3 and known[2] < 3.6


@pytest.mark.parametrize("ppm", [200, -200])
def test_an_hour_of_another_clock_leaves_no_delay_behind(ppm: int) -> None:
    """The peer's frames come 200 ppm faster or slower than ours are played: 720 ms an hour."""
    buffer, row = JitterBuffer(1), np.zeros(1, np.intp)
    buffer.restart(0, 0)
    frame = np.zeros(160, np.uint8)
    sent, made_up, deepest = 0, 0, 0
    for tick in range(180_000):
        while sent <= tick * (1 + ppm * 1e-6):
            buffer.insert_one(0, sent, frame)
            sent += 1
        made_up += not buffer.take(row).have[0]
        deepest = max(deepest, buffer.waiting(0))
    assert deepest <= 2 and buffer.waiting(0) <= 1
    assert made_up <= 40, "a slower clock lacks 36 frames an hour, a faster one none"


@pytest.mark.parametrize("ppm", [1_500, -1_500])
@pytest.mark.parametrize(
    ("codec", "milliseconds", "joined"),
    [
        (Codec("opus", 111, 48_000), 20, "bridge"),
        (Codec("l16", 96, 16_000), 60, "room"),
        (Codec("g722", 9), 20, "agent"),
        (PCMU, 30, "room"),
    ],
    ids=lambda value: value.name if isinstance(value, Codec) else str(value),
)
def test_no_codec_and_nobody_who_listens_keeps_the_delay_of_another_clock(
    codec: Codec, milliseconds: int, joined: str, ppm: int
) -> None:
    """At 7 times 200 ppm: 27 s are over three minutes, and two frames too few or too many."""
    studio = Studio()
    phone, other = studio.phone("leg", law=codec, connect=False), studio.phone("other")
    studio.engine.execute(Connect(phone.leg, (phone.host, phone.port), codec, (codec,), None))
    for leg in (phone.leg, other.leg):
        if joined == "room":
            studio.engine.execute(Join(leg, RoomId("room")))
    if joined == "bridge":
        studio.engine.execute(Bridge(phone.leg, other.leg))
    elif joined == "agent":
        spec = AgentSpec("a", "tandem", "ws://127.0.0.1:1/", sample_rate=16_000)
        studio.engine.execute(AttachAgent(phone.leg, spec, "call", "account"))
    samples = codec.clock_rate * milliseconds // 1000
    # SILK of 20 ms (RFC 6716 §3.1).
    payload = {"opus": b"\x48" + bytes(20), "l16": bytes(2 * samples)}.get(codec.name, bytes(samples))
    due = begun = studio.loop.time()
    while (now := studio.loop.time()) < begun + 27:
        if now >= due:
            phone.send(payload, samples=samples)
            due += milliseconds / 1000 * (1 - ppm * 1e-6)
        studio.run(0.005)
    buffer = studio.engine._jitter
    assert buffer.waiting(0) <= 2 + milliseconds // 20
    studio.engine.execute(Release(phone.leg))
    stats = studio.of(Released)[0].stats
    assert stats.delay_ms <= 20 + milliseconds and stats.lost == 0
    assert stats.concealed <= 2 + 2, "what a slow clock lacks, and what shows that it is one"


def test_no_click_where_frames_are_lost_held_or_merged() -> None:
    """A tone of 500 Hz changes by 0.12 of full scale from sample to sample at most: so does what is heard."""
    studio = Studio()
    studio.network.impair(Path(loss=0.05, jitter=0.05, seed=11), towards=HOST)
    phone = studio.phone("leg")
    phone.clock_error = 2000e-6
    studio.engine.execute(Echo(phone.leg))
    phone.say(tone(500, 12.0))
    studio.run(12.0)
    heard = phone.heard().astype(np.int32)
    loud = heard[np.flatnonzero(np.abs(heard) > 3000)[0] + 800 :]
    steepest = 0.3 * 32_767 * 2 * np.pi * 500 / 8000
    assert np.abs(np.diff(loud)).max() <= steepest * 1.6


@pytest.mark.parametrize("gap", [0.2, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("late", [False, True], ids=["lost", "late"])
def test_no_click_where_a_phone_changes_its_cell(gap: float, late: bool) -> None:
    """Nothing comes for a while, then what was sent meanwhile all at once, or never."""
    studio = Studio()
    phone = studio.phone("leg")
    studio.engine.execute(Echo(phone.leg))
    phone.say(tone(317, 4.0))
    studio.run(1.0)
    held: list[bytes] = []
    send = phone.send

    def hold(payload: bytes) -> None:
        held.append(packet.build(0, False, phone.sequence, phone.timestamp, phone.ssrc, payload))
        phone.sequence += 1
        phone.timestamp += 160

    phone.send = hold  # type: ignore[assignment,method-assign]
    studio.run(gap)
    phone.send = send  # type: ignore[method-assign]
    for datagram in held if late else ():
        phone.socket.sendto(datagram, phone.server)
    studio.run(3.5 - gap)
    heard = phone.heard().astype(np.float64)[1600:]
    bend = 0.3 * 32_767 * (2 * np.pi * 317 / 8000) ** 2
    assert np.abs(np.diff(heard, 2)).max() <= 3 * bend
    assert studio.engine._jitter.waiting(0) <= 1
