"""Registrations that wait: oldest first, copies once, strangers in half of the places."""

from edge.overload.waiting import Waiting
from edge.sip.flow import Flow, Transport

PHONE = Flow(Transport.UDP, ("192.0.2.7", 5060))


def test_the_oldest_goes_on_first_and_is_held_no_longer() -> None:
    waiting = Waiting(10)
    for data in (b"one", b"two", b"three"):
        assert waiting.put(data, PHONE, 10.0, known=True)
    assert waiting.holds(b"one") and not waiting.holds(b"four")
    assert waiting.take(2) == [(b"one", PHONE), (b"two", PHONE)]
    assert not waiting.holds(b"one") and waiting.holds(b"three") and len(waiting) == 1
    assert waiting.take(2) == [(b"three", PHONE)] and waiting.take(2) == []


def test_strangers_have_half_the_places_of_the_limit_and_of_what_there_is_time_for() -> None:
    for waiting, room in ((Waiting(4), 100.0), (Waiting(100), 4.0)):
        taken = [waiting.put(b"%d" % n, PHONE, room, known=False) for n in range(4)]
        assert taken == [True, True, False, False]
        taken = [waiting.put(b"%d" % n, PHONE, room, known=True) for n in range(4, 8)]
        assert taken == [True, True, False, False]
