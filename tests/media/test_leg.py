"""The table of legs: slots, ids, and what an agreement writes into the columns."""

from media.codec.table import ALAW, ULAW
from media.columns import NEVER
from media.frame import GROUPS
from media.leg import WIPED, Leg, LegTable, plain_header
from media.playback import Playback
from media.port import Codec, Connect, Direction, LegId
from media.rtp.reframe import Reframer
from media.rtp.telephone_event import DigitSender

PCMU, PCMA = Codec("pcmu", 0), Codec("pcma", 8)


def add(table: LegTable, name: str = "leg") -> Leg:
    slot = table.take_slot()
    assert slot is not None
    leg = Leg(LegId(name), slot, 20000, False, Playback(LegId(name), 8, slot, table.columns), DigitSender(8))
    table.add(leg)
    return leg


def connect(codec: Codec = PCMU, *accept: Codec, direction: Direction = Direction.SENDRECV) -> Connect:
    return Connect(LegId("leg"), ("192.0.2.1", 4000), codec, accept or (PCMU, PCMA), 101, direction)


def test_low_slots_are_used_first_and_come_back() -> None:
    table = LegTable(2)
    first, second = add(table, "a"), add(table, "b")
    assert (first.slot, second.slot, table.take_slot(), len(table)) == (0, 1, None, 2)
    table.remove(first)
    assert table.find(LegId("a")) is None and add(table, "c").slot == 0


def test_slots_are_forgotten_together_and_before_they_get_another_leg() -> None:
    table = LegTable(3 * WIPED)
    wiped: list[list[int]] = []
    table.resets.append(lambda slots: wiped.append(slots.tolist()))
    legs = [add(table, str(number)) for number in range(2 * WIPED)]
    for leg in legs[: WIPED - 1]:
        table.columns.law_out[leg.slot] = 9
        table.remove(leg)
    assert not wiped and add(table, "high").slot == 2 * WIPED
    table.remove(legs[WIPED - 1])
    assert wiped == [list(range(WIPED))] and not table.columns.law_out.any()
    assert [add(table, f"again{number}").slot for number in range(WIPED)] == list(range(WIPED))


def test_slots_are_forgotten_at_once_where_no_other_is_left() -> None:
    table = LegTable(1)
    for name in ("a", "b"):
        leg = add(table, name)
        assert table.columns.law_out[0] == 0
        table.columns.law_out[0] = 9
        table.remove(leg)


def test_a_leg_is_unheard_until_its_first_packet() -> None:
    table = LegTable(1)
    leg = add(table)
    table.connect(leg, connect(), 0.0)
    assert table.columns.unheard[0]
    table.stale[:] = [False] * GROUPS
    table.begun(0)
    assert not table.columns.unheard[0] and all(table.stale)
    table.stale[:] = [False] * GROUPS
    table.begun(0)
    table.connect(leg, connect(), 1.0)
    assert not table.columns.unheard[0], "a new agreement changes nothing"


def test_an_agreement_is_written_into_the_columns() -> None:
    table = LegTable(2)
    leg = add(table)
    table.stale[:] = [False] * GROUPS
    table.connect(leg, connect(PCMA, PCMA, direction=Direction.SENDONLY), 5.0)
    columns = table.columns
    assert columns.connected[0] and columns.marker[0] and table.phases.unaligned == 1
    assert (columns.law_out[0], columns.law_in[0]) == (ALAW, ALAW)
    assert columns.expect[0] == columns.header[0] == plain_header(8)
    assert columns.may_send[0] and not columns.may_receive[0]
    assert columns.heard_at[0] == 5.0 and leg.laws == {8: ALAW} and all(table.stale)


def test_a_new_agreement_keeps_the_stream_that_is_being_heard() -> None:
    table = LegTable(2)
    leg = add(table)
    table.connect(leg, connect(), 0.0)
    table.expect(leg, 8, ALAW)  # the peer chose the other codec
    table.phases.align(0, 3, 0.0, sole=True)
    table.connect(leg, connect(), 1.0)
    assert table.columns.expect[0] == plain_header(8) and table.columns.law_in[0] == ALAW
    assert table.columns.group[0] == 0 and table.phases.unaligned == 0
    table.connect(leg, connect(PCMU, PCMU), 2.0)
    assert table.columns.expect[0] == plain_header(0), "what is no longer accepted is not expected"
    assert table.columns.law_in[0] == ULAW


def test_a_leg_that_is_reframed_has_no_fast_path() -> None:
    table = LegTable(1)
    leg = add(table)
    leg.reframer = Reframer(0, 0)
    table.connect(leg, connect(), 0.0)
    assert table.columns.expect[0] == NEVER


def test_a_leg_that_goes_unaligned_is_counted_off() -> None:
    table = LegTable(1)
    leg = add(table)
    table.connect(leg, connect(), 0.0)
    table.remove(leg)
    assert table.phases.unaligned == 0 and not table.columns.connected.any() and list(table) == []
