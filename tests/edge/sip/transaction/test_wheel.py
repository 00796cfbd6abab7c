"""Timing wheel: constant life, coarse buckets, bounded, invisible to the collector."""

import gc

import pytest

from edge.sip.transaction.deadline import Deadline
from edge.sip.transaction.wheel import PAGE, WIDTH, ByteWheel, Wheel


def test_an_entry_is_there_for_its_life_and_gone_a_bucket_later() -> None:
    wheel: Wheel[str, bytes] = Wheel(32.0, 10, Deadline())
    wheel.put("a", b"1", 0.0)
    assert wheel.next_at() == 32.0 + WIDTH
    wheel.expire(32.0)
    assert wheel.get("a") == b"1" and "a" in wheel
    wheel.expire(32.0 + WIDTH)
    assert wheel.get("a") is None and "a" not in wheel
    assert len(wheel) == 0 and wheel.next_at() is None


def test_entries_put_within_a_width_share_a_bucket_and_later_ones_do_not() -> None:
    wheel: Wheel[str, bytes] = Wheel(1.0, 10, Deadline())
    wheel.put("a", b"", 0.0)
    wheel.put("b", b"", WIDTH * 0.9)
    wheel.put("c", b"", WIDTH)
    wheel.expire(1.0 + WIDTH)
    assert ["a" in wheel, "b" in wheel, "c" in wheel] == [False, False, True]
    assert wheel.next_at() == 1.0 + 2 * WIDTH


def test_at_the_limit_the_oldest_makes_room() -> None:
    wheel: Wheel[str, int] = Wheel(1.0, 3, Deadline())
    for index in range(6):
        wheel.put(f"k{index}", index, float(index))
        assert len(wheel) <= 3
    assert [wheel.get(f"k{index}") for index in range(6)] == [None, None, None, 3, 4, 5]
    wheel.expire(100.0)
    assert len(wheel) == 0


def test_a_flood_inside_one_bucket_stays_within_the_limit() -> None:
    wheel: Wheel[str, int] = Wheel(1.0, 3, Deadline())
    for index in range(100):
        wheel.put(f"k{index}", index, 0.0)
    assert len(wheel) == 3 and wheel.get("k99") == 99


def test_room_is_made_beyond_a_bucket_whose_entries_were_popped() -> None:
    wheel: Wheel[str, int] = Wheel(1.0, 2, Deadline())
    wheel.put("a", 1, 0.0)
    wheel.pop("a")
    for index in range(3):
        wheel.put(f"k{index}", index, 1.0)
    assert len(wheel) == 2 and "k2" in wheel


def test_a_wheel_without_room_keeps_the_latest_only() -> None:
    wheel: Wheel[str, int] = Wheel(1.0, 0, Deadline())
    wheel.put("a", 1, 0.0)
    wheel.pop("a")
    for key in ("b", "c"):
        wheel.put(key, 2, 0.0)
    assert len(wheel) == 1 and "c" in wheel
    wheel.expire(10.0)
    assert len(wheel) == 0


def test_a_popped_entry_is_not_counted_and_not_expired_twice() -> None:
    wheel: Wheel[str, int] = Wheel(1.0, 3, Deadline())
    wheel.put("a", 1, 0.0)
    assert wheel.pop("a") == 1 and wheel.pop("a") is None and len(wheel) == 0
    wheel.expire(10.0)
    assert len(wheel) == 0 and wheel.next_at() is None


def test_putting_a_key_again_changes_the_value_but_not_the_deadline() -> None:
    wheel: Wheel[str, int] = Wheel(1.0, 3, Deadline())
    wheel.put("a", 1, 0.0)
    wheel.put("a", 2, 1.0)
    assert wheel.get("a") == 2 and len(wheel) == 1
    wheel.expire(1.0 + WIDTH)
    assert "a" not in wheel


def test_the_collector_does_not_track_what_is_kept() -> None:
    """design.md §3, garbage: thousands of entries are no more objects to a collection than a few."""
    wheel: Wheel[str, bytes] = Wheel(32.0, 100_000, Deadline())

    def containers() -> int:
        return sum(isinstance(thing, (dict, list, tuple)) for thing in gc.get_objects())

    gc.collect()
    before = containers()
    for index in range(5_000):
        wheel.put(f"k{index}", b"x", 0.0)
    assert containers() - before < 500


def test_a_wheel_of_bytes_gives_back_what_was_put_for_its_life() -> None:
    wheel = ByteWheel(32.0, 100_000, Deadline())
    for index in range(1_000):
        wheel.put(f"k{index}", f"{index} ".encode() * 50, index / 10)
        wheel.expire(index / 10)
        assert wheel.get(f"k{index}") == f"{index} ".encode() * 50
    assert len(wheel) == pytest.approx(32.25 * 10, abs=3)
    assert all(wheel.get(f"k{index}") == f"{index} ".encode() * 50 for index in range(680, 1_000))
    assert wheel.get("k600") is None and "k600" not in wheel and "k999" in wheel


def test_pages_go_when_the_last_of_them_is_due() -> None:
    """A page for each fifty: what is kept follows what is alive, whatever came before."""
    wheel = ByteWheel(1.0, 100_000, Deadline())
    value = b"x" * (PAGE // 50)
    for index in range(10_000):
        wheel.put(f"k{index}", value, index / 100)
        wheel.expire(index / 100)
        assert wheel.held <= 5 * PAGE
    wheel.expire(1_000.0)
    assert (len(wheel), wheel.held, wheel.next_at()) == (0, 0, None)


def test_a_value_put_again_replaces_the_first_and_keeps_its_deadline() -> None:
    wheel = ByteWheel(1.0, 10, Deadline())
    wheel.put("a", b"one", 0.0)
    wheel.put("a", b"another", 0.9)
    assert wheel.get("a") == b"another" and len(wheel) == 1
    wheel.expire(1.0 + WIDTH)
    assert "a" not in wheel
    wheel.put("a", b"third", 2.0)
    wheel.pop("a")
    assert "a" not in wheel and len(wheel) == 0


def test_a_wheel_of_bytes_also_bounds_their_size() -> None:
    wheel = ByteWheel(1_000.0, 100, Deadline())
    for index in range(500):
        wheel.put(f"k{index}", b"x" * 2_048, float(index))
        assert wheel.held <= 100 * 1024
    assert wheel.get("k499") == b"x" * 2_048 and "k460" in wheel and "k449" not in wheel
    wheel.put("huge", b"x" * 200_000, 500.0)
    assert wheel.get("huge") == b"x" * 200_000 and "k499" not in wheel
    wheel.put("small", b"y", 501.0)
    assert wheel.get("small") == b"y" and wheel.held <= 100 * 1024
