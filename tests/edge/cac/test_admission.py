"""Admission: counters are sets of live calls (S004-28, S004-60)."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from edge.cac.admission import Admissions, Scope
from edge.journal import CallId

A, B = CallId("call_a"), CallId("call_b")


def test_an_admitted_call_holds_its_scopes_until_it_is_released() -> None:
    admissions = Admissions()
    assert admissions.admit(A, [Scope("account_in", "acc", 1), Scope("did", "d", None)]) is None
    assert admissions.count("account_in", "acc") == admissions.count("did", "d") == 1
    admissions.release(A)
    assert admissions.count("account_in", "acc") == admissions.count("did", "d") == len(admissions) == 0


def test_a_refused_call_leaves_no_counter_changed() -> None:  # S004-28
    admissions = Admissions()
    admissions.admit(A, [Scope("did", "d", 1)])
    refusal = admissions.admit(B, [Scope("account_in", "acc", 5), Scope("did", "d", 1)])
    assert refusal is not None and refusal.status == 486 and refusal.code == "did_busy"
    assert admissions.count("account_in", "acc") == 0 and admissions.count("did", "d") == 1


def test_a_full_account_is_told_when_to_try_again() -> None:  # S004-25
    admissions = Admissions()
    admissions.admit(A, [Scope("account_out", "acc", 1)])
    refusal = admissions.admit(B, [Scope("account_out", "acc", 1)])
    assert refusal is not None and refusal.status == 503 and refusal.retry_after


def test_a_repeat_counts_once() -> None:  # S004-28
    admissions = Admissions()
    for _ in range(2):
        assert admissions.admit(A, [Scope("user", "u", 1)]) is None
    assert admissions.count("user", "u") == 1


def test_releasing_twice_gives_back_once() -> None:
    admissions = Admissions()
    admissions.admit(A, [Scope("user", "u", 2)])
    admissions.admit(B, [Scope("user", "u", 2)])
    admissions.release(A)
    admissions.release(A)
    assert admissions.count("user", "u") == 1


class AdmissionMachine(RuleBasedStateMachine):
    """Counters equal the live calls that took them, whatever order things come in."""

    def __init__(self) -> None:
        super().__init__()
        self.admissions = Admissions()
        self.model: dict[CallId, set[str]] = {}

    calls = st.sampled_from([CallId(f"call_{n}") for n in range(6)])
    scopes = st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True)

    @rule(call=calls, scopes=scopes)
    def admit(self, call: CallId, scopes: list[str]) -> None:
        refusal = self.admissions.admit(call, [Scope("trunk", s, 2) for s in scopes])
        full = any(len({c for c, held in self.model.items() if s in held} - {call}) >= 2 for s in scopes)
        assert (refusal is not None) == full
        if not full:
            self.model.setdefault(call, set()).update(scopes)

    @rule(call=calls)
    def release(self, call: CallId) -> None:
        self.admissions.release(call)
        self.model.pop(call, None)

    @invariant()
    def counters_are_live_calls(self) -> None:
        for s in "abc":
            held = sum(s in scopes for scopes in self.model.values())
            assert self.admissions.count("trunk", s) == held <= 2


TestAdmissionMachine = AdmissionMachine.TestCase
