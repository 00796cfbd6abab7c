"""enqueue: a caller, a queue, and phones that ring for him (S004-35, S004-48, S004-54…56)."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from edge.acd.callback import Stage
from edge.acd.state import AgentEvent, State, Status
from edge.acd.terms import AgentId, Announcements, QueueTerms, Strategy
from edge.directory import Forwarding, Target, UserId
from edge.sip.message import Request
from media import port
from tests.support.acd import member, user
from tests.support.directory import ACC, FakeDirectory
from tests.support.edge import Phone
from tests.support.flow_call import FlowCall

FLOW = """
nodes:
  menu: {kind: menu, prompt: x, next: {"digit:1": it}}
  it: {kind: enqueue, queue: support, exit_digits: "0", MORE
       next: {answered: after, timeout: late, no_agents: empty, "digit:0": key, failed: failed}}
  after: {kind: say, text: after}
  late: {kind: say, text: late}
  empty: {kind: say, text: empty}
  key: {kind: say, text: key}
  failed: {kind: say, text: failed}
"""
QUEUE = QueueTerms("support", "q_support", members=(member("1002"), member("1003")), auto_ready=True)


def queued(
    terms: QueueTerms = QUEUE, more: str = "", *, signed_in: tuple[str, ...] = ("1002", "1003")
) -> tuple[FlowCall, Phone, Phone]:
    """A caller who has just pressed 1, and the phones of the two members."""
    directory = FakeDirectory(prompts={"hold-music": "/music.wav"})
    for number in ("1002", "1003"):
        directory.add_user(number)
    directory.queue_terms["support"] = terms
    call = FlowCall(FLOW.replace("MORE", more), directory)
    bob, eve = Phone(call.bench, "1002", 3), Phone(call.bench, "1003", 4)
    for phone in (bob, eve):
        if phone.number in signed_in:
            phone.register()
    call.press("1")
    return call, bob, eve


def invite(phone: Phone) -> Request:
    (found,) = phone.got()
    assert isinstance(found, Request) and found.method == "INVITE"
    return found


def requests(phone: Phone) -> list[Request]:
    return [message for message in phone.got() if isinstance(message, Request)]


def methods(phone: Phone) -> list[str]:
    return [request.method for request in requests(phone)]


def hang_up(phone: Phone, request: Request) -> None:
    phone.call_id = request.call_id
    phone.say("BYE", str(request.contacts[0].uri), to=request.headers.get("From") or "")


def state(call: FlowCall, number: str) -> State:
    return call.bench.switch.acd.roster.agent(ACC, AgentId(user(number))).state


def bridged(call: FlowCall) -> list[port.Command]:
    return call.bench.commanded(port.Bridge)


def test_the_caller_hears_music_until_he_is_joined_to_who_answers() -> None:
    call, bob, eve = queued()
    (music,) = [play for play in call.playing() if play.path == "/music.wav"]
    assert music.loop and state(call, "1002") is State.OFFERING
    request = invite(bob)
    bob.reply(request, 180)
    bob.reply(request, 200, bob.sdp())
    assert not call.playing() and len(bridged(call)) == 1 and not eve.got()
    assert state(call, "1002") is State.IN_CALL
    assert ("party", "answered") in [(row.event, row.outcome) for row in call.rows("flow")]


def test_the_flow_goes_on_with_the_caller_when_the_agent_hangs_up_and_wrap_up_begins() -> None:
    call, bob, _ = queued()
    request = invite(bob)
    bob.reply(request, 200, bob.sdp())
    legs = len(call.bench.legs)
    hang_up(bob, request)
    assert call.at == "after" and len(call.bench.legs) == legs - 1
    assert state(call, "1002") is State.WRAP_UP
    assert call.bench.switch.admissions.count("user", "us_1002") == 0
    call.bench.advance(QUEUE.wrap_up)
    assert state(call, "1002") is State.WAITING


def test_one_cdr_tells_queue_agent_and_wait_and_every_channel_is_back() -> None:
    call, bob, _ = queued()
    request = invite(bob)
    call.bench.advance(3.0)
    bob.reply(request, 200, bob.sdp())
    call.phone.bye()
    (cdr,) = call.bench.journal.cdrs
    assert (cdr.queue, cdr.agent, cdr.wait_ms) == ("support", "us_1002", 3_000)
    assert cdr.cause == "caller_hangup" and set(cdr.media) == {"caller", "callee"}
    assert len(call.bench.switch.admissions) == 0 and not call.bench.legs
    assert state(call, "1002") is State.WRAP_UP


def test_a_caller_who_hangs_up_stops_what_rings_and_is_counted() -> None:
    call, bob, _ = queued()
    bob.reply(invite(bob), 180)
    call.phone.bye()
    assert "CANCEL" in methods(bob) and state(call, "1002") is State.WAITING
    (cdr,) = call.bench.journal.cdrs
    assert (cdr.queue, cdr.agent) == ("support", None)
    assert call.bench.switch.acd.ledger.tallies[ACC, "support"].abandoned == 1
    assert len(call.bench.switch.admissions) == 0 and not call.bench.legs


def test_of_all_who_ring_the_first_wins_and_the_others_are_told_why() -> None:  # S004-54
    call, bob, eve = queued(replace(QUEUE, strategy=Strategy.RING_ALL))
    eve.reply(invite(eve), 180)
    request = invite(bob)
    bob.reply(request, 200, bob.sdp())
    (cancel,) = requests(eve)
    assert cancel.method == "CANCEL"
    assert cancel.headers.get("Reason") == 'SIP;cause=200;text="Call completed elsewhere"'
    assert len(bridged(call)) == 1 and state(call, "1003") is State.WAITING
    assert call.bench.switch.admissions.count("user", "us_1003") == 0


def test_who_does_not_answer_makes_room_and_is_paused_in_the_end() -> None:  # S004-56
    call, bob, eve = queued(replace(QUEUE, max_no_answer=1, ring_timeout=10.0))
    bob.reply(invite(bob), 180)
    call.bench.advance(10.0)
    assert "CANCEL" in methods(bob) and len(methods(eve)) == 1
    agent = call.bench.switch.acd.roster.agent(ACC, AgentId(user("1002")))
    assert (agent.status, agent.reason) == (Status.ON_BREAK, "missed_offers")


@pytest.mark.parametrize("status", [486, 603, 480, 503])
def test_who_refuses_makes_room(status: int) -> None:
    call, bob, eve = queued()
    bob.reply(invite(bob), status)
    assert methods(eve) == ["INVITE"] and call.at == "it"
    assert state(call, "1002") is State.WAITING


def test_neither_forwards_nor_deflections_take_a_caller_out_of_the_queue() -> None:
    call, bob, eve = queued()
    users = call.directory.users
    users["1003"] = replace(users["1003"], forward=Forwarding(always="1001", busy="1001", no_answer="1001"))
    bob.reply(invite(bob), 302, headers="Contact: <sip:1001@demo.local>\r\n")
    request = invite(eve)
    eve.reply(request, 486)
    assert call.at == "it" and not bridged(call)


def test_somebody_in_another_call_is_not_rung() -> None:  # S004-48
    call, bob, _ = queued(replace(QUEUE, members=(member("1002"),)), signed_in=("1002",))
    bob.reply(invite(bob), 486)
    bob.dial("*43")
    call.bench.advance(30.0)
    assert "INVITE" not in methods(bob) and call.at == "it"


def test_nobody_who_is_not_available_is_rung_and_an_empty_queue_is_left() -> None:
    call, bob, _ = queued(replace(QUEUE, auto_ready=False))
    assert call.at == "empty" and not bob.got()


def test_the_caller_leaves_by_time_by_a_key_and_by_a_queue_that_is_not_there() -> None:
    call, _, _ = queued(more="max_wait: 15s,")
    call.bench.advance(15.0)
    assert call.at == "late"
    call, bob, _ = queued()
    bob.reply(invite(bob), 180)
    call.press("0")
    assert call.at == "key" and "CANCEL" in methods(bob)
    call, _, _ = queued(replace(QUEUE, name="another"))
    assert call.at == "failed"


def test_a_queue_that_is_removed_says_so_in_the_traces_of_its_callers() -> None:
    call, _, _ = queued()
    call.bench.directory.queue_terms.clear()
    call.bench.switch.acd.changed(ACC, call.bench.now)
    call.bench.advance(30.0)
    assert call.at == "failed"
    (row,) = [row for row in call.rows("flow") if row.event == "enqueue"]
    assert row.data["text"] == "queue_removed"


def test_the_agent_hears_a_whisper_before_the_two_are_joined() -> None:
    call, bob, eve = queued(replace(QUEUE, strategy=Strategy.RING_ALL, whisper="support"))
    invite(eve)
    bob.reply(invite(bob), 200, bob.sdp())
    (whisper,) = [play for play in call.playing() if play.path == "/spoken/support.wav"]
    assert whisper.leg != call.leg and not bridged(call)
    eve.got()  # cancelled: the first answer wins
    call.bench.media(port.Played(whisper.leg, whisper.play, 900, True, ""))
    assert len(bridged(call)) == 1 and state(call, "1002") is State.IN_CALL


def test_an_agent_who_hangs_up_during_the_whisper_does_not_lose_the_caller() -> None:
    call, bob, eve = queued(replace(QUEUE, whisper="support"))
    request = invite(bob)
    bob.reply(request, 200, bob.sdp())
    hang_up(bob, request)
    assert methods(eve) == ["INVITE"] and call.at == "it" and state(call, "1002") is State.WAITING


def test_an_agent_takes_the_call_by_a_key_and_others_ring_until_he_does() -> None:
    terms = replace(QUEUE, strategy=Strategy.RING_ALL, confirm="1", confirm_timeout=5.0)
    call, bob, eve = queued(terms)
    other = invite(eve)
    bob.reply(invite(bob), 200, bob.sdp())
    assert not bridged(call) and not eve.got()
    call.bench.advance(6.0)  # nothing pressed: a mobile's voicemail, say
    assert "BYE" in methods(bob)
    eve.reply(other, 200, eve.sdp())
    leg = next(leg for leg in call.bench.legs if leg != call.leg)
    call.bench.media(port.Digit(leg, "1", "rfc4733", 100))
    assert len(bridged(call)) == 1 and state(call, "1003") is State.IN_CALL


def test_announcements_interrupt_the_music_now_and_then() -> None:
    told = Announcements(position=True, wait=True, first=10.0, interval=30.0)
    call, _, _ = queued(replace(QUEUE, announcements=told, greeting="hello", ring_timeout=300.0))
    (greeting,) = call.playing()
    assert greeting.path == "/spoken/hello.wav"
    call.played(greeting)
    assert [play.path for play in call.playing()] == ["/music.wav"]
    call.bench.advance(10.0)
    assert [play.path for play in call.playing()] == [
        "/spoken/You are next..wav",
        "/spoken/It may take 2 minutes..wav",
    ]
    for play in call.playing():
        call.played(play)
    assert [play.path for play in call.playing()] == ["/music.wav"]


def test_a_held_caller_hears_music_again() -> None:
    call, bob, _ = queued()
    request = invite(bob)
    bob.reply(request, 200, bob.sdp())
    bob.call_id = request.call_id
    bob.got()
    body = bob.sdp() + "a=sendonly\r\n"
    bob.say("INVITE", str(request.contacts[0].uri), to=request.headers.get("From") or "", body=body)
    assert [play.path for play in call.playing()] == ["/music.wav"]


def test_a_number_or_extension_leads_to_a_queue() -> None:
    directory = FakeDirectory(prompts={"all-busy": "/busy.wav", "no-agents": "/nobody.wav"})
    directory.add_user("1002")
    directory.queue_terms["support"] = QUEUE
    call = FlowCall(FLOW.replace("MORE", ""), directory)
    directory.extensions["9002"] = Target("queue", "support")
    bob = Phone(call.bench, "1002", 3)
    bob.register()
    caller = Phone(call.bench, "1001", 5)
    caller.dial("9002")
    bob.reply(invite(bob), 200, bob.sdp())
    assert state(call, "1002") is State.IN_CALL


def test_the_same_call_may_wait_twice() -> None:
    text = FLOW.replace("answered: after", "answered: it")
    directory = FakeDirectory(prompts={"hold-music": "/music.wav"})
    directory.add_user("1002")
    directory.queue_terms["support"] = replace(QUEUE, wrap_up=0.0, members=(member("1002"),))
    call = FlowCall(text.replace("MORE", ""), directory)
    bob = Phone(call.bench, "1002", 3)
    bob.register()
    call.press("1")
    for _ in range(2):
        found = [request for request in requests(bob) if request.method == "INVITE"]
        bob.reply(found[-1], 200, bob.sdp())
        bob.got()
        hang_up(bob, found[-1])
    assert state(call, "1002") is State.OFFERING


def test_who_pauses_while_his_phone_rings_is_cancelled() -> None:
    call, bob, eve = queued()
    bob.reply(invite(bob), 180)
    acd = call.bench.switch.acd
    acd.tell(ACC, UserId(user("1002")), AgentEvent.PAUSE, call.bench.now)
    call.bench.drain()
    call.bench.advance(0.0)
    assert "CANCEL" in methods(bob) and methods(eve) == ["INVITE"]


OFFER = 'callback: {digit: "2"},'


def promised() -> tuple[FlowCall, Phone]:
    """A caller who has waited for a minute with nobody there, and has just pressed 2."""
    terms = replace(QUEUE, leave_when_empty=False, auto_ready=False)
    call, bob, _ = queued(terms, OFFER, signed_in=("1002",))
    call.bench.advance(60.0)
    call.press("2")
    return call, bob


def test_who_waits_is_offered_a_call_back_between_the_music() -> None:
    call, _, _ = queued(replace(QUEUE, leave_when_empty=False), OFFER, signed_in=())
    call.bench.advance(QUEUE.announcements.first)
    assert [play.path for play in call.playing()] == [
        "/spoken/Press 2 to hang up and be called back. You keep your place in line..wav"
    ]


def test_a_caller_who_agrees_hangs_up_with_a_promise_and_a_cdr_of_its_own() -> None:
    call, _ = promised()
    call.hears()
    call.press("1")
    (about,) = call.bench.switch.callbacks.of(ACC)
    assert (about.number, about.since) == ("1001", int((call.bench.now - 60.0) * 1000))
    assert "Thank you" in call.hears()[0]
    (cdr,) = call.bench.journal.cdrs
    assert (cdr.disposition, cdr.cause, cdr.queue) == ("callback", "flow_hangup", "support")
    assert cdr.q850 == 16, "the call went as it should"
    assert cdr.media["callback"] == about.id and cdr.wait_ms == 60_000
    (ticket,) = call.bench.switch.acd.tickets(ACC)
    assert ticket.joined == call.bench.now - 60.0 and ticket.away


def test_a_caller_who_hangs_up_before_agreeing_is_promised_nothing() -> None:
    call, _ = promised()
    call.phone.bye()
    assert not list(call.bench.switch.callbacks.of(ACC)) and not len(call.bench.switch.admissions)
    (cdr,) = call.bench.journal.cdrs
    assert cdr.disposition == "answered" and "callback" not in cdr.media


def test_a_caller_who_hangs_up_while_the_promise_is_written_keeps_it() -> None:
    call, _ = promised()
    held = call.bench.journal.promise
    waiting: list[Callable[[], None]] = []
    call.bench.journal.promise = lambda changes, then: waiting.append(lambda: held(changes, then))  # type: ignore[method-assign]
    call.press("1")
    call.phone.bye()
    call.bench.journal.promise = held  # type: ignore[method-assign]
    for commit in waiting:
        commit()
    call.bench.drain()
    (about,) = call.bench.switch.callbacks.of(ACC)
    assert about.number == "1001"
    (cdr,) = call.bench.journal.cdrs
    assert (cdr.disposition, cdr.media["callback"]) == ("callback", about.id)


def test_a_promise_that_cannot_be_written_is_in_no_cdr() -> None:
    call, _ = promised()
    call.bench.journal.broken = True
    call.press("1")
    call.bench.drain()
    call.phone.bye()
    (cdr,) = call.bench.journal.cdrs
    assert cdr.disposition == "answered" and "callback" not in cdr.media


def test_a_caller_who_presses_nothing_more_waits_on_in_his_place() -> None:
    call, _ = promised()
    for _ in range(3):
        call.hears()
        call.bench.advance(8.0)
    assert call.at == "it"
    (ticket,) = call.bench.switch.acd.tickets(ACC)
    assert ticket.joined == call.bench.now - 84.0 and not ticket.away


def test_the_promise_is_kept_as_soon_as_an_agent_is_there() -> None:
    call, bob = promised()
    call.hears()
    call.press("1")
    call.hears()
    call.phone.got()
    call.phone.register()
    for event in (AgentEvent.LOGIN, AgentEvent.AVAILABLE):
        call.bench.switch.acd.tell(ACC, user("1002"), event, call.bench.now)
    call.bench.advance(1.0)
    request = requests(bob)[-1]
    bob.reply(request, 200, bob.sdp())
    heard: set[str] = set()
    for play in call.bench.commanded(port.Play):
        assert isinstance(play, port.Play)
        if "callback" in play.path.lower() and play.play not in heard:
            heard.add(play.play)
            call.bench.media(port.Played(play.leg, play.play, 1_000, True, ""))
    mine = [m for m in call.phone.got() if isinstance(m, Request) and m.method == "INVITE"]
    call.phone.reply(mine[-1], 200, call.phone.sdp())
    (about,) = call.bench.switch.callbacks.of(ACC)
    assert about.stage is Stage.REACHED and len(bridged(call)) == 1
