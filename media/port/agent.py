"""How to reach and treat an AI agent, and what it is told from the call."""

from dataclasses import field

from config.value import dataclass


@dataclass(frozen=True, slots=True)
class Interruption:
    """How the caller interrupts an agent, where it may at all (`media.agent.barge_in`)."""

    reversible: bool = False
    "Pause at first speech, and go on unless it is confirmed."
    confirm: tuple[str, ...] = ("duration", "words", "agent")
    "Any of these makes an interruption of a pause."
    confirm_after: float = 0.6
    "Voice of so long [s]."
    words: int = 2
    "So many words of the caller in the agent's transcript."
    decide_within: float = 3.0
    "Longest pause while the caller speaks [s]."
    grace: float = 0.0
    "So long after a turn of the agent began it is not interrupted [s]."
    digits: bool = False
    "A key press interrupts."
    echo_guard: bool = True
    "The agent's own echo does not interrupt it."
    neural: bool = False
    "Only what a neural network takes for a voice too is speech (`media.agent.second_opinion`)."


@dataclass(frozen=True, slots=True)
class AgentOptions:
    """What some dialects need and others ignore."""

    variant: str = ""
    "Of `twilio`: `telnyx` or `signalwire`; of `asterisk`: `plain` (text control) or `json`."
    audio: str = ""
    "`ulaw` or `pcm`, where the dialect lets us choose; empty: its own choice."
    model: str = ""
    greeting: str = ""
    "What a vendor's agent says first, or is told to; empty: as its own settings have it."
    session: str = field(default="{}", repr=False)  # tools in it may hold keys
    "A JSON object that is put into the vendor's own settings."
    first_audio_timeout: float = 0.0
    "The agent fails when it is silent so long after the socket is open [s]; 0: it may be."
    reconnect: bool = False
    "Dial once more when the socket breaks, where the dialect can resume."
    allow: tuple[str, ...] = ("hangup", "dtmf", "hold", "mute", "play")
    "What the agent may ask of its call."
    interruption: Interruption = Interruption()
    tools: str = "[]"
    "Told to the vendor: a JSON list of name, description and parameters (JSON Schema)."
    language: str = "en-US"
    "That callers speak and hear, of agents that know text alone."
    call_tools: bool = False
    "Control of the call is offered as tools (`media.agent.toolbox`)."


@dataclass(frozen=True, slots=True)
class AgentSpec:
    """How to reach and treat one AI agent (`agents:` in the YAML)."""

    name: str
    dialect: str
    url: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # may hold keys
    sample_rate: int = 8000
    "Of the audio on the socket [Hz], where the dialect leaves it open: 8000, 16000 or 24000."
    barge_in: bool = True
    connect_timeout: float = 5.0
    "[s]"
    max_queue: float = 60.0
    "Agent audio kept for playout at most [s]; what comes beyond is dropped and counted."
    options: AgentOptions = field(default_factory=AgentOptions)
    trusted: bool = True
    "May be reached at private addresses."


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What the tool call `call` of an `AgentToolCall` gave."""

    call: str
    result: str
    "Text, JSON as a rule."
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """An `AgentAsked` was carried out, or refused because of `error`."""

    number: int
    error: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """Text for the agent that nobody spoke: a briefing, what an operator typed."""

    text: str
