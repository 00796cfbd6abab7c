"""`POST /auth`: verdicts (S004-06…12)."""

from dataclasses import replace

import pytest

from edge.outside.proof import AuthAsked, Denied, Proven
from edge.sip.digest import Algorithm
from tests.support.directory import FakeDirectory
from tests.support.outside import Outside, credentials


@pytest.fixture
def outside() -> Outside:
    directory = FakeDirectory(digest=("md5", "sha-256"))
    directory.add_user("1001", "alice")
    directory.add_trunk("pbx", username="pbx1", password="secret")
    return Outside(directory)


@pytest.mark.parametrize("algorithm", list(Algorithm))
@pytest.mark.parametrize("method", ["REGISTER", "INVITE"])
def test_a_right_answer_proves_device_and_user(
    outside: Outside, algorithm: Algorithm, method: str
) -> None:  # S004-06 S004-07 S004-08 S004-11
    proven = outside.auth("alice", algorithm=algorithm, method=method)
    assert isinstance(proven, Proven) and proven.account.id == "acc_demo"
    assert proven.user is not None and proven.user.number == "1001"
    assert proven.device is not None and proven.device.username == "alice"


def test_a_wrong_answer_is_denied_with_a_fresh_challenge(outside: Outside) -> None:  # S004-10
    denied = outside.auth("alice", "guess")
    assert isinstance(denied, Denied) and (denied.reason, denied.stale) == ("bad_response", False)
    assert denied.realm == "demo.local" and denied.algorithms == ("md5", "sha-256")
    assert isinstance(outside.auth("alice", nonce=denied.nonce), Proven)
    unknown = outside.auth("mallory", "guess")
    assert isinstance(unknown, Denied) and unknown.reason == "unknown_user"


def test_replays_and_old_nonces_are_stale(outside: Outside) -> None:  # S004-11
    nonce = outside.bench.switch.authenticator.nonces.issue(outside.bench.now)
    assert isinstance(outside.auth("alice", nonce=nonce, nc=1), Proven)
    replay = outside.auth("alice", nonce=nonce, nc=1)
    assert isinstance(replay, Denied) and (replay.reason, replay.stale) == ("stale", True)
    outside.bench.now += 10_000.0
    old = outside.auth("alice", nonce=nonce, nc=2)
    assert isinstance(old, Denied) and old.reason == "stale" and old.nonce


def test_with_another_qop_nothing_is_proven(outside: Outside) -> None:  # S004-11
    given = replace(credentials("alice", "secret", "n"), qop="auth-int")
    denied = outside.proofs.judge(AuthAsked(given, "INVITE"), outside.bench.now)
    assert isinstance(denied, Denied) and denied.reason == "bad_response" and "qop=auth" in denied.detail


def test_a_disabled_device_is_denied(outside: Outside) -> None:  # S004-10
    devices = outside.bench.directory.devices
    devices["alice"] = replace(devices["alice"], disabled=True)
    denied = outside.auth("alice")
    assert isinstance(denied, Denied) and denied.reason == "disabled" and not denied.nonce


def test_failures_ban_the_source_that_the_edge_names(outside: Outside) -> None:  # S004-10 S004-75
    for _ in range(10):
        outside.auth("alice", "guess", source="192.0.2.66")
    denied = outside.auth("alice", source="192.0.2.66")
    assert isinstance(denied, Denied) and denied.reason == "banned"
    assert isinstance(outside.auth("alice", source="192.0.2.67", nonce="other"), Proven)


def test_behind_an_address_with_phones_the_username_alone_is_locked_out(outside: Outside) -> None:
    shield, now = outside.bench.shield, outside.bench.now
    for name in ("2001", "2002"):
        shield.registered("192.0.2.66", now + 600.0, now, name)
    for _ in range(10):
        outside.auth("alice", "guess", source="192.0.2.66")
    denied = outside.auth("alice", source="192.0.2.66")
    assert isinstance(denied, Denied) and (denied.reason, "this username" in denied.detail) == (
        "banned",
        True,
    )
    assert isinstance(outside.auth("bob", "guess", source="192.0.2.66", nonce="n2"), Denied)
    assert not shield.refuses("192.0.2.66", now)


def test_a_realm_of_nobody_is_an_unknown_user(outside: Outside) -> None:
    given = replace(credentials("alice", "secret", "n"), realm="nobody.example")
    denied = outside.proofs.judge(AuthAsked(given, "INVITE"), outside.bench.now)
    assert isinstance(denied, Denied) and denied.reason == "unknown_user" and not denied.nonce


def test_a_trunk_is_proven_as_a_trunk(outside: Outside) -> None:
    proven = outside.auth("pbx1")
    assert isinstance(proven, Proven) and proven.trunk is not None and proven.trunk.name == "pbx"


def test_the_last_verdict_on_an_invite_is_remembered_and_only_so_many(outside: Outside) -> None:
    outside.auth("alice", method="REGISTER", call_id="r")
    assert outside.proofs.of_call("r") is None
    outside.auth("alice", "guess", call_id="c")
    outside.auth("alice", call_id="c", nonce="second")
    assert isinstance(outside.proofs.of_call("c"), Proven)
    for n in range(100):
        outside.auth("alice", "guess", call_id=f"c{n}", nonce=f"n{n}")
    assert outside.proofs.of_call("c") is None
