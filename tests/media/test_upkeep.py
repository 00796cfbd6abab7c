"""What is due now and then, on a hand clock: silences, statistics, RTCP."""

import pytest

from media.frame import GROUPS
from media.leg import Leg, LegTable
from media.port import (
    AgentSpec,
    Allocate,
    Allocated,
    Connect,
    Direction,
    Join,
    LegId,
    Release,
    Released,
    RoomId,
    Silent,
    Stats,
)
from tests.support.emulator import Path
from tests.support.phone import HOST, PCMU, Studio, tone

LEG = LegId("leg")
SPEC = AgentSpec("a", "twilio", "ws://127.0.0.1:1/")


def test_silence_of_a_peer_that_should_send_is_told_once() -> None:
    studio = Studio(limits={"silence_timeout": 5.0})
    phone = studio.phone("leg")
    phone.say(tone(500, 1.0))
    studio.run(5.5)
    assert studio.of(Silent) == []
    studio.run(20.0)
    assert len(studio.of(Silent)) == 1 and studio.of(Silent)[0].seconds == pytest.approx(5.0, abs=0.2)
    phone.say(tone(500, 0.5))
    studio.run(10.0)
    assert len(studio.of(Silent)) == 2, "a second silence"


def test_legs_that_say_nothing_are_left_alone_but_for_what_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    """As load tests hold them by the thousand: a packet a second, reports, and two looks at why."""
    studio = Studio(legs=64, limits={"silence_timeout": 5.0})
    for number in range(40):
        studio.phone(f"leg{number}")
    studio.run(8.0)
    assert len(studio.of(Silent)) == 40
    touched = 0
    at = LegTable.at

    def counted(self: LegTable, slot: int) -> Leg:
        nonlocal touched
        touched += 1
        return at(self, slot)

    monkeypatch.setattr(LegTable, "at", counted)
    studio.run(10.0)
    assert touched / 40 / 10 < 5


def test_a_muted_peer_that_still_reports_is_there() -> None:
    """Softphones that are muted, or suppress silence, send no RTP: RTCP says that they live (RFC 3550 §6)."""
    studio = Studio(limits={"silence_timeout": 5.0})
    phone = studio.phone("leg")
    phone.say(tone(500, 1.0))
    studio.run(1.0)
    for _ in range(5):
        phone.rtcp.sendto(b"\x80\xc9\x00\x01" + (9).to_bytes(4, "big"), (HOST, phone.server[1] + 1))
        studio.run(4.0)
    assert studio.of(Silent) == []
    studio.run(2.0)
    assert len(studio.of(Silent)) == 1


@pytest.mark.parametrize("direction", [Direction.SENDONLY, Direction.INACTIVE])
def test_silence_of_a_peer_on_hold_is_as_agreed(direction: Direction) -> None:
    studio = Studio(limits={"silence_timeout": 5.0})
    phone = studio.phone("leg")
    phone.connect(direction)
    studio.run(20.0)
    assert studio.of(Silent) == []
    phone.connect()
    studio.run(4.5)
    assert studio.of(Silent) == [], "the time counts from the new agreement"
    studio.run(1.0)
    assert len(studio.of(Silent)) == 1


def test_stats_come_every_ten_seconds() -> None:
    studio = Studio()
    phone = studio.phone("leg")
    phone.say(tone(500, 25.0))
    studio.run(25.0)
    stats = studio.of(Stats)
    assert len(stats) == 2 and stats[0].stats.packets_received == pytest.approx(500, abs=8)
    assert stats[0].stats.jitter_ms < 2 and stats[0].stats.round_trip_ms is None


def test_two_engines_measure_their_round_trip_by_rtcp() -> None:
    """RFC 3550 §6.4.1, both ends ours: every packet takes up to 40 ms each way."""
    studio = Studio()
    studio.engine.execute(Allocate(LegId("a"), HOST))
    studio.engine.execute(Allocate(LegId("b"), HOST))
    ports = [event.port for event in studio.of(Allocated)]
    for name, port in zip("ab", reversed(ports), strict=True):
        studio.engine.execute(Connect(LegId(name), (HOST, port), PCMU, (PCMU,), None))
    studio.network.impair(Path(loss=0.0, jitter=0.04, seed=3))
    studio.run(25.0)
    for name in "ab":
        studio.engine.execute(Release(LegId(name)))
    for released in studio.of(Released):
        stats = released.stats
        assert stats.round_trip_ms is not None and 0 <= stats.round_trip_ms < 100
        assert stats.jitter_ms > 1 and stats.remote_jitter_ms > 1


def test_a_released_leg_says_goodbye() -> None:
    """RFC 3550 §6.6."""
    studio = Studio()
    phone = studio.phone("leg")
    phone.say(tone(500, 0.3))
    studio.run(0.3)
    studio.engine.execute(Release(LEG))
    data, _ = phone.rtcp.queue.pop()
    assert data[1] == 200 and data[-7] == 203


def test_a_leg_in_silence_is_polled_as_rarely_as_others_and_heard_again() -> None:
    studio = Studio()
    phone = studio.phone("leg")
    columns = studio.engine._table.columns
    studio.run(1.0)
    assert columns.eager[0]
    studio.run(2.0)
    assert not columns.eager[0]
    phone.say(tone(500, 2.0))
    studio.run(1.0)
    assert columns.aligned[0] and columns.locked[0]
    studio.run(4.0)
    assert not columns.locked[0], "after 2 s another source may be let in"
    phone.say(tone(500, 2.0))
    studio.run(1.0)
    assert columns.locked[0]


def test_every_leg_is_looked_at_again_within_twenty_seconds() -> None:
    studio = Studio()
    phones = [studio.phone(f"leg{number}") for number in range(12)]
    for phone in phones:
        phone.say(tone(500, 25.0))
    studio.run(1.0)
    table = studio.engine._table
    seen: set[int] = set()
    doubt = table.phases.doubt
    table.phases.doubt = lambda slots: (seen.update(slots.tolist()), doubt(slots))[1]  # type: ignore[method-assign]
    studio.run(21.5)
    assert seen == set(range(12)) and table.columns.aligned[:12].all()


def test_of_rooms_only_who_was_settled_by_a_guess_is_looked_at_again() -> None:
    studio = Studio()
    phones = [studio.phone(f"leg{number}") for number in range(3)]
    for phone in phones:
        studio.engine.execute(Join(phone.leg, RoomId("room")))
        phone.say(tone(500, 15.0))
    studio.run(1.0)
    table = studio.engine._table
    told = int(table.columns.group[1])
    table.columns.group[1] = (told + 2) % GROUPS
    table.phases.guessed[1] = True
    table.changed()
    seen: set[int] = set()
    doubt = table.phases.doubt
    table.phases.doubt = lambda slots: (seen.update(slots.tolist()), doubt(slots))[1]  # type: ignore[method-assign]
    studio.run(11.0)
    assert seen == {1} and table.columns.aligned[:3].all()
    assert not table.phases.guessed[1] and table.columns.group[1] == told
