"""Digest as the edge asks for it (RFC 3261 §22, RFC 7616, RFC 8760; S004-06…11)."""

from dataclasses import replace

import pytest

from edge.authenticator import Authenticator, Challenged
from edge.directory import AccountId, Device, Trunk
from edge.error import Refusal
from edge.registration.location import Place
from edge.security.lock import Lock
from edge.sip.digest import answer, choose
from edge.sip.flow import Flow, Transport
from edge.sip.message import Request
from edge.sip.nonce import Nonces
from edge.sip.parse import parse_message
from tests.support.directory import ACC, FakeDirectory

URI = "sip:demo.local"
FLOW = Flow(Transport.UDP, ("192.0.2.1", 5060))


@pytest.fixture
def directory() -> FakeDirectory:
    made = FakeDirectory(digest=("sha-256", "md5"))
    made.add_user("1001", "alice")
    made.add_trunk("pbx", username="pbx1", password="secret")
    return made


@pytest.fixture
def authenticator(directory: FakeDirectory) -> Authenticator:
    return Authenticator(directory, Nonces(b"k" * 32, life=60.0, tracked=100))


def register(*authorizations: str) -> Request:
    lines = "".join(f"Authorization: {value}\r\n" for value in authorizations)
    message = parse_message(
        (
            f"REGISTER {URI} SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n"
            f"To: <sip:a@b>\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\n{lines}\r\n"
        ).encode()
    )
    assert isinstance(message, Request)
    return message


def check(
    directory: FakeDirectory, authenticator: Authenticator, *values: str, now: float = 0.0, flow: Flow = FLOW
) -> Device | Trunk | Challenged | Refusal:
    account = directory.account(ACC)
    assert account is not None
    return authenticator.check(register(*values), account, flow, now)


def challenge(directory: FakeDirectory, authenticator: Authenticator) -> Challenged:
    asked = check(directory, authenticator)
    assert isinstance(asked, Challenged) and asked.reason == "no_credentials"
    return asked


def offers(asked: Challenged) -> list[str]:
    return [value for name, value in asked.headers if name == "WWW-Authenticate"]


def proof(asked: Challenged, username: str, password: str = "secret", nc: int = 1) -> str:
    chosen = choose(offers(asked))
    assert chosen is not None
    return answer(chosen, "REGISTER", URI, username, password, "c0ffee", nc)


def test_each_algorithm_of_the_account_is_offered_first_choice_first(
    directory: FakeDirectory, authenticator: Authenticator
) -> None:
    """RFC 8760 §2.3."""
    asked = challenge(directory, authenticator)
    assert ["SHA-256" in value for value in offers(asked)] == [True, False]
    assert all('realm="demo.local"' in value for value in offers(asked))


@pytest.mark.parametrize("username", ["alice", "pbx1"])
def test_the_right_answer_names_device_or_trunk(
    directory: FakeDirectory, authenticator: Authenticator, username: str
) -> None:
    found = check(directory, authenticator, proof(challenge(directory, authenticator), username))
    assert isinstance(found, (Device, Trunk)) and found.username == username


@pytest.mark.parametrize(("username", "password"), [("alice", "wrong"), ("nobody", "secret")])
def test_a_wrong_answer_and_an_unknown_user_look_alike(
    directory: FakeDirectory, authenticator: Authenticator, username: str, password: str
) -> None:  # S004-11
    verdict = check(directory, authenticator, proof(challenge(directory, authenticator), username, password))
    assert isinstance(verdict, Challenged) and verdict.reason == "wrong_password"
    assert not any("stale" in value for _, value in verdict.headers)


def test_an_old_nonce_is_stale(directory: FakeDirectory, authenticator: Authenticator) -> None:
    answered = proof(challenge(directory, authenticator), "alice")
    verdict = check(directory, authenticator, answered, now=61.0)
    assert isinstance(verdict, Challenged) and verdict.reason == "stale"
    assert all("stale=true" in value for value in offers(verdict))
    assert ("Warning", '399 tandem "stale: the nonce is too old"') in verdict.headers


