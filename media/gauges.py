"""What an engine tells of itself, and its ticks; plain data, which a worker sends once a second."""

from config.value import dataclass


@dataclass(frozen=True, slots=True)
class TickGauges:
    """The ticks of the last 20 s; times in ms."""

    ticks: int
    "Since start."
    stalls: int
    overruns: int
    late_p50: float
    late_p99: float
    late_max: float
    work_p50: float
    work_p99: float
    work_max: float
    share: float
    "Of a core that the ticks take now, 0 to 1 and above."


@dataclass(frozen=True, slots=True)
class VoiceGauges:
    """What the neural voice detector did since start; beginnings of speech, if nothing else is said."""

    vetoed: int = 0
    "It was no voice."
    late: int = 0
    "It had not answered in time, so the builtin detector's word stood."
    dropped: int = 0
    "Windows of 32 ms that found its queue full."


@dataclass(frozen=True, slots=True)
class EngineGauges:
    legs: int
    connected: int
    free_ports: int
    send_errors: int
    ticks: TickGauges
    voices: VoiceGauges
