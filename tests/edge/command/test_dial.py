"""dial: people and numbers, one outcome (S004-35)."""

from dataclasses import replace

import pytest

from edge.cac.admission import Admissions
from edge.sip.message import Request
from media import port
from tests.support.directory import FakeDirectory
from tests.support.edge import Phone
from tests.support.flow_call import FlowCall
from tests.support.party import Party

DIAL = """
nodes:
  menu: {kind: menu, prompt: x, next: {"digit:1": it}}
  it: {kind: dial, to: TO, ring_timeout: 5s, MORE
       next: {answered: after, no_answer: none, busy: busy, failed: failed}}
  after: {kind: say, text: after}
  none: {kind: say, text: none}
  busy: {kind: say, text: busy}
  failed: {kind: say, text: failed}
"""


def dialled(to: str = '["1002"]', more: str = "", *, picked_up: bool = True) -> tuple[FlowCall, Phone, Phone]:
    """A caller who is already in the flow, or still hears his phone ring, and the phones of 1002 and 1003."""
    directory = FakeDirectory(prompts={"confirm-accept": "/confirm.wav"})
    for number in ("1002", "1003"):
        directory.add_user(number)
    directory.add_trunk("main", "sip:127.0.0.9:5060", default=True, max_channels=1)
    text = DIAL.replace("TO", to).replace("MORE", more)
    if not picked_up:
        text = text.replace("nodes:", "entry: it\nnodes:")
    call = FlowCall(text, directory, answered=picked_up)
    phones = Phone(call.bench, "1002", 3), Phone(call.bench, "1003", 4)
    return call, *phones


def start(call: FlowCall, *phones: Phone) -> list[Request]:
    for phone in phones:
        phone.register()
    call.press("1")
    return [invite(phone) for phone in phones]


def invite(phone: Phone) -> Request:
    (found,) = phone.got()
    assert isinstance(found, Request) and found.method == "INVITE"
    return found


def methods(phone: Phone) -> list[str]:
    return [message.method for message in phone.got() if isinstance(message, Request)]


def hang_up(phone: Phone, request: Request) -> None:
    phone.call_id = request.call_id
    phone.say("BYE", str(request.contacts[0].uri), to=request.headers.get("From") or "")


def test_the_caller_hears_ringback_and_then_who_answers() -> None:
    call, bob, _ = dialled()
    (request,) = start(call, bob)
    (tone,) = call.bench.commanded(port.Tone)
    assert isinstance(tone, port.Tone) and tone.frequencies == (440.0, 480.0)
    bob.reply(request, 200, bob.sdp())
    assert port.StopPlay(call.leg, tone.play) in call.bench.commanded(port.StopPlay)
    (bridge,) = call.bench.commanded(port.Bridge)
    assert isinstance(bridge, port.Bridge) and bridge.leg == call.leg
    assert ("party", "answered") in [(row.event, row.outcome) for row in call.rows("flow")]


def test_the_flow_goes_on_with_the_caller_when_the_callee_hangs_up() -> None:
    call, bob, _ = dialled()
    (request,) = start(call, bob)
    bob.reply(request, 200, bob.sdp())
    legs = len(call.bench.legs)
    hang_up(bob, request)
    assert call.at == "after" and len(call.bench.legs) == legs - 1
    assert call.bench.switch.admissions.count("user", "us_1002") == 0


def test_the_caller_who_hangs_up_ends_both_sides() -> None:
    call, bob, _ = dialled()
    (request,) = start(call, bob)
    bob.reply(request, 200, bob.sdp())
    call.phone.bye()
    assert methods(bob) == ["ACK", "BYE"] and call.bench.switch.admissions.count("user", "us_1002") == 0
    (cdr,) = call.bench.journal.cdrs
    assert cdr.cause == "caller_hangup" and set(cdr.media) == {"caller", "callee"}


