"""Who hears whom, and that one thing replaces the other."""

import random
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from media.port import (
    Adjust,
    AgentSpec,
    AttachAgent,
    Bridge,
    ChangeRole,
    Codec,
    Connect,
    Detach,
    Direction,
    Echo,
    HearDigit,
    Join,
    Joined,
    LegId,
    Release,
    Role,
    RoomId,
    SpeechStarted,
    SpeechStopped,
    StopPlay,
    Tone,
)
from tests.support.phone import DTMF, PCMU, Phone, Studio, level_of, tone

ROOM = RoomId("acc/room")
G722 = Codec("g722", 9)


def at(hertz: float, heard: NDArray[np.int16]) -> float:
    """Amplitude of a tone, of full scale."""
    wave = np.exp(-2j * np.pi * hertz / 8000 * np.arange(len(heard))) * np.hanning(len(heard)) * 2
    return float(2 * abs(np.mean(heard * wave)) / 32767)


def steepest(heard: NDArray[np.int16]) -> float:
    """The largest bend between three samples, of full scale: a click has a large one."""
    return float(np.abs(np.diff(heard.astype(np.float64), 2)).max() / 32767)


def fine_tone(hertz: float, seconds: float) -> NDArray[np.int16]:
    """At 16 kHz."""
    samples: NDArray[np.float64] = np.sin(2 * np.pi * hertz / 16_000 * np.arange(int(seconds * 16_000)))
    return (0.3 * 32767 * samples).astype(np.int16)


def test_a_room_replaces_agent_and_bridge_and_is_replaced_by_them() -> None:
    studio = Studio()
    first, second = studio.phone("a"), studio.phone("b")
    columns = studio.engine._table.columns
    studio.engine.execute(AttachAgent(first.leg, AgentSpec("a", "twilio", "ws://127.0.0.1:1/"), "c", "a"))
    studio.engine.execute(Join(first.leg, ROOM))
    assert studio.agents.told[-1] == ("detach", 0) and not columns.agent[0] and columns.noticed[0]
    studio.engine.execute(Bridge(first.leg, second.leg))
    assert columns.room[0] == -1 and columns.source[0] == 1 and not columns.noticed[0]
    studio.engine.execute(Join(first.leg, ROOM))
    assert columns.source[0] == columns.source[1] == -1, "the partner hears nobody"
    studio.engine.execute(Echo(first.leg))
    assert columns.room[0] == -1 and columns.source[0] == 0
    studio.engine.execute(Detach(first.leg))
    assert columns.source[0] == -1
    assert [event.members for event in studio.of(Joined)] == [1, 1]


def test_voices_are_told_from_other_sounds_only_where_somebody_asks() -> None:
    """Of members of rooms it is told whether they talk, which is far cheaper; of who is bridged, nothing."""
    studio = Studio()
    alone, member, partner = (studio.phone(name, vad=True) for name in "amp")
    columns = studio.engine._table.columns
    studio.engine.execute(Join(member.leg, ROOM))
    assert columns.noticed[:3].tolist() == [False, True, False]
    assert columns.listened[:3].tolist() == [True, False, True]
    for phone in (alone, member, partner):
        phone.say(np.concatenate((np.zeros(4000, np.int16), tone(500, 0.4))))
    studio.run(0.85)
    assert [event.leg for event in studio.of(SpeechStarted)] == [member.leg], "a tone is no voice"
    assert studio.of(SpeechStarted)[0].at == pytest.approx(studio.loop.time() - 0.35, abs=0.03)
    assert not studio.of(SpeechStopped)
    studio.engine.execute(AttachAgent(member.leg, AgentSpec("a", "twilio", "ws://127.0.0.1:1/"), "c", "a"))
    assert [event.leg for event in studio.of(SpeechStopped)] == [member.leg], "and nobody waits for its end"
    studio.engine.execute(Bridge(alone.leg, partner.leg))
    assert columns.listened[:3].tolist() == [False, True, False] and not columns.noticed.any()
    studio.engine.execute(Detach(alone.leg))
    assert columns.listened[:3].tolist() == [True, True, True]


