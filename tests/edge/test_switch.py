"""Messages in, messages, audio commands, CDRs and traces out: the switch as phones meet it."""

import pytest

from config.schema import SipLimits
from edge.sip.digest import answer, choose
from edge.sip.flow import Flow, Transport
from edge.sip.message import Request, Response
from media import port
from tests.support.directory import FakeDirectory
from tests.support.edge import SDP, Bench, Phone, audio_port, final


@pytest.fixture
def bench() -> Bench:
    directory = FakeDirectory()
    directory.add_user("1001")
    directory.add_user("1002", "bob", "bob-mobile")
    return Bench(directory)


def test_a_registered_phone_is_rung_where_it_registered_from(bench: Bench) -> None:
    alice, bob = Phone(bench, "1001"), Phone(bench, "bob", 3)
    assert bob.register().status == 200
    alice.dial("1002")
    (invite,) = bob.got()
    assert isinstance(invite, Request) and invite.method == "INVITE"
    assert str(invite.uri) == "sip:bob@127.0.0.3:5060"


def test_a_200_to_register_waits_for_its_commit(bench: Bench) -> None:
    bench.journal.broken = True
    assert Phone(bench, "1001").register().status == 503
    assert not bench.journal.bound


def test_a_wrong_password_is_challenged_again_like_an_unknown_user(bench: Bench) -> None:  # S004-11
    wrong = Phone(bench, "1001", password="guess").register()
    nobody = Phone(bench, "9999", password="guess").register()
    assert wrong.status == nobody.status == 401
    assert [name for name, _ in wrong.headers] == [name for name, _ in nobody.headers]


def test_echo_is_answered_here_and_leaves_nothing_behind(bench: Bench) -> None:
    alice = Phone(bench, "1001")
    answered = final(alice.dial("*43"))
    assert answered.status == 200 and audio_port(answered) == 20_000
    alice.ack(answered)
    assert len(bench.commanded(port.Echo)) == 1 and len(bench.switch.calls) == 1
    alice.bye()
    assert alice.statuses() == [200]
    (cdr,) = bench.journal.cdrs
    assert (cdr.disposition, cdr.cause, cdr.target) == ("answered", "caller_hangup", "echo:")
    bench.advance(33.0)
    assert bench.idle()


def test_an_unauthenticated_caller_is_challenged_and_leaves_no_call(bench: Bench) -> None:
    stranger = Phone(bench, "eve@away.example", 6)
    stranger.say("INVITE", "sip:1002@demo.local", body=stranger.sdp())
    assert stranger.statuses() == [401]
    assert not bench.journal.cdrs and not bench.switch.calls


def test_a_did_is_open_to_strangers_but_not_to_one_who_claims_to_be_a_user(bench: Bench) -> None:
    bench.directory.add_did("12025550123", "echo")
    assert final(Phone(bench, "eve@away.example", 6).dial("12025550123")).status == 200
    pretender = Phone(bench, "1001", 7)
    pretender.say("INVITE", "sip:12025550123@demo.local", body=pretender.sdp())
    assert pretender.statuses() == [401]


def test_a_did_that_is_closed_to_strangers_asks_who_calls(bench: Bench) -> None:
    """A carrier that shows its caller in From, and proves itself when it is asked."""
    bench.directory.add_did("12025550123", "answer", strangers=False)
    bench.directory.add_trunk("carrier", username="carrier", password="theirs")
    stranger = Phone(bench, "12025550199@away.example", 6)
    stranger.say("INVITE", "sip:12025550123@198.51.100.1", body=stranger.sdp())
    assert stranger.statuses() == [401] and not bench.journal.calls
    carrier = Phone(bench, "12025550199@away.example", 9)
    carrier.say("INVITE", "sip:+12025550123@198.51.100.1", body=carrier.sdp())
    challenge = final(carrier.got())
    chosen = choose(challenge.headers.all("WWW-Authenticate"))
    assert chosen is not None
    uri = "sip:+12025550123@198.51.100.1"
    proof = answer(chosen, "INVITE", uri, "carrier", "theirs", "c0ffee", 1)
    carrier.ack(challenge, uri)
    carrier.say("INVITE", uri, body=carrier.sdp(), headers=f"Authorization: {proof}\r\n")
    assert final(carrier.got()).status == 200
    (call,) = bench.switch.calls.values()
    assert call.route.trunk_in is bench.directory.trunks["carrier"]
    assert final(Phone(bench, "1001", 7).dial("12025550123")).status == 200, "users may, too"


