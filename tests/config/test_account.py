"""The sections of one account (design §6)."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from config.account import Account, Target, TargetKind, User
from config.error import ConfigError
from config.load import parse


def target(value: object) -> Target:
    return Target.model_validate(value)


def test_a_target_is_one_key_with_its_name() -> None:
    assert target({"agent": "greeter"}) == Target.model_construct(kind=TargetKind.AGENT, value="greeter")
    assert target({"echo": True}).value == ""
    assert target({"forward": "+14155550100"}).value == "+14155550100"
    assert target({"forward": "sip:bob@example.org"}).kind is TargetKind.FORWARD


@pytest.mark.parametrize(
    "kind", ["flow", "user", "extension", "queue", "agent", "voicemail", "conference", "trunk"]
)
def test_every_named_kind_is_valid(kind: str) -> None:
    assert target({kind: "x"}).kind == kind


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ("echo", "not a target"),
        ({}, "not a target"),
        ({"agent": "a", "user": "b"}, "not a target"),
        ({"agnt": "a"}, "no such kind of target"),
        ({"echo": "yes"}, "echo takes no name"),
        ({"user": 1001}, "not text"),
        ({"forward": "home"}, "not a number or SIP URI"),
    ],
)
def test_what_is_no_target_is_refused_with_its_reason(value: object, what: str) -> None:
    with pytest.raises(ValidationError, match=what):
        target(value)


def test_a_user_has_one_device_named_like_the_number() -> None:
    assert User(number="1002").usernames() == ("1002",)
    assert User.model_validate({"number": "1", "devices": [{}, {"username": "b"}]}).usernames() == ("1", "b")


def test_secrets_are_not_in_the_repr() -> None:
    account = Account.model_validate(
        {
            "id": "a",
            "domain": "d",
            "users": [{"number": "1", "devices": [{"password": "s3cret"}]}],
            "trunks": [{"name": "c", "proxy": "sip:c", "auth": {"username": "u", "password": "s3cret"}}],
            "agents": {"x": {"dialect": "twilio", "url": "ws://h", "headers": {"K": "s3cret"}}},
        }
    )
    assert "s3cret" not in repr(account)


def test_hours_are_checked() -> None:
    def hours(days: str, start: str, end: str) -> Account:
        weekly = [{"days": days, "open": start, "close": end}]
        return Account.model_validate({"id": "a", "domain": "d", "schedules": {"s": {"weekly": weekly}}})

    assert hours("mon-fri,sun", "09:00", "24:00").schedules["s"].weekly[0].close == "24:00"
    for bad in (("mon-fir", "09:00", "17:00"), ("mon", "9:00", "17:00"), ("mon", "09:00", "09:00")):
        with pytest.raises(ValidationError):
            hours(*bad)


@pytest.mark.parametrize("zone", ["Mars/Base", "../etc/passwd", "America", ""])
def test_a_time_zone_exists(zone: str) -> None:
    with pytest.raises(ValidationError, match="no such time zone"):
        Account(id="a", domain="d", timezone=zone)


def test_a_user_forwards_by_rules() -> None:
    text = (
        "accounts:\n  - id: a\n    domain: a.local\n    users:\n"
        "      - {number: '1', forward: {busy: '2', no_answer: '+12025550100'}, dnd: true, ring: sequential,"
        " ring_time: 15s}\n"
    )
    (user,) = parse(text, "t.yaml", Path(), {}).accounts[0].users
    assert (user.forward.busy, user.forward.always, user.ring_time) == ("2", None, 15.0)
    (user,) = parse(text.replace("'2'", "voicemail"), "t.yaml", Path(), {}).accounts[0].users
    assert user.forward.busy == "voicemail"
    with pytest.raises(ConfigError):
        parse(text.replace("'2'", "'sip:x@y'"), "t.yaml", Path(), {})
