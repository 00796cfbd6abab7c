"""What agents say, and what they are taken for (S004-44…48)."""

from dataclasses import replace

from edge.acd.state import AgentEvent, State, Status
from edge.acd.terms import AgentId, QueueTerms
from edge.error import Refusal
from tests.support.acd import Desk, member, user
from tests.support.directory import ACC

QUEUE = QueueTerms("support", members=(member("1001", 2),))


def test_signing_in_makes_nobody_available() -> None:  # S004-46
    desk = Desk(QUEUE)
    assert desk.tell("1001", "login").status is Status.ON_BREAK
    assert desk.tell("1001", "available").status is Status.AVAILABLE
    assert desk.tell("1001", "login").status is Status.AVAILABLE  # a repeat changes nothing


def test_signing_in_is_being_available_where_that_is_set() -> None:
    desk = Desk(QUEUE)
    desk.directory.users["1001"] = replace(desk.directory.users["1001"], ready_on_login=True)
    assert desk.tell("1001", "login").status is Status.AVAILABLE


def test_a_pause_has_its_reason_and_its_time_and_ends_by_unpause() -> None:  # S004-44, S004-46
    desk = Desk(QUEUE)
    desk.ready("1001")
    desk.advance(7.0)
    agent = desk.tell("1001", "pause", reason="lunch")
    assert (agent.status, agent.reason, agent.since) == (Status.ON_BREAK, "lunch", 1_007_000)
    desk.advance(1.0)
    assert desk.tell("1001", "pause", reason="lunch").since == 1_007_000  # the same again
    assert desk.tell("1001", "unpause").reason == ""


def test_who_is_offline_must_sign_in_first() -> None:
    desk = Desk(QUEUE)
    for event in (AgentEvent.PAUSE, AgentEvent.UNPAUSE, AgentEvent.AVAILABLE):
        refusal = desk.acd.tell(ACC, user("1001"), event, desk.now)
        assert isinstance(refusal, Refusal) and (refusal.code, refusal.status) == ("not_signed_in", 409)
    assert desk.tell("1001", "logout").status is Status.OFFLINE and not desk.kept


def test_members_who_need_not_sign_in_are_available_until_they_say_else() -> None:
    desk = Desk(replace(QUEUE, auto_ready=True))
    roster = desk.acd.roster
    assert roster.status(desk.agent("1001")) is Status.AVAILABLE
    assert roster.status(desk.agent("1002")) is Status.OFFLINE  # no member
    desk.tell("1001", "logout")
    assert roster.status(desk.agent("1001")) is Status.OFFLINE
    desk.tell("1001", "login", "available")
    assert roster.status(desk.agent("1001")) is Status.AVAILABLE


def test_memberships_replace_the_configured_ones_and_stay_without() -> None:  # S004-45
    desk = Desk(QUEUE, QueueTerms("sales"))
    roster = desk.acd.roster
    assert roster.memberships(desk.agent("1001")) == {"support": 2}
    desk.acd.tell(ACC, user("1001"), AgentEvent.LOGIN, desk.now, memberships={"sales": 3})
    desk.tell("1001", "available")
    assert roster.memberships(desk.agent("1001")) == {"sales": 3}
    assert not list(roster.members(ACC, QUEUE))
    (found,) = roster.members(ACC, QueueTerms("sales"))
    assert (found[0].id, found[1].level) == (user("1001"), 3)
    kept = desk.kept[-1]
    desk.acd.tell(ACC, user("1001"), AgentEvent.LOGIN, desk.now, memberships={})
    assert roster.memberships(desk.agent("1001")) == {} and desk.kept[-1] is not kept
    assert desk.causes("1001")[-1] == "queues"


def test_an_agent_loaded_from_before_is_as_he_was() -> None:
    desk = Desk(QUEUE)
    desk.acd.tell(ACC, user("1001"), AgentEvent.LOGIN, desk.now, memberships={"support": 4})
    desk.tell("1001", "pause", reason="meeting")
    kept = desk.kept[-1]
    desk.acd = desk.fresh()
    desk.acd.roster.load(kept)
    agent = desk.agent("1001")
    assert (agent.status, agent.reason, agent.memberships) == (Status.ON_BREAK, "meeting", {"support": 4})
    assert agent.state is State.WAITING


def test_who_is_in_another_call_is_occupied_but_not_by_the_queues_own() -> None:
    desk = Desk(QUEUE)
    desk.ready("1001")
    desk.occupied.add(user("1001"))
    assert desk.acd.roster.occupied(desk.agent("1001"))
    assert not desk.acd.roster.eligible(desk.agent("1001"), desk.now)
    desk.occupied.clear()
    desk.joins("a").answered()
    desk.occupied.add(user("1001"))
    assert not desk.acd.roster.occupied(desk.agent("1001"))
    assert AgentId(user("1001")) in {agent.id for agent in desk.acd.roster}