def test_roles_and_partners_that_are_not_there_change_nothing() -> None:
    studio = Studio()
    phone = studio.phone("a")
    studio.engine.execute(ChangeRole(phone.leg, Role(hears=False)))
    studio.engine.execute(Join(phone.leg, ROOM, Role(only=LegId("nobody")), partner=True))
    columns = studio.engine._table.columns
    assert columns.room[0] >= 0 and not columns.voiced[0] and columns.coaches[0] == -1


def test_loudness_stays_within_bounds() -> None:
    studio = Studio()
    phone = studio.phone("a")
    studio.engine.execute(Echo(phone.leg))
    studio.engine.execute(Adjust(phone.leg, gain_db=500.0))
    phone.say(tone(500, 0.5, 0.02))
    studio.run(0.6)
    assert abs(level_of(phone.heard()[1600:3200]) - level_of(tone(500, 0.2, 0.2))) < 1


def test_a_room_takes_the_place_of_the_bridges_of_who_came_with_a_partner() -> None:
    """So a transfer of a supervised call leaves its supervisor with who talks now."""
    studio = Studio()
    caller, agent, supervisor, other = (studio.phone(name) for name in ("a", "b", "s", "c"))
    studio.engine.execute(Bridge(caller.leg, agent.leg))
    studio.engine.execute(Join(caller.leg, ROOM, partner=True))
    studio.engine.execute(Join(supervisor.leg, ROOM, Role(speaks=False)))
    studio.engine.execute(Join(caller.leg, ROOM, partner=True))
    assert [event.members for event in studio.of(Joined)] == [1, 2, 3], "the second time is none"
    studio.engine.execute(Bridge(other.leg, caller.leg))
    studio.engine.execute(Release(agent.leg))
    other.say(tone(700, 1.0))
    studio.run(1.0)
    assert level_of(supervisor.heard()[4000:7000]) > 60 and level_of(caller.heard()[4000:7000]) > 60
    columns = studio.engine._table.columns
    assert columns.source[0] == -1 and columns.room[0] == columns.room[3]


def test_who_supervises_a_caller_also_hears_whom_a_flow_gives_it_next() -> None:
    """A flow parts its caller from one before it rings the next; what comes between is private."""
    studio = Studio()
    caller, agent, supervisor, other = (studio.phone(name) for name in ("a", "b", "s", "c"))
    studio.engine.execute(Bridge(caller.leg, agent.leg))
    studio.engine.execute(Join(caller.leg, ROOM, partner=True))
    studio.engine.execute(Join(supervisor.leg, ROOM, Role(speaks=False)))
    studio.engine.execute(Detach(caller.leg))
    studio.engine.execute(Release(agent.leg))
    caller.say(tone(400, 2.0))
    studio.run(0.5)
    assert level_of(supervisor.heard()[1000:]) < 30
    studio.engine.execute(Bridge(caller.leg, other.leg))
    other.say(tone(900, 2.0))
    studio.run(1.0)
    heard = supervisor.heard()[-6000:]
    spectrum = np.abs(np.fft.rfft(heard))
    strongest = sorted(np.argsort(spectrum)[-2:] * 8000 / len(heard))
    assert [round(hz / 50) * 50 for hz in strongest] == [400, 900]
    assert level_of(caller.heard()[-4000:]) > 60 and level_of(other.heard()[-4000:]) > 60


def test_partners_in_a_room_still_pass_keys_on() -> None:
    studio = Studio()
    caller, agent = studio.phone("a"), studio.phone("b")
    studio.engine.execute(Bridge(caller.leg, agent.leg))
    studio.engine.execute(Join(caller.leg, ROOM, partner=True))
    studio.engine.execute(HearDigit(caller.leg, "5", "info", 100))
    studio.run(0.5)
    assert any(packet.payload_type == DTMF for _, packet in agent.received)


