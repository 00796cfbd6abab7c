"""What carriers do to calls, each through one bridged call with a phone at the other end."""

from dataclasses import replace

import pytest

from edge.sip.digest import Credentials
from edge.sip.flow import Flow, Transport
from edge.sip.keyring import proofs
from edge.sip.message import Request
from media import port
from tests.support.edge import Phone, final
from tests.support.party import Party, Trunked, asks


@pytest.fixture
def site() -> Trunked:
    return Trunked()


def nonce(request: Request) -> str:
    (pair,) = proofs(request)
    return Credentials.parse(pair[1]).nonce


def hang_up(site: Trunked, who: Party, other: Party) -> None:
    """And see that nothing is left."""
    assert final(who.say("BYE")).status == 200
    (bye,) = other.asked("BYE")
    other.reply(bye, 200)
    site.over()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ('Reason: SIP;cause=200;text="Call completed elsewhere"\r\n', "SIP;cause=200;"),
        ("Reason: Q.850;cause=26 , sip ; cause = 200\r\n", "SIP;cause=200;"),
        ("Reason: SIP;cause=2000\r\n", "Q.850;cause=16;"),
        ("Reason: Q.850;cause=200\r\n", "Q.850;cause=16;"),
        ("", "Q.850;cause=16;"),
    ],
)
def test_a_call_that_a_carrier_has_given_to_somebody_else_is_none_that_was_missed(
    site: Trunked, said: str, told: str
) -> None:
    """RFC 3326 §3.1: the phone is told what the carrier's CANCEL says."""
    alice, invite = site.incoming()
    alice.reply(invite, 180)
    trunk = site.trunk
    branch, cseq = trunk.invite_branch, trunk.cseq
    trunk.say("CANCEL", "sip:12025550123@demo.local", branch=branch, cseq=cseq, headers=said)
    (cancel,) = alice.asked("CANCEL")
    assert (cancel.headers.get("Reason") or "").startswith(told)
    alice.reply(cancel, 200)
    alice.reply(invite, 487)
    assert site.over().sip_status == 487


# Challenges.


def test_a_carrier_that_challenges_everything_gets_its_bye(site: Trunked) -> None:
    """RFC 3261 §22.2: also where the carrier began the call."""
    for began in ("us", "the carrier"):
        site = Trunked()
        alice, carrier = site.out() if began == "us" else site.in_()
        alice.say("BYE")
        (bye,) = carrier.asked("BYE")
        carrier.reply(bye, 407, headers=asks(407, "1"))
        (again,) = carrier.asked("BYE")
        assert nonce(again) == "1" and again.cseq.number == bye.cseq.number + 1
        carrier.reply(again, 200)
        assert site.over().cause == ("caller_hangup" if began == "us" else "callee_hangup")


def test_a_request_that_its_credentials_make_too_large_goes_by_tcp_and_falls_back(site: Trunked) -> None:
    """RFC 3261 §18.1.1, whichever side began the call; what follows does not wait for TCP again."""
    for began in ("us", "the carrier"):
        site = Trunked()
        alice, carrier = site.out() if began == "us" else site.in_()
        alice.say("BYE")
        (bye,) = carrier.asked("BYE")
        assert bye.via.transport == "UDP"
        carrier.reply(bye, 407, headers=asks(407, "n" * 1_200))
        (by_tcp,) = carrier.asked("BYE")
        assert by_tcp.via.transport == "TCP" and len(by_tcp.wire()) > 1_300
        site.bench.switch.unreachable(Flow(Transport.TCP, carrier.source), site.bench.now)
        site.bench.drain()
        (by_udp,) = carrier.asked("BYE")
        assert by_udp.via.transport == "UDP" and proofs(by_udp) == proofs(by_tcp)
        carrier.reply(by_udp, 200)
        site.over()


