"""When a leg is polled: by packets that tell when they came, never by what piled up meanwhile."""

import numpy as np

from media.columns import LegColumns
from media.frame import GROUPS
from media.phase import AGREEING, PATIENCE, Phases


def made() -> Phases:
    """With one leg, in slot 0."""
    columns = LegColumns(1)
    phases = Phases(1, columns, lambda: None)
    columns.connected[0] = True
    phases.begin(0)
    return phases


def group(phases: Phases) -> int:
    return int(phases._columns.group[0])


def find(phases: Phases, found: int, late: float = 0.0, *, sole: bool = True, times: int = 1) -> None:
    for _ in range(times):
        assert not phases._columns.aligned[0], "nobody asks for what is known"
        phases.align(0, found, late, sole=sole)


def test_a_leg_in_doubt_keeps_its_group_unless_packets_wait_long_or_come_close() -> None:
    """Found in group g, a leg belongs to g + 1; g + 2 will do, g + 3 and g will not."""
    for before, kept in ((1, True), (2, True), (3, False), (0, False)):
        phases = made()
        find(phases, (before - 1) % GROUPS)
        assert group(phases) == before
        phases.doubt(np.array([0]))
        assert phases.unaligned == 1 and not phases._columns.aligned[0]
        find(phases, 0, times=1 if kept else AGREEING)
        assert phases.unaligned == 0
        assert group(phases) == (before if kept else 1)


def test_one_late_packet_moves_no_leg() -> None:
    """To move costs a frame: several packets in a row have to ask for it."""
    phases = made()
    find(phases, 0)
    for late in range(1, AGREEING):
        phases.doubt(np.array([0]))
        find(phases, 1, times=late)
        assert phases.unaligned == 1
        find(phases, 0)
        assert phases.unaligned == 0 and group(phases) == 1


def test_what_a_late_tick_finds_may_have_come_while_it_was_late() -> None:
    """It is a guess on the safe side, until a punctual tick tells; what is settled is not moved by it."""
    phases = made()
    find(phases, 0, 0.007)
    assert group(phases) == 3 and phases.unaligned == 1, "up to two ticks later than it was found"
    find(phases, 0, 0.0005)
    assert group(phases) == 1 and phases.unaligned == 0
    phases.doubt(np.array([0]))
    for _ in range(PATIENCE):
        assert phases.unaligned == 1
        find(phases, 1, 0.004)
    assert group(phases) == 1 and phases.unaligned == 0, "it is not asked about for ever"
    assert not phases.guessed[0], "a packet had told it before"


def test_a_leg_that_only_late_ticks_find_keeps_its_first_guess() -> None:
    phases = made()
    find(phases, 2, 0.003, times=PATIENCE)
    assert group(phases) == 0 and phases.unaligned == 0 and phases.guessed[0]
    phases.doubt(np.array([0]))
    find(phases, 1, times=AGREEING)
    assert group(phases) == 2 and not phases.guessed[0], "until a packet tells better"


def test_what_has_piled_up_while_the_engine_stood_still_says_nothing_of_the_phase() -> None:
    phases = made()
    for found in (0, 1, 2):
        find(phases, found, sole=False)
        assert phases.unaligned == 1 and group(phases) == 0
    find(phases, 2)
    assert group(phases) == 3 and phases.unaligned == 0


def test_a_group_that_a_packet_chose_is_trusted_and_a_guess_stays_one() -> None:
    for late, guessed in ((0.0, False), (0.003, True)):
        phases = made()
        find(phases, 1, late, times=PATIENCE if guessed else 1)
        phases.doubt(np.array([0]))
        phases.trust(0)
        assert phases._columns.aligned[0] and phases.unaligned == 0 and phases.guessed[0] == guessed


def test_who_was_never_heard_has_no_group_to_trust() -> None:
    phases = made()
    phases.trust(0)
    assert not phases._columns.aligned[0] and phases.unaligned == 1
    phases.end(0)
    assert phases.unaligned == 0
