"""Calls that a flow carries: order of outcomes, type-ahead, traces, and that nothing is left behind."""

import gc
import weakref

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.call.call import Call
from edge.call.flow import FlowTreatment
from edge.command.prompting import Prompting
from edge.command.running import Running
from edge.directory import Target
from edge.sip.message import Request, Response
from media import port
from tests.support.edge import Bench, Phone, final
from tests.support.flow import program
from tests.support.flow_call import FlowCall

RECEPTION = """
nodes:
  hello: {kind: say, text: Hello., next: menu}
  menu:
    kind: menu
    prompt: Choose.
    max_timeouts: 1
    next: {"digit:1": pin, "digit:2": message, timeout: bye}
  pin: {kind: collect, variable: pin, prompt: Your PIN., secret: true, next: {done: told, default: bye}}
  told: {kind: say, text: "Yours is {{ pin }}.", next: bye}
  message: {kind: voicemail, mailbox: "1001", next: bye}
  bye: {kind: hangup}
"""


def test_a_flow_answers_speaks_asks_and_hangs_up() -> None:
    call = FlowCall(RECEPTION)
    assert call.hears() == ["Hello.", "Choose."] and call.at == "menu"
    call.bench.advance(5.0)
    (bye,) = call.phone.got()
    assert isinstance(bye, Request) and bye.method == "BYE"
    (cdr,) = call.bench.journal.cdrs
    assert (cdr.target, cdr.disposition, cdr.cause) == ("flow:main", "answered", "flow_hangup")


def test_a_key_during_the_prompt_stops_it_and_is_the_choice() -> None:
    call = FlowCall(RECEPTION)
    call.played(call.playing()[0])
    (prompt,) = call.playing()
    call.press("1")
    assert call.at == "pin"
    (stop,) = call.bench.commanded(port.StopPlay)
    assert isinstance(stop, port.StopPlay) and stop.play == prompt.play
    call.played(prompt)
    assert call.at == "pin", "the end of the stopped prompt is late and changes nothing"


def test_keys_pressed_ahead_are_taken_by_those_who_ask_later() -> None:
    call = FlowCall(RECEPTION)
    call.press("14711#")
    assert call.at == "hello"
    call.played(call.playing()[0])
    assert call.at == "told" and call.went() == [("hello", "done"), ("menu", "digit:1"), ("pin", "done")]


def test_more_keys_than_anybody_asks_for_are_forgotten() -> None:
    call = FlowCall(RECEPTION)
    call.press("9" * 100)
    assert call.call is not None and len(call.call.treatment._stage.typed) == 32  # type: ignore[attr-defined]


def test_secret_digits_are_nowhere_in_the_trace() -> None:
    call = FlowCall(RECEPTION)
    call.hears()
    call.press("1")
    call.press("4711#")
    rows = repr([row for layer in ("flow", "media", "call") for row in call.rows(layer)])
    assert call.at == "told" and "4711" not in rows and "***" in rows and "digit='*'" not in rows


def test_secret_digits_by_info_are_masked_as_well() -> None:
    call = FlowCall(RECEPTION)
    call.hears()
    call.press("1")
    body = "Signal=7\r\nDuration=100\r\n"
    assert call.at == "pin"
    call.phone.say("INFO", call.phone.remote, to=call.phone.to, body=body)
    rows = repr([row for layer in ("sip", "call") for row in call.rows(layer)])
    assert "Signal" not in rows and "***" in rows


def test_every_node_and_command_is_in_the_trace_with_its_outcome() -> None:
    """S004-63: node_id and outcome per row."""
    call = FlowCall(RECEPTION)
    call.hears()
    rows = [(row.event, row.outcome, row.node_id) for row in call.rows("flow")]
    assert rows == [
        ("begin", "main", ""),
        ("command", "play", "hello"),
        ("say", "done", "hello"),
        ("command", "gather", "menu"),
    ]


def test_a_caller_who_hangs_up_ends_the_command_under_way() -> None:
    call = FlowCall(RECEPTION)
    call.hears()
    call.phone.bye()
    assert ("menu", "hangup") in call.went()
    call.bench.advance(40.0)
    assert call.bench.idle() and call.bench.journal.cdrs[0].cause == "caller_hangup"


