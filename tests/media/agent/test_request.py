"""What an agent may ask of its call."""

from media.agent.contract import Ask, Verb
from media.agent.request import PENDING, PERMISSION, Requests


def test_only_what_the_configuration_allows_is_asked_for() -> None:
    requests = Requests("bot", ("hold",))
    assert requests.admit(Ask(Verb.RESUME)) == 1
    assert (
        requests.admit(Ask(Verb.TRANSFER, "user:1002")) == "not allowed: add transfer to `allow` of agent bot"
    )
    assert requests.refusal("dtmf") and not requests.refusal("hold")


def test_every_verb_needs_a_permission() -> None:
    assert set(PERMISSION) == set(Verb)


def test_a_request_is_settled_once() -> None:
    requests = Requests("bot", ("play",))
    ask = Ask(Verb.PLAY, "welcome", "r1")
    number = requests.admit(ask)
    assert isinstance(number, int)
    assert requests.settle(number) == ask and requests.settle(number) is None


def test_requests_that_wait_are_bounded() -> None:
    requests = Requests("bot", ("play",))
    answers = [requests.admit(Ask(Verb.PLAY, "x")) for _ in range(PENDING + 1)]
    assert isinstance(answers[-1], str) and all(isinstance(answer, int) for answer in answers[:-1])