def test_so_it_does_where_the_contact_of_the_carrier_is_another_host(site: Trunked) -> None:
    """RFC 3261 §18.1.1, §12.2.1.1: who took no connection in one call is not dialled in the next."""
    calls = []
    for began in ("us", "the carrier"):
        site.alice.call_id = site.trunk.call_id = f"call {began}"
        alice, carrier = site.out() if began == "us" else site.in_()
        assert final(carrier.say("UPDATE", contact="<sip:far@127.0.0.10:5060>")).status == 200
        carrier.source = ("127.0.0.10", 5060)
        calls.append((alice, carrier))
    for number, (alice, carrier) in enumerate(calls):
        alice.say("BYE")
        (bye,) = carrier.asked("BYE")
        carrier.reply(bye, 407, headers=asks(407, "n" * 1_200))
        (again,) = carrier.asked("BYE")
        assert len(again.wire()) > 1_300 and again.via.transport == ("UDP" if number else "TCP")
        if again.via.transport == "TCP":
            site.bench.switch.unreachable(Flow(Transport.TCP, carrier.source), site.bench.now)
            site.bench.drain()
            (again,) = carrier.asked("BYE")
            assert again.via.transport == "UDP"
        carrier.reply(again, 200)
    site.bench.advance(120.0)
    assert site.bench.idle()


def test_a_call_that_crosses_the_end_of_an_idle_connection_goes_by_a_new_one() -> None:
    """RFC 3261 §18.4: by the same transaction, so that a carrier who had read it rings nobody twice."""
    site = Trunked()
    trunk = site.bench.directory.trunks["main"]
    site.bench.directory.trunks["main"] = replace(trunk, proxy="sip:127.0.0.9:5060;transport=tcp")
    carrier, invite = site.outgoing()
    flow = Flow(Transport.TCP, carrier.source)
    site.bench.closed(flow)
    (again,) = carrier.asked("INVITE")
    assert again.wire() == invite.wire()
    carrier.reply(again, 200, carrier.sdp())
    carrier.asked("ACK")
    assert final(site.alice.got()).status == 200


@pytest.mark.parametrize("began", ["us", "the carrier"])
def test_a_trunk_that_wants_udp_gets_large_requests_by_udp(site: Trunked, began: str) -> None:
    trunks = site.bench.directory.trunks
    trunks["main"] = replace(trunks["main"], proxy="sip:127.0.0.9:5060;transport=udp")
    alice, carrier = site.out() if began == "us" else site.in_()
    alice.say("BYE")
    (bye,) = carrier.asked("BYE")
    carrier.reply(bye, 407, headers=asks(407, "n" * 1_200))
    (again,) = carrier.asked("BYE")
    assert again.via.transport == "UDP" and len(again.wire()) > 1_300
    carrier.reply(again, 200)
    site.over()


def test_a_refresh_that_is_challenged_keeps_an_hour_long_call(site: Trunked) -> None:
    alice, carrier = site.out("Session-Expires: 600;refresher=uac\r\nAllow: INVITE, UPDATE\r\n")
    refreshed = 0
    for minute in range(60):
        site.bench.advance(60.0)
        for message in carrier.got():
            assert isinstance(message, Request) and message.method == "UPDATE"
            if not proofs(message) or nonce(message) != str(minute):
                stale = asks(407, str(minute), ", stale=true" if proofs(message) else "")
                carrier.reply(message, 407, headers=stale)
                (message,) = carrier.asked("UPDATE")
                assert nonce(message) == str(minute)
            carrier.reply(message, 200, headers="Session-Expires: 600;refresher=uac\r\n")
            refreshed += 1
    assert 11 <= refreshed <= 12
    hang_up(site, alice, carrier)


def test_a_proxy_and_the_carrier_behind_it_both_challenge_the_invite(site: Trunked) -> None:
    """§22.3."""
    carrier, invite = site.outgoing()
    for status, more in ((407, ""), (401, ""), (401, ", stale=true")):
        carrier.reply(invite, status, headers=asks(status, f"{status}{len(more)}", more))
        _ack, invite = carrier.asked("ACK", "INVITE")
    carrier.reply(invite, 422, headers="Min-SE: 3600\r\n")
    _ack, invite = carrier.asked("ACK", "INVITE")
    counts = sorted(Credentials.parse(value).nc for _, value in proofs(invite))
    assert counts == ["00000002", "00000004"]
    carrier.reply(invite, 200, carrier.sdp())
    alice, carrier = site._up(carrier)
    hang_up(site, carrier, alice)