def test_a_trunk_is_known_by_its_address_whatever_from_says(bench: Bench) -> None:
    bench.directory.add_trunk("carrier", ip="127.0.0.9")
    bench.directory.add_did("12025550123", "answer")
    carrier = Phone(bench, "1001", 9)
    assert final(carrier.dial("12025550123")).status == 200
    again = Phone(bench, "1001", 9)
    again.tag = "another"
    assert final(again.dial("1002")).status == 404  # never a relay


def test_two_users_talk_through_two_dialogs_and_our_ports(bench: Bench) -> None:
    alice, bob = Phone(bench, "1001"), Phone(bench, "bob", 3)
    bob.register()
    alice.dial("1002")
    (invite,) = bob.got()
    assert isinstance(invite, Request) and invite.call_id != alice.call_id
    bob.reply(invite, 180)
    assert alice.statuses() == [180]
    bob.reply(invite, 200, bob.sdp(41_000))
    answered = final(alice.got())
    assert answered.status == 200 and audio_port(answered) != audio_port(invite)
    (ack,) = bob.got()
    assert isinstance(ack, Request) and ack.method == "ACK"
    alice.to, alice.remote = answered.headers.get("To") or "", str(answered.contacts[0].uri)
    alice.ack(answered)
    assert len(bench.commanded(port.Bridge)) == 1
    remotes = {command.remote for command in bench.commanded(port.Connect)}  # type: ignore[attr-defined]
    assert remotes == {("127.0.0.2", 40_000), ("127.0.0.3", 41_000)}
    alice.bye()
    (bye,) = bob.got()
    assert isinstance(bye, Request) and bye.method == "BYE"
    bob.reply(bye, 200)
    assert alice.statuses() == [200]
    (cdr,) = bench.journal.cdrs
    assert (cdr.direction, cdr.disposition, cdr.cause) == ("internal", "answered", "caller_hangup")
    bench.advance(64.0)
    assert bench.idle()


def test_the_first_device_to_answer_wins_and_the_other_is_cancelled(bench: Bench) -> None:
    alice, desk, mobile = Phone(bench, "1001"), Phone(bench, "bob", 3), Phone(bench, "bob-mobile", 4)
    desk.register()
    mobile.register()
    alice.dial("1002")
    (to_desk,), (to_mobile,) = desk.got(), mobile.got()
    assert isinstance(to_desk, Request) and isinstance(to_mobile, Request)
    desk.reply(to_desk, 180)
    mobile.reply(to_mobile, 180)
    mobile.reply(to_mobile, 200, mobile.sdp())
    (cancel,) = desk.got()
    assert isinstance(cancel, Request) and cancel.method == "CANCEL"
    assert "elsewhere" in (cancel.headers.get("Reason") or "")
    assert final([m for m in alice.got()]).status == 200


def test_a_caller_that_cancels_stops_the_ringing(bench: Bench) -> None:
    alice, bob = Phone(bench, "1001"), Phone(bench, "bob", 3)
    bob.register()
    alice.dial("1002")
    (invite,) = bob.got()
    assert isinstance(invite, Request)
    bob.reply(invite, 180)
    alice.got()
    uri = "sip:1002@demo.local"
    alice.say("CANCEL", uri, branch=alice.invite_branch, cseq=alice.cseq)
    assert sorted(alice.statuses()) == [200, 487]
    (cancel,) = bob.got()
    assert isinstance(cancel, Request) and cancel.method == "CANCEL"
    bob.reply(cancel, 200)
    bob.reply(invite, 487)
    assert bench.journal.cdrs[0].disposition == "cancelled"
    bench.advance(64.0)
    assert bench.idle()


