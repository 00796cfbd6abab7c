"""Who a call is from, for trunks and phones (RFC 3323, RFC 3325)."""

from dataclasses import replace

import pytest

from edge.directory import AccountId, CallerPolicy, NumberFormat, Trunk, TrunkId
from edge.sip.address import Address
from edge.sip.build import request
from edge.sip.message import Request
from edge.sip.uri import Uri
from edge.trunk.caller import ANONYMOUS, Caller, for_phone, for_trunk, is_private, told_by_trunk

TRUNK = Trunk(TrunkId("t"), AccountId("a"), "main", "sip:c", "us", "pw", None, True)
ALICE = Caller("12025550123", "Alice")


BOB = Address.parse('"Bob" <sip:1002@carrier>')


def invite(*headers: tuple[str, str], from_: Address = BOB) -> Request:
    return request(
        "INVITE", Uri.parse("sip:1@b"), from_=from_, to=from_, call_id="c", cseq=1, headers=headers
    )


def test_a_trunk_is_shown_the_callers_own_number_and_nothing_else() -> None:
    from_, headers = for_trunk(TRUNK, ALICE, "carrier.example")
    assert str(from_) == '"Alice" <sip:12025550123@carrier.example>' and headers == ()


def test_a_policy_may_show_one_number_for_all_and_assert_it() -> None:
    trunk = replace(TRUNK, caller_id=CallerPolicy("12025550100", asserts=True), numbers=NumberFormat("plus"))
    from_, headers = for_trunk(trunk, ALICE, "c")
    assert from_.uri.user == "+12025550100"
    assert headers == (("P-Asserted-Identity", "<sip:+12025550100@c>"),)


def test_what_is_asserted_is_a_uri_whatever_the_callers_name_holds() -> None:
    """RFC 3261 §25.1: it came escaped and leaves so."""
    caller = Caller(Uri.parse("sip:a%3E%22,b@h").dialled)
    trunk = replace(TRUNK, caller_id=CallerPolicy(asserts=True))
    assert for_trunk(trunk, caller, "c")[1] == (("P-Asserted-Identity", "<sip:a%3E%22,b@c>"),)


def test_from_may_be_our_username_there() -> None:
    trunk = replace(TRUNK, caller_id=CallerPolicy(username=True, asserts=True))
    from_, headers = for_trunk(trunk, ALICE, "c")
    assert from_.uri.user == "us" and headers == (("P-Asserted-Identity", "<sip:12025550123@c>"),)


@pytest.mark.parametrize(
    ("privacy", "private", "hidden"),
    [("honour", False, False), ("honour", True, True), ("always", False, True), ("never", True, False)],
)
def test_privacy_is_the_callers_wish_or_the_trunks_rule(privacy: str, private: bool, hidden: bool) -> None:
    trunk = replace(TRUNK, caller_id=CallerPolicy(asserts=True, privacy=privacy))
    from_, headers = for_trunk(trunk, replace(ALICE, private=private), "c")
    assert (from_.uri.host == "anonymous.invalid") is hidden
    assert (("Privacy", "id") in headers) is hidden and headers[0][0] == "P-Asserted-Identity"


def test_a_phone_never_learns_who_is_private() -> None:
    assert str(for_phone(ALICE, "demo.local").uri) == "sip:12025550123@demo.local"
    assert for_phone(replace(ALICE, private=True), "demo.local").uri.user == "anonymous"


def test_what_a_trunk_asserts_comes_before_from() -> None:
    asserted = ("P-Asserted-Identity", '"Carol" <sip:+14155550100@carrier>, <tel:+14155550100>')
    assert told_by_trunk(invite(asserted)) == Caller("+14155550100", "Carol")
    assert told_by_trunk(invite(("P-Asserted-Identity", "<<<"))) == Caller("1002", "Bob")
    assert told_by_trunk(invite()) == Caller("1002", "Bob")


def test_the_name_of_from_goes_with_its_number_alone() -> None:
    """Names are sold with numbers (CNAM), and many carriers write them into From and nowhere else."""
    for asserted in ("<sip:1002@carrier>", "<tel:+1002;verstat=TN-Validation-Passed>"):
        assert told_by_trunk(invite(("P-Asserted-Identity", asserted))).name == "Bob"
    assert told_by_trunk(invite(("Remote-Party-ID", "<sip:1002@c>;party=calling"))).name == "Bob"
    assert told_by_trunk(invite(("P-Asserted-Identity", "<tel:+15550001>"))) == Caller("+15550001", "")


@pytest.mark.parametrize(("privacy", "private"), [((), True), ((("Privacy", "none"),), False)])
def test_an_anonymous_from_asks_for_privacy_whoever_is_asserted(
    privacy: tuple[tuple[str, str], ...], private: bool
) -> None:
    """RFC 3323 §4.1.1.3."""
    told = told_by_trunk(invite(("P-Asserted-Identity", "<tel:+15550001>"), *privacy, from_=ANONYMOUS))
    assert (told.number, told.private) == ("+15550001", private)


@pytest.mark.parametrize(
    ("value", "private"),
    [
        ("id", True),
        ("header;user", True),
        ("none", False),
        ("id;none", False),
        ("critical", False),
        ("", False),
    ],
)
def test_privacy_is_read_by_rfc_3323(value: str, private: bool) -> None:
    assert is_private(invite(("Privacy", value))) is private


@pytest.mark.parametrize(
    ("party", "number", "name", "private"),
    [
        ('"Ann" <sip:+15550007@c>;party=calling;privacy=off;screen=yes', "+15550007", "Ann", False),
        ("<sip:+15550007@c>;privacy=full", "+15550007", "", True),
        ("<sip:+15550007@c>;party=calling;privacy=uri-network", "+15550007", "", True),
        ("<sip:+15550007@c>;party=calling;privacy=name", "+15550007", "", False),
        ("<sip:9@c>;party=called, <sip:+15550007@c>;party=calling", "+15550007", "", False),
        ("<sip:9@c>;party=called", "1002", "Bob", False),
        ("<sip:c>;party=calling", "1002", "Bob", False),
        ("<<no address", "1002", "Bob", False),
    ],
)
def test_a_trunk_that_asserts_nothing_may_tell_the_remote_party(
    party: str, number: str, name: str, private: bool
) -> None:
    """draft-ietf-sip-privacy-04 §5.1."""
    told = told_by_trunk(invite(("Remote-Party-ID", party)))
    assert (told.number, told.name, told.private) == (number, name, private)
    asserted = told_by_trunk(invite(("Remote-Party-ID", party), ("P-Asserted-Identity", "<tel:+15550001>")))
    assert asserted.number == "+15550001", "what is asserted by the RFC comes first"
