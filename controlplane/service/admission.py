"""Channels and rate windows for operators, and the audit that compares them with live calls (S004-57…61)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Final, Protocol

import structlog

from edge.cac.admission import Admissions
from edge.call.call import Call
from edge.directory import Account, AccountId, Directory
from edge.journal import CallId, Journal, TraceEvent
from edge.outside.calls import OutsideCalls
from edge.routing.route import Route

AUDIT_INTERVAL: Final = 60.0
"Counters are compared with live calls this often [s]."

_log = structlog.get_logger(__name__)

Json = dict[str, object]


class Handle(Protocol):
    def cancel(self) -> None: ...


class Clock(Protocol):
    def time(self) -> float: ...
    def call_later(self, delay: float, callback: Callable[[], object], /) -> Handle: ...


@dataclass(frozen=True, slots=True)
class _Live:
    id: CallId
    sip_call_id: str
    route: Route
    caller: str
    callee: str
    started_at: int


class AdmissionService:
    def __init__(
        self,
        admissions: Admissions,
        calls: Mapping[CallId, Call],
        outside: OutsideCalls,
        directory: Directory,
        journal: Journal,
        clock: Clock,
        wall: Callable[[float], int],
    ) -> None:
        self._admissions = admissions
        self._calls = calls
        self._outside = outside
        self._directory = directory
        self._journal = journal
        self._clock = clock
        self._wall = wall
        self._timer: Handle | None = None
        self.audited: Callable[[], object] = lambda: None
        "Others that audit with us."

    def accounts(self) -> list[str]:
        return [account.id for account in self._directory.accounts()]

    def show(self, account_id: str) -> Json | None:
        """Counters, limits and live calls of one account; None: there is no such account."""
        account = self._directory.account(AccountId(account_id))
        if account is None:
            return None
        counted = self._admissions.of(account.id)
        live = [call for call in self._live() if call.route.account.id == account.id]
        named = _Names(live)
        return {
            "account_id": account.id,
            "counters": _counters(account, counted),
            "limits": {
                "max_in": account.max_in,
                "max_out": account.max_out,
                "max_dialer": account.max_dialer,
                "reserve_in": account.reserve_in,
            },
            "users": named.shown("user", counted),
            "dids": named.shown("did", counted),
            "trunks": named.shown("trunk", counted),
            "windows": [
                asdict(window) for window in self._admissions.windows(account.id, self._clock.time())
            ],
            "calls": [_shown(call) for call in live if self._admissions.holds(call.id)],
        }

    def reset(self, account_id: str) -> Json | None:
        """Give back what no live call holds, and clear the rate windows; before and after (S004-61)."""
        before = self.show(account_id)
        if before is None:
            return None
        repaired = self.audit()
        self._admissions.reset(AccountId(account_id))
        after = self.show(account_id)
        assert after is not None, "the account was there"
        return {
            "account_id": account_id,
            "before": _counts(before),
            "after": _counts(after),
            "repaired": repaired,
        }

    def audit(self) -> int:
        """Release what is held for calls that are not live; how many that were. It should be none."""
        live = {call.id for call in self._live()}
        gone = self._admissions.leaked(_WithParties(live))
        for call in gone:
            _log.error("channels held by a call that is not live", call_id=call)
            now = self._wall(self._clock.time())
            of = CallId(call.partition("/")[0])
            self._journal.traced(
                of, [TraceEvent(now, "admission", "repaired", "leaked", data={"held": call})]
            )
        self.audited()
        return len(gone)

    def start(self) -> None:
        """Audit again and again, until `stop`."""
        self._timer = self._clock.call_later(AUDIT_INTERVAL, self._fire)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _fire(self) -> None:
        self.audit()
        self.start()

    def _live(self) -> Iterator[_Live]:
        for call in self._calls.values():
            sip = call.session.call_id
            yield _Live(call.id, sip, call.route, call.caller, call.callee, call.started_at)
        for outside in self._outside.live:
            yield _Live(
                outside.id,
                outside.sip_call_id,
                outside.route,
                outside.caller,
                outside.callee,
                outside.started_at,
            )


class _WithParties:
    """Live calls and the parties that they dialled, which hold channels under `<call>/…`."""

    def __init__(self, live: set[CallId]) -> None:
        self._live = live

    def __contains__(self, call: object) -> bool:
        return isinstance(call, str) and call.partition("/")[0] in self._live


class _Names:
    """Numbers and limits of the users, DIDs and trunks of live calls, by id."""

    def __init__(self, live: list[_Live]) -> None:
        self._of: dict[tuple[str, str], tuple[str, int | None]] = {}
        for call in live:
            route = call.route
            for user in (route.caller, route.callee):
                if user is not None:
                    self._of["user", user.id] = user.number, user.max_simultaneous
            if route.did is not None:
                self._of["did", route.did.id] = route.did.number, route.did.max_channels
            for trunk in (route.trunk_in, route.trunk_out):
                if trunk is not None:
                    self._of["trunk", trunk.id] = trunk.name, trunk.max_channels

    def shown(self, kind: str, counted: Mapping[tuple[str, str], int]) -> Json:
        found: Json = {}
        for (of, id), count in counted.items():
            if of == kind:
                name, limit = self._of.get((kind, id), (id, None))
                found[name] = {"id": id, "count": count, "limit": limit}
        return found


def _counters(account: Account, counted: Mapping[tuple[str, str], int]) -> dict[str, int]:
    return {
        direction: counted.get((f"account_{direction}", account.id), 0)
        for direction in ("in", "out", "dialer")
    }


def _counts(shown: Json) -> Json:
    return {name: shown[name] for name in ("counters", "users", "dids", "trunks", "windows")}


def _shown(call: _Live) -> Json:
    return {
        "callId": call.sip_call_id,
        "id": call.id,
        "direction": call.route.direction,
        "from": call.caller,
        "to": call.callee,
        "since": call.started_at // 1000,
    }
