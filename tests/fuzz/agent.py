"""What comes from agents, in every dialect: actions that keep their promises, and a call that goes on."""

import json
from collections.abc import Callable
from random import Random
from typing import get_args

import numpy as np

from config.schema import MediaLimits
from edge.directory import Agent, Target, Tool
from edge.flow.command import Fetch
from edge.question import Look
from media import port
from media.agent.contract import Action, Context, Dialect, Note, Say, ToolCall, Transcript
from media.agent.dialect.plain import TEXT_CHARACTERS, TOOL_CHARACTERS
from media.agent.dialect.table import DIALECTS
from media.agent.effect import Finish, Redial, Relane, Send, Utter
from media.agent.playout import Playout
from media.agent.redact import SHOWN
from media.agent.session import Session
from media.agent.turn import Floor
from media.port import AgentOptions, AgentSpec, AttachAgent, Interruption, LegId
from tests.fuzz.mistake import VALUES, mistaken
from tests.fuzz.mutation import mutate
from tests.fuzz.target import Target as Fuzzed
from tests.support.directory import ACC, FakeDirectory
from tests.support.edge import Bench, Phone, final
from tests.support.said import SAYS

LIMITS = MediaLimits(marks=4, agent_traced=50, agent_queue=1.0)
ROW = np.array([0], np.int32)
TICK = 0.02
ALL = ("hangup", "dtmf", "hold", "mute", "play", "transfer", "record", "set")
WAYS = (("", ""), ("telnyx", ""), ("signalwire", "pcm"), ("json", "pcm"), ("plain", "ulaw"))
"Variants and audio: a dialect ignores what is not its own."


def settings(random: Random) -> tuple[str, AgentOptions]:
    """A dialect and its agent's settings."""
    variant, audio = random.choice(WAYS)
    options = AgentOptions(
        variant=variant,
        audio=audio,
        greeting=random.choice(("", "Say hello.")),
        reconnect=random.random() < 0.5,
        first_audio_timeout=random.choice((0.0, 0.5)),
        allow=tuple(word for word in ALL if random.random() < 0.8),
        interruption=Interruption(reversible=random.random() < 0.5, grace=random.choice((0.0, 0.1))),
        call_tools=random.random() < 0.5,
    )
    return random.choice(sorted(DIALECTS)), options


def made(name: str, options: AgentOptions) -> Dialect:
    rate = 16_000 if options.audio == "pcm" else 8_000
    context = Context("call-1", "acc_demo", rate, {"from": "100"}, options)
    return DIALECTS[name](context, lambda n: "0" * (2 * n))


def said(random: Random, name: str) -> bytes:
    """A message of an agent, as it is, with a mistake in its fields, or with edits of its bytes."""
    messages = SAYS[name]
    message = random.choice(messages)
    if name == "asterisk" and random.random() < 0.5:
        return worded(random, [str(value) for value in message.values()])
    match random.randrange(4):
        case 0:
            return json.dumps(message).encode()
        case 1:
            words = [json.dumps(other).encode() for other in messages]
            return mutate(random, json.dumps(message).encode(), words)
        case _:
            return mistaken(random, message, messages)


def worded(random: Random, words: list[str]) -> bytes:
    """A command as Asterisk writes it, in words; mostly with a mistake in one or between them."""
    if len(words) > 1 and random.random() < 0.5:
        words[1] = f"correlation_id:{words[1]}"
    at = random.randrange(len(words) + 1)
    match random.randrange(6):
        case 0:
            words[at:at] = [str(random.choice(VALUES))]
        case 1:
            words[at : at + 1] = [
                random.choice(("", "get_status", "MARK_MEDIA", "correlation_id:", "x" * 5_000))
            ]
        case 2:
            words[at:at] = words
        case 3:
            return (
                random.choice(("", "\t", "\n", "\0", ": ", " {")).join(words).encode(errors="surrogatepass")
            )
    return " ".join(words).encode(errors="surrogatepass")


def check_actions(dialect: Dialect, actions: list[Action]) -> None:
    for action in actions:
        match action:
            case Say():
                assert len(action.audio) % dialect.speaks.sample_bytes == 0
            case Transcript():
                assert len(action.text) <= TEXT_CHARACTERS
            case ToolCall():
                assert max(len(action.call), len(action.name)) <= TOOL_CHARACTERS
                assert isinstance(action.arguments, str)
            case Note():
                assert len(action.kind) <= 64
            case _:
                assert isinstance(action, get_args(Action))


def check_bytes(data: bytes, random: Random) -> None:
    """The same bytes to every dialect."""
    for name in DIALECTS:
        dialect = made(name, AgentOptions())
        for receive in (dialect.receive_text, dialect.receive_binary):
            check_actions(dialect, receive(data))
        check_actions(dialect, dialect.receive_binary(b"x"))


def check_fields(data: bytes, random: Random) -> None:
    """Mistakes in the fields of every dialect's own messages."""
    for name in DIALECTS:
        dialect = made(name, AgentOptions())
        for _ in range(random.randrange(1, 4)):
            receive = dialect.receive_binary if name == "gemini" else dialect.receive_text
            check_actions(dialect, receive(said(random, name)))
        for message in [*dialect.open(), *(dialect.resume() or [])]:
            assert isinstance(message, str) and message.encode()