class Overheard:
    """A caller whose agent says 500 Hz without end, and a supervisor who listens."""

    def __init__(self, **connect: Any) -> None:
        self.studio = studio = Studio()
        studio.agents.said = tone(500, 0.02)
        studio.agents.said_wide = fine_tone(500, 0.02)
        self.caller, self.supervisor = studio.phone("a", connect=not connect), studio.phone("s")
        if connect:
            studio.engine.execute(Connect(self.caller.leg, (self.caller.host, self.caller.port), **connect))
        self.supervisor.next_at += 0.0073
        self.attach()

    def attach(self) -> None:
        spec = AgentSpec("a", "twilio", "ws://127.0.0.1:1/")
        self.studio.engine.execute(AttachAgent(self.caller.leg, spec, "c", "a"))

    def listen(self) -> None:
        self.studio.engine.execute(Join(self.caller.leg, ROOM, partner=True))
        self.studio.engine.execute(Join(self.supervisor.leg, ROOM, Role(speaks=False)))

    def hears(self, phone: Phone, samples: int = 4000) -> list[float]:
        """Amplitudes of the caller's 400, the agent's 500 and the supervisor's 900 Hz lately."""
        return [round(at(hertz, phone.heard()[-samples:]), 2) for hertz in (400, 500, 900)]

    def told(self, what: str) -> int:
        return sum(told[0] == what for told in self.studio.agents.told)


def test_a_supervisor_hears_the_caller_and_its_agent_and_is_heard_by_neither() -> None:
    """S004-39, S004-51."""
    floor = Overheard()
    studio = floor.studio
    floor.caller.say(tone(400, 3.0))
    floor.supervisor.say(tone(900, 3.0))
    studio.run(0.6)
    floor.listen()
    studio.run(1.0)
    assert floor.hears(floor.supervisor) == [0.3, 0.3, 0.0]
    assert floor.hears(floor.caller) == [0.0, 0.3, 0.0], "the caller hears its agent alone"
    assert floor.told("detach") == 0 and steepest(floor.supervisor.heard()) < 0.2
    heard = np.concatenate([pcm[0] for rows, pcm, _ in studio.agents.heard[-25:] if rows == [0]])
    assert round(at(400, heard), 2) == 0.3 and at(900, heard) < 0.01, "and the agent the caller alone"


def test_who_supervises_an_agent_leaves_the_caller_and_the_agent_as_they_were() -> None:
    floor = Overheard()
    studio, columns = floor.studio, floor.studio.engine._table.columns
    floor.listen()
    studio.run(0.5)
    assert columns.taped[0]
    studio.engine.execute(Detach(floor.supervisor.leg))
    assert columns.agent[0] and columns.room[0] == -1 and not columns.taped[0], "nothing of it costs any more"
    studio.run(0.5)
    assert floor.hears(floor.caller, 8000) == [0.0, 0.3, 0.0] and steepest(floor.caller.heard()) < 0.2
    floor.caller.say(tone(400, 3.0))
    floor.listen()
    studio.run(1.0)
    assert floor.hears(floor.supervisor) == [0.3, 0.3, 0.0], "the next one hears them again"
    assert floor.told("attach") == 1 and floor.told("detach") == 0


def test_what_an_agent_says_ends_for_its_supervisor_when_the_agent_goes() -> None:
    floor = Overheard()
    floor.listen()
    floor.studio.run(0.5)
    floor.studio.engine.execute(Detach(floor.caller.leg))
    floor.studio.run(0.5)
    assert floor.hears(floor.supervisor, 3000) == [0.0, 0.0, 0.0]
    assert steepest(floor.supervisor.heard()) < 0.2


def test_a_supervised_caller_who_is_given_to_an_agent_is_heard_with_it() -> None:
    floor = Overheard()
    studio = floor.studio
    other = studio.phone("b")
    studio.engine.execute(Bridge(floor.caller.leg, other.leg))
    floor.listen()
    studio.engine.execute(Detach(floor.caller.leg))
    studio.engine.execute(Release(other.leg))
    floor.attach()
    floor.caller.say(tone(400, 3.0))
    studio.run(1.0)
    assert floor.hears(floor.supervisor) == [0.3, 0.3, 0.0]
    floor.attach()
    studio.run(0.6)
    assert floor.hears(floor.supervisor) == [0.3, 0.3, 0.0], "and with the next agent"
    studio.engine.execute(Detach(floor.supervisor.leg))
    floor.attach()
    assert studio.engine._table.columns.room[0] == -1, "nobody hears the third"


