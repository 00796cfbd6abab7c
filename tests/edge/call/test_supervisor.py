"""Supervisors of a caller whom an AI agent has: they listen, and take the conversation over."""

import random
from typing import cast

import pytest

from edge.acd.terms import Member, QueueTerms, ai_agent
from edge.call.call import Call
from edge.call.supervisor import Mode, Supervisor
from edge.call.warm_transfer import transfer
from edge.command.table import running
from edge.directory import Agent, Target
from edge.error import Refusal
from edge.sip.message import Request, Response
from media import port
from tests.support.directory import ACC, FakeDirectory
from tests.support.edge import Bench, Phone, final
from tests.support.flow import program
from tests.support.flow_call import Spoken

AGENT = "nodes: {a: {kind: agent, agent: demo, next: {done: z, failed: z, no_answer: z}}, z: {kind: hangup}}"
QUEUE = "nodes: {q: {kind: enqueue, queue: support, next: z}, z: {kind: hangup}}"
PERSON = (
    "nodes: {d: {kind: dial, to: '1002', next: a}, a: {kind: agent, agent: demo, next: z}, z: {kind: hangup}}"
)


class Floor:
    """1001 calls an agent or a flow; 1005 and 1006 supervise, 1002 works here."""

    def __init__(self, number: str = "9000", flow: str = AGENT) -> None:
        directory = FakeDirectory(prompts={"hold-music": "/music.wav", "hold": "/hold.wav"})
        for user in ("1001", "1002", "1005", "1006"):
            directory.add_user(user)
        directory.agents["demo"] = Agent(ACC, "demo", "twilio", "ws://127.0.0.1:1/", (), 8_000, True, 5.0)
        directory.extensions |= {"9000": Target("agent", "demo"), "9001": Target("flow", "main")}
        directory.flows, directory.speech = program(flow), Spoken()
        directory.queue_terms["support"] = QueueTerms("support", members=(Member(ai_agent("demo")),))
        self.bench = bench = Bench(directory)
        self.invited: Request | None = None
        self.bob, self.chief, self.other = (
            Phone(bench, user, place) for user, place in (("1002", 3), ("1005", 5), ("1006", 6))
        )
        for phone in (self.bob, self.chief, self.other):
            phone.register()
        self.alice = Phone(bench, "1001")
        said = self.alice.dial(number)
        answered = [m for m in said if isinstance(m, Response) and m.status == 200]
        if not answered:  # a person has to
            self.invited = self.answers(self.bob)
            answered = [final(self.alice.got())]
        (answer,) = answered
        self.alice.to, self.alice.remote = answer.headers.get("To") or "", str(answer.contacts[0].uri)
        self.alice.ack(answer)
        (self.call,) = bench.switch.calls.values()
        self.room = port.RoomId(f"call:{self.call.id}")

    @property
    def leg(self) -> port.LegId:
        return self.call.leg.id

    def ask(self, mode: Mode, number: str = "1005") -> Supervisor | Refusal:
        begun = self.bench.switch.supervisions.begin(self.call, number, mode, self.bench.now)
        self.bench.drain()
        return begun

    def comes(self, mode: Mode = Mode.LISTEN, number: str = "1005") -> tuple[Supervisor, port.LegId]:
        """He is rung, and answers."""
        phone = {"1005": self.chief, "1006": self.other}[number]
        supervisor = self.ask(mode, number)
        assert isinstance(supervisor, Supervisor)
        self.answers(phone)
        return supervisor, list(self.call.legs)[-1]

    @staticmethod
    def answers(phone: Phone) -> Request:
        (invite,) = [m for m in phone.got() if isinstance(m, Request) and m.method == "INVITE"]
        phone.reply(invite, 200, phone.sdp())
        phone.call_id = invite.call_id
        phone.to, phone.remote = invite.headers.get("From") or "", str(invite.contacts[0].uri)
        return invite

    def hangs_up(self, phone: Phone, tag: int) -> None:
        phone.tag = f"phone{tag}"
        phone.say("BYE", phone.remote, to=phone.to)

    def change(self, supervisor: Supervisor, mode: Mode) -> Refusal | None:
        refusal = supervisor.change(mode, self.bench.now)
        self.bench.drain()
        return refusal

    def commands(self, *kinds: type) -> list[port.Command]:
        return [command for command in self.bench.commands if isinstance(command, kinds)]

    def causes(self) -> dict[str, str]:
        return {cdr.callee: cdr.cause for cdr in self.bench.journal.cdrs}

    def over(self) -> bool:
        self.bench.advance(120.0)
        return not self.bench.switch.calls and not self.bench.legs and not self.bench.switch.admissions


