"""What the switch asks of the world and waits for: what must be on disk, and the servers of a URI.

::

    promise(changes, then) ─▶ effect Promise(changes, token) ─▶ committed(token, ok, now) ─▶ then(ok, now)
    resolve(uri, then) ─────▶ effect Resolve(uri, token) ─────▶ resolved(token, …, now) ──▶ then(…, now)
"""

from collections.abc import Callable

from config.value import dataclass
from edge.journal import Change
from edge.sip.locate import Located
from edge.sip.uri import Uri


@dataclass(frozen=True, slots=True)
class Promise:
    """Write `changes`, then tell `Switch.committed` of (token, ok)."""

    changes: tuple[Change, ...]
    token: int


@dataclass(frozen=True, slots=True)
class Resolve:
    """Find the servers of `uri` (RFC 3263), then call `Switch.resolved(token, located, now)`."""

    uri: Uri
    token: int


class Awaited:
    """Each is answered once; bounded by the calls, registrations and trunks that ask."""

    def __init__(self, emit: Callable[[Promise | Resolve], None]) -> None:
        self._emit = emit
        self._promises: dict[int, Callable[[bool, float], None]] = {}
        self._lookups: dict[int, Callable[[Located, float], None]] = {}
        self._token = 0

    def __len__(self) -> int:
        return len(self._promises) + len(self._lookups)

    def promise(self, changes: tuple[Change, ...], then: Callable[[bool, float], None]) -> None:
        self._token += 1
        self._promises[self._token] = then
        self._emit(Promise(changes, self._token))

    def committed(self, token: int, ok: bool, now: float) -> None:
        self._promises.pop(token)(ok, now)

    def resolve(self, uri: Uri, then: Callable[[Located, float], None]) -> None:
        self._token += 1
        self._lookups[self._token] = then
        self._emit(Resolve(uri, self._token))

    def resolved(self, token: int, located: Located, now: float) -> None:
        self._lookups.pop(token)(located, now)
