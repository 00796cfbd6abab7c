"""Where phones are registered from."""

from edge.security.phones import Phones


def test_usernames_of_a_source_are_counted_while_they_are_registered() -> None:
    phones = Phones(100)
    assert phones.add("10.0.0.1", "1001", 200.0, 100.0) and phones.add("10.0.0.1", "1002", 300.0, 100.0)
    assert not phones.add("10.0.0.1", "1001", 250.0, 150.0), "the source is known for longer already"
    assert [phones.count("10.0.0.1", at) for at in (199.0, 249.0, 250.0, 300.0)] == [2, 2, 1, 0]
    assert (phones.until("10.0.0.1"), phones.until("10.0.0.2")) == (300.0, 0.0)
    assert phones.count("10.0.0.2", 1.0) == 0


def test_a_username_is_known_where_it_registered_until_that_would_have_ended() -> None:
    phones = Phones(100)
    phones.add("10.0.0.1", "1001@a.example", 200.0, 100.0)
    assert phones.named("10.0.0.1", "1001@a.example") == 200.0
    assert phones.named("10.0.0.1", "1001@b.example") == phones.named("10.0.0.2", "1001@a.example") == 0.0


def test_who_is_known_for_something_else_is_no_phone() -> None:
    phones = Phones(100)
    assert phones.add("10.0.0.1", "", 200.0, 100.0)
    assert (phones.until("10.0.0.1"), phones.count("10.0.0.1", 100.0)) == (200.0, 0)


def test_a_network_has_the_phones_of_its_addresses() -> None:
    phones = Phones(100)
    phones.add("10.0.0.1", "1001", 200.0, 100.0)
    phones.add("2001:db8::/64", "1001", 200.0, 100.0)
    for network in ("10.0.0.0/24", "10.0.0.1", "2001:db8::/64"):
        assert phones.within(network, 150.0)
    for network in ("10.0.1.0/24", "10.0.0.2"):
        assert not phones.within(network, 150.0)
    assert not phones.within("10.0.0.0/24", 200.0)


def test_sources_are_bounded() -> None:
    phones = Phones(3)
    for n in range(10):
        phones.add(f"10.0.0.{n}", "1001", 500.0, 100.0)
    assert [n for n in range(10) if phones.until(f"10.0.0.{n}")] == [7, 8, 9]
    assert sum(phones.count(f"10.0.0.{n}", 100.0) for n in range(10)) == 3


def test_room_is_made_for_many_at_once() -> None:
    phones = Phones(800)
    for n in range(801):
        phones.add(f"source {n}", "1001", 500.0, 100.0)
    assert sum(phones.until(f"source {n}") > 0.0 for n in range(801)) == 701
    assert phones.until("source 99") == 0.0 < phones.until("source 100")


def test_usernames_are_bounded_over_all_sources_and_who_ran_out_goes_first() -> None:
    phones = Phones(3)
    phones.add("10.0.0.1", "1", 500.0, 100.0)
    phones.add("10.0.0.2", "1", 150.0, 100.0)
    phones.add("10.0.0.2", "2", 150.0, 100.0)
    phones.add("10.0.0.1", "2", 500.0, 200.0)
    assert (phones.count("10.0.0.1", 200.0), phones.until("10.0.0.2")) == (2, 0.0)
    for n in range(20):
        phones.add("10.0.0.1", f"{n}", 500.0, 200.0)
        assert phones.count("10.0.0.1", 200.0) <= 3 and phones.until("10.0.0.1") == 500.0
