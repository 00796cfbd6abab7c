"""Numbers of a queue."""

import pytest

from edge.acd import tally
from edge.acd.tally import Ledger, Tally
from edge.acd.terms import AgentId, QueueTerms
from edge.acd.ticket import Exit, Ticket
from edge.journal import CallId
from tests.support.acd import Desk, FakeCaller
from tests.support.directory import ACC

QUEUE = QueueTerms("q", expected_call=100.0, service_level=10.0)


def ticket(name: str = "a", joined: float = 100.0) -> Ticket:
    return Ticket(CallId(name), ACC, "q", FakeCaller(Desk(), CallId(name)), joined, 1)


def test_the_service_level_is_of_calls_answered_or_given_up() -> None:
    ledger = Ledger()
    assert Tally().service_level is None
    ledger.won(ticket("a"), AgentId("us_1"), QUEUE, 105.0)
    ledger.won(ticket("b"), AgentId("us_1"), QUEUE, 120.0)
    ledger.lost(ticket("c"), Exit.ABANDONED, 130.0)
    ledger.lost(ticket("d"), Exit.TIMEOUT, 130.0)
    found = ledger.of(ticket())
    assert found.service_level == pytest.approx(1 / 3)
    assert (found.waited, found.longest, found.timeout) == (25.0, 20.0, 1)


@pytest.mark.parametrize(
    ("exit", "field"),
    [
        (Exit.ABANDONED, "abandoned"),
        (Exit.TIMEOUT, "timeout"),
        (Exit.NO_AGENTS, "no_agents"),
        (Exit.DIGIT, "left"),
    ],
)
def test_every_exit_is_counted(exit: Exit, field: str) -> None:
    ledger = Ledger()
    ledger.lost(ticket(), exit, 101.0)
    assert getattr(ledger.of(ticket()), field) == 1


def test_the_estimate_follows_the_length_of_calls() -> None:
    ledger = Ledger()
    assert ledger.estimate(ticket(), QUEUE, 3, 2) == 150.0
    assert ledger.estimate(ticket(), None, 3, 2) == 0.0
    ledger.of(ticket()).talked(50.0)
    ledger.of(ticket()).talked(100.0)
    assert ledger.estimate(ticket(), QUEUE, 1, 0) == pytest.approx(60.0)


def test_memory_of_past_calls_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "PAST", 2)
    ledger = Ledger()
    for name in "abc":
        ledger.won(ticket(name), AgentId(f"us_{name}"), QUEUE, 101.0)
    assert ledger.winner(CallId("a")) is None and ledger.winner(CallId("c")) == "us_c"
    assert ledger.service(CallId("a")) is None and ledger.service(CallId("b")) is not None
