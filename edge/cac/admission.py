"""Call admission control: a counter is the set of live calls that took it.

So a counter cannot go negative or leak past its calls, releasing twice is harmless, and what
a call gives back is exactly what it took. One call to `admit` decides on all scopes at once:
either every one of them is taken or none.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from edge.error import Refusal
from edge.journal import CallId


@dataclass(frozen=True, slots=True)
class Scope:
    """Something with a number of channels."""

    kind: str
    "account_in, account_out, user, did or trunk."
    id: str
    limit: int | None
    "None: unlimited, but counted."


_REFUSALS = {
    "account_in": ("account_limit", 503, "limits.max_in of the account"),
    "account_out": ("account_limit", 503, "limits.max_out of the account"),
    "user": ("user_busy", 486, "max_simultaneous of the user"),
    "did": ("did_busy", 486, "max_channels of the DID"),
    "trunk": ("trunk_limit", 503, "max_channels of the trunk"),
}


class Admissions:
    def __init__(self) -> None:
        self._holders: dict[tuple[str, str], set[CallId]] = {}
        self._taken: dict[CallId, list[tuple[str, str]]] = {}

    def admit(self, call: CallId, scopes: Sequence[Scope]) -> Refusal | None:
        """Take every scope for `call`, or none and say which was full. A repeat takes nothing twice."""
        for scope in scopes:
            held = self._holders.get((scope.kind, scope.id), ())
            if scope.limit is not None and len(held) >= scope.limit and call not in held:
                code, status, setting = _REFUSALS[scope.kind]
                return Refusal(
                    code,
                    status,
                    f"{scope.kind} {scope.id} already has {len(held)} of {scope.limit} calls",
                    f"wait for a call to end or raise {setting}",
                    retry_after=10 if status == 503 else None,
                )
        taken = self._taken.setdefault(call, [])
        for scope in scopes:
            holders = self._holders.setdefault((scope.kind, scope.id), set())
            if call not in holders:
                holders.add(call)
                taken.append((scope.kind, scope.id))
        return None

    def release(self, call: CallId) -> None:
        """Give back what `call` took; nothing when it holds nothing."""
        for key in self._taken.pop(call, ()):
            holders = self._holders[key]
            holders.discard(call)
            if not holders:
                del self._holders[key]

    def count(self, kind: str, id: str) -> int:
        return len(self._holders.get((kind, id), ()))

    def __len__(self) -> int:
        """Calls that hold something."""
        return len(self._taken)