def test_who_is_rung_holds_and_the_caller_hears_music_until_he_is_back_or_gone() -> None:
    """RFC 3264 §8.4."""
    call, bob, _ = dialled()
    call.directory.prompts["hold-music"] = "/music.wav"
    (request,) = start(call, bob)
    bob.reply(request, 200, bob.sdp())
    party = Party.called(call.bench, bob.source, request, bob.tag)
    for more, heard in (("a=sendonly\r\n", 1), ("", 0), ("a=inactive\r\n", 1)):
        party.say("INVITE", party.sdp(more=more))
        party.say("ACK", cseq=party.cseq)
        started = [c for c in call.bench.commanded(port.Play) if getattr(c, "path", "") == "/music.wav"]
        stopped = [c for c in call.bench.commanded(port.StopPlay) if getattr(c, "play", "") == "hold"]
        assert len(started) - len(stopped) == heard
    party.say("BYE")
    stopped = [c for c in call.bench.commanded(port.StopPlay) if getattr(c, "play", "") == "hold"]
    assert call.at == "after" and len(stopped) == 2


@pytest.mark.parametrize(
    ("status", "node"),
    [(486, "busy"), (600, "busy"), (480, "none"), (408, "none"), (404, "failed"), (503, "failed")],
)
def test_a_refusal_is_busy_no_answer_or_failed(status: int, node: str) -> None:
    call, bob, _ = dialled()
    (request,) = start(call, bob)
    bob.reply(request, status)
    assert call.at == node and len(call.bench.legs) == 1


def test_who_does_not_pick_up_in_time_is_cancelled() -> None:
    call, bob, _ = dialled()
    (request,) = start(call, bob)
    bob.reply(request, 180)
    call.bench.advance(5.0)
    assert call.at == "none" and methods(bob) == ["CANCEL"]


def test_who_has_no_phone_is_no_answer() -> None:
    call, _, _ = dialled()
    call.press("1")
    assert call.at == "none"


def test_all_ring_at_once_and_the_first_to_answer_wins() -> None:
    call, bob, eve = dialled('["1002", "1003"]')
    to_bob, to_eve = start(call, bob, eve)
    for phone, request in ((bob, to_bob), (eve, to_eve)):
        phone.reply(request, 180)
    eve.reply(to_eve, 200, eve.sdp())
    assert methods(bob) == ["CANCEL"] and len(call.bench.commanded(port.Bridge)) == 1
    assert call.bench.switch.admissions.count("user", "us_1002") == 0
    hang_up(eve, to_eve)
    assert call.at == "after"


def test_in_turn_the_next_one_rings_when_the_first_does_not_answer() -> None:
    call, bob, eve = dialled('["1002", "1003"]', "strategy: sequential,")
    eve.register()
    (to_bob,) = start(call, bob)
    assert eve.got() == []
    bob.reply(to_bob, 486)
    to_eve = invite(eve)
    eve.reply(to_eve, 180)
    call.bench.advance(5.0)
    assert call.at == "busy", "the best of what was heard"


def test_early_media_of_a_single_party_is_heard() -> None:
    call, bob, _ = dialled()
    (request,) = start(call, bob)
    bob.reply(request, 183, bob.sdp())
    assert len(call.bench.commanded(port.Bridge)) == 1 and len(call.bench.commanded(port.StopPlay)) == 2
    bob.reply(request, 486)
    assert call.at == "busy" and len(call.bench.legs) == 1


def test_a_caller_who_was_not_answered_hears_his_own_phone_ring() -> None:
    call, bob, _ = dialled(picked_up=False)
    assert call.at == "none"
    bob.register()
    other = Phone(call.bench, "1001", 7)
    statuses = [message.status for message in other.dial("9001")]  # type: ignore[union-attr]
    request = invite(bob)
    bob.reply(request, 180)
    assert statuses == [100] and other.statuses() == [180] and not call.bench.commanded(port.Tone)
    bob.reply(request, 200, bob.sdp())
    assert other.statuses() == [200]


