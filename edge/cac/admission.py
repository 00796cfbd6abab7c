"""Call admission control: a counter is the set of live calls that took it (S004-57…61).

So a counter cannot go negative or leak past its calls, releasing twice is harmless, and what a call
gives back is exactly what it took. One call to `admit` decides on all scopes and rate windows at once:
either every one of them is taken or none.
"""

from collections import Counter
from collections.abc import Container
from typing import Final

from edge.cac.claim import Claim, Rate, Scope
from edge.cac.windows import WindowCount, Windows
from edge.directory import AccountId
from edge.error import Refusal
from edge.journal import CallId

_REFUSALS: Final = {
    "account_in": ("account_limit", 503, "limits.max_in of the account"),
    "account_out": ("account_limit", 503, "limits.max_out of the account"),
    "account_dialer": ("account_limit", 503, "limits.max_dialer of the account"),
    "user": ("user_busy", 486, "max_simultaneous of the user"),
    "did": ("did_busy", 486, "max_channels of the DID"),
    "trunk": ("trunk_limit", 503, "max_channels of the trunk"),
}
_RETRY: Final = 10
"Retry-After of a refusal for want of a channel [s]."

CODES: Final = (*dict.fromkeys(code for code, _, _ in _REFUSALS.values()), "rate_limit")
"Of refusals."

Key = tuple[str, str]
"Kind and id of a scope."


class Admissions:
    def __init__(self) -> None:
        self._holders: dict[Key, set[CallId]] = {}
        self._taken: dict[CallId, list[Key]] = {}
        self._of: dict[AccountId, set[CallId]] = {}
        self._account: dict[CallId, AccountId] = {}
        self._windows = Windows()
        self.refused: Counter[str] = Counter()
        "Calls turned away, by code."
        self.repaired = 0
        "Calls that held channels without being live."

    def admit(self, call: CallId, claim: Claim, now: float) -> Refusal | None:
        """Take every scope for `call`, or none and say which was full. A repeat takes nothing twice."""
        refusal = self.judge(call, claim, now)
        if refusal is not None:
            self.refused[refusal.code] += 1
            return refusal
        if call not in self._taken:
            for rate in claim.rates:
                self._windows.add(claim.account, rate, now)
            self._of.setdefault(claim.account, set()).add(call)
            self._account[call] = claim.account
        taken = self._taken.setdefault(call, [])
        for scope in claim.scopes:
            key = scope.kind, scope.id
            holders = self._holders.get(key)
            if holders is None:
                holders = self._holders[key] = set()
            if call not in holders:
                holders.add(call)
                taken.append(key)
        return None

    def judge(self, call: CallId, claim: Claim, now: float) -> Refusal | None:
        """What `admit` would say, with nothing taken."""
        for scope in claim.scopes:
            if scope.limit is None:
                continue
            held = self._holders.get((scope.kind, scope.id), ())
            if len(held) >= scope.limit - scope.reserved and call not in held:
                return _full(scope, len(held))
        if claim.rates and call not in self._taken:
            for rate in claim.rates:
                if rate.hard and (count := self._windows.count(claim.account, rate, now)) >= rate.limit:
                    return _too_fast(rate, count)
        return None

    def beyond(self, claim: Claim, now: float) -> list[Rate]:
        """Soft rate limits that one more call exceeds."""
        if not claim.rates:
            return []
        count = self._windows.count
        return [
            rate for rate in claim.rates if not rate.hard and count(claim.account, rate, now) >= rate.limit
        ]

    def release(self, call: CallId) -> None:
        """Give back what `call` took; nothing when it holds nothing."""
        for key in self._taken.pop(call, ()):
            holders = self._holders[key]
            holders.discard(call)
            if not holders:
                del self._holders[key]
        account = self._account.pop(call, None)
        if account is not None:
            calls = self._of[account]
            calls.discard(call)
            if not calls:
                del self._of[account]

    def leaked(self, live: Container[CallId]) -> list[CallId]:
        """Release every call that is not among `live`; those that there were. None, unless we erred."""
        gone = [call for call in self._taken if call not in live]
        for call in gone:
            self.release(call)
        self.repaired += len(gone)
        return gone

    def reset(self, account: AccountId) -> None:
        """Clear the rate windows of an account; what live calls hold they keep (S004-61)."""
        self._windows.clear(account)

    # For those who look.

    def count(self, kind: str, id: str) -> int:
        return len(self._holders.get((kind, id), ()))

    def holds(self, call: CallId) -> bool:
        return call in self._taken

    def of(self, account: AccountId) -> dict[Key, int]:
        """Every counter that calls of this account hold."""
        counts: Counter[Key] = Counter()
        for call in self._of.get(account, ()):
            counts.update(self._taken[call])
        return dict(counts)

    def windows(self, account: AccountId, now: float) -> list[WindowCount]:
        return self._windows.of(account, now)

    def __len__(self) -> int:
        """Calls that hold something."""
        return len(self._taken)


def _full(scope: Scope, held: int) -> Refusal:
    code, status, setting = _REFUSALS[scope.kind]
    kept = f", {scope.reserved} of them kept for calls that come in" if scope.reserved else ""
    return Refusal(
        code,
        status,
        f"{scope.kind} {scope.id} already has {held} of {scope.limit} calls{kept}",
        f"wait for a call to end or raise {setting}",
        retry_after=_RETRY if status == 503 else None,
    )


def _too_fast(rate: Rate, count: int) -> Refusal:
    return Refusal(
        "rate_limit",
        503,
        f"{rate.kind} {rate.id} began {count} of {rate.limit} calls of these {rate.period:g} s",
        "wait, or raise max of this entry of call_limits",
        retry_after=max(1, min(round(rate.period), 3_600)),
    )
