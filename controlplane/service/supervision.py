"""Live calls under supervision, their recordings, and warm transfers, for operators."""

from collections.abc import Callable
from typing import TypeVar

from edge.call.call import Call
from edge.call.recording import Taping
from edge.call.supervision import Supervisions
from edge.call.supervisor import Mode, Supervisor
from edge.call.warm_transfer import transfer
from edge.command.table import running
from edge.directory import AccountId
from edge.error import Refusal

Json = dict[str, object]
Value = TypeVar("Value")
Act = Callable[[float], None]


class SupervisionService:
    def __init__(self, supervisions: Supervisions, do: Callable[[Act], None]) -> None:
        """Args: do: changes the switch, and carries out what it wants."""
        self._supervisions = supervisions
        self._do = do

    def show(self, account: str, call: str) -> Json | Refusal:
        found = self._supervisions.call(AccountId(account), call)
        return found if isinstance(found, Refusal) else self._shown(found)

    def begin(self, account: str, call: str, number: str, mode: str) -> Json | Refusal:
        found = self._supervisions.call(AccountId(account), call)
        if isinstance(found, Refusal):
            return found
        begun = self._now(lambda now: self._supervisions.begin(found, number, Mode(mode), now))
        return begun if isinstance(begun, Refusal) else _supervisor(begun)

    def change(self, account: str, call: str, number: str, mode: str) -> Json | Refusal:
        found = self._find(account, call, number)
        if isinstance(found, Refusal):
            return found
        refusal = self._now(lambda now: found.change(Mode(mode), now))
        return refusal or _supervisor(found)

    def end(self, account: str, call: str, number: str) -> Json | Refusal:
        found = self._find(account, call, number)
        if isinstance(found, Refusal):
            return found
        self._do(lambda now: self._supervisions.dismiss(found, now))
        return {"ended": found.id}

    def record(self, account: str, call: str, state: str) -> Json | Refusal:
        found = self._supervisions.call(AccountId(account), call)
        if isinstance(found, Refusal):
            return found
        refusal = self._now(lambda now: found.recording.turn(Taping(state), now))
        return refusal or self._shown(found)

    def transfer(self, account: str, call: str, to: str, briefing: str, *, confirm: bool) -> Json | Refusal:
        found = self._supervisions.call(AccountId(account), call)
        if isinstance(found, Refusal):
            return found
        refusal = self._now(lambda now: transfer(found, running, to, briefing, now, confirm=confirm))
        return refusal or {"call": found.id, "to": to}

    # Inside.

    def _now(self, act: Callable[[float], Value]) -> Value:
        made: list[Value] = []
        self._do(lambda now: made.append(act(now)))
        return made[0]

    def _find(self, account: str, call: str, number: str) -> Supervisor | Refusal:
        found = self._supervisions.call(AccountId(account), call)
        if isinstance(found, Refusal):
            return found
        for supervisor in self._supervisions.of(found):
            if number in (supervisor.id, supervisor.user.number):
                return supervisor
        why = f"{number[:64]} does not supervise this call"
        return Refusal(
            "no_such_supervisor", 404, why, "name one by number or by the id of the supervisor's own call"
        )

    def _shown(self, call: Call) -> Json:
        return {
            "call": call.id,
            "recording": {"state": call.recording.state.value, "keys": list(call.recording.keys)},
            "supervisors": [_supervisor(supervisor) for supervisor in self._supervisions.of(call)],
        }


def _supervisor(supervisor: Supervisor) -> Json:
    return {
        "id": supervisor.id,
        "number": supervisor.user.number,
        "mode": supervisor.mode.value,
        "answered": supervisor.answered_at is not None,
        "since": supervisor.started_at // 1000,
    }