@pytest.mark.parametrize(("status", "seen"), [(486, 486), (603, 603), (404, 404), (401, 480), (302, 480)])
def test_the_callers_answer_is_the_callees(bench: Bench, status: int, seen: int) -> None:
    alice, bob = Phone(bench, "1001"), Phone(bench, "bob", 3)
    bob.register()
    alice.dial("1002")
    (invite,) = bob.got()
    assert isinstance(invite, Request)
    bob.reply(invite, status)
    assert final(alice.got()).status == seen


def test_nobody_answers(bench: Bench) -> None:
    alice, bob = Phone(bench, "1001"), Phone(bench, "bob", 3)
    bob.register()
    alice.dial("1002")
    (invite,) = bob.got()
    assert isinstance(invite, Request)
    bob.reply(invite, 180)
    alice.got()
    bench.advance(60.0)
    assert final(alice.got()).status == 480
    (cancel,) = bob.got()
    assert isinstance(cancel, Request) and cancel.method == "CANCEL"
    assert bench.journal.cdrs[0].disposition == "no_answer"


def test_an_unregistered_user_is_temporarily_unavailable(bench: Bench) -> None:  # S004-25
    response = final(Phone(bench, "1001").dial("1002"))
    assert response.status == 480 and "not_registered" in (response.headers.get("Warning") or "")


def test_sdp_without_a_common_codec_is_488_and_unreadable_sdp_400(bench: Bench) -> None:
    alice = Phone(bench, "1001")
    nothing = alice.sdp().replace("RTP/AVP 0 8 101", "RTP/AVP 18")
    assert final(alice.dial("*43", nothing)).status == 488
    again = Phone(bench, "1001", 4)
    assert final(again.dial("*43", "v=0\r\nm=audio\r\n")).status == 400
    bench.advance(64.0)
    assert bench.idle()


def test_an_invite_without_sdp_gets_our_offer_and_answers_in_the_ack(bench: Bench) -> None:
    alice = Phone(bench, "1001")
    answered = final(alice.dial("*43", ""))
    assert audio_port(answered) == 20_000 and not bench.commanded(port.Connect)
    alice.ack(answered, body=alice.sdp())
    assert len(bench.commanded(port.Connect)) == 1


def test_hold_and_resume_are_answered_here(bench: Bench) -> None:
    alice = Phone(bench, "1001")
    alice.ack(final(alice.dial("*43")))
    for attribute, ours in (("sendonly", b"recvonly"), ("sendrecv", b"sendrecv")):
        alice.say("INVITE", alice.remote, to=alice.to, body=alice.sdp() + f"a={attribute}\r\n")
        answer = final(alice.got())
        assert answer.status == 200 and ours in answer.body
        alice.ack(answer)
    directions = [c.direction for c in bench.commanded(port.Connect)]  # type: ignore[attr-defined]
    assert directions[-2:] == [port.Direction.RECVONLY, port.Direction.SENDRECV]


def test_a_200_is_repeated_until_its_ack_and_the_call_ends_without_one(bench: Bench) -> None:
    """RFC 3261 §13.3.1.4."""
    alice = Phone(bench, "1001")
    alice.dial("*43")
    bench.advance(31.9)
    assert alice.statuses() == [200] * 10
    bench.advance(0.2)
    (bye,) = [m for m in alice.got() if isinstance(m, Request)]
    assert bye.method == "BYE"
    alice.reply(bye, 200)
    assert bench.journal.cdrs[0].cause == "no_ack"
    bench.advance(64.0)
    assert bench.idle()


def test_an_ack_with_the_branch_of_its_invite_needs_no_right_tag(bench: Bench) -> None:
    """pyVoIP 1.6 makes up a To tag for every ACK; its calls must not end after 32 s."""
    alice = Phone(bench, "1001")
    answer = final(alice.dial("*43"))
    wrong = (answer.headers.get("To") or "").partition(";tag=")[0] + ";tag=made-up"
    uri = str(answer.contacts[0].uri)
    alice.say("ACK", uri, to=wrong, branch=alice.invite_branch, cseq=answer.cseq.number)
    bench.advance(40.0)
    assert alice.statuses() == [] and len(bench.switch.calls) == 1
    alice.say("ACK", uri, to=wrong, cseq=answer.cseq.number)
    assert alice.got() == [], "to nothing, and nobody answers an ACK"