@pytest.mark.parametrize("status", [401, 407])
def test_a_carrier_that_does_not_believe_us_is_passed_over_for_the_next(site: Trunked, status: int) -> None:
    """A fault of the trunk and no answer of the callee: without another one it is 502."""
    for another in (True, False):
        site = Trunked()
        if another:
            site.bench.directory.add_trunk("two", "sip:127.0.0.10:5060")
            site.bench.directory.routes["1"] = ["main", "two"]
        carrier, invite = site.outgoing()
        carrier.reply(invite, status, headers=asks(status, "1"))
        _ack, invite = carrier.asked("ACK", "INVITE")
        carrier.reply(invite, status, headers=asks(status, "2"))
        carrier.asked("ACK")
        if another:
            (invite,) = Phone(site.bench, "two", 10).got()
            assert isinstance(invite, Request) and not proofs(invite)
        else:
            refused = final(site.alice.got())
            assert refused.status == 502 and str(status) in (refused.headers.get("Warning") or "")


def test_only_the_realm_of_the_carrier_gets_a_proof(site: Trunked) -> None:
    """RFC 3261 §22.3: a proxy that asks for the carrier's password is not told what it could guess at."""
    trunks = site.bench.directory.trunks
    trunks["main"] = replace(trunks["main"], realm="carrier 407")
    carrier, invite = site.outgoing()
    carrier.reply(invite, 407, headers=asks(407, "1").replace("carrier", "between"))
    assert [m.method for m in carrier.got() if isinstance(m, Request)] == ["ACK"]
    assert final(site.alice.got()).status == 502
    (fix,) = [e.data["fix"] for e in site.traced() if e.event == "refused"]
    assert "'between 407'" in str(fix) and "change realm" in str(fix)


# Cancelling and offers.


def test_a_cancel_and_the_invite_that_it_ends_are_answered_with_the_same_tag(site: Trunked) -> None:
    """§9.2: also when nothing but 100 was sent before."""
    site.outgoing()
    uri = "sip:14155550100@demo.local"
    site.alice.say("CANCEL", uri, branch=site.alice.invite_branch, cseq=site.alice.cseq)
    tags = {m.status: m.to.tag for m in site.alice.got() if not isinstance(m, Request)}
    assert set(tags) == {200, 487} and tags[200] == tags[487]


def test_an_offer_that_drops_a_stream_is_refused_and_the_call_goes_on(site: Trunked) -> None:
    """RFC 3264 §8."""
    alice, carrier = site.out()
    video = "m=video 50000 RTP/AVP 99\r\na=rtpmap:99 H264/90000\r\n"
    answer = final(carrier.say("INVITE", carrier.sdp(more=video)))
    assert answer.status == 200 and b"m=video 0 " in answer.body
    carrier.say("ACK", cseq=answer.cseq.number)
    refused = final(carrier.say("INVITE", carrier.sdp()))
    assert refused.status == 488 and "port 0" in (refused.headers.get("Warning") or "")
    carrier.say("ACK", cseq=refused.cseq.number)
    hang_up(site, alice, carrier)


# Ringing, in every order.


@pytest.mark.parametrize(
    "order",
    [
        (180, 183, 199),
        ("183 sdp", 180, 183),
        (183, "183 sdp", 180),
        ("180 sdp", "183 sdp", 199),
        (181, 182, 183, 199),
    ],
)
def test_whatever_is_said_before_the_answer_reaches_the_caller_and_the_answer_counts(
    site: Trunked, order: tuple[int | str, ...]
) -> None:
    carrier, invite = site.outgoing()
    for said in order:
        status = int(str(said)[:3])
        carrier.reply(invite, status, carrier.sdp() if str(said).endswith("sdp") else "")
    heard = [message.status for message in site.alice.got() if not isinstance(message, Request)]
    assert heard and all(100 < status < 199 for status in heard), "199 is for who supports it (RFC 6228)"
    carrier.reply(invite, 200, carrier.sdp(41_000))
    alice, carrier = site._up(carrier)
    assert connected(site, alice, carrier)[1] == 41_000
    hang_up(site, alice, carrier)


