"""Flow recovery: on which connection a phone is that has lost one (RFC 5626 §4.5, RFC 7118 §5).

Its calls and subscriptions go on: a request inside them goes by the connection on which the phone has
registered again since, as far as it is for the Contact that was registered on the lost one. Nobody but the
user who had registered there can have it go elsewhere.
"""

from typing import Final, TypeAlias, TypeVar

from edge.directory import AccountId
from edge.journal import Binding
from edge.sip.flow import Flow
from edge.sip.grammar import Malformed
from edge.sip.uri import Uri

K = TypeVar("K")
V = TypeVar("V")

_Target: TypeAlias = tuple[str, str | None, str, int | None]
"Flow, and user, host and port of a Contact: its parameters may differ from request to request."
_STEPS: Final = 8
"Connections lost one after another by a phone in one call."


class Recovery:
    def __init__(self, limit: int) -> None:
        """Args: limit: lost connections remembered; beyond it the oldest is forgotten."""
        self._limit = limit
        self._lost: dict[tuple[AccountId, str, str], _Target] = {}
        "By account, address of record and device."
        self._next: dict[_Target, Flow] = {}

    def __len__(self) -> int:
        return len(self._lost) + len(self._next)

    def lost(self, binding: Binding) -> None:
        """A phone is reached no more, or elsewhere, than by the connection of `binding`."""
        target = _target(binding.flow, binding.contact)
        if target is not None:
            _remember(self._lost, _device(binding), target, self._limit)

    def back(self, binding: Binding) -> None:
        """A phone has registered."""
        target = self._lost.pop(_device(binding), None) if self._lost else None
        if target is not None and target[0] != binding.flow:
            _remember(self._next, target, Flow.parse(binding.flow), self._limit)

    def of(self, flow: Flow, uri: Uri) -> Flow | None:
        """Where the phone is that had `uri` for its Contact on `flow`; None: not known to be elsewhere."""
        found = None
        for _ in range(_STEPS if self._next else 0):
            following = self._next.get((str(found or flow), uri.user, uri.host, uri.port))
            if following is None:
                break
            found = following
        return found


def _device(binding: Binding) -> tuple[AccountId, str, str]:
    return binding.account, binding.aor, binding.instance or binding.contact


def _target(flow: str, contact: str) -> _Target | None:
    try:
        uri = Uri.parse(contact)
    except Malformed:
        return None
    return flow, uri.user, uri.host, uri.port


def _remember(kept: dict[K, V], key: K, value: V, limit: int) -> None:
    kept.pop(key, None)
    if len(kept) >= limit:
        del kept[next(iter(kept))]
    kept[key] = value