@pytest.mark.parametrize("number", ["9000", "9001"], ids=["agent", "flow"])
def test_who_listens_to_an_agent_hears_both_and_leaves_them_as_they_were(number: str) -> None:
    """S004-39, S004-51."""
    floor = Floor(number)
    _, leg = floor.comes()
    assert floor.commands(port.Join) == [
        port.Join(floor.leg, floor.room, partner=True),
        port.Join(leg, floor.room, port.Role(speaks=False)),
    ]
    floor.bench.commands.clear()
    floor.hangs_up(floor.chief, 5)
    assert not floor.commands(port.AttachAgent, port.Bridge) and port.Detach(leg) in floor.bench.commands
    assert port.Detach(floor.leg) not in floor.bench.commands and floor.causes() == {
        "1005": "supervisor_hangup"
    }
    floor.bench.media(port.AgentEnded(floor.leg, "closed"))
    assert floor.over() and len(floor.bench.journal.cdrs) == 2


def test_nobody_whispers_to_an_agent_and_the_refusal_says_what_to_do() -> None:
    floor = Floor()
    refusal = floor.ask(Mode.WHISPER)
    assert isinstance(refusal, Refusal) and (refusal.code, refusal.status) == ("agent_on_call", 409)
    assert "barge" in refusal.fix and not floor.chief.got()
    supervisor, leg = floor.comes()
    again = floor.change(supervisor, Mode.WHISPER)
    assert again == refusal
    floor.bench.media(port.Digit(leg, "5", "rfc4733", 100))
    assert supervisor.mode is Mode.LISTEN and not floor.commands(port.ChangeRole)


@pytest.mark.parametrize("how", ["asked", "key", "changed"])
@pytest.mark.parametrize("number", ["9000", "9001"], ids=["agent", "flow"])
def test_who_barges_in_has_the_conversation_and_the_agent_is_let_go(number: str, how: str) -> None:
    """A person takes the call from the bot, live."""
    floor = Floor(number)
    supervisor, leg = floor.comes(Mode.BARGE if how == "asked" else Mode.LISTEN)
    if how == "key":
        floor.bench.media(port.Digit(leg, "6", "rfc4733", 100))
    elif how == "changed":
        assert floor.change(supervisor, Mode.BARGE) is None
    assert floor.bench.commands[-2:] == [port.StopPlay(floor.leg), port.Bridge(floor.leg, leg)]
    assert floor.causes() == {"1005": "took_over"} and supervisor.mode is Mode.BARGE
    assert not floor.bench.switch.supervisions.of(floor.call)
    floor.bench.media(port.AgentEnded(floor.leg, "closed"))
    floor.bench.media(port.Digit(leg, "4", "rfc4733", 100))
    assert len(floor.bench.switch.calls) == 1 and floor.bench.commands[-1] == port.Bridge(floor.leg, leg)
    floor.hangs_up(floor.chief, 5)
    (bye,) = [m for m in floor.alice.got() if isinstance(m, Request)]
    assert bye.method == "BYE" and floor.over()
    (whole,) = [cdr for cdr in floor.bench.journal.cdrs if cdr.callee != "1005"]
    assert (whole.cause, whole.disposition) == ("callee_hangup", "answered")
    assert set(whole.media) >= {"caller", "callee"}, "from then on he is the other party"


