"""Who hears whom, and that one thing replaces the other."""

import numpy as np

from media.port import (
    Adjust,
    AgentSpec,
    AttachAgent,
    Bridge,
    ChangeRole,
    Detach,
    Echo,
    HearDigit,
    Join,
    Joined,
    LegId,
    Release,
    Role,
    RoomId,
)
from tests.support.phone import DTMF, Studio, level_of, tone

ROOM = RoomId("acc/room")


def test_a_room_replaces_agent_and_bridge_and_is_replaced_by_them() -> None:
    studio = Studio()
    first, second = studio.phone("a"), studio.phone("b")
    columns = studio.engine._table.columns
    studio.engine.execute(AttachAgent(first.leg, AgentSpec("a", "twilio", "ws://127.0.0.1:1/"), "c", "a"))
    studio.engine.execute(Join(first.leg, ROOM))
    assert studio.agents.told[-1] == ("detach", 0) and not columns.agent[0] and columns.listened[0]
    studio.engine.execute(Bridge(first.leg, second.leg))
    assert columns.room[0] == -1 and columns.source[0] == 1 and not columns.listened[0]
    studio.engine.execute(Join(first.leg, ROOM))
    assert columns.source[0] == columns.source[1] == -1, "the partner hears nobody"
    studio.engine.execute(Echo(first.leg))
    assert columns.room[0] == -1 and columns.source[0] == 0
    studio.engine.execute(Detach(first.leg))
    assert columns.source[0] == -1
    assert [event.members for event in studio.of(Joined)] == [1, 1]


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


def test_an_agent_is_not_lost_to_a_supervisor() -> None:
    studio = Studio()
    phone = studio.phone("a")
    studio.engine.execute(AttachAgent(phone.leg, AgentSpec("a", "twilio", "ws://127.0.0.1:1/"), "c", "a"))
    studio.engine.execute(Join(phone.leg, ROOM, partner=True))
    assert studio.engine._table.columns.agent[0] and not studio.of(Joined)
