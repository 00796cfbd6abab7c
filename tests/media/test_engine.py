"""The engine's commands and events, on a hand clock and an in-memory network."""

import asyncio

import numpy as np

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
    StopPlay,
    StopRecord,
    Tone,
)
from tests.support.phone import HOST, PCMU, Phone, Studio, tone

LEG = LegId("leg")
SPEC = AgentSpec("a", "twilio", "ws://127.0.0.1:1/")


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


def test_releasing_all_legs_waits_for_the_agents() -> None:
    studio = Studio()
    studio.phone("leg")
    studio.engine.execute(AttachAgent(LEG, SPEC, "c", "a"))
    asyncio.run(studio.engine.release_all())
    assert studio.agents.told == [("attach", 0), ("detach", 0), ("close",)]
    assert len(studio.of(Released)) == 1 and studio.engine.gauges().legs == 0


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
    speex = Codec("speex", 111, 16000)
    studio.engine.execute(Connect(LEG, ("203.0.113.1", 4000), speex, (speex,), None))
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

    studio.engine._outbox.deliver = emit
    for play in ("a", "b"):
        studio.engine.execute(Tone(LEG, play, (440.0,), ()))
    studio.engine.execute(StopPlay(LEG))
    assert [type(event) for event in order] == [Played, Played, Released]


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
    assert 24 <= len(two.received) <= 26
    assert (two.heard()[80:] == 0).all(), "what it heard has faded within 10 ms"


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
