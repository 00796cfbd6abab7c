"""Who is asked for a password, and for which realm (`design.md` §6)."""

import pytest

from edge.routing.identity import challenged_account, claims_local_user, claims_to_be_ours
from edge.sip.message import Request
from edge.sip.parse import parse_message
from tests.support.directory import ACC, FakeDirectory


@pytest.fixture
def directory() -> FakeDirectory:
    made = FakeDirectory()
    made.add_user("1001", "alice")
    return made


def invite(uri: str, from_: str, to: str) -> Request:
    message = parse_message(
        (
            f"INVITE {uri} SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <{from_}>;tag=1\r\n"
            f"To: <{to}>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n\r\n"
        ).encode()
    )
    assert isinstance(message, Request)
    return message


@pytest.mark.parametrize(
    ("from_", "claims"),
    [
        ("sip:1001@demo.local", True),
        ("sip:alice@127.0.0.1:5080;transport=udp", True),
        ("sip:1001@elsewhere.example", False),
        ("sip:nobody@demo.local", False),
        ("sip:demo.local", False),
        ("tel:+12025550123", False),
    ],
)
def test_from_claims_a_user_of_ours(directory: FakeDirectory, from_: str, claims: bool) -> None:
    assert claims_local_user(directory, invite("sip:x@y", from_, "sip:x@y")) is claims


@pytest.mark.parametrize(
    ("from_", "source", "claims"),
    [
        ("sip:1001@demo.local", "192.0.2.7", True),
        ("sip:nobody@demo.local", "192.0.2.7", True),
        ("sip:nobody@DEMO.local:5080", "192.0.2.7", True),
        ("sip:123456@demo.local", "192.0.2.7", True),
        ("sip:1234567@demo.local", "192.0.2.7", False),
        ("sip:+15550001@demo.local", "192.0.2.7", False),
        ("sip:Anonymous@demo.local", "192.0.2.7", False),
        ("sip:demo.local", "192.0.2.7", False),
        ("sip:nobody@127.0.0.1", "127.0.0.1", False),
        ("sip:nobody@elsewhere.example", "192.0.2.7", False),
        ("sip:1001@127.0.0.1", "127.0.0.1", True),
    ],
)
def test_a_name_at_our_domain_is_a_claim_whether_or_not_somebody_has_it(
    directory: FakeDirectory, from_: str, source: str, claims: bool
) -> None:
    assert claims_to_be_ours(directory, invite("sip:x@y", from_, "sip:x@y"), source) is claims


@pytest.mark.parametrize("place", range(3))
def test_the_realm_is_found_by_host_to_or_from(directory: FakeDirectory, place: int) -> None:
    hosts = ["sip:x@a.example"] * 3
    hosts[place] = "sip:x@DEMO.local"
    both = (*directory.accounts(), *directory.accounts())
    directory.accounts = lambda: both  # type: ignore[method-assign]
    account = challenged_account(directory, invite(*hosts))
    assert account is not None and account.id == ACC


def test_among_several_accounts_an_unknown_host_means_none(directory: FakeDirectory) -> None:
    both = (*directory.accounts(), *directory.accounts())
    directory.accounts = lambda: both  # type: ignore[method-assign]
    assert challenged_account(directory, invite(*["sip:x@a.example"] * 3)) is None


def test_the_only_account_answers_for_every_host(directory: FakeDirectory) -> None:
    account = challenged_account(directory, invite(*["sip:x@a.example"] * 3))
    assert account is not None and account.id == ACC