class Talk:
    """A session between ticks; what it asks of the call is given to `told`."""

    def __init__(self, random: Random, leg: LegId, told: Callable[[port.Event], None]) -> None:
        self.random = random
        self.name, options = settings(random)
        self.dialect = made(self.name, options)
        self.playout = Playout(1, self.dialect.speaks, LIMITS.marks)
        self.floor = Floor(1)
        agent = AgentSpec("demo", self.name, "ws://bot/", barge_in=random.random() < 0.7, options=options)
        command = AttachAgent(leg, agent, "call-1", "acc_demo")
        self.now = 10.0
        self.told = told
        self.traced = 0
        self.session = Session(0, command, self.dialect, self.playout, self.floor, LIMITS, 0.0, self.now)
        self.session.opened(self.now)
        self.drain()

    def step(self) -> None:
        random, session, now = self.random, self.session, self.now
        match random.randrange(12):
            case 0 | 1 | 2 | 3:
                session.receive_text(said(random, self.name), now)
            case 4:
                session.receive_binary(random.randbytes(random.choice((0, 1, 320, 321, 5_000, 40_000))), now)
            case 5:
                session.receive_binary(said(random, self.name), now)
            case 6:
                session.caller_started(now)
            case 7:
                session.caller_stopped(now)
            case 8:
                session.digit("5", 100, now)
            case 9:
                result = random.choice(("{}", "[" * 2_000, '{"a":' * 300 + "1" + "}" * 300, "12:00", ""))
                session.tell(port.ToolResult("call-1", result, random.random() < 0.5))
            case 10 if random.random() < 0.2:
                session.failed("closed", "broke", now)
            case _:
                self.pass_time()
        self.drain()
        assert 0 <= self.playout.queued(0) <= (LIMITS.agent_queue + 0.1) * self.dialect.speaks.rate

    def pass_time(self) -> None:
        session = self.session
        for _ in range(self.random.randrange(20)):
            self.now += TICK
            taken = self.playout.take(ROW, self.now)
            if self.floor.hear(ROW, taken.frames, taken.fading, self.now):
                session.started(self.now)
            if taken.due:
                session.marks_reached()
            if taken.was[0] and not taken.play[0]:
                session.dry(self.now)
            self.drain()
            if (at := session.next_timer_at()) is not None and at <= self.now:
                session.handle_timer(self.now)

    def drain(self) -> None:
        """Do what the plane does."""
        session = self.session
        for _ in range(100):
            if not session.pending:
                return
            for effect in session.take_effects():
                match effect:
                    case Send(message):
                        self.check_sent(message)
                    case Redial():
                        session.opened(self.now)
                    case Relane():
                        self.playout = Playout(1, self.dialect.speaks, LIMITS.marks)
                        session.adopt(self.playout, self.now)
                    case Utter(_, item):
                        session.spoken(item, bytes(640), 20, self.now)
                    case Finish(reason):
                        session.finished(reason, self.now)
                    case port.AgentMessage():
                        self.traced += 1
                        assert len(effect.kind) <= 64 and self.traced <= LIMITS.agent_traced
                        assert len(effect.detail) <= SHOWN + 1 + TEXT_CHARACTERS + 2
                    case _ if isinstance(effect, get_args(port.Event)):
                        self.told(effect)
        raise AssertionError("the session goes on asking")

    def check_sent(self, message: str | bytes) -> None:
        if isinstance(message, str) and (self.name != "asterisk" or message.startswith("{")):
            assert isinstance(json.loads(message), dict) and message.encode()

    def end(self) -> None:
        self.session.hang_up(self.now)
        self.drain()
        assert self.playout.queued(0) == 0


def check_session(data: bytes, random: Random) -> None:
    """A whole conversation: texts and audio of the agent between ticks, speech and keys of the caller."""
    talk = Talk(random, LegId("leg"), lambda event: None)
    for _ in range(random.randrange(40)):
        talk.step()
    talk.end()


def check_call(data: bytes, random: Random) -> None:
    """The same with the call behind it, which does what the agent asks."""
    directory = FakeDirectory()
    for number in ("1001", "1002"):
        directory.add_user(number)
    for name in ("demo", "sales"):
        directory.agents[name] = Agent(ACC, name, "tandem", "ws://h", (), 8_000, True, 5.0)
    schema = {"type": "object", "properties": {"zone": {"type": "string", "maxLength": 5}}}
    directory.tools["clock"] = Tool("clock", "https://h/clock", schema, (), 10.0)
    directory.prompts["welcome"] = "/prompts/welcome.wav"
    directory.extensions["9000"] = Target("agent", "demo")
    bench = Bench(directory)
    alice = Phone(bench, "1001")
    alice.ack(final(alice.dial("9000")))
    (call,) = bench.switch.calls.values()
    talk = Talk(random, call.leg.id, bench.media)
    for _ in range(random.randrange(20)):
        talk.step()
        for ask in bench.asked[:]:
            if isinstance(ask.question, Look) and isinstance(ask.question.fetch, Fetch):
                bench.asked.remove(ask)
                reply = {"status": random.choice((200, 500)), "body": random.choice(VALUES), "error": ""}
                bench.switch.told(ask.token, reply, bench.now)
                bench.drain()
    talk.end()
    alice.bye()
    assert bench.idle


SEEDS = tuple(json.dumps(message).encode() for messages in SAYS.values() for message in messages)
TARGETS = (
    Fuzzed("agent", SEEDS, check_bytes),
    Fuzzed("agent_fields", (), check_fields),
    Fuzzed("session", (), check_session),
    Fuzzed("agent_call", (), check_call),
)
