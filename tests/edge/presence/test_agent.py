"""What agents say of themselves (S004-40, S004-46, S004-48)."""

from edge.directory import AccountId, UserId
from edge.error import Refusal
from edge.presence.agent import AgentEvent, AgentPresence, AgentPresences, Status

ACC, ALICE = AccountId("acc"), UserId("us_a")


def told(presences: AgentPresences, event: AgentEvent, reason: str = "", wall: int = 5) -> AgentPresence:
    found = presences.told(ACC, ALICE, event, reason, wall)
    assert isinstance(found, AgentPresence), found
    return found


def test_who_signs_in_is_not_available_until_he_says_so() -> None:  # S004-46
    presences = AgentPresences()
    assert presences.of(ACC, ALICE).status is Status.OFFLINE
    assert told(presences, AgentEvent.LOGIN).status is Status.ON_BREAK
    assert told(presences, AgentEvent.AVAILABLE).status is Status.AVAILABLE


def test_a_break_has_a_reason_and_an_end() -> None:
    presences = AgentPresences()
    told(presences, AgentEvent.LOGIN)
    assert told(presences, AgentEvent.PAUSE, "lunch", 9) == AgentPresence(Status.ON_BREAK, "lunch", 9)
    assert told(presences, AgentEvent.UNPAUSE).status is Status.AVAILABLE
    assert told(presences, AgentEvent.LOGOUT).status is Status.OFFLINE


def test_telling_it_again_changes_nothing() -> None:  # S004-43
    presences = AgentPresences()
    told(presences, AgentEvent.LOGIN, wall=1)
    told(presences, AgentEvent.AVAILABLE, wall=2)
    for event in (AgentEvent.AVAILABLE, AgentEvent.LOGIN):
        assert told(presences, event, wall=3) == AgentPresence(Status.AVAILABLE, "", 2)
    told(presences, AgentEvent.LOGOUT)
    assert told(presences, AgentEvent.LOGOUT).status is Status.OFFLINE


def test_who_is_offline_must_sign_in_first() -> None:
    refusal = AgentPresences().told(ACC, ALICE, AgentEvent.PAUSE, "", 0)
    assert isinstance(refusal, Refusal) and refusal.code == "not_signed_in"
