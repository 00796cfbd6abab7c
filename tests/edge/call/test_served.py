"""Who serves the caller now, by itself; test_succession.py and rfc/test_transfers.py have whole calls."""

from typing import Any

import pytest

from edge.call.served import Party, Served

NOTHING: Any = None


class FakeParty:
    """Notes what it is told; talks with somebody unless `conversation` is None."""

    music = None
    attended = True
    conversation: Any = "a person"

    def __init__(self, relieves: bool = True) -> None:
        self.relieves = relieves
        self.told: list[str] = []

    def let_go(self) -> None:
        self.told.append("let go")

    def relieve(self, now: float) -> bool:
        self.told.append("relieved")
        return self.relieves

    def unallocated(self, *what: Any) -> None:
        self.told.append("unallocated")

    def agreed(self, *what: Any) -> None:
        self.told.append("agreed")

    def session_event(self, *what: Any) -> None:
        self.told.append("event")


class FakeSuccession:
    """Somebody is just put in the caller's place, or has been before."""

    def __init__(self, *, pending: bool = False, former: tuple[Any, ...] = ()) -> None:
        self.pending = pending
        self.former = former
        self.referrals = 0

    def referred(self, *what: Any) -> None:
        self.referrals += 1

    def outlives(self, session: Any) -> bool:
        return session in self.former

    def unallocated(self, leg: Any, *what: Any) -> bool:
        return bool(leg == "ours")

    def session_event(self, *what: Any) -> None:
        pass


class Machine(Served[Party]):
    def __init__(self, party: FakeParty | None, succession: Any = None) -> None:
        self.parted: list[str] = []
        self._party = party
        self._succession = succession

    def _parted(self, call: Any, outcome: str, now: float) -> None:
        self.parted.append(outcome)


def test_a_conversation_is_given_up_once_and_only_while_nobody_changes_places() -> None:
    party = FakeParty()
    assert str(Machine(party).release()) == "a person" and party.told == ["let go"]
    for succession in (FakeSuccession(pending=True), FakeSuccession(former=("alice",))):
        assert Machine(FakeParty(), succession).release() is None
    assert Machine(None).release() is None


@pytest.mark.parametrize(("relieves", "parted"), [(True, ["taken_over"]), (False, [])])
def test_a_person_takes_the_place_of_the_machine(relieves: bool, parted: list[str]) -> None:
    machine = Machine(FakeParty(relieves))
    assert machine.attended and machine.relieve(NOTHING, 0.0) is relieves and machine.parted == parted
    busy = Machine(FakeParty(), FakeSuccession(pending=True))
    assert not busy.relieve(NOTHING, 0.0) and not busy.parted


def test_without_a_conversation_or_while_places_change_a_refer_is_the_successions() -> None:
    alone = FakeParty()
    alone.conversation = None
    for party, pending in ((alone, False), (FakeParty(), True)):
        succession = FakeSuccession(pending=pending)
        machine = Machine(party, succession)
        machine.referred(NOTHING, NOTHING, NOTHING, 0.0)
        assert succession.referrals == 1 and not party.told and not machine.parted


def test_a_partner_without_a_call_of_its_own_leaves_the_conversation_as_it_is() -> None:
    party = FakeParty()
    assert Machine(party).dismiss(NOTHING, NOTHING, None, 0.0) and not party.told
    party.conversation = None
    assert not Machine(party).dismiss(NOTHING, NOTHING, None, 0.0)


def test_what_is_of_the_succession_does_not_reach_the_party() -> None:
    party = FakeParty()
    machine = Machine(party, FakeSuccession(former=("old",)))
    machine.unallocated(NOTHING, "ours", NOTHING, 0.0)  # type: ignore[arg-type]
    assert party.told == []
    machine.unallocated(NOTHING, "theirs", NOTHING, 0.0)  # type: ignore[arg-type]
    machine.agreed(NOTHING, NOTHING, 0.0)
    machine.session_event(NOTHING, NOTHING, NOTHING, 0.0)
    assert party.told == ["unallocated", "agreed", "event"]
    assert machine.outlives(NOTHING, "old") and not machine.outlives(NOTHING, "new")  # type: ignore[arg-type]
