"""What the caller is told when all who were rung refused (RFC 3261 §16.7 step 6)."""

import pytest

from edge.call.refused import rank, redirection, refusal_of, unusable
from edge.error import Refusal
from edge.sip.build import response_to
from edge.sip.session_event import Refused
from tests.edge.sip.test_keyring import asked, challenge
from tests.support.directory import FakeDirectory


def refused(status: int, headers: tuple[tuple[str, str], ...] = ()) -> Refused:
    return Refused(status, "So", response_to(asked(), status, headers=headers))


def test_a_decisive_answer_counts_more_than_a_busy_one_and_silence_least() -> None:
    told = [603, 486, 500, 408, 503]
    assert sorted(reversed(told), key=rank) == told


@pytest.mark.parametrize(
    ("status", "told", "code"),
    [
        (486, 486, "busy"),
        (603, 603, "declined"),
        (500, 500, "refused"),
        (503, 500, "refused"),
        (302, 480, "unavailable"),
    ],
)
def test_what_is_amiss_between_us_and_the_callee_is_unavailable(status: int, told: int, code: str) -> None:
    refusal = refusal_of(refused(status), None)
    assert (refusal.status, refusal.code) == (told, code) and f"answered {status} So" in refusal.text


def test_a_phone_that_cannot_be_reached_is_unavailable_and_a_trunk_out_of_order() -> None:
    """RFC 3261 §21.4.18; nobody has answered, whatever the transport said."""
    made = Refused(503, "Destination Unreachable")
    phone = refusal_of(made, None)
    assert (phone.status, phone.code) == (480, "unreachable") and "answered" not in phone.text
    directory = FakeDirectory()
    directory.add_trunk("main")
    assert refusal_of(made, directory.trunks["main"]).status == 500


def test_a_password_that_is_not_taken_is_a_fault_of_the_trunk_with_its_remedy() -> None:
    directory = FakeDirectory()
    directory.add_trunk("main", username="us", password="pw")
    made = Refused(407, "So", challenge("carrier", status=407))
    of_trunk, of_phone = refusal_of(made, directory.trunks["main"]), refusal_of(made, None)
    assert (of_trunk.status, of_phone.status) == (502, 480)
    assert "mend username and password of trunk main" in of_trunk.fix and "'carrier'" in of_trunk.fix
    assert "carrier" not in of_trunk.text, "the caller is not told"


def test_an_answer_that_cannot_be_used_is_not_acceptable_and_one_that_cannot_be_read_a_bad_gateway() -> None:
    assert [unusable(None).status, unusable(Refusal("bad_sdp", 400, "x", "y")).status] == [488, 502]
    kept = unusable(Refusal("not_acceptable", 488, "no common codec", "offer …"))
    assert (kept.text, "answered without usable audio" in kept.fix) == ("no common codec", True)


@pytest.mark.parametrize(
    ("contact", "users"),
    [
        ("<sip:1@a>;q=0.1, <sip:2@a>;q=0.7, <sip:3@a>;q=0.7, <mailto:me@a.example>;q=0.5", ["2", "3", "1"]),
        ("<tel:+1415>", ["+1415"]),
        ("<sip:a.example>", []),
        ("<mailto:me@a.example>", []),
        ("*", []),
        ("<<", []),
    ],
)
def test_the_preferred_contacts_are_where_it_goes_if_they_can_be_dialled(
    contact: str, users: list[str]
) -> None:
    """RFC 3261 §8.1.3.4."""
    assert [uri.dialled for uri in redirection(refused(302, (("Contact", contact),)))] == users
