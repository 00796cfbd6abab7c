"""Who is heard, and who is not (the rules of the module's docstring)."""

from media.rtp.latch import GRACE, MOVE_GRACE, Latch, Verdict

SDP = ("192.0.2.1", 4000)
SAME_HOST = ("192.0.2.1", 4444)
NAT = ("203.0.113.9", 61000)
ATTACKER = ("198.51.100.66", 666)
SSRC = 0xABCD


def aimed() -> Latch:
    latch = Latch()
    latch.aim(SDP, 0.0)
    return latch


def test_the_first_source_latches_wherever_it_is() -> None:
    latch = aimed()
    assert latch.offer(NAT, SSRC, 0.0, 1.0) is Verdict.LATCHED and latch.source == NAT
    assert latch.offer(NAT, SSRC, 0.0, 1.02) is Verdict.HEAR


def test_a_source_that_fits_the_sdp_better_wins_within_the_first_second() -> None:
    latch = aimed()
    latch.offer(ATTACKER, 1, 0.0, 1.0)
    assert latch.offer(NAT, 2, 0.0, 1.1) is Verdict.FOREIGN, "no better than the first"
    assert latch.offer(SAME_HOST, 3, 0.0, 1.2) is Verdict.LATCHED
    assert latch.offer(SDP, SSRC, 0.0, 1.3) is Verdict.LATCHED
    assert latch.offer(ATTACKER, 1, 0.0, 1.4) is Verdict.FOREIGN
    assert latch.is_locked(0.0, 1.3)


def test_after_the_first_second_even_the_sdp_address_is_foreign_while_the_source_sends() -> None:
    latch = aimed()
    latch.offer(NAT, SSRC, 0.0, 1.0)
    assert not latch.is_locked(0.0, 1.0 + GRACE / 2) and latch.is_locked(0.0, 1.0 + GRACE)
    assert latch.offer(SDP, SSRC, 0.02, 1.0 + GRACE) is Verdict.FOREIGN


def test_the_sdp_address_locks_at_once() -> None:
    latch = aimed()
    latch.offer(SDP, SSRC, 0.0, 1.0)
    assert latch.is_locked(0.0, 1.0)


def test_somebody_who_guessed_the_port_is_not_heard_even_in_silence() -> None:
    latch = aimed()
    latch.offer(SDP, SSRC, 0.0, 1.0)
    for silence in (0.02, 1.9, 2.0, 60.0):
        assert latch.offer(ATTACKER, 0x666, silence, 2.0 + silence) is Verdict.FOREIGN


def test_a_new_nat_port_of_the_same_stream_is_heard_after_two_seconds_of_silence() -> None:
    latch = aimed()
    latch.offer(NAT, SSRC, 0.0, 1.0)
    moved = (NAT[0], 62000)
    assert latch.offer(moved, SSRC, 1.9, 5.0) is Verdict.FOREIGN
    assert not latch.is_locked(2.0, 5.1)
    assert latch.offer(moved, SSRC, 2.0, 5.1) is Verdict.LATCHED
    assert latch.is_locked(0.0, 5.1), "no second grace"


def test_the_sdp_address_may_come_in_when_another_source_has_fallen_silent() -> None:
    latch = aimed()
    latch.offer(NAT, 1, 0.0, 1.0)
    assert latch.offer(SDP, 2, 2.5, 9.0) is Verdict.LATCHED


def test_a_new_address_in_sdp_moves_the_lock() -> None:
    latch = aimed()
    latch.offer(SDP, SSRC, 0.0, 1.0)
    latch.aim(("192.0.2.77", 5000), 100.0)
    assert not latch.is_locked(0.0, 100.0)
    assert latch.offer(SDP, SSRC, 0.02, 100.1) is Verdict.HEAR, "the old stream goes on until the new comes"
    assert latch.offer(ATTACKER, 9, 0.02, 100.2) is Verdict.FOREIGN
    assert latch.offer(("192.0.2.77", 5000), 5, 0.02, 101.0) is Verdict.LATCHED
    assert latch.is_locked(0.0, 101.0)


def test_a_moved_peer_behind_nat_is_heard_when_its_old_source_pauses() -> None:
    latch = aimed()
    latch.offer(SDP, SSRC, 0.0, 1.0)
    latch.aim(("10.0.0.5", 5000), 100.0)
    assert latch.offer(NAT, 7, 0.4, 100.4) is Verdict.FOREIGN
    assert latch.offer(NAT, 7, 0.6, 100.6) is Verdict.LATCHED


def test_a_pause_after_a_move_lets_in_nobody_who_fits_worse() -> None:
    """A phone on hold is silent: who sends to its port all the while must not get it."""
    latch = aimed()
    latch.offer(SDP, SSRC, 0.0, 1.0)
    latch.aim(SAME_HOST, 100.0)
    for silence in (0.6, 1.9, 3.0):
        assert latch.offer(ATTACKER, 0x666, silence, 100.0 + silence) is Verdict.FOREIGN
    assert latch.offer(SDP, SSRC, 3.0, 103.1) is Verdict.HEAR
    assert latch.offer(SAME_HOST, 5, 0.02, 103.2) is Verdict.LATCHED


def test_the_move_is_over_when_the_old_source_just_goes_on() -> None:
    latch = aimed()
    latch.offer(NAT, SSRC, 0.0, 1.0)
    latch.aim(("10.0.0.5", 5000), 100.0)
    assert latch.is_locked(0.0, 100.0 + MOVE_GRACE)
    assert latch.offer(ATTACKER, 1, 1.0, 106.0) is Verdict.FOREIGN


def test_the_same_address_again_changes_nothing() -> None:
    latch = aimed()
    latch.offer(SDP, SSRC, 0.0, 1.0)
    latch.aim(SDP, 50.0)
    assert latch.is_locked(0.0, 50.0)
