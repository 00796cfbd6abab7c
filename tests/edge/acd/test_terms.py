"""Names of agents, and members."""

from edge.acd.terms import AgentId, Announcements, QueueTerms, ai_agent, name_of_ai
from tests.support.acd import member, user


def test_ai_agents_and_people_are_told_apart() -> None:
    assert name_of_ai(ai_agent("demo")) == "demo" and name_of_ai(AgentId("us_1")) == ""


def test_a_member_is_found_by_its_agent() -> None:
    queue = QueueTerms("q", members=(member("1001"), member("1002", 2)))
    found = queue.member(AgentId(user("1002")))
    assert found is not None and found.level == 2 and queue.member(ai_agent("x")) is None


def test_nothing_is_announced_unless_something_is_asked_for() -> None:
    assert not Announcements() and Announcements(position=True) and Announcements(wait=True)
