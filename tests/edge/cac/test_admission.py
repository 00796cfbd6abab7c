"""Admission: counters are sets of live calls (S004-28, S004-60)."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from edge.cac.admission import Admissions
from edge.cac.claim import Claim, Rate, Scope
from edge.directory import AccountId
from edge.journal import CallId

A, B = CallId("call_a"), CallId("call_b")
ACC = AccountId("acc")


def claim(*scopes: Scope, rates: tuple[Rate, ...] = ()) -> Claim:
    return Claim(ACC, "in", scopes, rates)


def test_an_admitted_call_holds_its_scopes_until_it_is_released() -> None:
    admissions = Admissions()
    assert admissions.admit(A, claim(*[Scope("account_in", "acc", 1), Scope("did", "d", None)]), 0.0) is None
    assert admissions.count("account_in", "acc") == admissions.count("did", "d") == 1
    admissions.release(A)
    assert admissions.count("account_in", "acc") == admissions.count("did", "d") == len(admissions) == 0


def test_a_refused_call_leaves_no_counter_changed() -> None:  # S004-28
    admissions = Admissions()
    admissions.admit(A, claim(*[Scope("did", "d", 1)]), 0.0)
    refusal = admissions.admit(B, claim(*[Scope("account_in", "acc", 5), Scope("did", "d", 1)]), 0.0)
    assert refusal is not None and refusal.status == 486 and refusal.code == "did_busy"
    assert admissions.count("account_in", "acc") == 0 and admissions.count("did", "d") == 1


def test_a_full_account_is_told_when_to_try_again() -> None:  # S004-25
    admissions = Admissions()
    admissions.admit(A, claim(*[Scope("account_out", "acc", 1)]), 0.0)
    refusal = admissions.admit(B, claim(*[Scope("account_out", "acc", 1)]), 0.0)
    assert refusal is not None and refusal.status == 503 and refusal.retry_after


def test_a_repeat_counts_once() -> None:  # S004-28
    admissions = Admissions()
    for _ in range(2):
        assert admissions.admit(A, claim(*[Scope("user", "u", 1)]), 0.0) is None
    assert admissions.count("user", "u") == 1


def test_releasing_twice_gives_back_once() -> None:
    admissions = Admissions()
    admissions.admit(A, claim(*[Scope("user", "u", 2)]), 0.0)
    admissions.admit(B, claim(*[Scope("user", "u", 2)]), 0.0)
    admissions.release(A)
    admissions.release(A)
    assert admissions.count("user", "u") == 1


def per_minute(limit: int, *, hard: bool = True) -> Claim:
    return claim(Scope("did", "d", None), rates=(Rate("did", "d", "in", 60.0, limit, hard),))


def test_only_so_many_calls_begin_in_a_window() -> None:  # S004-60
    admissions = Admissions()
    assert admissions.admit(A, per_minute(1), 0.0) is None
    admissions.release(A)
    refusal = admissions.admit(B, per_minute(1), 30.0)
    assert refusal is not None
    assert (refusal.status, refusal.code, refusal.retry_after) == (503, "rate_limit", 60)
    assert admissions.admit(A, per_minute(1), 100.0) is None, "the window has moved on"


def test_a_repeat_or_a_refusal_takes_no_place_in_a_window() -> None:  # S004-28
    admissions = Admissions()
    for _ in range(3):
        assert admissions.admit(A, per_minute(2), 0.0) is None
    full = claim(Scope("did", "d", 1), rates=per_minute(2).rates)
    assert admissions.admit(B, full, 0.0) is not None
    assert admissions.admit(B, per_minute(2), 0.0) is None
    assert [window.count for window in admissions.windows(ACC, 0.0)] == [2]


def test_a_soft_limit_is_told_and_not_kept() -> None:
    admissions = Admissions()
    assert admissions.beyond(per_minute(1, hard=False), 0.0) == []
    for call in (A, B):
        assert admissions.admit(call, per_minute(1, hard=False), 0.0) is None
    assert len(admissions.beyond(per_minute(1, hard=False), 0.0)) == 1


def test_a_reserved_share_is_left_to_calls_that_come_in() -> None:  # S004-60
    admissions = Admissions()
    dialer = claim(Scope("trunk", "t", 2, reserved=1))
    assert admissions.admit(A, dialer, 0.0) is None
    refusal = admissions.admit(B, dialer, 0.0)
    assert refusal is not None and refusal.status == 503 and "kept" in refusal.text
    assert admissions.admit(B, claim(Scope("trunk", "t", 2)), 0.0) is None


def test_a_reset_clears_windows_and_leaves_live_calls_their_channels() -> None:  # S004-58 S004-61
    admissions = Admissions()
    admissions.admit(A, per_minute(1), 0.0)
    admissions.reset(ACC)
    assert admissions.of(ACC) == {("did", "d"): 1} and admissions.windows(ACC, 0.0) == []
    assert admissions.admit(B, per_minute(1), 0.0) is None


def test_what_no_live_call_holds_is_found_and_given_back() -> None:  # S004-61
    admissions = Admissions()
    for call in (A, B):
        admissions.admit(call, claim(Scope("did", "d", None)), 0.0)
    assert admissions.leaked({A}) == [B] and admissions.leaked({A}) == []
    assert admissions.count("did", "d") == 1 and admissions.repaired == 1 and not admissions.holds(B)


def test_counters_are_told_for_one_account() -> None:  # S004-57
    admissions = Admissions()
    admissions.admit(A, claim(Scope("user", "u", None), Scope("did", "d", None)), 0.0)
    admissions.admit(B, Claim(AccountId("other"), "in", (Scope("did", "e", None),)), 0.0)
    assert admissions.of(ACC) == {("user", "u"): 1, ("did", "d"): 1}
    admissions.release(A)
    assert admissions.of(ACC) == {} and admissions.count("did", "e") == 1


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
        refusal = self.admissions.admit(call, claim(*[Scope("trunk", s, 2) for s in scopes]), 0.0)
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