def test_a_second_fork_with_other_audio_wins_if_it_answers(site: Trunked) -> None:
    """RFC 3261 §13.2.2.4: and what the first one says later is ended by BYE."""
    one, invite = site.outgoing()
    two = Party.called(site.bench, one.source, invite, "two")
    one.reply(invite, 183, one.sdp(41_000))
    two.reply(invite, 183, two.sdp(42_000))
    two.reply(invite, 200, two.sdp(42_000))
    alice, _ = site._up(two)
    assert connected(site, alice, two)[1] == 42_000
    one.reply(invite, 200, one.sdp(41_000))
    ack, bye = one.asked("ACK", "BYE")
    assert ack.to.tag == bye.to.tag == "far"
    one.reply(bye, 200)
    hang_up(site, two, alice)


@pytest.mark.parametrize(
    "status",
    [302, 305, 380, 400, 404, 420, 430, 480, 484, 486, 487, 488, 491, 494, 503, 513, 600, 606, 607, 699],
)
def test_every_refusal_ends_the_call_with_one_record(site: Trunked, status: int) -> None:
    carrier, invite = site.outgoing()
    carrier.reply(invite, 183, carrier.sdp())
    site.alice.got()
    carrier.reply(invite, status, headers="Contact: <sip:14155550100@127.0.0.9:5060>\r\n")
    refused = final(site.alice.got())
    assert 400 <= refused.status < 700, refused
    site.alice.ack(refused, "sip:14155550100@demo.local")
    carrier.asked("ACK")
    assert site.over().answered_at is None


def test_a_prack_that_is_lost_is_sent_again_and_so_is_our_1xx(site: Trunked) -> None:
    carrier, invite = site.outgoing()
    reliable = "Require: 100rel\r\nRSeq: 5\r\n"
    carrier.reply(invite, 183, carrier.sdp(), reliable)
    (first,) = carrier.asked("PRACK")
    carrier.reply(invite, 183, carrier.sdp(), reliable)  # it has not come
    site.bench.advance(0.6)
    (again,) = carrier.asked("PRACK")
    assert again.wire() == first.wire()
    carrier.reply(again, 200)
    carrier.reply(invite, 200, carrier.sdp())
    carrier.asked("ACK")
    assert final(site.alice.got()).status == 200


@pytest.mark.parametrize("answer", [0, 41_000, 42_000])
@pytest.mark.parametrize("reliable", [True, False])
def test_an_update_that_moves_early_media_holds_when_the_call_is_answered(
    site: Trunked, reliable: bool, answer: int
) -> None:
    """RFC 3311, RFC 6337 §2.2: whatever the 200 repeats of the time before."""
    carrier, invite = site.outgoing()
    carrier.reply(invite, 183, carrier.sdp(41_000), "Require: 100rel\r\nRSeq: 5\r\n" if reliable else "")
    if reliable:
        (prack,) = carrier.asked("PRACK")
        carrier.reply(prack, 200)
    assert final(carrier.say("UPDATE", carrier.sdp(42_000))).status == 200
    carrier.reply(invite, 200, carrier.sdp(answer) if answer else "")
    alice, carrier = site._up(carrier)
    assert connected(site, carrier) == [42_000]
    hang_up(site, alice, carrier)


def test_each_branch_of_a_fork_may_update_its_own_early_dialog(site: Trunked) -> None:
    """RFC 5057 §5.1: a 481 would have it give up; an announcement first, then the phone that rings."""
    one, invite = site.outgoing()
    two = Party.called(site.bench, one.source, invite, "two")
    one.reply(invite, 183, one.sdp(41_000))
    two.reply(invite, 183, two.sdp(42_000), "Require: 100rel\r\nRSeq: 9\r\n")
    (prack,) = two.asked("PRACK")
    two.reply(prack, 200)
    for party in (two, one, two):
        assert final(party.say("UPDATE")).status == 200
    assert final(two.say("UPDATE", two.sdp(43_000))).status == 200
    two.reply(invite, 200)
    alice, _ = site._up(two)
    assert connected(site, two) == [43_000]
    hang_up(site, alice, two)


# The call is up.


def connected(site: Trunked, *parties: Party) -> list[int]:
    """The ports that audio goes to, as was said last."""
    ports: dict[str, int] = {}
    for command in site.bench.commanded(port.Connect):
        assert isinstance(command, port.Connect)
        ports[command.remote[0]] = command.remote[1]
    return [ports[party.source[0]] for party in parties]