def test_a_use_count_counts_once(directory: FakeDirectory, authenticator: Authenticator) -> None:
    asked = challenge(directory, authenticator)
    assert isinstance(check(directory, authenticator, proof(asked, "alice")), Device)
    again = check(directory, authenticator, proof(asked, "alice"))
    assert isinstance(again, Challenged) and again.reason == "replay"
    assert isinstance(check(directory, authenticator, proof(asked, "alice", nc=2)), Device)


def test_an_answer_without_qop_counts_once(
    directory: FakeDirectory, authenticator: Authenticator
) -> None:  # S004-11
    """RFC 2617 §3.2.2.1: it has no count, so nothing else may come after it with that nonce."""
    asked = challenge(directory, authenticator)
    old = Challenged(tuple((name, value.replace(', qop="auth"', "")) for name, value in asked.headers), "")
    answered = proof(old, "alice")
    assert "qop" not in answered and "nc=" not in answered
    assert isinstance(check(directory, authenticator, answered), Device)
    for later in (answered, proof(asked, "alice")):
        again = check(directory, authenticator, later)
        assert isinstance(again, Challenged) and again.reason == "replay"
        assert all("stale=true" in value for value in offers(again))


def test_an_algorithm_that_was_not_offered_proves_nothing(directory: FakeDirectory) -> None:
    directory.digest = ("sha-256",)
    authenticator = Authenticator(directory, Nonces(b"k" * 32, life=60.0, tracked=100))
    asked = challenge(directory, authenticator)
    chosen = choose(value.replace("SHA-256", "MD5") for _, value in asked.headers)
    assert chosen is not None
    answered = answer(chosen, "REGISTER", URI, "alice", "secret", "c0ffee", 1)
    assert isinstance(check(directory, authenticator, answered), Challenged)


def test_credentials_of_another_qop_are_refused_with_what_to_change(
    directory: FakeDirectory, authenticator: Authenticator
) -> None:
    answered = proof(challenge(directory, authenticator), "alice").replace("qop=auth", "qop=auth-int")
    refusal = check(directory, authenticator, answered)
    assert isinstance(refusal, Refusal) and refusal.status == 400 and "qop=auth" in refusal.fix


def test_credentials_for_another_realm_are_no_credentials(
    directory: FakeDirectory, authenticator: Authenticator
) -> None:
    answered = proof(challenge(directory, authenticator), "alice").replace("demo.local", "other.example")
    verdict = check(directory, authenticator, answered)
    assert isinstance(verdict, Challenged) and verdict.reason == "no_credentials"


def test_who_says_his_username_without_a_nonce_is_asked_and_has_guessed_nothing(
    directory: FakeDirectory, authenticator: Authenticator
) -> None:
    """3GPP TS 24.229 §5.1.1.2: so does every phone of a mobile network, each time that it registers."""
    said = f'Digest username="alice",realm="demo.local",nonce="",uri="{URI}",response=""'
    asked = check(directory, authenticator, said)
    assert isinstance(asked, Challenged) and asked.reason == "no_credentials"


def test_a_disabled_device_is_refused_though_its_password_is_right(
    directory: FakeDirectory, authenticator: Authenticator
) -> None:  # S004-10 S004-25
    directory.devices["alice"] = replace(directory.devices["alice"], disabled=True)
    asked = challenge(directory, authenticator)
    refusal = check(directory, authenticator, proof(asked, "alice"))
    assert isinstance(refusal, Refusal) and (refusal.status, refusal.code) == (403, "device_disabled")
    wrong = check(directory, authenticator, proof(asked, "alice", "guess"))
    assert isinstance(wrong, Challenged), "who does not know the password learns nothing"