def test_the_caller_who_hangs_up_ends_the_call_of_who_took_over() -> None:
    floor = Floor()
    floor.comes(Mode.BARGE)
    floor.chief.got()
    floor.alice.bye()
    assert [m.method for m in floor.chief.got() if isinstance(m, Request)] == ["BYE"]
    assert floor.over() and len(floor.bench.journal.cdrs) == 2


def test_others_listen_on_when_one_takes_over() -> None:
    floor = Floor()
    second, _ = floor.comes(number="1006")
    first, leg = floor.comes()
    assert floor.change(first, Mode.BARGE) is None
    assert floor.bench.switch.supervisions.of(floor.call) == [second]
    assert floor.change(second, Mode.WHISPER) is None, "to a person again"
    (role,) = floor.commands(port.ChangeRole)
    assert cast(port.ChangeRole, role).role.only == leg
    assert floor.ask(Mode.LISTEN, "1005") == Refusal(
        "own_call", 409, "1005 is a party to this call", "ring somebody else's phone"
    )
    floor.alice.bye()
    assert floor.over() and floor.causes()["1006"] == "call_ended"


def test_who_took_over_may_transfer_the_caller() -> None:
    floor = Floor()
    floor.comes(Mode.BARGE)
    call: Call = floor.call
    assert transfer(call, running, "user:1002", "", floor.bench.now) is None, "warm"


def test_while_the_agent_hands_the_caller_over_nobody_takes_over() -> None:
    floor = Floor()
    supervisor, _ = floor.comes()
    floor.bench.media(port.AgentConnected(floor.leg, 10))
    floor.bench.media(port.AgentAsked(floor.leg, 1, "transfer", "user:1002"))
    refusal = floor.change(supervisor, Mode.BARGE)
    assert refusal is not None and refusal.code == "transfer_pending" and supervisor.mode is Mode.LISTEN
    late, _ = floor.comes(Mode.BARGE, "1006")
    assert late.mode is Mode.LISTEN and late.answered_at is not None
    floor.answers(floor.bob)
    assert floor.commands(port.Bridge), "and he whom it wanted has the caller"
    assert floor.change(supervisor, Mode.BARGE) is None
    assert floor.commands(port.ChangeRole)[-1].leg == list(floor.call.legs)[1]  # as with any two people


def test_an_agent_of_a_queue_is_relieved_as_the_queue_wants_it() -> None:
    floor = Floor("9001", QUEUE)
    refusal = floor.ask(Mode.LISTEN)
    assert isinstance(refusal, Refusal) and refusal.code == "not_joined", "it waits still"
    floor.bench.media(port.AgentConnected(floor.leg, 10))
    floor.comes(Mode.BARGE)
    assert floor.commands(port.Bridge)
    assert not list(floor.bench.switch.acd.tickets(ACC)), "its part is over"
    floor.alice.bye()
    assert floor.over()


@pytest.mark.parametrize("mode", list(Mode), ids=lambda mode: mode.value)
def test_a_supervised_caller_who_moves_to_an_agent_is_listened_to_on(mode: Mode) -> None:
    floor = Floor("9001", PERSON)
    supervisor, leg = floor.comes(mode)
    floor.hangs_up(floor.bob, 3)
    assert floor.commands(port.AttachAgent)
    floor.bench.media(port.AgentConnected(floor.leg, 10))
    assert supervisor.mode is Mode.LISTEN
    roles = [port.ChangeRole(leg, port.Role(speaks=False))] if mode is not Mode.LISTEN else []
    assert floor.commands(port.ChangeRole) == roles
    assert floor.change(supervisor, Mode.BARGE) is None
    assert floor.bench.commands[-1] == port.Bridge(floor.leg, leg)