def test_a_number_outside_goes_by_the_trunk_and_shows_the_number_that_is_asked_for() -> None:
    call, _, _ = dialled('["+14155550100"]', 'caller_id: "+4930123",')
    call.press("1")
    carrier = Phone(call.bench, "carrier", 9)
    request = invite(carrier)
    assert request.uri.user == "+14155550100" and "sip:+4930123@" in (request.headers.get("From") or "")
    assert call.bench.switch.admissions.count("trunk", "tr_main") == 1
    carrier.reply(request, 486)
    assert call.at == "busy" and call.bench.switch.admissions.count("trunk", "tr_main") == 0


def test_a_full_trunk_or_user_is_not_rung() -> None:
    call, _, _ = dialled('["14155550100", "14155550101"]')
    call.press("1")
    carrier = Phone(call.bench, "carrier", 9)
    assert len(carrier.got()) == 1, "the trunk has one channel"
    outcomes = [row.outcome for row in call.rows("flow") if row.event == "party"]
    assert outcomes == ["trunk_limit"]


@pytest.mark.parametrize(
    ("to", "code"), [('["*43"]', "no_party"), ('["nobody"]', "no_such_number"), ('["9001"]', "no_party")]
)
def test_what_is_nobody_to_ring_has_failed(to: str, code: str) -> None:
    call, _, _ = dialled(to)
    call.press("1")
    assert call.at == "failed" and code in [row.outcome for row in call.rows("flow")]


def test_an_empty_list_has_failed() -> None:
    call, _, _ = dialled('["{{ missing }}"]')
    call.press("1")
    assert call.at == "failed"


def test_when_every_port_is_taken_the_caller_stays() -> None:
    call, bob, _ = dialled()
    bob.register()
    call.bench.refuse_ports = True
    call.press("1")
    assert call.at == "failed" and call.bench.switch.calls


def test_a_caller_who_hangs_up_while_it_rings_leaves_nothing() -> None:
    call, bob, eve = dialled('["1002", "1003"]')
    requests = start(call, bob, eve)
    for phone, request in zip((bob, eve), requests, strict=True):
        phone.reply(request, 180)
    call.phone.bye()
    assert methods(bob) == methods(eve) == ["CANCEL"]
    admissions: Admissions = call.bench.switch.admissions
    assert len(admissions) == 0


def test_the_rules_of_who_is_dialled_are_followed() -> None:
    """F-S15: busy leads to the user's forward, which counts against its own channels."""
    call, bob, eve = dialled()
    users = call.directory.users
    users["1002"] = replace(users["1002"], forward=replace(users["1002"].forward, busy="1003"))
    eve.register()
    (to_bob,) = start(call, bob)
    bob.reply(to_bob, 486)
    to_eve = invite(eve)
    eve.reply(to_eve, 200, eve.sdp())
    assert len(call.bench.commanded(port.Bridge)) == 1
    assert call.bench.switch.admissions.count("user", "us_1003") == 1
    hang_up(eve, to_eve)
    assert call.at == "after" and call.bench.switch.admissions.count("user", "us_1003") == 0


def test_a_user_who_forwards_to_a_machine_is_nobody_to_ring() -> None:
    call, _, _ = dialled()
    users = call.directory.users
    users["1002"] = replace(users["1002"], forward=replace(users["1002"].forward, always="*43"))
    call.press("1")
    assert call.at == "failed" and "no_party" in [row.outcome for row in call.rows("flow")]


def whispered(call: FlowCall) -> list[port.Play]:
    return [play for play in call.playing() if play.leg != call.leg]


def end_whisper(call: FlowCall) -> None:
    for play in whispered(call):
        call._ended.add(play.play)
        call.bench.media(port.Played(play.leg, play.play, 500, True))


def press(call: FlowCall, leg: port.LegId, digit: str) -> None:
    call.bench.media(port.Digit(leg, digit, "rfc4733", 100))


