"""Operations on what operators make; test_administration.py of the plane holds them against the routes."""

from controlplane.api.administration_operations import ADMINISTRATION


def test_none_is_open_and_each_change_says_what_it_answers() -> None:
    assert not any(one.open for one in ADMINISTRATION)
    for one in ADMINISTRATION:
        if one.method != "GET":
            assert {status for status, _ in one.replies} & {200, 201, 204}, one
