"""Limits of the configuration as the edge reads them."""

from config.account import CallLimit
from config.identity import stable_id
from config.security import AccountFraud, Fraud
from controlplane.service.bounds import account_fraud, bounds, call_limit


def test_users_and_dids_are_named_by_their_ids_and_numbers_by_themselves() -> None:
    limit = CallLimit(scope="user", id="1001", period=60, max=3)
    assert call_limit("acc", limit).id == stable_id("acc", "user", "1001")
    assert call_limit("acc", CallLimit(scope="number", id="+49301", period=60, max=3)).id == "49301"
    assert call_limit("acc", CallLimit(scope="user", period=60, max=3)).id == ""


def test_prefixes_lose_their_plus_and_the_longest_rate_comes_first() -> None:
    found = account_fraud(AccountFraud(country="49", rates={"+4": 1.0, "+491": 2.0}, deny=("+900",)))
    assert found.rates == (("491", 2.0), ("4", 1.0)) and found.bounds.deny == ("900",)
    assert bounds(Fraud(allow=("+49",), per_minute=3)).allow == ("49",)
