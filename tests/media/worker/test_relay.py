"""Bots' sockets between daemon and worker, joined without a channel."""

from typing import Any

from config.schema import MediaLimits
from media.agent.contract import Buffer
from media.agent.plane import AgentPlane, Means
from media.agent.socket import Listener
from media.port import AgentSpec, AttachAgent, LegId
from media.worker.channel import decode, encode
from media.worker.relay import Gate, Over, Relayed, Wanted

SPEC = AgentSpec("bot", "tandem", "inbound:acc/bot")


class Bot:
    """The daemon's side of a bot's socket, as a `Call` and a `Line`."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.congested = False
        self.heard: list[Any] = []
        self.code = 0

    def binary(self, data: Buffer) -> None:
        self.heard.append(bytes(data))

    def text(self, message: str) -> None:
        self.heard.append(message)

    def close(self, code: int) -> None:
        self.code = code

    def abandon(self) -> None:
        self.code = -1


class Ear:
    """What a call in the worker is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.line: Any = None

    def opened(self, line: Any) -> None:
        self.line = line

    def received_text(self, text: Buffer) -> None:
        self.told.append(bytes(text).decode())

    def received_binary(self, data: Buffer) -> None:
        self.told.append(bytes(data))

    def closed(self, reason: str) -> None:
        self.told.append(("closed", reason))

    def failed(self, reason: str, detail: str) -> None:
        self.told.append((reason, detail))


class Pair:
    def __init__(self) -> None:
        self.bots: list[Bot] = []
        self.gate = Gate(self._dial, lambda message: self.far.received(_wire(message)))
        self.far = Relayed(lambda message: self.gate.received(_wire(message)))
        self.ear = Ear()
        self.call = self.far(SPEC, None, self.ear)

    def _dial(self, spec: AgentSpec, subprotocol: str | None, listener: Listener) -> Bot:
        assert spec == SPEC and subprotocol is None
        self.bots.append(Bot(listener))
        return self.bots[-1]

    def open(self) -> Bot:
        self.bots[0].listener.opened(self.bots[0])
        return self.bots[0]


def _wire(message: Any) -> Any:
    return decode(encode(message)[4:])


def test_text_and_audio_go_both_ways_and_a_bot_that_does_not_read_gets_no_audio() -> None:
    pair = Pair()
    bot = pair.open()
    pair.ear.line.text("start")
    pair.ear.line.binary(memoryview(b"abc"))
    bot.congested = True
    pair.ear.line.binary(b"lost")
    pair.ear.line.text("kept")
    assert bot.heard == ["start", b"abc", "kept"]
    bot.listener.received_binary(memoryview(b"xyz"))
    bot.listener.received_text(b"mark")
    assert pair.ear.told == [b"xyz", "mark"]


def test_either_side_may_end_it_and_nothing_is_kept() -> None:
    pair = Pair()
    pair.open().listener.closed("bye")
    assert pair.ear.told == [("closed", "bye")]
    pair = Pair()
    pair.open().listener.failed("closed", "broken")
    assert pair.ear.told == [("closed", "broken")]
    pair.ear.line.close(1000)
    pair = Pair()
    bot = pair.open()
    pair.ear.line.close(1008)
    bot.listener.received_text(b"late")
    bot.listener.closed("late")
    assert bot.code == 1008 and pair.ear.told == []
    pair = Pair()
    pair.call.abandon()
    assert pair.bots[0].code == -1 and not len(pair.far) and not len(pair.gate)


def test_a_worker_that_dies_hangs_up_its_bots() -> None:
    pair = Pair()
    bot = pair.open()
    pair.gate.close()
    assert bot.code == 1001 and not len(pair.gate)


def test_a_plane_whose_calls_are_all_over_still_asks_the_daemon() -> None:
    """An empty `Relayed` is one all the same."""
    told: list[Any] = []
    relayed = Relayed(told.append)
    plane = AgentPlane(1, MediaLimits(), told.append, lambda: 0.0, means=Means(relayed))
    plane.attach(0, AttachAgent(LegId("c/1"), SPEC, "c", "acc"), 0.0)
    assert [type(message) for message in told] == [Wanted]


def test_a_daemon_that_no_bot_can_dial_says_so() -> None:
    told: list[Any] = []
    gate = Gate(None, told.append)
    gate.received(Wanted(3, SPEC, None))
    assert told == [Over(3, "refused", "no bot can dial this daemon")] and not len(gate)
