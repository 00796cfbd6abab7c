"""An hour-long call keeps its session alive in either role, by UPDATE and by re-INVITE (RFC 4028)."""

import pytest

from edge.sip.message import Request
from edge.sip.session import State
from tests.lossy.script import directory
from tests.support.station import Station
from tests.support.town import Town

HOUR = 3_600.0
INTERVAL = 240


def refreshes(station: Station, talks: int = 1) -> list[Request]:
    """Requests of the switch that keep the session alive: the first INVITE aside."""
    return [m for m in station.got if m.method in ("INVITE", "UPDATE") and m.to.tag]


@pytest.mark.parametrize("loss", [0.0, 0.2])
@pytest.mark.parametrize("method", ["UPDATE", "INVITE"])
@pytest.mark.parametrize("refresher", ["uac", "uas"])
def test_an_hour_long_call_is_refreshed_on_time(refresher: str, method: str, loss: float) -> None:
    """`refresher` is of the caller's session: uac is the caller, uas the switch."""
    town = Town(directory(), seed=4028, loss=loss, duplication=loss / 2, delay=(0.01, 0.4))
    caller = town.station("1001", "127.0.0.11", session_expires=INTERVAL)
    callee = town.station("1003", "127.0.0.12", session_expires=INTERVAL)
    caller.updates = callee.updates = method == "UPDATE"
    town.bench.switch._arrivals.ground.wire.session_expires = INTERVAL
    callee.register(town.now, 86_400)
    town.run(20.0)
    expires = ("Session-Expires", f"{INTERVAL};refresher={refresher}")
    talk = caller.dial("1003", town.now, headers=(expires,))
    town.run(HOUR)
    (far,) = callee.talks
    assert talk.session.state is far.session.state is State.CONFIRMED
    assert len(town.bench.switch.calls) == 1 and not town.bench.journal.cdrs
    at_switch = [m for m in refreshes(caller) if m.method == method]
    assert refreshes(callee) and all(m.method == method for m in refreshes(callee))
    # The refresher sends its request at half of the interval; what comes of it takes a moment on a bad wire.
    fewest = HOUR / (INTERVAL / 2 + (0.0 if loss == 0.0 else 40.0)) - 2
    assert len(refreshes(callee)) >= fewest
    assert len(at_switch) >= fewest if refresher == "uas" else not at_switch
    caller.hang_up(talk, town.now)
    town.run(70.0)
    assert town.left() == {}


@pytest.mark.parametrize("side", ["caller", "callee"])
def test_who_refreshes_no_more_is_hung_up_on_before_the_end(side: str) -> None:
    """RFC 4028 §10: a BYE, before the interval is over, to the side that lives."""
    town = Town(directory())
    caller = town.station("1001", "127.0.0.11", session_expires=INTERVAL)
    callee = town.station("1003", "127.0.0.12", session_expires=INTERVAL)
    callee.register(town.now, 86_400)
    town.run(1.0)
    talk = caller.dial("1003", town.now)
    town.run(1.0)
    (far,) = callee.talks
    dead, lives = (caller, far) if side == "caller" else (callee, talk)
    dead.dead = True
    town.run(INTERVAL if side == "caller" else 1_800.0)
    assert lives.session.state is State.ENDED and lives.ended == "bye"
    (cdr,) = town.bench.journal.cdrs
    assert cdr.cause == "session_expired"
