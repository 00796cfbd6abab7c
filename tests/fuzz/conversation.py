"""A switch in a hostile neighbourhood: calls that go well, badly and not at all, on a hand clock.

Peers answer what they are sent, or something else, or twice, or with a few bytes changed; ports run out,
the database is slow or fails, agents break off. At the end everybody falls silent: nothing may be left.
"""

import dataclasses
import itertools
from collections import deque
from random import Random
from typing import Any, get_args

from edge.acd.terms import AgentId, Member, QueueTerms, ai_agent
from edge.awaited import Promise, Resolve
from edge.directory import Agent, Forwarding
from edge.directory import Target as Goal
from edge.event.subscription import LONGEST
from edge.question import Ask
from edge.recordings import Keep
from edge.sip.effect import Send
from edge.sip.flow import Flow, Transport
from edge.sip.message import Request, Response
from edge.sip.parse import ParseError, parse_message
from media import port
from tests.fuzz.mutation import WORDS, mutate
from tests.fuzz.sip import MESSAGES, SDP, SDP_MANY, TORTURE, is_framed
from tests.fuzz.target import Target
from tests.support.directory import ACC, FakeDirectory
from tests.support.dns import located
from tests.support.edge import Bench, Phone
from tests.support.flow import program
from tests.support.flow_call import Spoken

PHONES = (("127.0.0.2", 5060), ("127.0.0.3", 5060))
CARRIER = ("127.0.0.9", 5060)
STRANGER = ("127.0.0.66", 40_000)
SOURCES = (*PHONES, CARRIER, STRANGER)
QUIET = 250.0
"Enough for every timer of a call that nobody talks in any more: ringing, an answer without ACK, a BYE [s]."

FLOW = """
nodes:
  menu:
    kind: menu
    prompt: x
    timeout: 5s
    next:
      "digit:1": people
      "digit:2": wait
      "digit:3": message
      "digit:4": slow
      "digit:5": talk
      "digit:6": meet
      default: one
  one: {kind: dial, to: "user:101", ring_timeout: 10s, next: {answered: end, default: wait}}
  people:
    {kind: dial, to: ["user:100", "user:101", "+390612345"], ring_timeout: 9s,
     next: {answered: end, default: menu}}
  wait: {kind: enqueue, queue: support, exit_digits: "0", next: {answered: end, default: message}}
  message: {kind: voicemail, mailbox: "100", max_seconds: 20s, next: end}
  slow: {kind: say, text: "slow words", next: people}
  talk: {kind: agent, agent: bot, exit_digits: "0", next: {done: end, default: people}}
  meet: {kind: conference, room: room, next: end}
  end: {kind: hangup}
"""
_TABLES = (dict, list, set, deque)
_EVENTS = get_args(port.Event)
_VALUES: dict[str, tuple[Any, ...]] = {
    "str": ("", "x", "fault", "no", "5", "timeout"),
    "int": (0, 1, 20_000, -1),
    "int | None": (None, 250),
    "tuple[str, int]": (CARRIER, STRANGER),
    "tuple[str, ...]": ((), ("call",)),
    "float": (0.0, 1.0, 1e9),
    "float | None": (None, 0.1),
    "bool": (True, False),
    "media.port.leg.RoomId": (port.RoomId("room"),),
    "tuple[tuple[str, str], ...]": ((), (("a", "b"),)),
}