def test_who_is_locked_out_at_his_source_is_not_heard_there_whatever_he_proves(
    directory: FakeDirectory,
) -> None:
    asked: list[tuple[str, str, float]] = []
    lock = Lock("192.0.2.1", "alice@demo.local", 0.0, 100.0, 10)

    def locked(*what: object) -> Lock | None:
        asked.append(what)  # type: ignore[arg-type]
        return lock if asked[-1][1] == "alice@demo.local" else None

    door = Authenticator(directory, Nonces(b"k" * 32, life=60.0, tracked=100), locked)
    for password in ("secret", "guess"):
        refused = check(directory, door, proof(challenge(directory, door), "alice", password), now=1.0)
        assert isinstance(refused, Refusal) and refused.code == "username_locked"
    assert lock.refused == 2
    assert isinstance(check(directory, door, proof(challenge(directory, door), "bob"), now=1.0), Challenged)
    assert asked[0] == ("192.0.2.1", "alice@demo.local", 1.0), "not asked for who proves nothing"


def test_a_phone_that_is_registered_where_it_asks_goes_on_although_its_username_is_locked_there(
    directory: FakeDirectory,
) -> None:
    """Another phone of the same user has the wrong password, behind the same address."""
    lock = Lock("192.0.2.1", "alice@demo.local", 0.0, 100.0, 2)

    def placed(account: AccountId, username: str, flow: Flow, now: float) -> Place:
        return Place.HERE if (account, username, flow) == (ACC, "alice", FLOW) else Place.AWAY

    door = Authenticator(directory, Nonces(b"k" * 32, life=60.0, tracked=100), lambda *_: lock, placed)
    for _ in range(3):
        refused = check(directory, door, proof(challenge(directory, door), "alice", "guess"))
        assert isinstance(refused, Refusal) and refused.code == "username_locked"
    assert isinstance(check(directory, door, proof(challenge(directory, door), "alice")), Device)
    refused = check(directory, door, proof(challenge(directory, door), "pbx1"))
    assert isinstance(refused, Refusal) and refused.code == "username_locked"


def test_so_does_one_that_has_started_anew_at_its_address_and_a_guesser_there_gains_little(
    directory: FakeDirectory,
) -> None:
    lock = Lock("192.0.2.1", "alice@demo.local", 0.0, 100.0, 2)
    nonces = Nonces(b"k" * 32, life=60.0, tracked=100)
    door = Authenticator(directory, nonces, lambda *_: lock, lambda *_: Place.NEAR)

    def say(password: str, port: int) -> object:
        flow = Flow(Transport.UDP, ("192.0.2.1", port))
        answered = proof(challenge(directory, door), "alice", password)
        return check(directory, door, answered, flow=flow)

    assert isinstance(say("secret", 1), Device)
    assert isinstance(say("guess", 2), Refusal) and isinstance(say("secret", 2), Refusal), (
        "a port has one try"
    )
    assert isinstance(say("secret", 3), Device), "others are heard"
    assert isinstance(say("guess", 4), Refusal), "the second wrong one, as many as led to the lock"
    assert isinstance(say("secret", 5), Refusal), "then nobody is heard from another port"


def test_a_phone_whose_connection_ended_meanwhile_counts_as_one_that_has_started_anew(
    directory: FakeDirectory,
) -> None:
    """By TCP and TLS its binding ends with its connection (RFC 5626 §4.2.1)."""
    lock = Lock("192.0.2.1", "alice@demo.local", 0.0, 100.0, 1, phone_until=50.0)
    door = Authenticator(directory, Nonces(b"k" * 32, life=60.0, tracked=100), lambda *_: lock)

    def say(password: str, port: int, now: float) -> object:
        flow = Flow(Transport.TLS, ("192.0.2.1", port), 0, port)
        return check(
            directory, door, proof(challenge(directory, door), "alice", password), flow=flow, now=now
        )

    assert isinstance(say("secret", 1, 49.0), Device)
    assert isinstance(say("secret", 1, 50.0), Refusal), "it would have ended by now"
    assert isinstance(say("guess", 2, 49.0), Refusal)
    assert isinstance(say("secret", 3, 49.0), Refusal), "tries are counted as ever"
