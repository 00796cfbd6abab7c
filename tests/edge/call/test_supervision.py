"""Supervisors: rung, joined in the wanted way, changed, and gone with the call."""

import pytest

from config.schema import SipLimits
from edge.call.call import Call
from edge.call.supervisor import Mode, Supervisor
from edge.directory import AccountId
from edge.error import Refusal
from edge.sip.message import Request
from media import port
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone, final


class Floor:
    """1001 talks to 1002; 1005 is at his desk."""

    def __init__(self, limits: SipLimits | None = None) -> None:
        directory = FakeDirectory()
        for number in ("1001", "1002", "1003", "1005"):
            directory.add_user(number)
        self.bench = bench = Bench(directory, limits)
        self.bob, self.alice, self.chief = (
            Phone(bench, "1002", 3),
            Phone(bench, "1001"),
            Phone(bench, "1005", 5),
        )
        for phone in (self.bob, self.chief):
            phone.register()
        self.alice.dial("1002")
        (invite,) = self.bob.got()
        assert isinstance(invite, Request)
        self.bob.invite = invite  # type: ignore[attr-defined]
        self.bob.reply(invite, 200, self.bob.sdp())
        self.alice.ack(final(self.alice.got()))
        self.bob.got()

    @property
    def call(self) -> Call:
        (call,) = self.bench.switch.calls.values()
        return call

    def begin(self, mode: Mode = Mode.LISTEN, number: str = "1005") -> Supervisor:
        begun = self.bench.switch.supervisions.begin(self.call, number, mode, self.bench.now)
        assert isinstance(begun, Supervisor), begun
        self.bench.drain()
        return begun

    def refused(self, number: str = "1005") -> str:
        refusal = self.bench.switch.supervisions.begin(self.call, number, Mode.LISTEN, self.bench.now)
        assert isinstance(refusal, Refusal)
        return refusal.code

    def invite(self) -> Request:
        (invite,) = [m for m in self.chief.got() if isinstance(m, Request) and m.method == "INVITE"]
        return invite

    def answered(self, mode: Mode = Mode.LISTEN) -> Supervisor:
        supervisor = self.begin(mode)
        self.chief.reply(self.invite(), 200, self.chief.sdp())
        return supervisor

    def joins(self) -> list[port.Join]:
        return [command for command in self.bench.commanded(port.Join) if isinstance(command, port.Join)]

    def legs(self) -> list[port.LegId]:
        return list(self.call.legs)

    def outcomes(self) -> list[str]:
        live = self.bench.journal.traces.get(self.call.id, [])
        return [r.outcome for r in (*live, *self.call.trace.waiting()) if r.event == "supervisor"]


@pytest.mark.parametrize(
    ("mode", "speaks", "only"),
    [(Mode.LISTEN, False, None), (Mode.BARGE, True, None), (Mode.WHISPER, True, 1)],
)
def test_who_answers_joins_the_call_as_he_was_asked_to(mode: Mode, speaks: bool, only: int | None) -> None:
    floor = Floor()
    supervisor = floor.begin(mode)
    assert not floor.joins(), "nothing changes while he is rung"
    floor.chief.reply(floor.invite(), 200, floor.chief.sdp())
    caller, callee, chief = floor.legs()
    room = port.RoomId(f"call:{floor.call.id}")
    whom = None if only is None else callee
    assert floor.joins() == [
        port.Join(caller, room, partner=True),
        port.Join(chief, room, port.Role(speaks=speaks, only=whom)),
    ]
    assert supervisor.answered_at is not None and floor.outcomes() == ["rung", mode.value]


def test_supervisors_are_counted_until_their_call_is_over() -> None:
    floor = Floor()
    supervisions = floor.bench.switch.supervisions
    assert len(supervisions) == 0
    floor.begin()
    assert len(supervisions) == 1
    floor.call.finish("answered", "test", floor.bench.now)
    floor.bench.drain()
    assert len(supervisions) == 0


def test_the_mode_is_changed_by_operators_and_by_keys_of_the_supervisor_alone() -> None:
    floor = Floor()
    supervisor = floor.answered()
    supervisor.change(Mode.BARGE, floor.bench.now)
    floor.bench.drain()
    caller, callee, chief = floor.legs()
    assert floor.bench.commanded(port.ChangeRole) == [port.ChangeRole(chief, port.Role())]
    floor.bench.media(port.Digit(chief, "5", "rfc4733", 100))
    floor.bench.media(port.Digit(chief, "9", "rfc4733", 100))
    floor.bench.media(port.Digit(caller, "4", "rfc4733", 100))
    assert floor.bench.commanded(port.ChangeRole)[-1] == port.ChangeRole(chief, port.Role(only=callee))
    assert supervisor.mode is Mode.WHISPER


