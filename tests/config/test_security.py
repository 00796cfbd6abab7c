"""Thresholds of bans and bounds of outbound calls (design §6, YAML)."""

from pathlib import Path

import pytest

from config.error import ConfigError
from config.load import parse
from config.schema import Settings
from config.security import Security


def settings(security: str = "", fraud: str = "", user: str = "") -> Settings:
    text = (
        f"{f'security: {security}' if security else ''}\n"
        "accounts:\n"
        f"  - {{id: a, domain: a.local{f', fraud: {fraud}' if fraud else ''},\n"
        f'     users: [{{number: "1"{f", fraud: {user}" if user else ""}}}]}}\n'
    )
    return parse(text, "t.yaml", Path(), {})


def test_every_threshold_has_its_default() -> None:
    made = settings().security
    assert made == Security()
    assert (made.failed_auth.count, made.failed_auth.per, made.failed_auth.ban) == (10, 60.0, 3_600.0)
    assert (made.flood.count, made.flood.per, made.scanners.ban) == (200, 1.0, 86_400.0)


def test_durations_are_written_as_everywhere() -> None:
    made = settings("{enumeration: {count: 3, per: 5m, ban: 1d}, allow: [192.0.2.1]}").security
    assert (made.enumeration.per, made.enumeration.ban, made.allow) == (300.0, 86_400.0, ("192.0.2.1/32",))


def test_bounds_of_account_and_user() -> None:
    fraud = '{country: "1", allow: ["+1", "44"], rates: {"44": 2.5}, daily: 100}'
    account = settings(fraud=fraud, user="{per_minute: 3}").accounts[0]
    assert account.fraud.country == "1" and account.fraud.rates == {"44": 2.5}
    assert account.users[0].fraud.per_minute == 3 and account.users[0].fraud.daily is None


@pytest.mark.parametrize(
    ("security", "fraud", "path"),
    [
        ("{failed_auth: {count: 0, per: 1s, ban: 1s}}", "", "security.failed_auth.count"),
        ("{enumeration: {count: 1001, per: 1s, ban: 1s}}", "", "security.enumeration.count"),
        ("{floods: {}}", "", "security.floods"),
        ("{allow: [nowhere]}", "", "security.allow[0]"),
        ("", '{country: "001"}', "accounts[0].fraud.country"),
        ("", '{deny: ["1-900"]}', "accounts[0].fraud.deny[0]"),
        ("", "{daily: -1}", "accounts[0].fraud.daily"),
        ("", '{rates: {"44": -1}}', "accounts[0].fraud.rates"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_path(security: str, fraud: str, path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings(security, fraud)
    assert any(problem.path.startswith(path) for problem in caught.value.problems)


def test_tokens_are_ours_alone_until_an_issuer_is_named() -> None:  # S004-03
    assert settings().security.tokens.issuer == ""
    made = settings(
        "{tokens: {issuer: https://login.example, audience: desk, life: 8h, "
        "jwks: https://login.example/keys, user_claim: preferred_username}}"
    ).security.tokens
    assert (made.life, made.user_claim, made.account_claim) == (28_800.0, "preferred_username", "account_id")
    assert settings("{tokens: {issuer: i, audience: a, jwks: 'http://127.0.0.1:8/k'}}").security.tokens.jwks


@pytest.mark.parametrize(
    ("tokens", "what"),
    [
        ("{issuer: https://login.example}", "go together"),
        ("{audience: desk}", "go together"),
        ("{issuer: tandem, audience: a, jwks: https://k.example}", "our own tokens"),
        ("{issuer: i, audience: a, jwks: http://k.example}", "no https URL"),
        ("{issuer: i, audience: a, jwks: 'file:///etc/passwd'}", "no https URL"),
        ("{life: 40d}", "longer than longest"),
        ("{leeway: 1h}", "300"),
    ],
    ids=["issuer", "audience", "ours", "http", "file", "life", "leeway"],
)
def test_half_an_issuer_is_none(tokens: str, what: str) -> None:
    with pytest.raises(ConfigError, match=what):
        settings(f"{{tokens: {tokens}}}")