def test_a_flow_that_hangs_up_first_refuses_without_answering() -> None:
    call = FlowCall("nodes: {a: {kind: hangup, cause: busy}}", answered=False)
    (cdr,) = call.bench.journal.cdrs
    assert (cdr.sip_status, cdr.disposition, cdr.cause) == (486, "busy", "flow_busy")
    assert cdr.answered_at is None


def test_a_loop_without_media_hangs_up_with_a_trace_error() -> None:
    """S004-37."""
    call = FlowCall("nodes: {a: {kind: noop, next: b}, b: {kind: noop, next: a}}", answered=False)
    (rows,) = call.bench.journal.traces.values()
    (fault,) = [row for row in rows if row.event == "fault"]
    assert "200 nodes" in str(fault.data["text"])
    assert call.bench.journal.cdrs[0].sip_status == 503


def test_a_number_whose_flow_is_not_there_is_refused_and_says_why() -> None:
    call = FlowCall(RECEPTION)
    call.directory.extensions["9002"] = Target("flow", "gone")
    refused = final(Phone(call.bench, "1001", 5).dial("9002"))
    assert refused.status == 404 and "no_such_flow" in (refused.headers.get("Warning") or "")


def test_a_call_keeps_its_version_while_new_ones_get_the_next() -> None:
    call = FlowCall(RECEPTION)
    call.directory.flows = program(RECEPTION.replace("Hello.", "Good day."))
    assert call.hears()[0] == "Hello."
    other = Phone(call.bench, "1001", 5)
    other.ack(final(other.dial("9001")))
    assert call.bench.commanded(port.Play)[-1].path == "/spoken/Good day..wav"  # type: ignore[attr-defined]


def test_voice_activity_is_only_asked_for_where_something_is_recorded() -> None:
    assert [
        c.vad for c in FlowCall(RECEPTION).bench.commanded(port.Allocate) if isinstance(c, port.Allocate)
    ] == [True]
    plain = FlowCall("nodes: {a: {kind: say, text: x}}")
    assert [c.vad for c in plain.bench.commanded(port.Allocate) if isinstance(c, port.Allocate)] == [False]


def test_a_callers_phone_without_a_common_codec_ends_the_call() -> None:
    bench = FlowCall(RECEPTION).bench
    phone = Phone(bench, "1001", 6)
    got = phone.dial("9001", body=phone.sdp().replace("0 8 101", "18"))
    assert isinstance(got[-1], Response) and got[-1].status == 488


EVERYTHING = """
nodes:
  menu:
    kind: menu
    prompt: Choose.
    max_failures: 20
    next: {"digit:1": dial, "digit:2": agent, "digit:3": hook, "digit:4": vm,
           "digit:5": queue, "digit:6": all, "digit:7": keys, "digit:8": music,
           "digit:9": asked, "digit:*": screened, timeout: menu}
  dial: {kind: dial, to: "1002", ring_timeout: 5s, next: menu}
  all:
    kind: dial
    to: ["1002", "1003", "+14155550100", "9001"]
    strategy: sequential
    ring_timeout: 5s
    next: menu
  asked: {kind: dial, to: ["1002", "1003"], ring_timeout: 5s, whisper: Sales, confirm: "1", next: menu}
  screened: {kind: dial, to: "1002", ring_timeout: 5s, screening: true, next: box}
  box: {kind: mailbox, mailbox: "1001", next: menu}
  agent: {kind: agent, agent: demo, exit_digits: "0", next: menu}
  hook: {kind: webhook, url: "https://h.example/", next: menu}
  vm: {kind: voicemail, mailbox: "1001", greeting: "slow {{ caller }}", next: menu}
  queue: {kind: enqueue, queue: q, next: menu}
  keys: {kind: sendDigits, digits: "12", next: menu}
  music: {kind: music, prompt: {file: /m.wav}, seconds: 5, next: menu}
"""
ACTS = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#", "heard", "wait", "told", "untold",
        "agent gone", "agent up", "recorded", "quiet", "bob busy", "bob answers", "bob rings",
        "bob leaves", "bob accepts", "bob listens", "a message"]  # fmt: skip


