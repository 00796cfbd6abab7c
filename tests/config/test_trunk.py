"""Trunks in the configuration (design §6)."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from config.error import ConfigError
from config.load import parse
from config.schema import Settings
from config.trunk import Trunk


def test_a_trunk_may_register() -> None:
    trunk = Trunk.model_validate(
        {"name": "c", "proxy": "sip:c.example", "register": {"username": "u", "password": "p"}}
    )
    assert trunk.register_ is not None and trunk.register_.expires == 3600
    with pytest.raises(ValidationError, match="go together"):
        Trunk.model_validate({"name": "c", "proxy": "sip:c.example", "auth": {"username": "u"}})


def test_a_trunk_may_say_whose_challenges_it_answers() -> None:
    assert trunk(", realm: carrier.example").accounts[0].trunks[0].realm == "carrier.example"
    assert trunk("").accounts[0].trunks[0].realm is None
    for bad in ('""', '"a\\nb"'):
        with pytest.raises(ConfigError, match="realm"):
            trunk(f", realm: {bad}")


def trunk(terms: str, more: str = "") -> Settings:
    text = (
        "accounts:\n  - id: a\n    domain: a.local\n    trunks:\n"
        f'      - {{name: main, proxy: "sip:192.0.2.1"{terms}}}\n{more}'
    )
    return parse(text, "t.yaml", Path(), {})


def test_a_trunk_says_how_numbers_and_callers_look_there() -> None:
    made = trunk(
        ", number_format: plus, calls_per_second: 5, health: {interval: 10s},"
        " caller_id: {number: '+12025550100', from: username, assert: true, privacy: always},"
        " rewrite: [{match: '0([1-9]\\d+)', to: '49\\1'}]"
    )
    (found,) = made.accounts[0].trunks
    assert found.rewrite[0].to == "49\\1" and found.caller_id.number == "12025550100"
    assert found.health is not None and (found.health.interval, found.health.down_after) == (10.0, 3)


@pytest.mark.parametrize(
    "pattern",
    [
        "(1+)+",
        "(12)*",
        "1{2,}2{3,}3{4,}4{5,}",
        "\\d?" * 9,
        "\\d*\\d*\\d*\\d*",
        "[a-z]",
        "(?=1)",
        "(1",
        "1" * 65,
    ],
)
def test_a_pattern_that_could_take_long_or_is_none_is_refused(pattern: str) -> None:
    with pytest.raises(ConfigError):
        trunk(f", rewrite: [{{match: '{pattern}', to: '1'}}]")


def test_a_rewriting_names_only_groups_that_are_there() -> None:
    with pytest.raises(ConfigError, match="not in match"):
        trunk(", rewrite: [{match: '0(1)', to: '\\2'}]")


def test_a_route_list_names_trunks_of_its_account() -> None:
    assert trunk("", "    routes: [{prefix: '+44', trunks: [main]}]\n").accounts[0].routes[0].prefix == "+44"
    with pytest.raises(ConfigError, match="no such trunk"):
        trunk("", "    routes: [{prefix: '44', trunks: [mian]}]\n")
    with pytest.raises(ConfigError, match="taken already"):
        trunk("", "    routes: [{prefix: '44', trunks: [main]}, {prefix: '+44', trunks: [main]}]\n")