def test_who_is_bridged_to_a_supervised_caller_takes_the_place_of_its_agent() -> None:
    floor = Overheard()
    studio = floor.studio
    floor.listen()
    second = studio.phone("s2")
    studio.engine.execute(Join(second.leg, ROOM, Role(speaks=False)))
    floor.caller.say(tone(400, 3.0))
    floor.supervisor.say(tone(900, 3.0))
    studio.run(0.5)
    studio.engine.execute(Bridge(floor.caller.leg, floor.supervisor.leg))
    studio.run(1.0)
    assert floor.told("detach") == 1
    assert floor.hears(floor.caller) == [0.0, 0.0, 0.3] and floor.hears(floor.supervisor) == [0.3, 0.0, 0.0]
    assert floor.hears(second) == [0.3, 0.0, 0.3], "and who listens hears on"


def test_a_supervisor_hears_what_is_played_to_the_caller_in_place_of_its_agent() -> None:
    floor = Overheard()
    floor.listen()
    floor.studio.engine.execute(Tone(floor.caller.leg, "t", (900.0,), ()))
    floor.studio.run(1.0)
    assert floor.hears(floor.supervisor)[1:] == floor.hears(floor.caller)[1:]
    assert floor.hears(floor.caller)[2] > 0.1


def test_the_agent_of_a_wideband_caller_is_overheard_too() -> None:
    floor = Overheard(codec=G722, accept=(G722,), dtmf=None)
    floor.listen()
    floor.studio.run(1.0)
    assert floor.hears(floor.supervisor)[1] == pytest.approx(0.3, abs=0.01)


def test_an_agent_of_a_caller_on_hold_leaves_nothing_behind() -> None:
    """Nothing is sent to who does not want to hear, and a last frame is not heard again and again."""
    floor = Overheard()
    floor.listen()
    floor.studio.run(0.5)
    floor.caller.connect(Direction.RECVONLY)
    floor.studio.run(0.6)
    assert floor.hears(floor.supervisor, 3000) == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_asked_of_a_few_legs_no_tick_fails_and_rooms_know_their_members(seed: int) -> None:
    chance = random.Random(seed)
    studio = Studio(legs=8)
    studio.agents.said, engine = tone(500, 0.02), studio.engine
    columns, rooms = engine._table.columns, (RoomId("one"), RoomId("two"))
    spec = AgentSpec("a", "twilio", "ws://127.0.0.1:1/")

    def connect(leg: LegId, direction: Direction = Direction.SENDRECV) -> Connect:
        codec = chance.choice((PCMU, G722))
        return Connect(leg, ("203.0.113.9", 4000), codec, (G722, PCMU), DTMF, direction)

    for _ in range(100):
        leg, other = (LegId(chance.choice("abcdef")) for _ in range(2))
        if engine._table.find(leg) is None:
            studio.phone(leg, connect=False)
            engine.execute(connect(leg))
        role = Role(chance.random() < 0.7, chance.random() < 0.8, chance.choice((None, None, other)))
        commands = (
            Join(leg, chance.choice(rooms), partner=True),
            Join(leg, chance.choice(rooms), role, chimes=chance.random() < 0.3),
            ChangeRole(leg, role),
            Bridge(leg, other),
            Echo(leg),
            AttachAgent(leg, spec, "c", "a"),
            AttachAgent(leg, spec, "c", "a"),
            connect(leg, chance.choice(list(Direction))),
            Tone(leg, "t", (440.0,), ((0.1, 0.1),)),
            StopPlay(leg),
            Adjust(leg, muted=chance.random() < 0.2),
            Detach(leg),
            Release(leg),
        )
        engine.execute(chance.choice(commands))
        overheard = columns.agent & (columns.room >= 0)
        assert (columns.taped == overheard).all(), "what nobody hears is not kept"
        assert not ((columns.source >= 0) & (columns.agent | (columns.room >= 0))).any(), (
            "one thing at a time"
        )
        numbers = columns.room[columns.room >= 0]
        assert len(numbers) == sum(room.members for room in engine._rooms._rooms.values())
        assert set(numbers.tolist()) == set(engine._rooms._by_number)
        studio.run(chance.choice((0.0, 0.0, 0.005, 0.02)))
    for phone in studio.phones:
        engine.execute(Release(phone.leg))
    assert not len(engine._rooms)
