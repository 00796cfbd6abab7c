"""The engine's commands and events, on a hand clock and an in-memory network."""

import asyncio

import numpy as np
import pytest

from media.codec import g711
from media.port import (
    AgentSpec,
    Allocate,
    Allocated,
    AttachAgent,
    Bridge,
    Codec,
    Command,
    Connect,
    Detach,
    Direction,
    Echo,
    Event,
    LegId,
    Play,
    Played,
    Record,
    Refused,
    Release,
    Released,
    SendDigits,
    Silent,
    Stats,
    StopPlay,
    StopRecord,
    Tone,
)
from media.prompt import Prompt, PromptError
from tests.support.phone import HOST, PCMU, Phone, Studio, signal_to_noise, tone

LEG = LegId("leg")
SPEC = AgentSpec("a", "twilio", "ws://127.0.0.1:1/")


def prompt(pcm: np.ndarray) -> Prompt:
    frames = pcm[: len(pcm) // 160 * 160].reshape(-1, 160)
    return Prompt(frames, g711.encode_ulaw(frames), g711.encode_alaw(frames), len(frames) * 20)


def test_a_leg_lives_from_allocate_to_release() -> None:
    studio = Studio()
    phone = studio.phone("leg")
    studio.engine.execute(Echo(LEG))
    phone.say(tone(500, 0.5))
    studio.run(0.6)
    studio.engine.execute(Release(LEG))
    assert isinstance(studio.events[0], Allocated) and isinstance(studio.events[-1], Released)
    stats = studio.of(Released)[0].stats
    assert stats.packets_received == 25 and stats.packets_sent >= 29 and stats.codec == "pcmu"
    assert not [at for at in studio.network.sockets if at[0] == HOST], "both sockets are closed"
    assert studio.engine.gauges().legs == 0


def test_commands_for_unknown_legs_are_ignored() -> None:
    studio = Studio()
    commands: list[Command] = [
        Connect(LEG, ("203.0.113.1", 4000), PCMU, (PCMU,), None),
        Echo(LEG),
        Bridge(LEG, LEG),
        Detach(LEG),
        Play(LEG, "p", "x.wav"),
        Tone(LEG, "p", (440.0,), ()),
        StopPlay(LEG),
        Record(LEG, "x.wav"),
        StopRecord(LEG),
        SendDigits(LEG, "1"),
        AttachAgent(LEG, SPEC, "c", "a"),
        Release(LEG),
    ]
    for command in commands:
        studio.engine.execute(command)
    assert studio.events == []


def test_without_a_slot_a_port_or_with_a_name_in_use_allocate_is_refused() -> None:
    studio = Studio(legs=3, ports=(20000, 20003))
    for name in ("a", "b", "c", "a"):
        studio.engine.execute(Allocate(LegId(name), HOST))
    assert [type(event) for event in studio.events] == [Allocated, Allocated, Refused, Refused]
    studio.engine.execute(Release(LegId("a")))
    studio.engine.execute(Allocate(LegId("d"), HOST))
    assert isinstance(studio.events[-1], Allocated)
    full = Studio(legs=1)
    for name in ("a", "b"):
        full.engine.execute(Allocate(LegId(name), HOST))
    assert isinstance(full.events[-1], Refused) and "slot" in full.events[-1].reason


def test_a_port_that_somebody_else_holds_is_skipped() -> None:
    studio = Studio()
    studio.network.busy = {(HOST, 20000), (HOST, 20003)}
    studio.engine.execute(Allocate(LEG, HOST))
    assert studio.events == [Allocated(LEG, 20004)]
    assert (HOST, 20002) not in studio.network.sockets, "half a pair is not kept"


def test_ticks_run_only_while_a_leg_is_connected() -> None:
    studio = Studio()
    studio.engine.execute(Allocate(LEG, HOST))
    studio.run(1.0)
    assert studio.engine.gauges().ticks.ticks == 0
    studio.engine.execute(Connect(LEG, ("203.0.113.1", 4000), PCMU, (PCMU,), None))
    studio.run(1.0)
    ticks = studio.engine.gauges().ticks.ticks
    assert 195 <= ticks <= 200
    studio.engine.execute(Release(LEG))
    studio.run(1.0)
    assert studio.engine.gauges().ticks.ticks == ticks


def test_a_codec_that_is_not_spoken_connects_nothing() -> None:
    studio = Studio()
    studio.engine.execute(Allocate(LEG, HOST))
    opus = Codec("opus", 111, 48000)
    studio.engine.execute(Connect(LEG, ("203.0.113.1", 4000), opus, (opus,), None))
    assert studio.engine.gauges().connected == 0


def test_events_wait_for_the_end_of_the_command_that_brought_them() -> None:
    """An `execute` from inside `emit` must not overtake what is still queued."""
    studio = Studio()
    studio.phone("leg")
    order: list[Event] = []

    def emit(event: Event) -> None:
        order.append(event)
        if isinstance(event, Played) and event.play == "a":
            studio.engine.execute(Release(LEG))
            assert not isinstance(order[-1], Released)

    studio.engine._emit_out = emit
    for play in ("a", "b"):
        studio.engine.execute(Tone(LEG, play, (440.0,), ()))
    studio.engine.execute(StopPlay(LEG))
    assert [type(event) for event in order] == [Played, Played, Released]


def test_a_prompt_is_heard_whole_and_told_with_its_length() -> None:
    studio = Studio()
    phone = studio.phone("leg")
    sent = tone(700, 1.0)
    studio.prompts.store["p.wav"] = prompt(sent)
    studio.run(0.1)
    studio.engine.execute(Play(LEG, "p", "p.wav"))
    studio.run(1.5)
    assert studio.of(Played) == [Played(LEG, "p", 1000, True)]
    assert signal_to_noise(phone.heard(), sent) > 35


def test_two_prompts_follow_each_other_without_a_seam_over_the_audio_of_the_leg() -> None:
    studio = Studio()
    phone = studio.phone("leg")
    studio.engine.execute(Echo(LEG))
    phone.say(tone(3000, 3.0))
    sent = tone(700, 1.0)
    studio.prompts.store |= {"a.wav": prompt(sent[:4800]), "b.wav": prompt(sent[4800:])}
    studio.run(0.5)
    for path in ("a.wav", "b.wav"):
        studio.engine.execute(Play(LEG, path, path))
    studio.run(2.0)
    heard = phone.heard()
    assert signal_to_noise(heard, sent) > 35
    assert np.abs(heard[-4000:].astype(int)).max() > 5000, "the echo is back"


def test_stopping_a_prompt_makes_no_click() -> None:
    studio = Studio()
    phone = studio.phone("leg")
    studio.prompts.store["p.wav"] = prompt(tone(300, 5.0))
    studio.engine.execute(Play(LEG, "p", "p.wav"))
    studio.run(1.003)
    studio.engine.execute(StopPlay(LEG, "p"))
    count = len(phone.received)
    studio.run(0.5)
    told = studio.of(Played)
    assert [(t.finished, t.error) for t in told] == [(False, "")] and 980 <= told[0].milliseconds <= 1040
    after = phone.heard()[count * 160 :].astype(int)
    # The tone's own steepest step is 0.3 · 32767 · 2π · 300 / 8000 = 2316.
    assert np.abs(np.diff(phone.heard().astype(int))).max() < 2700
    assert (after[160 + 80 :] == 0).all(), "one frame more, faded within 10 ms"


def test_a_loop_plays_until_it_is_stopped() -> None:
    studio = Studio()
    phone = studio.phone("leg")
    studio.prompts.store["p.wav"] = prompt(tone(700, 0.2))
    studio.engine.execute(Play(LEG, "p", "p.wav", loop=True))
    studio.run(2.0)
    assert studio.of(Played) == [] and np.abs(phone.heard()[-320:].astype(int)).max() > 5000
    studio.engine.execute(StopPlay(LEG))
    studio.run(0.1)
    assert len(studio.of(Played)) == 1


def test_a_prompt_that_must_be_loaded_starts_when_it_is_there() -> None:
    studio = Studio()
    phone = studio.phone("leg")
    sent = tone(700, 0.4)
    studio.prompts.slow["p.wav"] = prompt(sent)
    studio.engine.execute(Play(LEG, "p", "p.wav"))
    studio.run(0.2)
    asyncio.run(studio.tasks.pop())
    studio.run(0.6)
    assert signal_to_noise(phone.heard(), sent) > 35
    assert studio.of(Played) == [Played(LEG, "p", 400, True)]


def test_a_prompt_that_cannot_be_read_is_told_with_the_reason() -> None:
    studio = Studio()
    studio.phone("leg")
    studio.prompts.slow["p.wav"] = PromptError("p.wav", "not a WAV file")
    studio.engine.execute(Play(LEG, "p", "p.wav"))
    asyncio.run(studio.tasks.pop())
    assert studio.of(Played) == [Played(LEG, "p", 0, False, "p.wav: not a WAV file")]


@pytest.mark.parametrize("outcome", [prompt(tone(700, 0.1)), PromptError("p.wav", "gone")])
def test_a_prompt_loaded_after_the_leg_has_gone_is_told_once_and_heard_by_nobody(outcome: object) -> None:
    studio = Studio()
    studio.phone("leg")
    studio.prompts.slow["p.wav"] = outcome
    studio.engine.execute(Play(LEG, "p", "p.wav"))
    studio.engine.execute(Release(LEG))
    other = studio.phone("leg")
    asyncio.run(studio.tasks.pop())
    studio.run(0.3)
    assert studio.of(Played) == [Played(LEG, "p", 0, False)]
    assert (other.heard() == 0).all()


def test_prompts_beyond_the_queue_are_refused() -> None:
    studio = Studio(limits={"play_queue": 2})
    studio.phone("leg")
    for play in ("a", "b", "c"):
        studio.engine.execute(Tone(LEG, play, (440.0,), ()))
    assert [(played.play, bool(played.error)) for played in studio.of(Played)] == [("c", True)]


def test_a_tone_keeps_its_cadence_until_it_is_stopped() -> None:
    studio = Studio()
    phone = studio.phone("leg")
    studio.engine.execute(Tone(LEG, "ring", (440.0, 480.0), ((0.2, 0.3),)))
    studio.run(2.02)
    level = np.abs(phone.heard().reshape(-1, 160).astype(int)).max(axis=1)
    assert 0.36 <= (level > 500).mean() <= 0.46
    studio.engine.execute(StopPlay(LEG, "ring"))
    studio.run(0.1)
    assert studio.of(Played)[0].play == "ring"


def test_a_prompt_halts_the_agent_and_not_the_other_way_round() -> None:
    studio = Studio()
    phone = studio.phone("leg")
    studio.agents.said = np.full(160, 4000, np.int16)
    studio.engine.execute(AttachAgent(LEG, SPEC, "c", "a"))
    studio.prompts.store["p.wav"] = prompt(np.full(3200, -8000, np.int16))
    studio.run(0.2)
    studio.engine.execute(Play(LEG, "p", "p.wav"))
    studio.run(0.6)
    levels = [round(int(value), -3) for value in phone.heard()[::160]]
    assert levels.count(-8000) == 20
    assert levels[0] == levels[-1] == 4000


def test_silence_of_a_peer_that_should_send_is_told_once() -> None:
    studio = Studio(limits={"silence_timeout": 5.0})
    phone = studio.phone("leg")
    phone.say(tone(500, 1.0))
    studio.run(5.5)
    assert studio.of(Silent) == []
    studio.run(20.0)
    assert len(studio.of(Silent)) == 1 and studio.of(Silent)[0].seconds == pytest.approx(5.0, abs=0.2)
    phone.say(tone(500, 0.5))
    studio.run(10.0)
    assert len(studio.of(Silent)) == 2, "a second silence"


@pytest.mark.parametrize("direction", [Direction.SENDONLY, Direction.INACTIVE])
def test_silence_of_a_peer_on_hold_is_as_agreed(direction: Direction) -> None:
    studio = Studio(limits={"silence_timeout": 5.0})
    phone = studio.phone("leg")
    phone.connect(direction)
    studio.run(20.0)
    assert studio.of(Silent) == []
    phone.connect()
    studio.run(4.5)
    assert studio.of(Silent) == [], "the time counts from the new agreement"
    studio.run(1.0)
    assert len(studio.of(Silent)) == 1


def test_stats_come_every_ten_seconds() -> None:
    studio = Studio()
    phone = studio.phone("leg")
    phone.say(tone(500, 25.0))
    studio.run(25.0)
    stats = studio.of(Stats)
    assert len(stats) == 2 and stats[0].stats.packets_received == pytest.approx(500, abs=8)
    assert stats[0].stats.jitter_ms < 2 and stats[0].stats.round_trip_ms is None


def test_two_engines_measure_their_round_trip_by_rtcp() -> None:
    """RFC 3550 §6.4.1, both ends ours: every packet takes up to 40 ms each way."""
    studio = Studio()
    studio.engine.execute(Allocate(LegId("a"), HOST))
    studio.engine.execute(Allocate(LegId("b"), HOST))
    ports = [event.port for event in studio.of(Allocated)]
    for name, port in zip("ab", reversed(ports), strict=True):
        studio.engine.execute(Connect(LegId(name), (HOST, port), PCMU, (PCMU,), None))
    studio.network.impair(loss=0.0, jitter=0.04, seed=3)
    studio.run(25.0)
    for name in "ab":
        studio.engine.execute(Release(LegId(name)))
    for released in studio.of(Released):
        stats = released.stats
        assert stats.round_trip_ms is not None and 0 <= stats.round_trip_ms < 100
        assert stats.jitter_ms > 1 and stats.remote_jitter_ms > 1


def test_a_released_leg_says_goodbye() -> None:
    """RFC 3550 §6.6."""
    studio = Studio()
    phone = studio.phone("leg")
    phone.say(tone(500, 0.3))
    studio.run(0.3)
    studio.engine.execute(Release(LEG))
    data, _ = phone.rtcp.queue.pop()
    assert data[1] == 200 and data[-7] == 203


def test_a_bridge_ends_for_both_when_one_goes() -> None:
    studio = Studio()
    one, two = studio.phone("one"), studio.phone("two")
    studio.engine.execute(Bridge(one.leg, two.leg))
    one.say(tone(500, 3.0))
    two.say(tone(500, 3.0))
    studio.run(0.5)
    assert np.abs(two.heard().astype(int)).max() > 5000
    studio.engine.execute(Release(one.leg))
    two.received.clear()
    studio.run(0.5)
    assert 24 <= len(two.received) <= 26 and (two.heard() == 0).all()


def test_after_a_stall_the_streams_go_on_without_replay_or_delay() -> None:
    studio = Studio()
    phone = studio.phone("leg")
    studio.engine.execute(Echo(LEG))
    phone.script = [bytes([1 + n % 100]) * 160 for n in range(250)]
    studio.run(1.0)
    before = phone.received[-1][1]
    studio.engine._ticker._due -= 0.0
    # The loop is away for 0.6 s, while the phone keeps sending.
    for _ in range(30):
        phone.send(phone.script.pop(0) or b"")
    phone.received.clear()
    studio.loop._now += 0.6
    phone.next_at += 0.6
    studio.run(3.0)
    assert studio.engine.gauges().ticks.stalls == 1
    first = phone.received[0][1]
    assert first.marker and 4800 <= (first.timestamp - before.timestamp) & 0xFFFF_FFFF <= 5200
    assert (first.sequence - before.sequence) & 0xFFFF == 1
    assert len(phone.received) <= 3.0 / 0.020 + 2
    sent_last = 250 - len(phone.script)
    delay = (sent_last - phone.received[-1][1].payload[0]) % 100
    assert delay <= 2, "frames"


def test_a_thousand_re_offers_leave_nothing_behind() -> None:
    studio = Studio()
    phone = studio.phone("leg")
    studio.run(0.1)
    for number in range(1000):
        phone.connect(Direction.SENDRECV if number % 2 else Direction.SENDONLY)
    assert len(studio.network.sockets) == 4
    assert studio.engine.gauges().connected == 1


def test_every_slot_is_as_new_for_the_next_leg() -> None:
    studio = Studio(legs=1)
    for _ in range(3):
        phone = studio.phone("leg") if not studio.phones else _again(studio)
        phone.say(tone(500, 0.3))
        phone.send(b"\x07\x0a\x03\x20", payload_type=101, samples=0)
        phone.socket.sendto(b"garbage", phone.server)
        studio.run(0.5)
        studio.engine.execute(Release(LEG))
    stats = [released.stats for released in studio.of(Released)]
    for each in stats:
        assert (each.packets_received, each.malformed, each.lost, each.late) == (16, 1, 0, 0)
        assert each.packets_sent in (24, 25) and each.concealed == 8


def _again(studio: Studio) -> Phone:
    old = studio.phones.pop()
    old.socket.close()
    old.rtcp.close()
    return studio.phone("leg")
