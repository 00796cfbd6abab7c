"""Rows of agents and of their moves, in a real database."""

from controlplane.store import queue_agent
from controlplane.store.batch import Batch
from edge.acd.record import Told, Transition
from edge.acd.state import State, Status
from edge.acd.terms import AgentId
from edge.directory import AccountId
from tests.support.database import Database

ACC = AccountId("acc_demo")
ALICE, BOB = AgentId("us_1"), AgentId("us_2")


def move(agent: AgentId, at: int, cause: str = "login") -> Transition:
    return Transition(ACC, agent, at, Status.ON_BREAK, State.WAITING, cause, "lunch", "q", "c")


async def test_the_last_word_of_an_agent_is_kept_and_moves_in_order(database: Database) -> None:
    writer = database.writer()
    first = Told(ACC, ALICE, Status.ON_BREAK, "lunch", 5, None)
    last = Told(ACC, ALICE, Status.AVAILABLE, "", 9, {"q": 2})
    other = Told(ACC, BOB, Status.OFFLINE, "", 7, {})
    rows = [move(ALICE, 1), move(BOB, 2), move(ALICE, 3, "pause")]
    assert writer.write(Batch(agents={(ACC, ALICE): first}, moves=rows[:1])).committed
    assert writer.write(Batch(agents={(ACC, ALICE): last, (ACC, BOB): other}, moves=rows[1:])).committed
    engine = database.engine()
    async with engine.connect() as connection:
        assert await queue_agent.all_of_them(connection) == [last, other]
        assert await queue_agent.moves(connection, ACC, ALICE, 0, 10) == [rows[0], rows[2]]
        assert await queue_agent.moves(connection, ACC, None, 2, 10) == rows[1:]
        assert await queue_agent.moves(connection, ACC, None, 0, 1) == rows[2:]
    assert writer.write(Batch(prune_before=3)).committed
    async with engine.connect() as connection:
        assert await queue_agent.moves(connection, ACC, None, 0, 10) == rows[2:]
    writer.close()
    await engine.dispose()