def last_connect(site: Trunked, host: str) -> port.Connect:
    found = [
        c for c in site.bench.commanded(port.Connect) if isinstance(c, port.Connect) and c.remote[0] == host
    ]
    return found[-1]


@pytest.mark.parametrize("outgoing", [True, False])
@pytest.mark.parametrize("first", ["alice", "carrier"])
def test_both_hold_at_once_and_resume_in_either_order(site: Trunked, outgoing: bool, first: str) -> None:
    alice, carrier = site.out() if outgoing else site.in_()
    for more, wanted in (("a=sendonly\r\n", b"a=recvonly"), ("a=inactive\r\n", b"a=inactive"), ("", b"")):
        order = (alice, carrier) if first == "alice" else (carrier, alice)
        for who in order:
            answer = final(who.say("INVITE", who.sdp(more=more)))
            assert answer.status == 200 and wanted in answer.body
            who.say("ACK", cseq=answer.cseq.number)
    assert last_connect(site, "127.0.0.9").direction is port.Direction.SENDRECV
    assert last_connect(site, "127.0.0.2").direction is port.Direction.SENDRECV
    hang_up(site, carrier, alice)


@pytest.mark.parametrize("outgoing", [True, False])
def test_who_asks_for_our_offer_gets_it_and_answers_in_its_ack(site: Trunked, outgoing: bool) -> None:
    alice, carrier = site.out() if outgoing else site.in_()
    for who in (alice, carrier):
        offer = final(who.say("INVITE"))
        assert offer.status == 200 and b"m=audio" in offer.body
        who.say("ACK", who.sdp(43_000), cseq=offer.cseq.number)
        assert connected(site, who) == [43_000]
    hang_up(site, alice, carrier)


def test_an_update_while_a_reinvite_of_the_same_side_is_open_and_one_of_ours(site: Trunked) -> None:
    """RFC 3311 §5.2: 500 with Retry-After, and 491 where the other one is ours."""
    alice, carrier = site.out("Session-Expires: 600;refresher=uac\r\n")
    site.bench.advance(300.1)
    (ours,) = carrier.asked("INVITE")
    assert final(carrier.say("UPDATE", carrier.sdp())).status == 491
    carrier.reply(ours, 491)
    carrier.asked("ACK")
    site.bench.advance(3.1)
    (ours,) = carrier.asked("INVITE")
    carrier.reply(ours, 200, carrier.sdp(), "Session-Expires: 600;refresher=uac\r\n")
    carrier.asked("ACK")
    hang_up(site, alice, carrier)


def test_an_answer_without_sdp_that_none_has_preceded_is_no_call(site: Trunked) -> None:
    carrier, invite = site.outgoing()
    carrier.reply(invite, 200)
    (_ack, bye) = carrier.asked("ACK", "BYE")
    carrier.reply(bye, 200)
    refused = final(site.alice.got())
    assert refused.status == 488
    site.alice.ack(refused, "sip:14155550100@demo.local")
    site.over()


def test_an_answer_without_sdp_after_early_media_keeps_what_that_said(site: Trunked) -> None:
    """RFC 3261 §13.2.1: the description of the 183 was the answer of a careless callee."""
    carrier, invite = site.outgoing()
    carrier.reply(invite, 183, carrier.sdp(41_000))
    carrier.reply(invite, 200)
    alice, carrier = site._up(carrier)
    assert connected(site, carrier) == [41_000]
    hang_up(site, alice, carrier)


def test_the_contact_of_the_latest_update_is_where_our_bye_goes(site: Trunked) -> None:
    """§12.2.1.2, §12.2.2."""
    alice, carrier = site.out()
    assert final(carrier.say("UPDATE", contact="<sip:moved@127.0.0.9:5099>")).status == 200
    alice.say("BYE")
    moved = [(m, flow) for m, flow in site.bench.take() if isinstance(m, Request)]
    ((bye, flow),) = moved
    assert str(bye.uri) == "sip:moved@127.0.0.9:5099" and flow.remote == ("127.0.0.9", 5099)
    carrier.reply(bye, 200)
    site.over()


