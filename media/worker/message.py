"""What the daemon and an audio worker tell each other beside commands and events."""

from typing import Any

from config.value import dataclass
from media.gauges import EngineGauges
from media.port import Command, Event


@dataclass(frozen=True, slots=True)
class Setup:
    """The first thing that a worker hears."""

    limits: dict[str, Any]
    "Of `MediaLimits`."
    ports: tuple[int, int]
    "Its share of the RTP ports, first and last."
    speech: bool = False
    "The daemon has providers for agents that know text alone."
    voice_model: str = ""
    "Path of Silero's ONNX file."


@dataclass(frozen=True, slots=True)
class Stop:
    """Release what is left, write out recordings, and end."""


@dataclass(frozen=True, slots=True)
class Hello:
    """The worker is ready for commands."""

    nice: bool
    "It runs before others (nice −10)."


@dataclass(frozen=True, slots=True)
class WorkerGauges:
    engine: EngineGauges
    cpu_seconds: float
    "User and system time since it started."
    memory: int
    "Resident at most so far [bytes]."
    pause_max: float
    "Longest garbage collection of the last second [ms]."
    dropped: int
    "Events that found the channel to the daemon full."
    share: float
    "Of a core that audio takes now (`Ticker.audio`)."


@dataclass(frozen=True, slots=True)
class Beat:
    """Once a second: the worker's loop turns."""

    gauges: WorkerGauges


@dataclass(frozen=True, slots=True)
class Logged:
    """A line for the daemon's log."""

    level: int
    name: str
    text: str


ToWorker = Setup | Stop | Command
FromWorker = Hello | Beat | Logged | Event
