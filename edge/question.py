"""Questions to the control plane that take their time: texts to be spoken, HTTP and mailboxes to be asked.

::

    a command ── ask(question, then) ─▶ effect Ask(question, token) ─▶ control plane
    a command ◀── then(reply, now) ──── told(token, reply, now) ◀──────────┘

Nobody waits: the call goes on, and a reply that comes when it is over is dropped by who asked.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from config.value import dataclass
from edge.directory import AccountId
from edge.flow.command import Consult, Fetch, Pledge
from edge.flow.value import Value

Reply: TypeAlias = Mapping[str, Value]
Then: TypeAlias = Callable[[Reply, float], None]


@dataclass(frozen=True, slots=True)
class Speak:
    """Make a WAV of a text. Reply: `path`, absent when it cannot be spoken."""

    text: str
    voice: str
    account: str = ""
    "Whose speech provider speaks; empty: the offline one."


@dataclass(frozen=True, slots=True)
class Look:
    """What a flow looks up while its caller waits. Reply: `status` (0: no answer), and what was found."""

    account: AccountId
    fetch: Fetch | Consult | Pledge
    trusted: bool = True
    "The URL is the operator's own, which may lead to private addresses."
    call: str = ""
    "For which call, so that the service can be told."


Question = Speak | Look


@dataclass(frozen=True, slots=True)
class Ask:
    """Answer by `Switch.told(token, reply, now)`, once."""

    question: Question
    token: int


class Questions:
    """Those that wait for their reply; bounded by the calls that ask, each one at a time."""

    def __init__(self, emit: Callable[[Ask], None]) -> None:
        self._emit = emit
        self._waiting: dict[int, Then] = {}
        self._token = 0

    def ask(self, question: Question, then: Then) -> None:
        self._token += 1
        self._waiting[self._token] = then
        self._emit(Ask(question, self._token))

    def told(self, token: int, reply: Reply, now: float) -> None:
        self._waiting.pop(token)(reply, now)

    def __len__(self) -> int:
        return len(self._waiting)
