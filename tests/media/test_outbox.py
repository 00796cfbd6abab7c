import pytest

from media.outbox import Outbox
from media.port import DigitsSent, Event, LegId


def event(name: str) -> Event:
    return DigitsSent(LegId(name), "")


def test_events_are_delivered_in_order_at_the_end_of_the_outermost_work() -> None:
    out: list[Event] = []
    outbox = Outbox(out.append)
    with outbox:
        outbox.put(event("a"))
        with outbox:
            outbox.put(event("b"))
        assert out == []
    assert out == [event("a"), event("b")]


def test_outside_of_any_work_an_event_is_delivered_at_once() -> None:
    out: list[Event] = []
    Outbox(out.append).put(event("a"))
    assert out == [event("a")]


def test_what_a_receiver_causes_comes_after_what_was_queued() -> None:
    out: list[Event] = []

    def receive(found: Event) -> None:
        out.append(found)
        if found == event("a"):
            with outbox:
                outbox.put(event("c"))

    outbox = Outbox(receive)
    with outbox:
        outbox.put(event("a"))
        outbox.put(event("b"))
    assert out == [event("a"), event("b"), event("c")]


def test_a_receiver_that_fails_loses_its_event_and_no_other() -> None:
    out: list[Event] = []

    def receive(found: Event) -> None:
        if found == event("bad"):
            raise RuntimeError("bug")
        out.append(found)

    outbox = Outbox(receive)
    with pytest.raises(RuntimeError), outbox:
        outbox.put(event("bad"))
        outbox.put(event("b"))
    outbox.put(event("c"))
    assert out == [event("b"), event("c")]
