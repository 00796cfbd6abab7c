"""The queues of our own edge look at its bindings and channels (S004-48)."""

from dataclasses import replace

from edge.acd.native import also_reachable
from edge.acd.terms import QueueTerms
from edge.directory import UserId
from edge.outside.registration import OutsideRegistrations
from tests.support.acd import member
from tests.support.directory import ACC, FakeDirectory
from tests.support.edge import Bench, Phone

ALICE = UserId("us_1001")


def bench() -> Bench:
    directory = FakeDirectory()
    directory.add_user("1001", "alice")
    directory.queue_terms["q"] = QueueTerms("q", members=(member("1001"),), auto_ready=True)
    return Bench(directory)


def test_a_user_is_reachable_by_a_binding_of_any_username_unless_not_to_be_disturbed() -> None:
    made = bench()
    world = made.switch.acd.world
    assert not world.reachable(ACC, ALICE, made.now)
    Phone(made, "alice", 3).register()
    assert world.reachable(ACC, ALICE, made.now)
    users = made.directory.users
    users["1001"] = replace(users["1001"], dnd=True)
    assert not world.reachable(ACC, ALICE, made.now)
    assert not world.reachable(ACC, UserId("us_nobody"), made.now)


def test_a_user_is_occupied_by_any_call() -> None:
    made = bench()
    phone = Phone(made, "alice", 3)
    assert not made.switch.acd.world.occupied(ACC, ALICE)
    phone.dial("*43")
    assert made.switch.acd.world.occupied(ACC, ALICE)


def test_ids_differ_and_chance_is_in_its_range() -> None:
    world = bench().switch.acd.world
    assert world.id(1.0) != world.id(1.0) and world.id(1.0).startswith("ls_")
    assert 0.0 <= world.chance() < 1.0


def test_phones_of_an_outside_edge_are_reachable_too() -> None:
    made = bench()
    registrations = OutsideRegistrations(10, 10)
    also_reachable(made.switch.acd, registrations)
    assert not made.switch.acd.world.reachable(ACC, ALICE, made.now)
    registrations.put(ACC, ALICE, "sip:alice@192.0.2.1", made.now + 60.0, made.now)
    assert made.switch.acd.world.reachable(ACC, ALICE, made.now)
