"""An agent plane on a hand clock, with a scripted line instead of a socket."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from config.schema import MediaLimits
from media.agent.contract import Buffer
from media.agent.plane import ALONE, AgentPlane, Means
from media.agent.second_opinion import Judges
from media.agent.socket import Listener
from media.codec.g711 import LINEAR_TO_ULAW
from media.port import AgentSpec, AttachAgent, Event, LegId, SendDigits
from media.silero import Silero

TICK = 0.02
Pcm = NDArray[np.int16]


@dataclass
class FakeLine:
    """Takes what is sent; `listener` speaks for the agent."""

    listener: Listener
    spec: AgentSpec
    subprotocol: str | None
    sent: list[str | bytes] = field(default_factory=list)
    congested: bool = False
    closed_with: int | None = None
    abandoned: bool = False
    binary: Callable[[Buffer], None] = field(init=False)

    def __post_init__(self) -> None:
        self.binary = lambda data: self.sent.append(bytes(data))

    def text(self, message: str) -> None:
        self.sent.append(message)

    def close(self, code: int) -> None:
        self.closed_with = code

    def abandon(self) -> None:
        self.abandoned = True

    def take(self) -> list[str | bytes]:
        sent, self.sent[:] = self.sent[:], []
        return sent

    def take_text(self) -> list[str]:
        return [message for message in self.take() if isinstance(message, str)]


class Bench:
    """A plane whose time goes by in ticks of 20 ms; every slot is in the same phase group."""

    def __init__(
        self,
        slots: int = 4,
        limits: MediaLimits | None = None,
        release: float = 0.0,
        means: Means = ALONE,
        judge: Callable[[str, int, int], Judges] = Silero,
    ) -> None:
        self.now = 100.0
        self.events: list[Event] = []
        self.digits: list[SendDigits] = []
        self.lines: list[FakeLine] = []
        stream = itertools.count(1)
        self.plane = AgentPlane(
            slots,
            limits or MediaLimits(),
            self.events.append,
            lambda: self.now,
            release=release,
            dial=self._dial,
            means=means,
            send_digits=self.digits.append,
            token=lambda size: f"{next(stream):0{size * 2}x}",
            judge=judge,
        )

    def _dial(self, spec: AgentSpec, subprotocol: str | None, listener: Listener) -> FakeLine:
        line = FakeLine(listener, spec, subprotocol)
        self.lines.append(line)
        return line

    def dial(
        self, slot: int = 0, dialect: str = "tandem", sample_rate: int = 8000, **spec: object
    ) -> FakeLine:
        """Attach an agent whose socket is not open yet."""
        agent = AgentSpec("bot", dialect, "ws://bot/", sample_rate=sample_rate, **spec)  # type: ignore[arg-type]
        command = AttachAgent(
            LegId(f"leg-{slot}"), agent, "call-1", "acc_demo", (("from", "1001"), ("to", "9000"))
        )
        self.plane.attach(slot, command, self.now)
        return self.lines[-1]

    def attach(
        self, slot: int = 0, dialect: str = "tandem", sample_rate: int = 8000, **spec: object
    ) -> FakeLine:
        """Attach an agent, open its socket and forget the greetings."""
        line = self.dial(slot, dialect, sample_rate, **spec)
        line.listener.opened(line)
        line.take()
        self.events.clear()
        return line

    def speak(self, *slots: int) -> tuple[Pcm, NDArray[np.bool_]]:
        """One tick of playout."""
        self.now += TICK
        return self.plane.speak(np.array(slots or (0,), np.int32), self.now)

    def hear(self, pcm: Pcm, *slots: int) -> None:
        """One tick of the callers; pcm (k, 160)."""
        ulaw = LINEAR_TO_ULAW[pcm.view(np.uint16)]
        self.plane.hear(np.array(slots or (0,), np.int32), pcm, ulaw, self.now)

    def take_events(self) -> list[Event]:
        events, self.events[:] = self.events[:], []
        return events


def ramp(samples: int, start: int = 1000) -> Pcm:
    """Distinct loud samples, so that a test can tell which ones were played."""
    return (start + np.arange(samples) % 20_000).astype(np.int16)
