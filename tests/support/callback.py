"""Callbacks on the bench: a queue with two people, a trunk, and a customer behind it."""

from dataclasses import dataclass, replace

from edge.acd.callback import Callback
from edge.acd.state import State
from edge.acd.terms import AgentId, QueueTerms
from edge.error import Refusal
from edge.flow.command import Pledge
from edge.journal import Cdr, TraceEvent
from edge.sip.message import Request, Response
from media import port
from tests.support.acd import member, user
from tests.support.directory import ACC, FakeDirectory
from tests.support.edge import Bench, Phone
from tests.support.flow_call import Spoken

QUEUE = QueueTerms("support", "q_support", members=(member("1002"), member("1003")), auto_ready=True)
NUMBER = "+12025550199"
CARRIER = 9
"The trunk is 127.0.0.9."


@dataclass
class Made:
    """What a promise has come to."""

    found: Callback | Refusal | None = None

    @property
    def callback(self) -> Callback:
        assert isinstance(self.found, Callback), self.found
        return self.found

    @property
    def code(self) -> str:
        assert isinstance(self.found, Refusal), self.found
        return self.found.code


class Promises:
    """A bench on which nobody calls us."""

    def __init__(self, terms: QueueTerms = QUEUE, *, signed_in: tuple[str, ...] = ("1002",)) -> None:
        directory = FakeDirectory(prompts={"hold-music": "/music.wav"})
        for number in ("1001", "1002", "1003"):
            directory.add_user(number)
        directory.queue_terms[terms.name] = terms
        directory.speech = Spoken()
        directory.add_trunk("carrier", default=True)
        directory.add_did("12025550100", "queue", terms.name)
        self.directory = directory
        self.bench = Bench(directory)
        self.bob, self.eve = Phone(self.bench, "1002", 3), Phone(self.bench, "1003", 4)
        self.carrier = Phone(self.bench, "carrier", CARRIER)
        for phone in (self.bob, self.eve):
            if phone.number in signed_in:
                phone.register()

    def promise(self, number: str = NUMBER, **more: object) -> Made:
        made = Made()

        def then(found: Callback | Refusal, now: float) -> None:
            made.found = found

        pledge = replace(Pledge("support", number, "call_first"), **more)  # type: ignore[arg-type]
        self.bench.switch.callbacks.promise(ACC, pledge, then, self.bench.now)
        self.settle()
        return made

    def goes(self, number: str) -> None:
        """No phone of the agent's is there."""
        self.directory.users[number] = replace(self.directory.users[number], dnd=True)

    def comes(self, number: str) -> None:
        self.directory.users[number] = replace(self.directory.users[number], dnd=False)
        self.bench.advance(1.0)

    def settle(self) -> None:
        self.bench.switch._settle(self.bench.now)
        self.bench.drain()

    def withdraw(self, id: str) -> Callback | Refusal:
        done = self.bench.switch.callbacks.withdraw(ACC, id, self.bench.now)
        self.settle()
        return done

    def all(self) -> list[Callback]:
        return list(self.bench.switch.callbacks.of(ACC))

    def state(self, number: str) -> State:
        return self.bench.switch.acd.roster.agent(ACC, AgentId(user(number))).state

    def hears(self) -> None:
        """Whatever is being said comes to its end."""
        ended: set[str] = set()
        while True:
            stopped = {c.play for c in self.bench.commanded(port.StopPlay) if isinstance(c, port.StopPlay)}
            plays = [c for c in self.bench.commanded(port.Play) if isinstance(c, port.Play)]
            due = [play for play in plays if play.play not in ended | stopped and not play.loop]
            if not due:
                return
            for play in due:
                ended.add(play.play)
                self.bench.media(port.Played(play.leg, play.play, 1_000, True, ""))

    def takes(self, phone: Phone | None = None) -> Request:
        """The agent picks up and hears what it is about; his INVITE."""
        phone = phone or self.bob
        request = invite(phone)
        phone.reply(request, 200, phone.sdp())
        self.hears()
        return request

    def answers(self) -> Request:
        """The customer picks up; his INVITE."""
        request = invite(self.carrier)
        self.carrier.reply(request, 200, self.carrier.sdp())
        return request

    def declines(self, status: int) -> None:
        self.carrier.reply(invite(self.carrier), status)

    def rows(self, id: str) -> list[TraceEvent]:
        self.bench.advance(2.0)
        return self.bench.journal.traces.get(id, [])  # type: ignore[call-overload]

    @property
    def cdrs(self) -> list[Cdr]:
        return self.bench.journal.cdrs

    def clean(self) -> bool:
        """Everything is given back, but for what waits."""
        switch = self.bench.switch
        return not switch.calls and not len(switch.admissions) and not self.bench.legs


def invite(phone: Phone) -> Request:
    found = [
        message for message in phone.got() if isinstance(message, Request) and message.method == "INVITE"
    ]
    assert len({request.call_id for request in found}) == 1, found  # copies of one
    return found[-1]


def requests(phone: Phone) -> list[Request]:
    return [message for message in phone.got() if isinstance(message, Request)]


def methods(phone: Phone) -> list[str]:
    return [request.method for request in requests(phone)]


def hang_up(phone: Phone, request: Request) -> list[Request | Response]:
    phone.call_id = request.call_id
    phone.say("BYE", str(request.contacts[0].uri), to=request.headers.get("From") or "")
    return phone.got()