@settings(max_examples=60)
@given(st.lists(st.sampled_from(ACTS), max_size=25), st.booleans())
def test_whatever_happens_in_whatever_order_everything_is_given_back(acts: list[str], bye: bool) -> None:
    from edge.directory import Agent
    from tests.support.directory import ACC, FakeDirectory

    directory = FakeDirectory()
    for number in ("1002", "1003"):
        directory.add_user(number)
    directory.add_trunk("main", default=True)
    directory.agents["demo"] = Agent(ACC, "demo", "twilio", "ws://127.0.0.1:1/", (), 8_000, True, 5.0)
    call = FlowCall(EVERYTHING, directory)
    bob = Phone(call.bench, "1002", 3)
    bob.register()
    for act in acts:
        perform(call, bob, act)
    if bye and call.bench.switch.calls:
        call.phone.bye()
    else:
        call.bench.switch.hang_up_all("test", call.bench.now)
        call.bench.drain()
    for message in call.phone.got():
        if isinstance(message, Request) and message.method == "BYE":
            call.phone.reply(message, 200)
    call.bench.advance(120.0)
    assert not call.bench.switch.calls and not call.bench.legs and not call.bench.switch.admissions
    assert len(call.bench.journal.cdrs) == 1


def perform(call: FlowCall, bob: Phone, act: str) -> None:
    bench: Bench = call.bench
    invites = [m for m in bob.got() if isinstance(m, Request) and m.method == "INVITE"]
    match act:
        case "heard":
            call.hears()
        case "wait":
            bench.advance(3.0)
        case "told" | "untold" if bench.asked:
            call.told(path="/x.wav", status=200 if act == "told" else 0)
        case "agent gone":
            bench.media(port.AgentFailed(call.leg, "closed", ""))
        case "agent up":
            bench.media(port.AgentConnected(call.leg, 5))
        case "recorded":
            for record in bench.commanded(port.Record):
                assert isinstance(record, port.Record)
                bench.media(port.Recorded(call.leg, record.path, 3_000))
        case "quiet":
            bench.media(port.SpeechStopped(call.leg, bench.now))
        case "bob busy" if invites:
            bob.reply(invites[-1], 486)
        case "bob rings" if invites:
            bob.reply(invites[-1], 183, bob.sdp())
        case "bob answers" if invites:
            bob.reply(invites[-1], 200, bob.sdp())
        case "bob accepts":
            for leg in bench.legs - {call.leg}:
                bench.media(port.Digit(leg, "1", "rfc4733", 100))
        case "bob listens":
            for play in [play for play in call.playing() if play.leg != call.leg]:
                call._ended.add(play.play)
                bench.media(port.Played(play.leg, play.play, 500, True))
        case "a message" if bench.asked:
            call.told(status=200, new=1, old=1, key="acc/vm/c.wav", caller="1002", at=1)
        case "bob leaves":
            bob.say("BYE", "sip:1001@127.0.0.1", to="<sip:1001@demo.local>;tag=x")
        case digit if len(digit) == 1:
            call.press(digit)


@pytest.mark.parametrize("digits", ["3", "33"])
def test_a_reply_that_comes_after_the_call_changes_nothing(digits: str) -> None:
    call = FlowCall(EVERYTHING)
    call.press(digits)
    call.phone.bye()
    call.told(status=200, body="late")
    assert len(call.bench.journal.cdrs) == 1


@pytest.mark.parametrize("keys", ["", "1", "14711#"])
def test_nothing_of_a_call_of_a_flow_is_left_to_the_collector(keys: str) -> None:
    """Circles of objects wait for a garbage collection, in which all audio stands still."""
    gc.collect()
    gc.disable()
    try:
        call = FlowCall(RECEPTION)
        call.hears()
        call.press(keys)
        bench, parts = call.bench, Call | FlowTreatment | Running | Prompting
        left = [weakref.ref(part) for part in gc.get_objects() if issubclass(type(part), parts)]
        assert len(left) >= 3
        call.phone.bye()
        del call
        bench.advance(40)
        assert bench.idle() and {ref() for ref in left} == {None}
    finally:
        gc.enable()