def test_who_answers_is_told_who_calls_before_the_two_are_joined() -> None:
    call, bob, _ = dialled(more="whisper: Sales,")
    (request,) = start(call, bob)
    bob.reply(request, 200, bob.sdp())
    (play,) = whispered(call)
    assert play.path == "/spoken/Sales.wav" and not call.bench.commanded(port.Bridge)
    end_whisper(call)
    (bridge,) = call.bench.commanded(port.Bridge)
    assert isinstance(bridge, port.Bridge) and {bridge.leg, bridge.peer} == {call.leg, play.leg}


def test_who_hangs_up_during_the_whisper_has_not_answered() -> None:
    call, bob, _ = dialled(more="whisper: Sales,")
    (request,) = start(call, bob)
    bob.reply(request, 200, bob.sdp())
    hang_up(bob, request)
    assert call.at == "none" and len(call.bench.legs) == 1
    assert call.bench.switch.admissions.count("user", "us_1002") == 0


def test_the_others_ring_on_until_somebody_takes_the_call_by_its_key() -> None:
    call, bob, eve = dialled('["1002", "1003"]', 'confirm: "1",')
    to_bob, to_eve = start(call, bob, eve)
    bob.reply(to_bob, 200, bob.sdp())  # his voicemail: it presses nothing
    to_bobs_leg = whispered(call)[0].leg
    eve.reply(to_eve, 180)
    assert methods(eve) == [] and not call.bench.commanded(port.Bridge)
    eve.reply(to_eve, 200, eve.sdp())
    eves_leg = next(play.leg for play in whispered(call) if play.leg != to_bobs_leg)
    press(call, eves_leg, "1")
    (bridge,) = call.bench.commanded(port.Bridge)
    assert isinstance(bridge, port.Bridge) and eves_leg in (bridge.leg, bridge.peer)
    assert methods(bob)[-1] == "BYE" and "BYE" not in methods(eve)
    hang_up(eve, to_eve)
    assert call.at == "after"


def test_who_presses_no_key_in_time_has_not_taken_the_call() -> None:
    call, bob, _ = dialled(more='confirm: "1", confirm_timeout: 3s,')
    (request,) = start(call, bob)
    bob.reply(request, 200, bob.sdp())
    end_whisper(call)
    call.bench.advance(3.1)
    assert call.at == "none" and methods(bob)[-1] == "BYE"
    assert ("party", "not_taken") in [(row.event, row.outcome) for row in call.rows("flow")]


def test_a_caller_who_was_not_answered_rings_on_until_the_call_is_taken() -> None:
    call, bob, _ = dialled(more='confirm: "1",', picked_up=False)
    bob.register()
    other = Phone(call.bench, "1001", 7)
    other.dial("9001")
    request = invite(bob)
    bob.reply(request, 200, bob.sdp())
    assert 200 not in other.statuses()
    asked = next(play for play in call.playing() if play.path == "/confirm.wav")
    press(call, asked.leg, "1")
    assert 200 in other.statuses() and call.bench.commanded(port.Bridge)


def test_a_caller_who_hangs_up_while_somebody_decides_leaves_nothing() -> None:
    call, bob, _ = dialled(more='confirm: "1",')
    (request,) = start(call, bob)
    bob.reply(request, 200, bob.sdp())
    call.phone.bye()
    assert methods(bob) == ["ACK", "BYE"] and call.bench.switch.admissions.count("user", "us_1002") == 0
    call.bench.advance(60.0)
    assert len(call.bench.journal.cdrs) == 1


def test_early_media_can_be_left_out() -> None:
    call, bob, _ = dialled(more="early_media: false,")
    (request,) = start(call, bob)
    bob.reply(request, 183, bob.sdp())
    assert not call.bench.commanded(port.Bridge)
    call, bob, _ = dialled(more='confirm: "1",')
    (request,) = start(call, bob)
    bob.reply(request, 183, bob.sdp())
    assert not call.bench.commanded(port.Bridge), "who may yet decline is not heard"
