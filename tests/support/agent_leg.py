"""One agent on one leg, on a hand clock."""

import json

import numpy as np

from config.schema import MediaLimits
from media.agent.contract import (
    Action,
    Away,
    Context,
    Encoding,
    Fail,
    Formats,
    Interrupt,
    Message,
    Ready,
    Say,
)
from media.agent.dialect.tandem import Tandem
from media.agent.effect import Send
from media.agent.playout import Playout
from media.agent.session import Session
from media.agent.turn import Floor
from media.port import (
    AgentMessage,
    AgentOptions,
    AgentSpec,
    AgentTurn,
    AttachAgent,
    Interruption,
    LegId,
)
from tests.support.agent import TICK, ramp

ROW = np.array([0], np.int32)


LEG = LegId("leg-1")


class Named(Tandem):
    """Tandem whose utterances have names, as those of speech-to-speech vendors do."""

    item = ""

    def receive_binary(self, data: bytes | bytearray | memoryview) -> list[Say]:  # type: ignore[override]
        return [Say(data, self.item)]

    def interrupted(self, item: str, item_ms: int, played_ms: int, dropped_ms: int) -> list[Message]:
        return [f"truncate {item} at {item_ms}"]


class Leg:
    def __init__(
        self,
        *,
        barge_in: bool = True,
        limits: MediaLimits | None = None,
        opened: bool = True,
        options: AgentOptions | None = None,
    ) -> None:
        limits = limits or MediaLimits()
        self.now = 10.0
        self.dialect = Named(Context("call-1", "acc_demo", 8000, {}))
        self.playout = Playout(1, self.dialect.speaks, limits.marks)
        self.floor = Floor(1)
        agent = AgentSpec("bot", "tandem", "ws://bot/", barge_in=barge_in, options=options or AgentOptions())
        command = AttachAgent(LEG, agent, "call-1", "acc_demo")
        self.session = Session(0, command, self.dialect, self.playout, self.floor, limits, 0.0, self.now)
        if opened:
            self.session.opened(self.now)
            self.session.take_effects()

    def say(self, milliseconds: int, item: str = "") -> None:
        self.dialect.item = item
        self.session.receive_binary(ramp(8 * milliseconds).tobytes(), self.now)

    def text(self, **message: object) -> None:
        self.session.receive_text(json.dumps(message).encode(), self.now)

    def play(self, milliseconds: int) -> None:
        for _ in range(milliseconds // 20):
            self.now += TICK
            taken = self.playout.take(ROW, self.now)
            if self.floor.hear(ROW, taken.frames, taken.fading, self.now):
                self.session.started(self.now)
            if taken.due:
                self.session.marks_reached()
            if taken.was[0] and not taken.play[0]:
                self.session.dry(self.now)

    def effects(self) -> list[object]:
        """What it asks for, but for the trace."""
        return [
            effect
            for effect in self.session.take_effects()
            if not isinstance(effect, AgentMessage | AgentTurn)
        ]


def message(**fields: object) -> Send:
    return Send(json.dumps(fields, separators=(",", ":")))


class Resumable(Named):
    """Tandem that can go on, waits for a word before it listens, and may change its audio."""

    waits = True

    def receive_text(self, text: bytes | bytearray | memoryview) -> list[Action]:
        match json.loads(bytes(text)).get("type"):
            case "ready":
                return [Ready()]
            case "formats":
                self.speaks = Encoding.PCM_16000
                return [Formats()]
            case "heard":
                return [Interrupt()]
            case "away":
                return [Away()]
            case "fatal":
                return [Fail("no such model")]
        return super().receive_text(text)


def leg_of(dialect: type[Named], **options: object) -> Leg:
    leg = Leg(opened=False)
    leg.dialect = dialect(Context("call-1", "acc_demo", 8000, {}))
    spec = AgentSpec("bot", "tandem", "ws://bot/", options=AgentOptions(**options))  # type: ignore[arg-type]
    command = AttachAgent(LEG, spec, "call-1", "acc_demo")
    leg.session = Session(0, command, leg.dialect, leg.playout, leg.floor, MediaLimits(), 0.0, leg.now)
    leg.session.opened(leg.now)
    leg.session.take_effects()
    return leg


def reversible(**fields: object) -> Leg:
    policy = Interruption(reversible=True, **fields)  # type: ignore[arg-type]
    return Leg(options=AgentOptions(interruption=policy))
