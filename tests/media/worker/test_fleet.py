"""Which worker carries which leg."""

from typing import Any

from media import port
from media.port import (
    Allocate,
    Allocated,
    AttachAgent,
    Bridge,
    ChangeRole,
    Codec,
    Connect,
    Detach,
    Echo,
    Join,
    Joined,
    LegId,
    LegStats,
    Lost,
    Record,
    Recorded,
    Refused,
    Release,
    Released,
    Role,
    RoomId,
)
from media.worker.fleet import AGENT_COST, NO_PORT, WIDE_COST, Fleet

A, B, C = LegId("a/1"), LegId("b/1"), LegId("c/1")
A2 = LegId("a/2")
STATS = LegStats()


class Yard:
    """A fleet whose workers do as they are told."""

    def __init__(self, count: int = 2) -> None:
        self.sent: list[tuple[int, port.Command]] = []
        self.events: list[port.Event] = []
        self.fleet = Fleet(count, lambda leg: leg.partition("/")[0], self._send, self.events.append)
        self.number = 20_000
        self.refuse = False
        for worker in range(count):
            self.fleet.up(worker)

    def _send(self, worker: int, command: port.Command) -> None:
        self.sent.append((worker, command))

    def answer(self) -> None:
        """Let the workers answer what they were told last."""
        orders, self.sent = self.sent, []
        for worker, command in orders:
            match command:
                case Allocate(leg) if self.refuse:
                    self.fleet.event(worker, Refused(leg, "every slot is taken"))
                case Allocate(leg):
                    self.number += 2
                    self.fleet.event(worker, Allocated(leg, self.number))
                case Release(leg):
                    self.fleet.event(worker, Released(leg, STATS))
        self.told = orders

    def do(self, *commands: port.Command) -> list[tuple[int, port.Command]]:
        for command in commands:
            self.fleet.execute(command)
        self.answer()
        return self.told

    def take(self, *legs: LegId) -> list[int]:
        return [worker for worker, _ in self.do(*(Allocate(leg, "0.0.0.0") for leg in legs))]


def agent(leg: LegId) -> AttachAgent:
    return AttachAgent(leg, port.AgentSpec("a", "tandem", "ws://x"), "c", "a")


def connect(leg: LegId, codec: Codec) -> Connect:
    return Connect(leg, ("127.0.0.1", 9), codec, (codec,), None)


def test_calls_are_dealt_out_by_load_and_the_legs_of_one_stay_together() -> None:
    yard = Yard()
    assert yard.take(A, B, A2, C) == [0, 1, 0, 1]
    assert [yard.fleet.load(worker) for worker in (0, 1)] == [2, 2]
    yard.do(agent(B), connect(C, Codec("opus", 111, 48_000)))
    assert yard.fleet.load(1) == 2 + AGENT_COST + WIDE_COST
    yard.do(Detach(B), connect(C, Codec("pcmu", 0)))
    assert yard.fleet.load(1) == 2
    yard.do(Release(A), Release(A2), Release(B), Release(C))
    assert yard.fleet.load(0) == yard.fleet.load(1) == 0 and not yard.fleet.legs()
    assert [type(event) for event in yard.events] == [Allocated] * 4 + [Released] * 4


def test_commands_go_to_the_worker_of_their_leg_and_of_no_other() -> None:
    yard = Yard()
    yard.take(A, B)
    assert yard.do(Echo(B), Echo(LegId("gone/1"))) == [(1, Echo(B))]
    yard.fleet.execute(Allocate(B, "0.0.0.0"))
    assert isinstance(yard.events[-1], Refused) and "exists" in yard.events[-1].reason


def test_legs_of_one_worker_are_bridged_there() -> None:
    yard = Yard()
    yard.take(A, A2)
    assert yard.do(Bridge(A, A2)) == [(0, Bridge(A, A2))]
    assert yard.do(Bridge(A, A), Bridge(A, C)) == [], "with itself, or nobody"


def joined() -> Yard:
    yard = Yard()
    yard.take(A, B)
    yard.do(Bridge(A, B))
    yard.events.clear()
    return yard


def test_legs_of_two_workers_are_bridged_by_a_pair_that_nobody_hears_of() -> None:
    yard = joined()
    assert yard.told[:2] == [(1, Detach(B)), (0, Detach(A))]
    bridges = [(worker, command.leg) for worker, command in yard.sent if isinstance(command, Bridge)]
    assert bridges == [(0, A), (1, B)]
    yard.fleet.event(0, port.Stats(yard.told[2][1].leg, STATS))
    assert yard.events == []


def ended(orders: list[tuple[int, port.Command]]) -> list[tuple[int, bool]]:
    return [(worker, "pair" in command.leg) for worker, command in orders if isinstance(command, Release)]


def test_whatever_parts_them_ends_the_pair() -> None:
    parting: tuple[Any, ...] = (Detach(A), Echo(B), agent(A), Bridge(A, B), Release(A))
    for command in parting:
        yard = joined()
        yard.answer()
        yard.do(command)
        expected = [(0, True), (1, True)] + ([(0, False)] if isinstance(command, Release) else [])
        assert ended(yard.told) == expected, command
        assert all("pair" not in event.leg for event in yard.events)