@pytest.mark.parametrize("lr", [True, False])
def test_a_recorded_route_is_taken_loosely_or_strictly(site: Trunked, lr: bool) -> None:
    """§12.2.1.1."""
    hop = "<sip:127.0.0.9:5060;lr>" if lr else "<sip:127.0.0.9:5060>"
    alice, carrier = site.out(f"Record-Route: {hop}\r\nContact: <sip:deep@10.9.9.9:5060>\r\n")
    alice.say("BYE")
    (bye,) = carrier.asked("BYE")
    if lr:
        assert str(bye.uri) == "sip:deep@10.9.9.9:5060" and bye.headers.all("Route") == [hop]
    else:
        assert str(bye.uri) == "sip:127.0.0.9:5060"
        assert bye.headers.all("Route") == ["<sip:deep@10.9.9.9:5060>"]
    carrier.reply(bye, 200)
    site.over()


# Races at both ends.


def test_a_cancel_that_crosses_the_answer_ends_in_bye(site: Trunked) -> None:
    """§9.1: the caller has hung up; the callee picked up at that moment."""
    carrier, invite = site.outgoing()
    carrier.reply(invite, 180)
    site.alice.got()
    uri = "sip:14155550100@demo.local"
    site.alice.say("CANCEL", uri, branch=site.alice.invite_branch, cseq=site.alice.cseq)
    refused = [m for m in site.alice.got() if not isinstance(m, Request) and m.status == 487]
    site.alice.ack(refused[0], uri)
    (cancel,) = carrier.asked("CANCEL")
    carrier.reply(invite, 200, carrier.sdp())
    carrier.reply(cancel, 200)
    _, bye = carrier.asked("ACK", "BYE")
    carrier.reply(invite, 200, carrier.sdp())  # again: its ACK was lost
    carrier.asked("ACK")
    carrier.reply(bye, 200)
    cdr = site.over()
    assert cdr.answered_at is None and cdr.disposition == "cancelled"


def test_a_carrier_that_hangs_up_before_its_ack_ends_the_call_once(site: Trunked) -> None:
    """§15."""
    alice, invite = site.incoming()
    alice.reply(invite, 200, alice.sdp())
    success = site.trunk.got()[-1]
    assert not isinstance(success, Request) and success.status == 200
    carrier = Party.caller(site.bench, site.trunk.source, success)
    assert final(carrier.say("BYE")).status == 200
    (_, bye) = alice.asked("ACK", "BYE")
    alice.reply(bye, 200)
    carrier.say("ACK", cseq=success.cseq.number)
    site.over()


def test_a_carrier_may_end_its_early_dialog_by_bye(site: Trunked) -> None:
    """§15: 200 to the BYE, 487 to the INVITE; a callee must not."""
    alice, invite = site.incoming()
    alice.reply(invite, 180)
    ringing = site.trunk.got()[-1]
    assert not isinstance(ringing, Request)
    carrier = Party.caller(site.bench, site.trunk.source, ringing)
    statuses = {m.status: m for m in carrier.say("BYE") if not isinstance(m, Request)}
    assert set(statuses) == {200, 487}
    site.trunk.ack(statuses[487], "sip:x@demo.local")
    (cancel,) = alice.asked("CANCEL")
    alice.reply(cancel, 200)
    alice.reply(invite, 487)
    assert site.over().disposition == "cancelled"


def test_an_answer_that_is_said_again_after_our_bye_is_acknowledged(site: Trunked) -> None:
    """§13.2.2.4."""
    carrier, invite = site.outgoing()
    carrier.reply(invite, 200, carrier.sdp())
    alice, _ = site._up(carrier)
    alice.say("BYE")
    (bye,) = carrier.asked("BYE")
    carrier.reply(invite, 200, carrier.sdp())
    carrier.asked("ACK")
    carrier.reply(bye, 481)
    site.over()


# Audio that changes.

T38 = (
    "v=0\r\no=- 1 2 IN IP4 127.0.0.9\r\ns=-\r\nc=IN IP4 127.0.0.9\r\nt=0 0\r\n"
    "m=image 45000 udptl t38\r\na=T38FaxVersion:0\r\na=T38FaxUdpEC:t38UDPRedundancy\r\n"
)


