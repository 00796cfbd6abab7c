"""One try: the agent first, then the customer; one call with one CDR, whoever gives up (F-S2)."""

from dataclasses import replace

from edge.acd.callback import Stage
from edge.acd.state import State
from edge.acd.terms import CallbackTerms, Strategy
from edge.sip.refer import PATIENCE
from media import port
from tests.support.callback import NUMBER, QUEUE, Promises, hang_up, invite, methods


def terms(**more: object) -> Promises:
    return Promises(replace(QUEUE, callback=CallbackTerms(**more)))  # type: ignore[arg-type]


def test_an_agent_is_rung_first_and_the_customer_when_he_has_taken_it() -> None:
    here = Promises()
    about = here.promise(name="Ann").callback
    request = invite(here.bob)
    assert "Ann" in (request.headers.get("From") or "") and NUMBER in (request.headers.get("From") or "")
    assert about.stage is Stage.CALLING and not here.carrier.got()
    here.bob.reply(request, 200, here.bob.sdp())
    here.hears()
    customer = invite(here.carrier)
    assert customer.uri.user == NUMBER and here.state("1002") is State.IN_CALL
    here.carrier.reply(customer, 200, here.carrier.sdp())
    assert about.stage is Stage.REACHED and len(here.bench.commanded(port.Bridge)) == 1


def test_the_two_talk_until_one_hangs_up_and_one_cdr_tells_of_it() -> None:
    here = Promises()
    about = here.promise().callback
    here.bench.advance(1.0)
    here.takes()
    request = here.answers()
    here.bench.advance(30.0)
    hang_up(here.carrier, request)
    (cdr,) = here.cdrs
    assert (cdr.disposition, cdr.cause, cdr.direction) == ("answered", "callee_hangup", "out")
    assert (cdr.caller, cdr.callee, cdr.queue, cdr.agent) == ("1002", NUMBER, "support", "us_1002")
    assert cdr.answered_at is not None and set(cdr.media) == {"caller", "callee"}
    assert "BYE" in methods(here.bob) and here.state("1002") is State.WRAP_UP and here.clean()
    assert about.calls == (cdr.id,)
    here.bench.advance(60.0)
    assert here.bench.idle() and not here.bench.switch.acd._tickets


def test_the_agent_hangs_up_and_the_customer_hears_it() -> None:
    here = Promises()
    here.promise()
    request = here.takes()
    here.answers()
    hang_up(here.bob, request)
    (cdr,) = here.cdrs
    assert (cdr.disposition, cdr.cause) == ("answered", "caller_hangup")
    assert "BYE" in methods(here.carrier) and here.state("1002") is State.WRAP_UP and here.clean()


def test_when_an_agent_declines_another_one_is_rung_at_once_in_the_same_call() -> None:
    here = Promises(signed_in=("1002", "1003"))
    about = here.promise().callback
    here.bob.reply(invite(here.bob), 486)
    assert about.stage is Stage.CALLING
    here.takes(here.eve)
    here.answers()
    assert len(here.bench.switch.calls) == 1 and not here.cdrs


def test_no_customer_is_dialled_for_an_agent_who_does_not_press_the_key() -> None:
    here = Promises(replace(QUEUE, confirm="1"))
    here.promise()
    request = here.takes()
    assert not here.carrier.got()
    here.bench.advance(QUEUE.confirm_timeout + 2.0)
    assert not here.carrier.got() and "BYE" in methods(here.bob) and request.call_id
    (cdr,) = here.cdrs
    assert cdr.cause == "agent_declined" and here.clean()


def test_the_key_takes_it() -> None:
    here = Promises(replace(QUEUE, confirm="1"))
    here.promise()
    here.takes()
    (call,) = here.bench.switch.calls.values()
    leg = next(id for id in call.legs if id in here.bench.legs)
    here.bench.media(port.Digit(leg, "1", "rfc4733", 100))
    here.answers()


def test_an_agent_who_hangs_up_while_the_customer_rings_ends_the_try() -> None:
    here = terms(attempts=2)
    about = here.promise().callback
    request = here.takes()
    here.carrier.reply(invite(here.carrier), 180)
    hang_up(here.bob, request)
    assert "CANCEL" in methods(here.carrier)
    (cdr,) = here.cdrs
    assert (cdr.disposition, cdr.answered_at) == ("cancelled", None)
    assert (about.stage, about.why) == (Stage.RESTING, "agent_hangup") and here.clean()


def test_a_customer_who_answers_as_the_agent_hangs_up_is_not_left_alone() -> None:
    """The 200 is on its way while the CANCEL goes out."""
    here = Promises()
    about = here.promise().callback
    request = here.takes()
    customer = invite(here.carrier)
    here.carrier.reply(customer, 180)
    hang_up(here.bob, request)
    here.carrier.reply(customer, 200, here.carrier.sdp())
    assert methods(here.carrier)[-1] == "BYE" and here.clean() and about.tries == 1


def test_the_agent_hears_ringback_until_the_customer_speaks() -> None:
    here = Promises()
    here.promise()
    here.takes()
    (tone,) = here.bench.commanded(port.Tone)
    assert isinstance(tone, port.Tone)
    here.answers()
    stopped = [command.play for command in here.bench.commanded(port.StopPlay)]  # type: ignore[attr-defined]
    assert tone.play in stopped


def test_the_customer_is_shown_the_number_that_he_had_called() -> None:
    here = Promises()
    here.promise(did="12025550100")
    here.takes()
    assert "12025550100" in (invite(here.carrier).headers.get("From") or "")
    here = terms(caller_id="+12025550111")
    here.promise(did="12025550100")
    here.takes()
    assert "+12025550111" in (invite(here.carrier).headers.get("From") or "")


def test_an_agent_who_hands_the_customer_on_is_free_while_the_two_talk() -> None:
    here = Promises(signed_in=("1002",))
    about = here.promise().callback
    request = here.takes()
    here.answers()
    here.eve.register()
    here.bob.call_id = request.call_id
    to = request.headers.get("From") or ""
    target = str(request.contacts[0].uri)
    here.bob.say("REFER", target, to=to, headers="Refer-To: <sip:1003@demo.local>\r\n")
    taken = invite(here.eve)
    here.eve.reply(taken, 200, here.eve.sdp())
    assert here.state("1002") is State.WRAP_UP
    here.bench.advance(PATIENCE)  # for answers to the reports, which Bob's phone keeps to itself
    assert "BYE" in methods(here.bob)
    assert len(here.bench.switch.calls) == 1 and about.stage is Stage.REACHED
    hang_up(here.eve, taken)
    (cdr,) = here.cdrs
    assert (cdr.disposition, cdr.queue, cdr.agent) == ("answered", "support", "us_1002")
    assert "BYE" in methods(here.carrier) and here.clean()
    here.bench.advance(QUEUE.wrap_up)
    assert here.state("1002") is State.WAITING


def test_ring_all_rings_all_and_the_first_takes_it() -> None:
    here = Promises(replace(QUEUE, strategy=Strategy.RING_ALL), signed_in=("1002", "1003"))
    here.promise()
    here.eve.reply(invite(here.eve), 180)
    here.takes(here.bob)
    assert "CANCEL" in methods(here.eve) and here.state("1003") is State.WAITING
    here.answers()
    assert len(here.bench.switch.calls) == 1
