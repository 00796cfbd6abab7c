"""Phones that are registered at an outside edge (S004-40…42)."""

from edge.directory import AccountId, UserId
from edge.outside.registration import OutsideRegistrations

ACC, ALICE, BOB = AccountId("acc"), UserId("us_a"), UserId("us_b")


def test_a_contact_holds_until_it_expires_or_is_removed() -> None:  # S004-41
    held = OutsideRegistrations(10, 2)
    assert held.put(ACC, ALICE, "sip:a", 100.0, 0.0) and held.put(ACC, ALICE, "sip:b", 50.0, 0.0)
    assert held.contacts(ACC, ALICE, 10.0) == ["sip:a", "sip:b"]
    assert held.contacts(ACC, ALICE, 60.0) == ["sip:a"]
    held.remove(ACC, ALICE, "sip:a")
    held.remove(ACC, ALICE, "sip:none")
    assert held.contacts(ACC, ALICE, 10.0) == ["sip:b"]
    held.remove(ACC, ALICE, "")
    assert held.contacts(ACC, ALICE, 10.0) == [] and len(held) == 0


def test_a_refresh_counts_once() -> None:  # S004-43
    held = OutsideRegistrations(1, 1)
    for now in (0.0, 10.0):
        assert held.put(ACC, ALICE, "sip:a", now + 60, now)
    assert len(held) == 1 and held.contacts(ACC, ALICE, 65.0) == ["sip:a"]


def test_there_is_room_for_so_many_and_what_has_ended_makes_room() -> None:
    held = OutsideRegistrations(2, 2)
    for contact in ("sip:a", "sip:b"):
        held.put(ACC, ALICE, contact, 60.0, 0.0)
    assert not held.put(ACC, ALICE, "sip:c", 60.0, 0.0) and not held.put(ACC, BOB, "sip:d", 60.0, 0.0)
    assert held.put(ACC, BOB, "sip:d", 160.0, 100.0) and len(held) == 1
