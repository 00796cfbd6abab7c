"""Which of the agents who are free is rung, and in which order (S004-55).

The tier decides first, then how well skills fit where some are asked for, then the strategy.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from config.value import dataclass
from edge.acd.agent import Agent
from edge.acd.terms import Strategy, name_of_ai
from edge.directory import Directory, UserId


@dataclass(frozen=True, slots=True)
class Candidate:
    agent: Agent
    level: int
    "Tier."
    position: int
    "In the list of members; those who joined by themselves come behind."
    fit: int = 0
    "By how much the skills that are asked for are surpassed."


def order(
    strategy: Strategy, candidates: Sequence[Candidate], last: int, chance: Callable[[], float]
) -> list[Candidate]:
    """Whom to ring: all of the lowest tier for ring_all, else one at most.

    Args:
        last: position of the one who was rung last in this queue, -1 for nobody.
        chance: in [0, 1).
    """

    def preference(candidate: Candidate) -> tuple[float, int]:
        agent, position = candidate.agent, candidate.position
        match strategy:
            case Strategy.LONGEST_IDLE:
                return agent.idle_since, position
            case Strategy.FEWEST_CALLS:
                return agent.calls, position
            case Strategy.ROUND_ROBIN:
                return float(position <= last), position
            case Strategy.RANDOM:
                return chance(), position
            case Strategy.RING_ALL | Strategy.TOP_DOWN:
                return 0.0, position

    first = sorted(candidates, key=lambda one: (one.level, -one.fit, *preference(one)))
    if strategy is Strategy.RING_ALL:
        return [one for one in first if one.level == first[0].level]
    return first[:1]


def fitting(
    directory: Directory, candidates: Sequence[Candidate], wanted: Mapping[str, int], *, people: bool
) -> list[Candidate]:
    """Those who have every skill at the level that is wanted. AI agents are taken to have what a queue needs.

    Args: people: AI agents are not wanted.
    """
    found: list[Candidate] = []
    for one in candidates:
        ai = name_of_ai(one.agent.id) != ""
        if ai and people:
            continue
        user = None if ai or not wanted else directory.user_by_id(UserId(one.agent.id))
        above = [(user.skills.get(name, 0) if user else 0) - least for name, least in wanted.items()]
        if ai or not wanted:
            found.append(one)
        elif min(above) >= 0:
            found.append(replace(one, fit=sum(above)))
    return found
