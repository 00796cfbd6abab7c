"""Who is heard, and who is not (the rules of the module's docstring)."""

from media.rtp.latch import DOUBT, GRACE, MOVE_GRACE, Latch, Verdict

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


# Behind NAT: the SDP names a private address, the signalling comes from the NAT's.

PRIVATE = ("10.0.0.5", 4000)
SAME_NETWORK = ("203.0.113.200", 5000)


def behind_nat() -> Latch:
    latch = Latch()
    latch.aim(PRIVATE, 0.0, NAT[0])
    return latch


def test_a_phone_behind_nat_wins_over_who_sent_before_it_however_late_it_speaks() -> None:
    latch = behind_nat()
    assert latch.offer(ATTACKER, 1, 0.0, 1.0) is Verdict.LATCHED
    assert not latch.is_locked(0.0, 20.0)
    assert latch.offer(NAT, SSRC, 0.0, 20.0) is Verdict.LATCHED
    assert latch.offer(ATTACKER, 1, 0.02, 20.1) is Verdict.FOREIGN
    assert latch.is_locked(0.0, 20.0 + GRACE)


def test_a_neighbour_in_the_network_of_the_signalling_is_better_than_a_stranger_and_worse_than_its_host() -> (
    None
):
    latch = behind_nat()
    latch.offer(ATTACKER, 1, 0.0, 1.0)
    assert latch.offer(SAME_NETWORK, 2, 0.0, 3.0) is Verdict.LATCHED
    assert latch.offer(ATTACKER, 1, 0.02, 3.1) is Verdict.FOREIGN
    assert latch.offer(NAT, SSRC, 0.0, 9.0) is Verdict.LATCHED
    assert latch.offer(SAME_NETWORK, 2, 0.02, 9.1) is Verdict.FOREIGN


def test_who_fits_no_better_never_wins_while_the_source_sends() -> None:
    latch = behind_nat()
    latch.offer(ATTACKER, 1, 0.0, 1.0)
    assert latch.offer(("192.0.2.200", 9), 2, 0.02, 2.0) is Verdict.FOREIGN
    latch.offer(NAT, SSRC, 0.0, 3.0)
    assert latch.offer((NAT[0], 9), 3, 0.02, 3.1) is Verdict.FOREIGN, "another phone behind the same NAT"


def test_a_stranger_who_alone_sends_is_believed_in_the_end() -> None:
    """Audio that comes from elsewhere than SDP and signalling say: a relay that nobody named."""
    latch = behind_nat()
    latch.offer(ATTACKER, 1, 0.0, 1.0)
    assert not latch.is_locked(0.0, 1.0 + DOUBT - 0.1) and latch.is_locked(0.0, 1.0 + DOUBT)
    assert latch.offer(NAT, SSRC, 1.0, 2.0 + DOUBT) is Verdict.FOREIGN
    assert latch.offer(NAT, SSRC, 2.0, 3.0 + DOUBT) is Verdict.LATCHED, "the stranger has stopped"


def test_without_signalling_a_stranger_is_believed_after_the_first_second() -> None:
    latch = Latch()
    latch.aim(PRIVATE, 0.0)
    latch.offer(NAT, SSRC, 0.0, 1.0)
    assert latch.is_locked(0.0, 1.0 + GRACE)


def test_networks_are_those_of_ip6_too_and_names_have_none() -> None:
    latch = Latch()
    latch.aim(("fd00::5", 4000), 0.0, "2001:db8:0:1::1")
    latch.offer(("2001:db8:0:2::1", 1), 1, 0.0, 1.0)
    assert latch.offer(("2001:db8:0:1::9", 1), 2, 0.0, 2.0) is Verdict.LATCHED
    named = Latch()
    named.aim(("phone.example", 4000), 0.0, "also.example")
    named.offer(ATTACKER, 1, 0.0, 1.0)
    assert named.offer(NAT, 2, 0.0, 1.1) is Verdict.FOREIGN


def test_all_through_a_move_the_exact_address_wins_over_another_port_of_its_host() -> None:
    latch = aimed()
    latch.offer(SDP, SSRC, 0.0, 1.0)
    host = "10.0.0.5"
    latch.aim((host, 5000), 100.0)
    assert latch.offer((host, 7777), 7, 0.02, 100.1) is Verdict.LATCHED
    assert not latch.is_locked(0.0, 100.2 + GRACE)
    assert latch.offer((host, 5000), 8, 0.02, 100.2 + GRACE) is Verdict.LATCHED
