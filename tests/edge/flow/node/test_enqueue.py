"""enqueue: a queue."""

import pytest

from edge.flow.command import Enqueue, Hangup, Noop, Pledge
from edge.flow.value import Value
from tests.support.flow import MONDAY_NOON, Walk, node


@pytest.mark.parametrize("outcome", ["answered", "timeout", "no_agents", "abandoned", "failed", "digit:1"])
def test_the_caller_waits_and_leaves_by_how_it_went(outcome: str) -> None:
    walk = Walk(node("kind: enqueue\nqueueId: support\npriority: 5", outcome))
    assert walk.command == Enqueue("support", 5)
    assert walk.step(outcome).at == outcome


OFFER = "kind: enqueue\nqueue: support\nexit_digits: '0'\ncallback: {digit: '2'}"
CALLER: dict[str, Value] = {"caller": "+12025550199"}


def offered(fields: str = OFFER) -> Walk:
    return Walk(node(fields, "answered", "callback", "digit:0"), CALLER)


def test_who_waits_is_told_of_the_key_that_has_him_called_back() -> None:
    command = offered().command
    assert isinstance(command, Enqueue) and command.exit_digits == "02"
    (sound,) = command.offer
    assert sound.text.startswith("Press 2 ")
    own = offered(OFFER.replace("{digit: '2'}", "{digit: '2', offer: Two!}")).command
    assert isinstance(own, Enqueue) and own.offer[0].text == "Two!"


def test_the_key_leads_to_a_promise_since_he_began_to_wait() -> None:
    walk = offered()
    walk.wall += 90_000
    walk.step("digit:2").step("digit:1")
    assert isinstance(walk.command, Noop) and isinstance(walk.command.fetch, Pledge)
    assert walk.command.fetch.since == MONDAY_NOON
    assert walk.step("done", id="cb_1").step("done").at == "callback"


def test_who_agrees_on_nothing_or_is_refused_goes_on_waiting_where_he_was() -> None:
    for way in (["timeout"] * 3, ["digit:1", "failed", "done"]):
        walk = offered().step("digit:2")
        for outcome in way:
            walk.step(outcome)
        assert isinstance(walk.command, Enqueue) and walk.command.since == MONDAY_NOON
        assert walk.step("answered").at == "answered"


def test_who_was_promised_a_call_never_goes_by_default() -> None:
    walk = Walk(node(OFFER, "answered", "default"), CALLER).step("digit:2").step("digit:1")
    assert walk.step("done", id="cb_1").step("done").state.ended and walk.command == Hangup()
    assert walk.at == "it"


def test_an_exit_key_and_the_other_ways_out_are_as_without_an_offer() -> None:
    assert offered().step("digit:0").at == "digit:0"
    assert offered().step("answered").at == "answered"


def test_a_key_is_either_a_way_out_or_the_offer() -> None:
    with pytest.raises(Exception, match="key 0 leaves the queue"):
        offered(OFFER.replace("digit: '2'", "digit: '0'"))