def test_who_whispers_does_so_to_whoever_works_here_and_never_to_the_caller() -> None:
    floor = Floor(
        "9001",
        "nodes: {d: {kind: dial, to: '1002', next: e}, e: {kind: dial, to: '1006', next: z},"
        " z: {kind: hangup}}",
    )
    _, leg = floor.comes(Mode.WHISPER)
    bobs = list(floor.call.legs)[1]
    assert floor.commands(port.Join)[-1] == port.Join(leg, floor.room, port.Role(only=bobs))
    floor.hangs_up(floor.bob, 3)
    floor.bench.media(port.Digit(leg, "5", "rfc4733", 100))
    assert floor.commands(port.ChangeRole) == [port.ChangeRole(leg, port.Role(speaks=False))], (
        "nobody is there"
    )
    floor.answers(floor.other)
    third = list(floor.call.legs)[3]
    assert floor.commands(port.ChangeRole)[1:] == [port.ChangeRole(leg, port.Role(only=third))]


@pytest.mark.parametrize("target", ["9000", "1006"], ids=["agent", "user"])
@pytest.mark.parametrize("number", ["1002", "9001"], ids=["bridge", "flow"])
def test_a_blind_transfer_of_a_supervised_caller_leaves_the_supervisor_with_it(
    number: str, target: str
) -> None:
    floor = Floor(number, PERSON)
    supervisor, leg = floor.comes()
    floor.bob.tag = "phone3"
    to = f"Refer-To: <sip:{target}@demo.local>\r\n"
    floor.bob.say("REFER", floor.bob.remote, to=floor.bob.to, headers=to)
    if target == "1006":
        floor.answers(floor.other)
    else:
        assert floor.commands(port.AttachAgent)
        assert floor.change(supervisor, Mode.WHISPER) is not None
    assert floor.bench.switch.supervisions.of(floor.call) == [supervisor]
    assert port.Release(leg) not in floor.bench.commands and not floor.bench.journal.cdrs
    floor.alice.bye()
    assert floor.over() and floor.causes()["1005"] == "call_ended"


def test_who_begins_to_supervise_in_the_midst_of_a_warm_transfer_does_not_hinder_it() -> None:
    floor = Floor("1002")
    assert transfer(floor.call, running, "user:1006", "Hello.", floor.bench.now) is None
    floor.bench.switch.handle_timer(floor.bench.now)
    floor.bench.drain()
    floor.comes()
    floor.answers(floor.other)
    third = list(floor.call.legs)[2]
    floor.bench.media(port.Digit(third, "1", "rfc4733", 100))
    assert floor.commands(port.Bridge)[-1] == port.Bridge(floor.leg, third)
    floor.alice.bye()
    assert floor.over() and floor.causes()["1005"] == "call_ended"


def test_a_call_that_was_supervised_is_transferred_warm_like_any_other() -> None:
    floor = Floor("1002")
    floor.comes()
    refusal = transfer(floor.call, running, "user:1006", "", floor.bench.now)
    assert refusal is not None and refusal.code == "not_transferable"
    floor.hangs_up(floor.chief, 5)
    assert transfer(floor.call, running, "user:1006", "", floor.bench.now) is None


@pytest.mark.parametrize("number", ["9000", "1002"], ids=["agent", "person"])
def test_who_takes_the_callers_place_is_heard_by_its_supervisors(number: str) -> None:
    floor = Floor(number)
    floor.comes()
    floor.bench.commands.clear()
    to = "Refer-To: <sip:1006@demo.local>\r\n"
    floor.alice.say("REFER", floor.alice.remote, to=floor.alice.to, headers=to)
    floor.answers(floor.other)
    assert floor.leg == list(floor.call.legs)[2 if number == "9000" else 1]
    attached = [command.leg for command in floor.commands(port.AttachAgent)]
    assert attached == ([floor.leg] if number == "9000" else [])
    assert floor.commands(port.Join, port.AttachAgent, port.Bridge)[-1] == port.Join(
        floor.leg, floor.room, partner=True
    )
    assert len(floor.bench.switch.supervisions.of(floor.call)) == 1