def test_who_hangs_up_leaves_the_two_to_themselves_and_has_a_cdr() -> None:
    floor = Floor()
    supervisor = floor.begin()
    invite = floor.invite()
    floor.chief.reply(invite, 200, floor.chief.sdp())
    (ack,) = floor.chief.got()
    assert isinstance(ack, Request)
    floor.bench.advance(5.0)
    floor.chief.tag, floor.chief.call_id = "phone5", invite.call_id
    floor.chief.say("BYE", str(invite.contacts[0].uri), to=invite.headers.get("From") or "")
    (cdr,) = floor.bench.journal.cdrs
    assert (cdr.id, cdr.callee, cdr.disposition, cdr.cause) == (
        supervisor.id,
        "1005",
        "answered",
        "supervisor_hangup",
    )
    assert cdr.target == f"supervise:{floor.call.id}" and cdr.media == {"mode": "listen"}
    assert not floor.bench.switch.supervisions.of(floor.call) and len(floor.bench.switch.calls) == 1
    chief = floor.legs()[2]
    assert port.Release(chief) in floor.bench.commands


def test_the_end_of_the_call_is_the_end_of_its_supervision() -> None:
    floor = Floor()
    supervisor = floor.answered()
    floor.bench.switch.hang_up_all("shutdown", floor.bench.now)
    floor.bench.drain()
    (bye,) = [m for m in floor.chief.got() if isinstance(m, Request) and m.method == "BYE"]
    assert bye.method == "BYE"
    causes = {cdr.id: cdr.cause for cdr in floor.bench.journal.cdrs}
    assert causes[supervisor.id] == "call_ended" and len(causes) == 2
    (whole,) = [cdr for cdr in floor.bench.journal.cdrs if cdr.id != supervisor.id]
    assert set(whole.media) <= {"caller", "callee", "supervisor1"}
    assert len(floor.bench.switch.admissions) == 0, "what he took is given back"


def test_a_supervisor_who_is_busy_or_does_not_answer_changes_nothing() -> None:
    floor = Floor()
    floor.begin()
    floor.chief.reply(floor.invite(), 486)
    assert floor.outcomes() == ["rung", "busy"] or floor.outcomes()[-1] != "listen"
    assert floor.bench.journal.cdrs[0].disposition == "busy" and not floor.joins()
    floor.chief.got()
    floor.begin()
    floor.chief.reply(floor.invite(), 180)
    floor.bench.advance(61.0)
    assert floor.bench.journal.cdrs[1].disposition == "no_answer"
    assert len(floor.bench.switch.calls) == 1


def test_one_who_is_sent_away_while_he_rings_is_cancelled() -> None:
    floor = Floor()
    supervisor = floor.begin()
    floor.chief.reply(floor.invite(), 180)
    floor.bench.switch.supervisions.dismiss(supervisor, floor.bench.now)
    floor.bench.drain()
    assert [m.method for m in floor.chief.got() if isinstance(m, Request)] == ["CANCEL"]
    assert floor.bench.journal.cdrs[0].cause == "dismissed"


def test_the_silence_of_a_supervisors_phone_does_not_end_the_call() -> None:
    floor = Floor()
    floor.answered()
    floor.bench.media(port.Silent(floor.legs()[2], 30.0))
    assert len(floor.bench.switch.calls) == 1 and floor.bench.journal.cdrs[0].cause == "rtp_timeout"
    floor.bench.media(port.Silent(floor.legs()[0], 30.0))
    assert floor.bench.journal.cdrs[-1].cause == "rtp_timeout" and len(floor.bench.journal.cdrs) == 2


def test_a_call_of_one_oneself_and_strangers_is_not_supervised() -> None:
    floor = Floor(SipLimits())
    assert floor.refused("1001") == floor.refused("1002") == "own_call"
    assert floor.refused("4711") == "no_such_user"
    assert floor.refused("1003") == "not_registered", "he is told at once"
    assert not floor.bench.switch.supervisions.of(floor.call)
    supervisions = floor.bench.switch.supervisions
    assert isinstance(supervisions.call(AccountId("acc_other"), floor.call.id), Refusal)
    assert isinstance(supervisions.call(floor.call.route.account.id, "x"), Refusal)
    assert supervisions.call(floor.call.route.account.id, floor.call.session.invite.call_id) is floor.call


def test_a_call_that_rings_is_not_supervised_yet() -> None:
    directory = FakeDirectory()
    for number in ("1001", "1002", "1005"):
        directory.add_user(number)
    bench = Bench(directory)
    Phone(bench, "1002", 3).register()
    Phone(bench, "1001").dial("1002")
    (call,) = bench.switch.calls.values()
    refusal = bench.switch.supervisions.begin(call, "1005", Mode.LISTEN, bench.now)
    assert isinstance(refusal, Refusal) and refusal.code == "not_joined" and "answered" in refusal.fix


def test_a_call_that_talks_to_nobody_is_not_supervised_and_why_is_said() -> None:
    directory = FakeDirectory()
    for number in ("1001", "1005"):
        directory.add_user(number)
    bench = Bench(directory)
    Phone(bench, "1001").dial("*43")
    (call,) = bench.switch.calls.values()
    assert call.answered_at is not None
    refusal = bench.switch.supervisions.begin(call, "1005", Mode.LISTEN, bench.now)
    assert isinstance(refusal, Refusal) and refusal.code == "not_joined" and "room" in refusal.fix
