"""Limits on calls as the edge reads them: rates of an account, and what the toll-fraud guard watches."""

from config import account as section
from config import security
from config.identity import stable_id
from edge.directory import AccountFraud, CallLimit, FraudBounds


def account_fraud(part: security.AccountFraud) -> AccountFraud:
    rates = [(_digits(prefix), rate) for prefix, rate in part.rates.items()]
    rates.sort(key=lambda rate: len(rate[0]), reverse=True)
    return AccountFraud(part.country, tuple(rates), bounds(part))


def call_limit(account: str, part: section.CallLimit) -> CallLimit:
    """Users and DIDs are known to the edge by their ids."""
    named = part.scope in ("user", "did") and part.id
    id = stable_id(account, part.scope, part.id) if named else part.id.removeprefix("+")
    return CallLimit(part.scope, id, part.direction, part.period, part.max, part.hard)


def bounds(part: security.Fraud) -> FraudBounds:
    return FraudBounds(
        tuple(map(_digits, part.allow)),
        tuple(map(_digits, part.deny)),
        part.per_minute,
        part.international,
        part.daily,
    )


def _digits(prefix: str) -> str:
    return prefix.removeprefix("+")