def test_limits_refuse_and_give_back(bench: Bench) -> None:
    bench.directory.add_user("1003", max_simultaneous=1)
    first, second = Phone(bench, "1003", 4), Phone(bench, "1003", 5)
    first.ack(final(first.dial("*43")))
    busy = final(second.dial("*43"))
    assert busy.status == 486 and "user_busy" in (busy.headers.get("Warning") or "")
    first.bye()
    bench.advance(40.0)
    assert final(Phone(bench, "1003", 6).dial("*43")).status == 200


def test_a_call_without_a_free_port_is_refused_for_now(bench: Bench) -> None:
    bench.refuse_ports = True
    response = final(Phone(bench, "1001").dial("*43"))
    assert response.status == 503 and response.headers.get("Retry-After")
    bench.advance(64.0)
    assert bench.idle()


def test_calls_go_out_by_the_default_trunk_with_its_credentials(bench: Bench) -> None:
    bench.directory.add_trunk("main", "sip:127.0.0.9:5070", username="us", password="pw", default=True)
    alice, carrier = Phone(bench, "1001"), Phone(bench, "carrier", 9)
    carrier.source = ("127.0.0.9", 5070)
    alice.dial("+14155550100")
    (invite,) = carrier.got()
    assert isinstance(invite, Request) and str(invite.uri) == "sip:+14155550100@127.0.0.9:5070"
    host, at = carrier.source
    lines = "".join(f"Via: {value}\r\n" for value in invite.headers.all("Via"))
    bench.receive(
        (
            f"SIP/2.0 407 X\r\n{lines}From: {invite.headers.get('From')}\r\n"
            f"To: {invite.headers.get('To')};tag=x\r\n"
            f"Call-ID: {invite.call_id}\r\nCSeq: {invite.headers.get('CSeq')}\r\n"
            f'Proxy-Authenticate: Digest realm="carrier", nonce="n", qop="auth"\r\nContent-Length: 0\r\n\r\n'
        ).encode(),
        (host, at),
    )
    again = [m for m in carrier.got() if isinstance(m, Request) and m.method == "INVITE"]
    assert len(again) == 1 and 'username="us"' in (again[0].headers.get("Proxy-Authorization") or "")
    assert again[0].cseq.number == invite.cseq.number + 1
    carrier.reply(again[0], 200, carrier.sdp())
    assert final(alice.got()).status == 200


def test_early_media_of_a_trunk_is_passed_on(bench: Bench) -> None:
    bench.directory.add_trunk("main", default=True)
    alice, carrier = Phone(bench, "1001"), Phone(bench, "carrier", 9)
    alice.dial("14155550100")
    (invite,) = carrier.got()
    assert isinstance(invite, Request)
    carrier.reply(invite, 183, carrier.sdp())
    progress = [m for m in alice.got() if isinstance(m, Response)]
    assert [m.status for m in progress] == [183] and b"m=audio" in progress[0].body
    assert len(bench.commanded(port.Bridge)) == 1
    carrier.reply(invite, 200, carrier.sdp())
    assert final(alice.got()).status == 200


def test_no_new_calls_while_draining_but_live_ones_go_on(bench: Bench) -> None:
    alice = Phone(bench, "1001")
    alice.ack(final(alice.dial("*43")))
    bench.switch.drain()
    refused = final(Phone(bench, "1001", 5).dial("*43"))
    assert refused.status == 503 and refused.headers.get("Retry-After")
    assert len(bench.switch.calls) == 1


@pytest.mark.parametrize(
    ("request_line", "headers", "status"),
    [
        ("OPTIONS sip:demo.local", "", 200),
        ("SUBSCRIBE sip:1001@demo.local", "Event: presence\r\n", 401),
        ("PUBLISH sip:1001@demo.local", "", 405),
        ("BYE sip:1001@demo.local", "", 481),
        ("INVITE sip:1002@demo.local", "Require: 199\r\n", 420),
        ("INVITE http://demo.local", "", 416),
    ],
)
def test_requests_outside_a_dialog(bench: Bench, request_line: str, headers: str, status: int) -> None:
    method, target = request_line.split()
    phone = Phone(bench, "1001")
    phone.say(method, target, headers=headers, to="<sip:1002@demo.local>")
    assert phone.statuses() == [status]


