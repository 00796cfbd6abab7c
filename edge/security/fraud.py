"""The toll-fraud guard: what a stolen password can cost (calls of users and forwards that leave by a trunk).

Asked after the route and before the channels, for the account and for the user. A number is read as E.164:
`+` and an exit code (00, 011) begin a country code, a single 0 a national number; so do up to ten digits
that begin otherwise than with the account's own code. Emergency numbers are never refused.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from config.value import dataclass
from edge.directory import Account, FraudBounds, User
from edge.error import Refusal
from edge.journal import CallId
from edge.security.window import Window

_EMERGENCY: Final = frozenset(
    {"000", "100", "101", "102", "110", "111", "112", "113", "114", "115", "117", "118", "119", "122", "911"}
    | {"988", "999"}
)
_EXIT: Final = ("011", "00")
_NATIONAL: Final = 10  # digits of a national number, at most
CODES: Final = ("fraud_destination", "fraud_rate", "fraud_international", "fraud_daily")
"Of refusals."

Report = Callable[[CallId, str, Refusal], None]

_MINUTE: Final = 60.0
_DAY: Final = 86_400.0


@dataclass(slots=True)
class Usage:
    """Of one account or user."""

    begun: Window
    "Calls of the last minute."
    spent: Window
    "Minutes × rate of the last 24 hours, of calls that ended."
    abroad: set[CallId]
    "International calls that are up."
    live: dict[CallId, tuple[float, float]]
    "Calls that are up: when each began [s], and its rate."

    def cost(self, now: float) -> float:
        running = sum((now - began) / 60 * rate for began, rate in self.live.values())
        return self.spent.total(now) + running


@dataclass(frozen=True, slots=True)
class _Scope:
    kind: str
    id: str
    bounds: FraudBounds
    setting: str
    "Where its bounds are in the configuration."


class FraudGuard:
    """Memory is bounded by the users and accounts that exist, and by the calls that are up."""

    def __init__(self, report: Report = lambda call, number, why: None) -> None:
        """Args: report: told (call, number, why) of each refusal."""
        self._report = report
        self._usages: dict[tuple[str, str], Usage] = {}
        self._calls: dict[CallId, list[Usage]] = {}
        self.refused: Counter[str] = Counter()
        "By code."

    def admit(
        self, call: CallId, account: Account, user: User | None, number: str, now: float
    ) -> Refusal | None:
        """Count `call` to `number` against account and user, or say which bound it would break."""
        if number in _EMERGENCY:
            return None
        scopes = _scopes(account, user)
        if not scopes:
            return None
        country = account.fraud.country
        digits = e164(number, country)
        abroad = country != "" and not digits.startswith(country)
        for scope in scopes:
            refusal = self._judge(scope, digits, abroad, now)
            if refusal is not None:
                self.refused[refusal.code] += 1
                self._report(call, number, refusal)
                return refusal
        rate = _rate(account.fraud.rates, digits)
        taken = self._calls.setdefault(call, [])
        for scope in scopes:
            usage = self._usage(scope.kind, scope.id, now)
            usage.begun.add(now)
            usage.live[call] = (now, rate)
            if abroad:
                usage.abroad.add(call)
            taken.append(usage)
        return None

    def destination(self, account: Account, number: str, prefixes: Sequence[str] = ()) -> Refusal | None:
        """Why nobody may have us call `number` later on, whom anybody could have named; nothing is counted.

        Args: prefixes: of numbers with country code; none: what the account's country is.
        """
        country = account.fraud.country
        digits = e164(number, country)
        fix = (
            "name a number that may be called, or see callback.prefixes of the queue and fraud of the account"
        )
        if number in _EMERGENCY or digits in _EMERGENCY:
            return Refusal("emergency_number", 403, "emergency numbers are not called back", fix)
        allowed = tuple(prefixes) or ((country,) if country else ())
        if (allowed and not digits.startswith(allowed)) or not _permitted(account.fraud.bounds, digits):
            return Refusal("fraud_destination", 403, "numbers like this one are not called back", fix)
        return None

    def release(self, call: CallId, seconds: float, now: float) -> None:
        """`call` is over; it was up, answered, for `seconds`. Nothing when it was not counted."""
        for usage in self._calls.pop(call, ()):
            _, rate = usage.live.pop(call, (0.0, 0.0))  # one that was counted twice is charged once
            usage.abroad.discard(call)
            if seconds > 0:
                usage.spent.add(now, seconds / 60 * rate)

    def charge(self, account: Account, user: User | None, number: str, seconds: float, now: float) -> None:
        """A call of a former run that ended within the last 24 hours."""
        cost = seconds / 60 * _rate(account.fraud.rates, e164(number, account.fraud.country))
        for scope in _scopes(account, user):
            self._usage(scope.kind, scope.id, now).spent.add(now, cost)

    def __len__(self) -> int:
        """Calls that are counted."""
        return len(self._calls)

    # Inside.

    def _usage(self, kind: str, id: str, now: float) -> Usage:
        usage = self._usages.get((kind, id))
        if usage is None:
            usage = Usage(Window(_MINUTE, now), Window(_DAY, now), set(), {})
            self._usages[kind, id] = usage
        return usage

    def _judge(self, scope: _Scope, digits: str, abroad: bool, now: float) -> Refusal | None:
        bounds = scope.bounds
        whose = f"{scope.kind} {scope.id}"
        if not _permitted(bounds, digits):
            return Refusal(
                "fraud_destination",
                403,
                f"{whose} may not call numbers like this one",
                f"add a prefix of it to {scope.setting}.allow, or take one out of {scope.setting}.deny",
            )
        usage = self._usages.get((scope.kind, scope.id))
        if usage is None:
            spoken = (0.0, 0, 0.0)
        else:
            spoken = (usage.begun.total(now), len(usage.abroad), usage.cost(now))
        begun, international, cost = spoken
        if bounds.per_minute is not None and begun >= bounds.per_minute:
            return Refusal(
                "fraud_rate",
                403,
                f"{whose} began {int(begun)} of {bounds.per_minute} calls of this minute",
                f"wait a minute or raise {scope.setting}.per_minute",
            )
        if abroad and bounds.international is not None and international >= bounds.international:
            return Refusal(
                "fraud_international",
                403,
                f"{whose} has {international} of {bounds.international} international calls",
                f"wait for one to end or raise {scope.setting}.international",
            )
        if bounds.daily is not None and cost >= bounds.daily:
            return Refusal(
                "fraud_daily",
                403,
                f"{whose} has used {int(cost)} of {bounds.daily} minutes of this day",
                f"wait for tomorrow or raise {scope.setting}.daily",
            )
        return None


def e164(number: str, country: str) -> str:
    """Digits of a dialled number with its country code, as far as it can be told without a dial plan."""
    if number.startswith("+"):
        return number[1:]
    for exit_code in _EXIT:
        if number.startswith(exit_code) and len(number) > len(exit_code) + 4:
            return number[len(exit_code) :]
    if not country:
        return number
    if number.startswith("0"):
        return country + number[1:]
    if number.startswith(country) and len(number) > _NATIONAL - 2:
        return number
    return number if len(number) > _NATIONAL else country + number


def _scopes(account: Account, user: User | None) -> Sequence[_Scope]:
    """Those that are bounded at all."""
    found = []
    if account.fraud.bounds != FraudBounds():
        found.append(_Scope("account", account.id, account.fraud.bounds, f"accounts.{account.id}.fraud"))
    if user is not None and user.fraud != FraudBounds():
        setting = f"accounts.{account.id}.users.{user.number}.fraud"
        found.append(_Scope("user", user.id, user.fraud, setting))
    return found


def _permitted(bounds: FraudBounds, digits: str) -> bool:
    """The longest prefix decides, among equals that of `deny`; where none fits, an `allow` list denies."""
    allowed = max((len(prefix) for prefix in bounds.allow if digits.startswith(prefix)), default=0)
    denied = max((len(prefix) for prefix in bounds.deny if digits.startswith(prefix)), default=0)
    return (denied == 0 and (allowed > 0 or not bounds.allow)) or allowed > denied


def _rate(rates: Sequence[tuple[str, float]], digits: str) -> float:
    return next((rate for prefix, rate in rates if digits.startswith(prefix)), 1.0)
