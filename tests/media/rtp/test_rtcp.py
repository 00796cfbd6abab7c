"""Reports read and written (RFC 3550 §6.4, §6.5, §6.6, A.2)."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.rtp import rtcp
from media.rtp.rtcp import Block, Report, Sending, Session

WORD = st.integers(0, 0xFFFF_FFFF)
BLOCKS = st.builds(
    Block, WORD, st.integers(0, 255), st.integers(-0x80_0000, 0x7F_FFFF), WORD, WORD, WORD, WORD
)
SENDINGS = st.builds(Sending, WORD, WORD, WORD)


@given(WORD, st.floats(0, 1e9), st.none() | SENDINGS, st.none() | BLOCKS, st.booleans())
def test_what_is_built_is_parsed_back(
    ssrc: int, now: float, sending: Sending | None, block: Block | None, bye: bool
) -> None:
    data = rtcp.build(ssrc, "name", now, sending, block, bye=bye)
    assert len(data) % 4 == 0
    stamp = int(now * 65536) & 0xFFFF_FFFF if sending else None
    assert rtcp.parse(memoryview(data)) == [Report(ssrc, stamp, (block,) if block else ())]


@pytest.mark.parametrize("cname", ["", "a", "ab", "abc", "abcd", "é" * 200])
def test_every_length_of_name_ends_on_a_word_with_a_zero(cname: str) -> None:
    data = rtcp.build(1, cname, 0.0, None, None)
    assert len(data) % 4 == 0 and data[-1] == 0 and rtcp.parse(memoryview(data)) is not None


@given(st.binary(max_size=120))
def test_any_bytes_give_reports_or_none(data: bytes) -> None:
    reports = rtcp.parse(memoryview(data))
    assert reports is None or len(reports) <= rtcp.MAX_REPORTS + 1


def test_malformed_compounds_are_refused() -> None:
    good = rtcp.build(1, "n", 0.0, None, Block(2, 0, 0, 0, 0))
    for bad in (
        b"",
        good[:-1],  # A.2: the lengths add up to the datagram
        b"\x40" + good[1:],  # version 1
        good[32:],  # SDES first
        bytes((0x9F,)) + good[1:],  # 31 blocks announced
    ):
        assert rtcp.parse(memoryview(bad)) is None


def test_unknown_packets_of_the_compound_are_passed_over() -> None:
    data = rtcp.build(1, "n", 0.0, None, None) + struct.pack("!BBHI", 0x80, 207, 1, 1)
    assert rtcp.parse(memoryview(data)) == [Report(1, None, ())]


def test_packets_of_reduced_size_are_taken_where_they_were_agreed_on() -> None:
    """RFC 5506 §3.4.1: any packet first, alone, and padded if it is the last; their lengths must be right."""
    feedback = struct.pack("!BBHII", 0x81, 205, 3, 1, 2) + bytes(4)
    padded = struct.pack("!BBHII", 0xA1, 206, 3, 1, 2) + bytes((0, 0, 0, 4))
    report = rtcp.build(1, "n", 0.0, None, Block(2, 0, 0, 0, 0))
    for data, reports in ((feedback, 0), (padded, 0), (feedback + report, 1), (report[32:], 0), (report, 1)):
        taken = rtcp.parse(memoryview(data), reduced=True)
        assert taken is not None and len(taken) == reports
        assert (rtcp.parse(memoryview(data)) is not None) is (data == report)
    for bad in (b"", feedback[:-4], feedback + b"\x81", b"\x41" + feedback[1:]):
        assert rtcp.parse(memoryview(bad), reduced=True) is None


def test_round_trip_is_the_time_since_our_report_less_the_peers_delay() -> None:
    """§6.4.1: A − LSR − DLSR."""
    ours, theirs = Session(), Session()
    sent = rtcp.parse(memoryview(rtcp.build(1, "n", 10.0, Sending(0, 1, 160), None)))
    assert sent is not None
    theirs.receive(sent, 2, 500.0)  # another clock
    last_sr, delay = theirs.echo_of_sr(500.25)
    block = Block(1, 4, 7, 0, 80, last_sr, delay)
    ours.receive([Report(2, None, (block,))], 1, 10.29)
    assert ours.round_trip == pytest.approx(0.040, abs=0.0001)
    assert (ours.remote_lost, ours.remote_percent, ours.remote_jitter) == (7, 2, 80)


def test_blocks_about_others_and_impossible_stamps_teach_nothing() -> None:
    session = Session()
    session.receive([Report(2, None, (Block(99, 0, 7, 0, 80, 1, 1),))], 1, 10.0)
    assert session.remote_lost == 0
    session.receive([Report(2, None, (Block(1, 0, 0, 0, 0, 0x7777_0000, 5),))], 1, 10.0)
    assert session.round_trip is None


def test_without_a_senders_report_there_is_nothing_to_echo() -> None:
    assert Session().echo_of_sr(5.0) == (0, 0)


def test_what_a_field_cannot_hold_is_its_bound() -> None:
    """§6.4.1: the loss has 24 bits with a sign, jitter and DLSR 32 without one."""
    for lost, told in (
        (0x80_0000, 0x7F_FFFF),
        (10**9, 0x7F_FFFF),
        (-0x80_0001, -0x80_0000),
        (-(10**9), -0x80_0000),
    ):
        beyond = Block(2, 255, lost, 1 << 32, 1 << 32, 7, 1 << 33)
        (report,) = rtcp.parse(memoryview(rtcp.build(1, "n", 0.0, None, beyond))) or []
        assert report.blocks == (Block(2, 255, told, 0, 0xFFFF_FFFF, 7, 0xFFFF_FFFF),)