def directory() -> FakeDirectory:
    made = FakeDirectory(max_in=20)
    made.add_user("100", "100", "100-b")
    made.add_user("101", max_simultaneous=2)
    made.add_user("102")
    made.add_user("103")
    rules = Forwarding(busy="101", no_answer="103", unreachable="390612345")
    made.users["102"] = dataclasses.replace(
        made.users["102"], forward=rules, ring="sequential", ring_time=5.0
    )
    made.users["103"] = dataclasses.replace(made.users["103"], forward=Forwarding(always="102"))
    made.add_trunk("carrier", ip=CARRIER[0], username="acme", password="x", default=True, max_channels=30)
    made.agents["bot"] = Agent(ACC, "bot", "tandem", "ws://127.0.0.1:9/", (), 8000, True, 5.0)
    targets = (
        ("echo", ""),
        ("user", "100"),
        ("user", "101"),
        ("agent", "bot"),
        ("answer", ""),
        ("hangup", ""),
        ("voicemail", "100"),
        ("conference", "room"),
        ("queue", "support"),
        ("flow", "main"),
    )
    for number, (kind, value) in enumerate(targets):
        made.add_did(f"1202555{100 + number:04}", kind, value)
    made.extensions["9001"] = Goal("flow", "main")
    made.extensions["9002"] = Goal("queue", "support")
    members = (Member(AgentId("us_100")), Member(AgentId("us_101")), Member(ai_agent("bot")))
    made.queue_terms["support"] = QueueTerms("support", "q_support", members=members, auto_ready=True)
    made.prompts["hold-music"] = "/prompts/hold-music.wav"
    made.speech = Spoken()
    made.flows = program(FLOW)
    return made