def test_a_request_for_a_dialog_that_is_not_there_is_481(bench: Bench) -> None:
    phone = Phone(bench, "1001")
    phone.say("BYE", "sip:x@127.0.0.1", to="<sip:x@demo.local>;tag=gone")
    assert phone.statuses() == [481]


def test_what_cannot_be_parsed_is_answered_400_if_it_can_be_answered(bench: Bench) -> None:
    phone = Phone(bench, "1001")
    phone.say("OPTIONS", "sip:demo.local", headers="Max-Forwards: many\r\n")
    assert phone.statuses() == [400]
    bench.receive(b"\x00\xff garbage", phone.source)
    assert phone.got() == []


def test_a_dead_leg_ends_its_call(bench: Bench) -> None:
    alice = Phone(bench, "1001")
    alice.ack(final(alice.dial("*43")))
    (call,) = bench.switch.calls.values()
    bench.media(port.Silent(call.leg.id, 30.0))
    (bye,) = alice.got()
    assert isinstance(bye, Request) and "rtp_timeout" in (bye.headers.get("Reason") or "")
    assert bench.journal.cdrs[0].cause == "rtp_timeout"


def test_every_row_of_a_call_reaches_the_journal_in_order(bench: Bench) -> None:  # S004-62
    alice = Phone(bench, "1001")
    alice.ack(final(alice.dial("*43")))
    alice.bye()
    bench.advance(40.0)
    (rows,) = bench.journal.traces.values()
    assert [row.ts for row in rows] == sorted(row.ts for row in rows)
    sip = [(row.event, row.outcome) for row in rows if row.layer == "sip"]
    assert sip == [
        ("INVITE", "received"),
        ("401", "sent"),
        ("INVITE", "received"),
        ("200", "sent"),
        ("ACK", "received"),
        ("BYE", "received"),
        ("200", "sent"),
    ]
    assert {row.layer for row in rows} >= {"sip", "auth", "route", "admission", "call"}


def test_the_whole_trace_is_handed_over_with_the_cdr(bench: Bench) -> None:
    """A daemon that stops right after a call loses no row of it."""
    alice = Phone(bench, "1001")
    alice.ack(final(alice.dial("*43")))
    alice.bye()
    (rows,) = bench.journal.traces.values()
    assert rows[-1].event == "200" and len(bench.journal.cdrs) == 1


def test_more_calls_than_the_node_may_hold_are_refused() -> None:
    directory = FakeDirectory()
    directory.add_user("1001")
    bench = Bench(directory, SipLimits(calls=1))
    first = Phone(bench, "1001")
    first.ack(final(first.dial("*43")))
    assert final(Phone(bench, "1001", 5).dial("*43")).status == 503


# Connections.


def test_a_phone_whose_websocket_is_gone_has_no_device_until_it_registers_again(bench: Bench) -> None:
    """RFC 7118 §5: nobody can dial a browser."""
    bench.directory.add_user("1003")
    browser = Flow(Transport.WS, ("127.0.0.7", 40_001), 0, 5)
    uri, to = "sip:demo.local", "<sip:1003@demo.local>"
    phone = Phone(bench, "1003", 7)
    phone.source = browser.remote

    def say(headers: str) -> Response:
        phone.cseq += 1
        text = (
            f"REGISTER {uri} SIP/2.0\r\nVia: SIP/2.0/WS df7jal.invalid;branch=z9hG4bKws{phone.cseq}\r\n"
            f"From: {to};tag=1\r\nTo: {to}\r\nCall-ID: ws\r\nCSeq: {phone.cseq} REGISTER\r\n"
            f"Contact: <sip:1003@df7jal.invalid;transport=ws>\r\n{headers}Content-Length: 0\r\n\r\n"
        )
        bench.switch.receive([(text.encode(), browser)], bench.now)
        bench.drain()
        (found,) = [m for m, flow in bench.take() if flow == browser]
        assert isinstance(found, Response)
        return found

    assert say(phone.authorization(say(""), "REGISTER", uri)).status == 200
    assert bench.switch.needs(browser)
    caller = Phone(bench, "1001")
    caller.dial("1003")
    invite = next(m for m, flow in bench.take() if flow == browser and isinstance(m, Request))
    assert invite.via.transport == "WS" and str(invite.uri) == "sip:1003@df7jal.invalid;transport=ws"
    assert invite.contacts[0].uri.param("transport") == "ws"
    bench.closed(browser)
    assert not bench.switch.needs(browser)
    assert bench.journal.bound[-1].binding is None
    other = Phone(bench, "1001", 4)
    assert final(other.dial("1003")).status == 480