def test_callers_that_no_pair_can_join_are_lost_with_the_cause() -> None:
    yard = Yard()
    yard.take(A, B)
    yard.events.clear()
    yard.refuse = True
    yard.do(Bridge(A, B))
    assert yard.events == [Lost(A, NO_PORT), Lost(B, NO_PORT)]
    assert (0, Release(A)) in yard.sent and not yard.fleet.legs()
    yard.answer()
    yard.events.clear()
    yard.fleet.event(0, Released(A, STATS))
    assert [type(event) for event in yard.events] == [Released], "the call ignores it"


def test_a_worker_that_goes_takes_its_own_legs_and_no_others() -> None:
    yard = joined()
    yard.answer()
    yard.do(Record(B, "/b.wav"), Record(A, "/a.wav"))
    assert yard.fleet.down(1, "died") == [(B, "/b.wav")]
    assert yard.events == [Lost(B, "died")]
    assert ended(yard.sent) == [(0, True)], "the other half of the pair goes too"
    assert yard.take(C, LegId("d/1"))[-2:] == [0, 0]
    yard.fleet.down(0, "died")
    yard.fleet.execute(Allocate(LegId("e/1"), "0.0.0.0"))
    assert isinstance(yard.events[-1], Refused)
    yard.fleet.up(1)
    assert yard.take(B) == [1] and yard.fleet.load(1) == 1


ROOM = RoomId("room")


def met(*commands: port.Command) -> Yard:
    """A on worker 0, B on 1, C on 0, and what they were told."""
    yard = Yard()
    yard.take(A, B, C)
    yard.do(*commands)
    yard.events.clear()
    return yard


def rooms_of(orders: list[tuple[int, port.Command]]) -> list[tuple[int, str]]:
    return [(worker, command.leg) for worker, command in orders if isinstance(command, Join)]


def test_a_room_is_mixed_where_its_first_member_is_and_others_come_by_pairs() -> None:
    yard = met(Join(A, ROOM), Join(B, ROOM), Join(C, ROOM))
    assert rooms_of(yard.told) == [(0, A), (0, C)]
    ((worker, far),) = rooms_of(yard.sent)
    assert worker == 0 and far.endswith("/far")
    assert (1, Bridge(B, LegId(far.replace("far", "near")))) in yard.sent
    yard.fleet.event(0, Joined(LegId(far), ROOM, 3))
    assert yard.events == [Joined(B, ROOM, 3)]
    yard.do(ChangeRole(B, Role(only=A)), ChangeRole(A, Role(only=B)), ChangeRole(LegId("x/1"), Role()))
    changed = [command for _, command in yard.told if isinstance(command, ChangeRole)]
    assert changed == [ChangeRole(LegId(far), Role(only=A)), ChangeRole(A, Role(only=LegId(far)))]
    yard.do(Detach(B), Detach(B), ChangeRole(B, Role()))
    assert ended(yard.told) == [(1, True), (0, True)]


def test_who_is_bridged_comes_along() -> None:
    yard = Yard()
    yard.take(A, A2, B)
    yard.do(Bridge(A, A2))
    assert yard.do(Join(A, ROOM, partner=True)) == [(0, Join(A, ROOM, partner=True))]
    yard.do(Release(A), Release(A2))
    yard.do(Join(B, ROOM))
    assert rooms_of(yard.told) == [(1, B)], "a new room, once the old one is empty"
    yard = joined()
    yard.answer()
    yard.do(Join(A, ROOM, partner=True))
    assert rooms_of(yard.told) == [(0, A)] and rooms_of(yard.sent)[0][0] == 0
    assert ended(yard.told) == [(0, True), (1, True)], "the pair of the bridge goes"


def test_an_agent_stays_with_a_caller_who_is_supervised() -> None:
    yard = Yard()
    yard.take(A, A2)
    yard.do(agent(A))
    load = yard.fleet.load(0)
    joins = Join(A, ROOM, partner=True), Join(A2, ROOM, Role(speaks=False))
    assert yard.do(*joins) == [(0, join) for join in joins]
    assert yard.fleet.load(0) == load, "it costs what it did"
    yard.do(Detach(A2), Release(A2))
    assert yard.fleet.load(0) == load - 1
    yard.do(Detach(A))
    assert yard.do(Join(A, ROOM, partner=True)) == [(0, Join(A, ROOM, partner=True))], "whoever comes next"


def test_an_agent_is_not_lost_to_a_room_of_another_worker() -> None:
    yard = Yard()
    yard.take(A, B)
    yard.do(agent(B), Join(A, ROOM))
    assert yard.do(Join(B, ROOM, partner=True)) == []


def test_members_of_a_room_whose_worker_died_meet_again() -> None:
    yard = Yard(3)
    yard.take(A, B, C)
    yard.do(Join(A, ROOM), Join(B, ROOM, Role(speaks=False)), Join(C, ROOM))
    yard.answer()
    yard.events.clear()
    yard.fleet.down(0, "died")
    yard.answer()
    assert yard.events == [Lost(A, "died")]
    assert rooms_of(yard.told) == [(1, B)]
    assert rooms_of(yard.sent)[0][0] == 1


def test_recordings_that_ended_well_are_not_answered_twice() -> None:
    yard = Yard()
    yard.take(A)
    yard.do(Record(A, "/a.wav"))
    yard.fleet.event(0, Recorded(A, "/a.wav", 100))
    assert yard.fleet.down(0, "died") == []
    late = Recorded(A, "/x.wav", 10, "cut")
    yard.fleet.recorded(late)
    assert yard.events[-1] == late
