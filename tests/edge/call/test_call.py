"""One call, one CDR, and everything given back, however it ends."""

import gc
import weakref

import pytest

from config.schema import SipLimits
from edge.call.cause import Q850
from edge.ident import call_of
from edge.sip.message import Request
from media import port
from tests.support.directory import FakeDirectory
from tests.support.edge import Bench, Phone, final


@pytest.fixture
def bench() -> Bench:
    directory = FakeDirectory(max_in=5)
    directory.add_user("1001")
    return Bench(directory)


def answered(bench: Bench) -> tuple[Phone, port.LegId]:
    alice = Phone(bench, "1001")
    alice.ack(final(alice.dial("*43")))
    (call,) = bench.switch.calls.values()
    return alice, call.leg.id


def test_a_leg_names_its_call(bench: Bench) -> None:
    _, leg = answered(bench)
    assert call_of(leg) in bench.switch.calls


def test_the_first_end_counts(bench: Bench) -> None:
    alice, _ = answered(bench)
    (call,) = bench.switch.calls.values()
    alice.bye()
    call.finish("failed", "too_late", bench.now)
    bench.drain()
    assert [cdr.cause for cdr in bench.journal.cdrs] == ["caller_hangup"]


def test_the_cdr_holds_times_parties_and_what_the_legs_received(bench: Bench) -> None:
    alice = Phone(bench, "1001")
    bench.now = 2_000.0
    alice.ack(final(alice.dial("*43")))
    bench.now = 2_007.5
    alice.bye()
    (cdr,) = bench.journal.cdrs
    assert (cdr.caller, cdr.callee, cdr.direction) == ("1001", "*43", "internal")
    assert cdr.answered_at is not None and cdr.ended_at - cdr.answered_at == 7_500
    assert cdr.media["caller"]["packets_received"] == 7  # type: ignore[index]


def test_a_call_does_not_last_for_ever() -> None:
    directory = FakeDirectory()
    directory.add_user("1001")
    bench = Bench(directory, SipLimits(call_seconds=60.0))
    alice, _ = answered(bench)
    bench.advance(61.0)
    (bye,) = [m for m in alice.got() if isinstance(m, Request)][:1]
    assert bye.method == "BYE" and bench.journal.cdrs[0].cause == "max_duration"


def test_ports_that_are_never_confirmed_do_not_hold_the_call(bench: Bench) -> None:
    alice, _ = answered(bench)
    bench._media = bench.commands.append  # type: ignore[method-assign]
    alice.bye()
    assert not bench.journal.cdrs
    bench.advance(6.0)
    assert len(bench.journal.cdrs) == 1 and not bench.switch.calls


def test_a_broken_call_hangs_up_with_a_temporary_failure(bench: Bench) -> None:
    """RFC 3326: Q.850 41, not 16, so that the other side can tell."""
    alice, _ = answered(bench)
    (call,) = bench.switch.calls.values()
    call.finish("failed", "test", bench.now)
    bench.switch.media_events([port.Latched(call.leg.id, ("127.0.0.2", 1))], bench.now)
    bench.drain()
    (bye,) = alice.got()
    assert isinstance(bye, Request) and "cause=41" in (bye.headers.get("Reason") or "")


def test_an_unusable_reoffer_is_refused_and_the_call_goes_on(bench: Bench) -> None:
    alice, _ = answered(bench)
    alice.say("INVITE", alice.remote, to=alice.to, body=alice.sdp().replace("0 8 101", "18"))
    refused = final(alice.got())
    assert refused.status == 488
    alice.ack(refused, alice.remote)
    assert len(bench.switch.calls) == 1


def test_a_reinvite_without_sdp_gets_our_offer(bench: Bench) -> None:
    alice, _ = answered(bench)
    alice.say("INVITE", alice.remote, to=alice.to)
    offer = final(alice.got())
    assert offer.status == 200 and b"m=audio" in offer.body
    alice.ack(offer, body=alice.sdp(41_000))
    connects = bench.commanded(port.Connect)
    assert connects[-1].remote == ("127.0.0.2", 41_000)  # type: ignore[attr-defined]


def test_admission_is_given_back_exactly_once(bench: Bench) -> None:
    bench.directory.add_did("12025550123", "answer")
    first, second = Phone(bench, "eve@away.example", 6), Phone(bench, "mallory@away.example", 7)
    for phone in (first, second):
        phone.ack(final(phone.dial("12025550123")))
    assert bench.switch.admissions.count("account_in", "acc_demo") == 2
    first.bye()
    assert bench.switch.admissions.count("account_in", "acc_demo") == 1
    second.bye()
    assert len(bench.switch.admissions) == 0


def test_causes_follow_the_mapping_of_rfc_3398() -> None:
    """RFC 3398 §8.2.6.1."""
    assert (Q850[404], Q850[486], Q850[480], Q850[503], Q850[603]) == (1, 17, 18, 41, 21)


def test_a_key_by_info_is_handed_to_the_audio_plane(bench: Bench) -> None:
    """S004-59."""
    alice, leg = answered(bench)
    body = "Signal=5\r\nDuration=160\r\n"
    alice.say("INFO", alice.remote, to=alice.to, body=body, content_type="application/dtmf-relay")
    assert final(alice.got()).status == 200
    assert bench.commanded(port.HearDigit) == [port.HearDigit(leg, "5", "info", 160)]


def test_a_phone_that_speaks_srtp_alone_gets_our_key(bench: Bench) -> None:
    """RFC 4568 §5.1.2; the trace keeps no key."""
    alice = Phone(bench, "1001")
    key = "A" * 40
    offer = (
        alice.sdp().replace("RTP/AVP", "RTP/SAVP") + f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{key}\r\n"
    )
    response = final(alice.dial("*43", offer))
    assert response.status == 200 and b"RTP/SAVP" in response.body and b"a=crypto:1 " in response.body
    (connect,) = bench.commanded(port.Connect)
    assert connect.crypto is not None and connect.crypto.remote == bytes(30)  # type: ignore[attr-defined]
    alice.ack(response)
    bench.advance(2)
    assert key not in repr(bench.journal.traces)


def test_nothing_of_a_call_is_left_to_the_collector(bench: Bench) -> None:
    """Circles of objects wait for a garbage collection, in which all audio stands still."""
    gc.collect()
    gc.disable()
    try:
        alice, _ = answered(bench)
        (call,) = bench.switch.calls.values()
        (session,) = call.sessions
        left = [weakref.ref(call), weakref.ref(session), weakref.ref(call.treatment)]
        del call, session
        alice.bye()
        bench.advance(40)
        assert [ref() for ref in left] == [None, None, None]
    finally:
        gc.enable()
