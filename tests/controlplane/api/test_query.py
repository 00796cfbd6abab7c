"""Parameters of a query string: what is wrong is told together with what to write."""

import pytest
from starlette.requests import Request

from controlplane.api.envelope import Failure
from controlplane.api.query import account_of, flag, whole


def asked(query: str) -> Request:
    return Request({"type": "http", "path": "/", "headers": [], "query_string": query.encode()})


@pytest.mark.parametrize("query", ["accountId=acc_1", "account_id=acc_1", "account_id=x&accountId=acc_1"])
def test_an_account_has_two_spellings(query: str) -> None:
    assert account_of(asked(query)) == "acc_1"


def test_a_missing_account_is_asked_for() -> None:
    for query in ("", "accountId=", "account=acc_demo"):
        with pytest.raises(Failure, match=r"add \?accountId="):
            account_of(asked(query))


def test_a_number_is_whole_and_no_less_than_the_least() -> None:
    assert whole(asked("limit=7"), "limit", 50) == 7 and whole(asked(""), "limit", 50) == 50
    assert whole(asked("since=0"), "since", 1) == 0
    for text in ("", "x", "-1", "1.5", "1e3", "٣", "9" * 16, "0"):
        with pytest.raises(Failure, match="limit must be a whole number from 1 on"):
            whole(asked(f"limit={text}"), "limit", 50, least=1)


def test_a_flag_is_yes_or_no_and_nothing_is_taken_for_no_that_was_meant_otherwise() -> None:
    assert all(flag(asked(f"new={yes}"), "new") for yes in ("1", "true", "True"))
    assert not any(flag(asked(query), "new") for query in ("", "new=", "new=0", "new=false"))
    for text in ("yes", "2", "on"):
        with pytest.raises(Failure, match="new must be 1 "):
            flag(asked(f"new={text}"), "new")