@pytest.mark.parametrize("outgoing", [True, False])
def test_a_fax_is_refused_and_the_call_goes_on(site: Trunked, outgoing: bool) -> None:
    alice, carrier = site.out() if outgoing else site.in_()
    refused = final(carrier.say("INVITE", T38))
    assert refused.status == 488 and refused.headers.get("Warning")
    carrier.say("ACK", cseq=refused.cseq.number)
    answer = final(carrier.say("INVITE", carrier.sdp(44_000)))
    assert answer.status == 200
    carrier.say("ACK", cseq=answer.cseq.number)
    assert connected(site, carrier) == [44_000]
    hang_up(site, carrier, alice)


def test_a_reinvite_may_move_the_audio_and_change_codec_packet_time_and_key_numbers(site: Trunked) -> None:
    alice, carrier = site.out()
    moved = (
        "v=0\r\no=- 1 2 IN IP4 127.0.0.77\r\ns=-\r\nc=IN IP4 127.0.0.77\r\nt=0 0\r\n"
        "m=audio 46000 RTP/AVP 8 96\r\na=rtpmap:96 telephone-event/8000\r\na=ptime:30\r\n"
    )
    answer = final(carrier.say("INVITE", moved))
    assert answer.status == 200 and b"a=rtpmap:96 telephone-event" in answer.body
    carrier.say("ACK", cseq=answer.cseq.number)
    connect = last_connect(site, "127.0.0.77")
    assert connect.remote == ("127.0.0.77", 46_000) and connect.codec.name == "pcma"
    assert connect.ptime_ms == 30 and connect.dtmf == 96
    assert alice.got() == []
    hang_up(site, alice, carrier)


@pytest.mark.parametrize("outgoing", [True, False])
def test_a_hold_by_the_address_nought_sends_nothing_until_it_is_taken_back(
    site: Trunked, outgoing: bool
) -> None:
    """RFC 3264 §8.4, RFC 2543."""
    alice, carrier = site.out() if outgoing else site.in_()
    held = carrier.sdp().replace("c=IN IP4 127.0.0.9", "c=IN IP4 0.0.0.0")
    directions = {"0.0.0.0": "RECVONLY", "127.0.0.9": "SENDRECV"}
    for body, wanted in ((held, "0.0.0.0"), (carrier.sdp(), "127.0.0.9")):
        answer = final(carrier.say("INVITE", body))
        assert answer.status == 200
        carrier.say("ACK", cseq=answer.cseq.number)
        assert last_connect(site, wanted).direction.name == directions[wanted]
    hang_up(site, alice, carrier)


def test_the_refresher_may_change_with_each_refresh(site: Trunked) -> None:
    """RFC 4028 §7.2, §9."""
    alice, carrier = site.out("Session-Expires: 600;refresher=uac\r\nAllow: INVITE, UPDATE\r\n")
    site.bench.advance(300.1)
    (ours,) = carrier.asked("UPDATE")
    carrier.reply(ours, 200, headers="Session-Expires: 600;refresher=uas\r\n")
    site.bench.advance(500.0)
    assert carrier.got() == []
    timer = "Supported: timer\r\nSession-Expires: 600;refresher=uas\r\n"
    answer = final(carrier.say("UPDATE", headers=timer))
    assert answer.headers.get("Session-Expires") == "600;refresher=uas"
    site.bench.advance(300.1)
    (ours,) = carrier.asked("UPDATE")
    carrier.reply(ours, 200, headers="Session-Expires: 600;refresher=uac\r\n")
    hang_up(site, alice, carrier)


def test_who_calls_and_who_sent_them_here_is_read_from_whatever_a_carrier_says(site: Trunked) -> None:
    said = (
        'P-Asserted-Identity: "A, B" <sip:+15550001@carrier.example;user=phone>, <tel:+15550001>\r\n'
        "Privacy: id;critical\r\nDiversion: <sip:+15550009@carrier.example>;reason=no-answer;counter=1\r\n"
        "History-Info: <sip:+15550009@c.example?Reason=SIP%3Bcause%3D302>;index=1, "
        "<sip:x@c.example>;index=1.1\r\n"
    )
    alice, carrier = site.in_(said)
    answer = final(carrier.say("INVITE", carrier.sdp(), said))
    assert answer.status == 200
    carrier.say("ACK", cseq=answer.cseq.number)
    hang_up(site, carrier, alice)