class Neighbourhood(Bench):
    """A bench whose journal and resolver may take their time, and whose peers may be malformed."""

    def __init__(self, random: Random) -> None:
        super().__init__(directory())
        self.random = random
        self.slow = False
        self.late: list[Promise | Resolve] = []
        self.log: list[tuple[Request | Response, Flow]] = []
        "Everything that we have sent."
        self.heard: list[tuple[bytes, tuple[str, int], Transport]] = []
        self.numbers = itertools.count(1)
        self.connections: dict[tuple[str, int], int] = {}
        "By which each peer sends what does not go by UDP."
        self.half_open: list[Flow] = []
        "Left by their peers, which nobody has told us."
        self.gone: list[Flow] = []
        "The latest of them, once we know."

    def receive(
        self, data: bytes, source: tuple[str, int], transport: Transport = Transport.UDP, connection: int = 0
    ) -> None:
        self.heard.append((data, source, transport))
        if transport is not Transport.UDP:
            connection = self.connections.setdefault(source, next(self.numbers))
        if not isinstance(parse_message(data, self.limits), ParseError):
            super().receive(data, source, transport, connection)
            return
        # The answer to a malformed request copies what was malformed.
        self.switch.receive([(data, Flow(transport, source, 0, connection))], self.now)
        effects = self.switch.take_effects()
        assert len(effects) <= 1
        for effect in effects:
            assert isinstance(effect, Send) and effect.data[8:9] in (b"4", b"5")
            is_framed(effect.data)

    def drain(self) -> None:
        while effects := self.switch.take_effects():
            for effect in effects:
                match effect:
                    case Send(data, flow, _):
                        is_framed(data) if data.startswith(b"SIP/") else None
                        message = parse_message(data)
                        assert not isinstance(message, ParseError), (message, data)
                        self.sent.append((message, flow))
                        self.log.append((message, flow))
                    case Promise() | Resolve():
                        self.late.append(effect)
                        if not self.slow:
                            self.settle()
                    case Ask():
                        self.asked.append(effect)
                    case Keep():
                        pass
                    case command:
                        self._media(command)

    def answer_a_question(self) -> None:
        """A text has been spoken, or the control plane has looked something up; or neither."""
        if self.asked:
            asked = self.asked.pop(self.random.randrange(len(self.asked)))
            path = {"path": "/spoken.wav"} if self.random.random() < 0.8 else {}
            self.switch.told(asked.token, {"status": self.random.choice((0, 200, 404)), **path}, self.now)
            self.drain()

    def settle(self) -> None:
        """Journal and resolver answer what waits, in any order."""
        while self.late:
            effect = self.late.pop(self.random.randrange(len(self.late)))
            match effect:
                case Promise(_, token):
                    self.switch.committed([(token, not self.journal.broken)], self.now)
                case Resolve(uri, token):
                    self.switch.resolved(token, located(uri, self.look_up), self.now)
        self.drain()

    # What the peers do.

    def step(self) -> None:
        self.random.choice(_STEPS)(self)
        at = self.switch.next_timer_at()
        assert at is None or at > self.now - 1_000

    def invite_from_the_carrier(self) -> None:
        number = f"1202555{100 + self.random.randrange(11):04}"
        self.say("INVITE", CARRIER, f"sip:{number}@127.0.0.1", "", f"<sip:{number}@127.0.0.1>")

    def dial_from_a_phone(self) -> None:
        phone = self.phone()
        phone.call_id = f"dial{next(self.numbers)}"
        self.sent.clear()
        number = self.random.choice(
            (
                "100",
                "101",
                "102",
                "103",
                "*43",
                "12025550100",
                "12025550103",
                "390612345",
                "nobody",
                "9001",
                "9002",
            )
        )
        phone.dial(number, self.description().decode("latin-1"), self.picked())

    def register(self) -> None:
        phone = self.phone("100", "101", "100-b")
        self.sent.clear()
        uri, to = "sip:demo.local", f"<sip:{phone.number}@demo.local>"
        phone.cseq = next(self.numbers)
        phone.say("REGISTER", uri, to=to)
        for challenge in phone.got():
            if isinstance(challenge, Response) and challenge.status == 401:
                proof = phone.authorization(challenge, "REGISTER", uri)
                phone.say(
                    "REGISTER",
                    uri,
                    to=to,
                    headers=f"Expires: {self.random.choice((0, 10, 60, 9999))}\r\n{proof}",
                )

    def answer(self) -> None:
        """Respond to something that we have sent."""
        found = self.pick(Request)
        if found is None or found[0].method == "ACK":
            return
        request, flow = found
        status = self.random.choice(
            (100, 180, 183, 183, 200, 200, 200, 200, 302, 401, 407, 486, 487, 503, 603, 699)
        )
        to = request.headers.get("To") or ""
        if ";tag=" not in to and status > 100:
            to += f";tag=callee{self.random.randrange(2)}"
        lines = [f"SIP/2.0 {status} X", *(f"Via: {via}" for via in request.headers.all("Via"))]
        lines += [f"From: {request.headers.get('From')}", f"To: {to}", f"Call-ID: {request.call_id}"]
        lines += [f"CSeq: {request.headers.get('CSeq')}"]
        if status in (401, 407):
            name = "WWW-Authenticate" if status == 401 else "Proxy-Authenticate"
            lines.append(f'{name}: Digest realm="x", nonce="{next(self.numbers)}", qop="auth"')
        self.finish(lines, flow.remote, flow.transport)

    def speak_in_a_dialog(self) -> None:
        """A request of a caller, by the tags of an answer of ours."""
        found = self.pick(Response)
        if found is None or found[0].cseq.method != "INVITE":
            return
        response, flow = found
        method = self.random.choice(
            (
                "ACK",
                "ACK",
                "ACK",
                "BYE",
                "CANCEL",
                "INVITE",
                "UPDATE",
                "INFO",
                "PRACK",
                "OPTIONS",
                "REFER",
                "REFER",
            )
        )
        number = response.cseq.number
        branch = f";branch={response.branch}" if method in ("ACK", "CANCEL") else ""
        to = response.headers.get("To") or ""
        if method == "CANCEL":
            to = to.partition(";tag=")[0]
        elif method != "ACK":
            number += self.random.choice((1, 1, 1, 2, -1, 0))
        self.say(
            method,
            flow.remote,
            "sip:tandem@127.0.0.1",
            response.headers.get("From") or "",
            to,
            call_id=response.call_id,
            number=number,
            branch=branch,
            transport=flow.transport,
        )

    def speak_as_the_callee(self) -> None:
        """A request of a callee, by the tags of an INVITE of ours."""
        found = self.pick(Request)
        if found is None or found[0].method != "INVITE":
            return
        request, flow = found
        self.say(
            self.random.choice(("BYE", "BYE", "INVITE", "UPDATE", "INFO", "NOTIFY", "ACK", "REFER", "REFER")),
            flow.remote,
            "sip:tandem@127.0.0.1",
            f"{request.headers.get('To')};tag=callee{self.random.randrange(2)}",
            request.headers.get("From") or "",
            call_id=request.call_id,
            transport=flow.transport,
        )

    def watch_or_write(self) -> None:
        """A SUBSCRIBE or MESSAGE of a phone, with its digest."""
        phone = self.phone()
        phone.call_id = f"watch{next(self.numbers)}"
        self.sent.clear()
        method, uri = self.random.choice(("SUBSCRIBE", "MESSAGE")), f"sip:{self.target()}@demo.local"
        event = self.random.choice(("dialog", "presence", "message-summary", "reg", "x"))
        headers = f"Event: {event}\r\nExpires: {self.random.choice((0, 60, 3600))}\r\n"
        phone.say(method, uri, headers=headers, body="hello")
        for challenge in phone.got():
            if isinstance(challenge, Response) and challenge.status == 401:
                proof = phone.authorization(challenge, method, uri)
                phone.say(method, uri, headers=headers + proof, body="hello")

    def repeat(self) -> None:
        if self.heard:
            self.receive(*self.random.choice(self.heard[-30:]))

    def garble(self) -> None:
        """One of the last messages with some bytes changed; also what we have sent, back to us."""
        recent = [data for data, _, _ in self.heard[-20:]]
        ours = [message.wire() for message, _ in self.log[-10:]]
        seeds = (*MESSAGES, *recent, *recent, *ours)
        data = mutate(self.random, self.random.choice(seeds), seeds)
        self.receive(data, self.random.choice(SOURCES), self.random.choice((Transport.UDP, Transport.TCP)))

    def report_from_audio(self) -> None:
        """Any event, of a live leg mostly, but for the three that the bench itself gives."""
        event = self.random.choice(_EVENTS)
        if event in (port.Allocated, port.Refused, port.Released):
            return
        legs = sorted(self.legs)
        leg = self.random.choice(legs) if legs and self.random.random() < 0.9 else port.LegId("none/1")
        values = [self.value(str(field.type), field.name) for field in dataclasses.fields(event)[1:]]
        if event is port.Lost:
            self.legs.discard(leg)  # with its worker
        self.media(event(leg, *values))

    def value(self, kind: str, name: str) -> Any:
        if name in ("play", "path", "digit") and self.random.random() < 0.8:
            asked = [getattr(c, name) for c in self.commands[-20:] if hasattr(c, name)]
            return self.random.choice(asked) if asked else self.random.choice("0123456*#")
        kind = kind.removeprefix("<class '").removesuffix("'>")
        return port.LegStats() if kind.endswith("LegStats") else self.random.choice(_VALUES[kind])

    def wait(self) -> None:
        self.advance(self.random.choice((0.0, 0.1, 0.2, 0.5, 0.5, 1.0, 4.0, 33.0, 70.0)))

    def lose_a_path(self) -> None:
        """It cannot be dialled, a connection that we dialled ends, or one that has ended is missed again."""
        flow = Flow(self.random.choice((Transport.UDP, Transport.TCP)), self.random.choice(SOURCES))
        if self.gone and self.random.random() < 0.5:
            flow = self.random.choice(self.gone)
        elif flow.reliable and self.random.random() < 0.5:
            self.switch.closed(flow, self.now)
            self.drain()
            return
        self.switch.unreachable(flow, self.now)
        self.drain()

    def lose_a_connection(self) -> None:
        """A peer comes by another one from now on; of the former we hear that it is gone, now or later."""
        if self.connections:
            source = self.random.choice(sorted(self.connections))
            self.half_open.append(Flow(Transport.TCP, source, 0, self.connections.pop(source)))
        while self.half_open and self.random.random() < 0.6:
            flow = self.half_open.pop(self.random.randrange(len(self.half_open)))
            self.closed(flow)
            self.gone = [*self.gone[-5:], flow]

    def change_the_weather(self) -> None:
        self.journal.broken = self.random.random() < 0.2
        self.journal.saturated = self.random.random() < 0.1
        self.refuse_ports = self.random.random() < 0.2
        self.slow = self.random.random() < 0.3
        self.hosts = {CARRIER[0]: None} if self.random.random() < 0.2 else {}
        if not self.slow:
            self.settle()

    # How they say it.

    def phone(self, *usernames: str) -> Phone:
        username = self.random.choice(usernames or ("100", "101"))
        transport = self.random.choice((Transport.UDP, Transport.TCP))
        return Phone(self, username, self.random.choice((2, 3)), transport=transport)

    def target(self) -> str:
        return self.random.choice(("100", "101", "102", "103", "*43", "390612345", "nobody", "9001", "9002"))

    def replaces(self) -> str:
        """Often none; else a dialog that is there, or was, or never was."""
        found = self.pick(Response)
        if found is None or self.random.random() < 0.5:
            return ""
        response = found[0]
        tags = f"%3Bto-tag%3D{response.to.tag}%3Bfrom-tag%3D{response.from_.tag}"
        return f"?Replaces={response.call_id.replace('@', '%40')}{tags}"

    def picked(self) -> str:
        """Often none; else a Replaces of what rings by a lamp, or of what some dialog is."""
        calls, found = list(self.switch.calls), self.pick(Response)
        if calls and self.random.random() < 0.2:
            return f"Replaces: {self.random.choice(calls)};to-tag=ring;from-tag=ring\r\n"
        if found is None or self.random.random() < 0.9:
            return ""
        tags = [found[0].to.tag, found[0].from_.tag]
        self.random.shuffle(tags)
        return f"Replaces: {found[0].call_id};to-tag={tags[0] or 'x'};from-tag={tags[1] or 'x'}\r\n"

    def pick(self, kind: type[Request] | type[Response]) -> tuple[Any, Flow] | None:
        found = [item for item in self.log[-25:] if isinstance(item[0], kind)]
        return self.random.choice(found) if found else None

    def description(self) -> bytes:
        choices = (
            SDP,
            SDP,
            SDP,
            SDP,
            b"",
            SDP_MANY,
            SDP.replace(b"sendrecv", b"sendonly"),
            SDP.replace(b"0 8 ", b""),
            SDP[: SDP.index(b"m=")],
            SDP.replace(b"49172", b"0"),
            SDP.replace(b"c=IN IP4 127.0.0.2", b"c=IN IP4 0.0.0.0"),
        )
        body = self.random.choice(choices)
        return mutate(self.random, body, choices) if self.random.random() < 0.1 else body

    def say(
        self,
        method: str,
        source: tuple[str, int],
        uri: str,
        from_: str,
        to: str,
        *,
        call_id: str = "",
        number: int = 0,
        branch: str = "",
        transport: Transport = Transport.UDP,
    ) -> None:
        unique = next(self.numbers)
        number = number if number > 0 else unique
        # Some scripts have one branch for all that they say.
        branch = branch or f";branch=z9hG4bKn{self.random.choice((unique, unique, unique, 0))}"
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/{transport.value} {source[0]}:{source[1]}{branch}",
            f"From: {from_ or f'<sip:+3906{unique}@127.0.0.9>;tag=caller{unique}'}",
            f"To: {to}",
            f"Call-ID: {call_id or f'call{unique}'}",
            f"CSeq: {number} {method}",
            f"Max-Forwards: {self.random.choice((70, 70, 70, 1, 0))}",
        ]
        self.finish(lines, source, transport)

    def finish(self, lines: list[str], source: tuple[str, int], transport: Transport) -> None:
        random = self.random
        body = self.description()
        if lines[0].startswith("REFER"):
            lines.append(f"Refer-To: <sip:{self.target()}@demo.local{self.replaces()}>")
        elif lines[0].startswith("PRACK"):
            lines.append(f"RAck: {random.randrange(3)} {random.randrange(3)} INVITE")
        elif lines[0].startswith("SIP/2.0 18") and random.random() < 0.5:
            lines += ["Require: 100rel", f"RSeq: {random.choice((1, 1, 1, 2, 2, 3))}"]
        if random.random() < 0.9:
            lines.append(f"Contact: <sip:peer@{source[0]}:{source[1]}>")
        if random.random() < 0.1:
            lines.append("Record-Route: <sip:127.0.0.8;lr>, <sip:127.0.0.7>")
        if random.random() < 0.05:
            lines.append(
                random.choice(("Require: 100rel", "Reason: SIP;cause=200", "Supported: timer", "Expires: 1"))
            )
        if random.random() < 0.05:
            at = random.randrange(1, len(lines))
            lines[at] = lines[at].partition(":")[0] + ": " + random.choice(WORDS).decode("latin-1")
        if body:
            lines.append("Content-Type: application/sdp")
        lines.append(f"Content-Length: {len(body)}")
        data = "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body
        self.receive(data, source, transport)
        if random.random() < 0.05:
            self.receive(data, source, transport)

    # The end.

    def fall_silent(self) -> None:
        """Nobody says anything any more; then the node hangs up."""
        self.journal.broken = self.slow = self.refuse_ports = False
        self.settle()
        self.advance(QUIET)
        switch = self.switch
        assert not any(call.id not in switch.calls for call in switch._sessions._calls.values())
        assert all(call.answered_at for call in switch.calls.values()), "a call rings for ever"
        switch.hang_up_all("drained", self.now)
        self.drain()
        self.advance(LONGEST)  # a watcher that answered once may stay for so long
        self.advance(QUIET)
        self.settle()
        assert self.idle(), (switch.sessions, switch.calls, len(switch.agenda), len(switch.layer), self.legs)
        parts = (switch, switch._sessions)
        kept = {
            name: table for part in parts for name, table in vars(part).items() if isinstance(table, _TABLES)
        }
        assert not any(kept.values()), kept
        assert switch.layer.live == 0
        assert not len(switch.subscriptions) and not len(switch.subscriptions.lines)
        ids = [cdr.id for cdr in self.journal.cdrs]
        assert len(ids) == len(set(ids)), "a call has more than one CDR"
        assert {call.id for call in self.journal.calls} <= set(ids), "a call has no CDR"