def test_a_call_whose_connection_was_closed_is_ended_at_the_contact_of_its_peer(bench: Bench) -> None:
    """RFC 3261 §12.2.1.1: proxies close idle connections after two minutes, and their calls go on."""
    bench.directory.add_trunk("carrier", "sip:127.0.0.9:5060", ip="127.0.0.9")
    bench.directory.add_did("12025550123", "echo")
    stream = Flow(Transport.TCP, ("127.0.0.9", 40_001), 0, 7)
    head = (
        "sip:12025550123@demo.local SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.9:5060;branch=z9hG4bKtcp{0}\r\n"
        "From: <sip:1@127.0.0.9>;tag=1\r\nCall-ID: tcp\r\nCSeq: 1 {0}\r\n"
        "Contact: <sip:c@127.0.0.9:5060;transport=tcp>\r\n"
    )
    body = SDP.format(host="127.0.0.9", port=40_000)
    to = "<sip:12025550123@demo.local>\r\nContent-Type: application/sdp"
    bench.switch.receive(
        [(f"INVITE {head.format('INVITE')}To: {to}\r\n\r\n{body}".encode(), stream)], bench.now
    )
    bench.drain()
    answer = final([m for m, _ in bench.take()])
    to = answer.headers.get("To") or ""
    bench.switch.receive([(f"ACK {head.format('ACK')}To: {to}\r\n\r\n".encode(), stream)], bench.now)
    (call,) = bench.switch.calls.values()
    bench.closed(stream)
    call.finish("answered", "shutdown", bench.now)
    bench.drain()
    ((bye, flow),) = [(m, flow) for m, flow in bench.take() if isinstance(m, Request)]
    assert bye.method == "BYE" and flow == Flow(Transport.TCP, ("127.0.0.9", 5060))


def ringing(bench: Bench, caller: Phone, headers: str = "") -> tuple[Phone, Request]:
    """A phone that rings for `caller`, and its INVITE."""
    bob = Phone(bench, "bob", 3)
    bob.register()
    caller.dial("1002", headers=headers)
    (invite,) = bob.got()
    assert isinstance(invite, Request)
    bob.reply(invite, 180)
    return bob, invite


def given_up(bench: Bench, bob: Phone, invite: Request) -> None:
    assert [message.method for message in bob.got() if isinstance(message, Request)] == ["CANCEL"]
    (cdr,) = bench.journal.cdrs
    assert (cdr.disposition, cdr.cause) == ("failed", "connection_lost")
    bob.reply(invite, 487)
    bench.advance(100.0)
    assert bench.switch.sessions == 0


def test_nobody_is_rung_for_a_browser_whose_page_was_closed(bench: Bench) -> None:
    """RFC 3261 §17.2.4, RFC 7118 §5: no answer can reach it."""
    page = Phone(bench, "1001", 7, transport=Transport.WSS)
    page.connection = 5
    bob, invite = ringing(bench, page)
    bench.closed(Flow(Transport.WSS, page.source, 0, 5))
    given_up(bench, bob, invite)


def test_nobody_is_rung_for_a_caller_who_has_lost_his_connection_and_cannot_be_dialled(bench: Bench) -> None:
    """RFC 3261 §18.2.2: he is looked for where his Via says, after a while in which he may come back."""
    alice = Phone(bench, "1001", 7, transport=Transport.TLS)
    alice.connection = 5
    bob, invite = ringing(bench, alice)
    alice.got()
    gone = Flow(Transport.TLS, alice.source, 0, 5)
    bench.closed(gone)
    bench.switch.unreachable(gone, bench.now)  # something else was told to him
    bench.drain()
    bench.advance(4.9)
    assert (alice.statuses(), bob.got(), len(bench.switch.calls)) == ([], [], 1)
    bench.advance(0.2)
    assert alice.statuses() == [180]
    bench.switch.unreachable(gone, bench.now)
    bench.drain()
    given_up(bench, bob, invite)