def test_who_has_the_callers_place_gives_back_what_he_took_whoever_takes_over() -> None:
    floor = Floor("9000")
    to = "Refer-To: <sip:1006@demo.local>\r\n"
    supervisor, _ = floor.comes()
    floor.alice.say("REFER", floor.alice.remote, to=floor.alice.to, headers=to)
    refusal = floor.change(supervisor, Mode.BARGE)
    assert refusal is not None and refusal.code == "transfer_pending"
    floor.alice.say("REFER", floor.alice.remote, to=floor.alice.to, headers=to)
    floor.answers(floor.other)
    assert floor.change(supervisor, Mode.BARGE) is None
    floor.call.finish("answered", "caller_hangup", floor.bench.now)
    floor.bench.drain()
    assert floor.over()


class Mess:
    """Whatever people, agents and operators may do to one call, in any order."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        number, flow = self.chance.choice(
            [("9000", AGENT), ("9001", AGENT), ("9001", QUEUE), ("9001", PERSON), ("1002", AGENT)]
        )
        self.floor = Floor(number, flow)
        self.rung: list[tuple[Phone, Request]] = []
        self.talking: list[tuple[Phone, Request]] = []
        self.begun = 0

    def act(self) -> None:
        floor, chance, bench = self.floor, self.chance, self.floor.bench
        for phone in (floor.bob, floor.chief, floor.other):
            requests = [message for message in phone.got() if isinstance(message, Request)]
            self.rung += [(phone, request) for request in requests if request.method == "INVITE"]
        supervisors = bench.switch.supervisions.of(floor.call)
        refer = f"Refer-To: <sip:{chance.choice(('9000', '9001', '1002', '1006'))}@demo.local>\r\n"
        match chance.randrange(13):
            case 0 | 1:
                asked = floor.ask(chance.choice(list(Mode)), chance.choice(("1005", "1006")))
                self.begun += isinstance(asked, Supervisor)
            case 2 | 3 | 4 if self.rung:
                phone, invite = self.rung.pop(chance.randrange(len(self.rung)))
                taken = chance.random() < 0.7
                phone.reply(invite, 200 if taken else 486, phone.sdp() if taken else "")
                if taken:
                    self.talking.append((phone, invite))
            case 5 if supervisors:
                floor.change(chance.choice(supervisors), chance.choice(list(Mode)))
            case 6:
                bench.media(
                    port.Digit(chance.choice(list(floor.call.legs)), chance.choice("1456"), "info", 100)
                )
            case 7:
                ended = port.AgentEnded(floor.leg, "x"), port.AgentFailed(floor.leg, "closed", "")
                bench.media(chance.choice((port.AgentConnected(floor.leg, 5), *ended)))
            case 8:
                to = chance.choice(("user:1002", "user:1006", "queue:support", "agent:demo"))
                bench.media(port.AgentAsked(floor.leg, 1, "transfer", to))
            case 9 if self.talking:
                phone, invite = chance.choice(self.talking)
                phone.tag, phone.call_id = (
                    {"1002": "phone3", "1005": "phone5"}.get(phone.number, "phone6"),
                    invite.call_id,
                )
                method = chance.choice(("BYE", "REFER"))
                target, to = str(invite.contacts[0].uri), invite.headers.get("From") or ""
                phone.say(method, target, to=to, headers=refer if method == "REFER" else "")
            case 10:
                floor.alice.say("REFER", floor.alice.remote, to=floor.alice.to, headers=refer)
            case 11:
                bench.advance(chance.choice((1.0, 5.0, 20.0)))
            case _:
                transfer(floor.call, running, "user:1006", "", bench.now)
                bench.switch.handle_timer(bench.now)
                bench.drain()


@pytest.mark.parametrize("seed", range(100, 124))
def test_whatever_happens_to_a_supervised_call_everybody_has_one_cdr_and_all_is_given_back(seed: int) -> None:
    mess = Mess(seed)
    bench = mess.floor.bench
    for _ in range(40):
        if bench.switch.calls:
            mess.act()
    for call in tuple(bench.switch.calls.values()):
        call.finish("answered", "caller_hangup", bench.now)
    bench.drain()
    assert mess.floor.over()
    ids = [cdr.id for cdr in bench.journal.cdrs]
    assert len(ids) == len(set(ids)) == 1 + mess.begun