_STEPS = (
    *[Neighbourhood.invite_from_the_carrier] * 4,
    *[Neighbourhood.dial_from_a_phone] * 2,
    Neighbourhood.register,
    Neighbourhood.register,
    Neighbourhood.watch_or_write,
    *[Neighbourhood.answer] * 8,
    *[Neighbourhood.speak_in_a_dialog] * 8,
    *[Neighbourhood.speak_as_the_callee] * 2,
    *[Neighbourhood.garble] * 3,
    Neighbourhood.repeat,
    *[Neighbourhood.report_from_audio] * 2,
    *[Neighbourhood.wait] * 4,
    *[Neighbourhood.answer_a_question] * 2,
    Neighbourhood.lose_a_path,
    *[Neighbourhood.lose_a_connection] * 2,
    Neighbourhood.change_the_weather,
)


def check_switch(data: bytes, random: Random) -> None:
    bench = Neighbourhood(random)
    for _ in range(random.choice((5, 20, 60))):
        bench.step()
    bench.fall_silent()


def check_garbage(data: bytes, random: Random) -> None:
    """One message that is nearly good, to a switch that knows nothing."""
    bench = Neighbourhood(random)
    bench.receive(data, random.choice(SOURCES), random.choice((Transport.UDP, Transport.TCP)))
    bench.fall_silent()


TARGETS = (
    Target("switch", (), check_switch, share=8),
    Target("garbage", (*MESSAGES, *TORTURE), check_garbage),
)