def test_a_caller_who_listens_where_his_via_says_hears_of_his_call_by_another_connection(
    bench: Bench,
) -> None:
    """RFC 3261 §18.2.2: as proxies do that close connections after a while."""
    alice = Phone(bench, "1001", 7, transport=Transport.TCP)
    alice.connection = 5
    bob, invite = ringing(bench, alice, "Contact: <<\r\n")
    alice.got()
    bench.closed(Flow(Transport.TCP, alice.source, 0, 5))
    bench.advance(30.0)
    bob.reply(invite, 200, bob.sdp())
    answers = [(m.status, flow.listens) for m, flow in bench.take() if isinstance(m, Response)]
    assert answers == [(180, 5060), (200, 5060)]


@pytest.mark.parametrize("wait", [1.0, 20.0])
def test_a_caller_who_registers_by_another_connection_hears_there_that_it_was_answered(
    bench: Bench, wait: float
) -> None:
    """RFC 5626 §4.5: behind a NAT nobody could dial him."""
    alice = Phone(bench, "1001", 7, transport=Transport.TLS)
    alice.connection, alice.contact = 5, "sip:1001@192.168.7.7:5060;transport=tls"
    alice.register()
    bob, invite = ringing(bench, alice)
    alice.got()
    bench.closed(Flow(Transport.TLS, alice.source, 0, 5))
    alice.source, alice.connection = (alice.source[0], 40_006), 6
    call_id, alice.call_id = alice.call_id, "again"
    assert alice.register().status == 200
    alice.call_id = call_id
    bench.advance(wait)
    bob.reply(invite, 200, bob.sdp())
    answers = [(m.status, flow) for m, flow in bench.take() if isinstance(m, Response)]
    assert {flow.connection for _, flow in answers} == {6}
    assert [status for status, _ in answers] == ([180, 200] if wait > 5 else [200])


@pytest.mark.parametrize("first_lost", [True, False], ids=["lost", "half open"])
def test_a_phone_that_registers_again_in_mid_call_hears_how_it_goes_on(
    bench: Bench, first_lost: bool
) -> None:
    """RFC 5626 §4.5, RFC 7118 §5: in another network; it says nothing in its call and cannot be dialled."""
    bob = Phone(bench, "bob", 3, transport=Transport.TCP)
    bob.connection, bob.contact = 1, "sip:bob@192.168.7.7:5060;transport=tcp"
    lost = Flow(Transport.TCP, bob.source, 0, 1)
    bob.register()
    alice = Phone(bench, "1001")
    alice.dial("1002")
    (invite,) = bob.got()
    assert isinstance(invite, Request)
    bob.reply(invite, 200, bob.sdp())
    answer = final(alice.got())
    alice.ack(answer)
    alice.to, alice.remote = answer.headers.get("To") or "", str(answer.contacts[0].uri)
    bob.got()
    if first_lost:
        bench.closed(lost)
    host = bob.source[0]
    for connection in (2, 3):
        bob.source, bob.connection = (host, 40_000 + connection), connection
        assert bob.register().status == 200
    if not first_lost:
        bench.closed(lost)
    bench.closed(Flow(Transport.TCP, (host, 40_002), 0, 2))
    alice.bye()
    ((bye, flow),) = [(m, flow) for m, flow in bench.take() if isinstance(m, Request)]
    assert bye.method == "BYE" and flow == Flow(Transport.TCP, bob.source, 0, 3)


def test_a_call_goes_on_where_the_phone_is_heard_now(bench: Bench) -> None:
    """RFC 5626 §4.2: a phone that lost its connection comes back on another one."""
    alice = Phone(bench, "1001")
    alice.ack(final(alice.dial("*43")))
    (call,) = bench.switch.calls.values()
    alice.source = ("127.0.0.2", 5999)
    alice.say("OPTIONS", alice.remote, to=alice.to)
    assert alice.statuses() == [200]
    assert call.session.flow.remote == ("127.0.0.2", 5999)
    assert bench.switch.needs(call.session.flow)
