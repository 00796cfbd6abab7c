"""`POST /route` and dialog events: routed, admitted once, given back once (S004-13…28, S004-40…43)."""

from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from config.schema import SipLimits
from edge.directory import Forwarding, Target
from tests.support.directory import ACC, FakeDirectory
from tests.support.edge import Bench, Phone
from tests.support.outside import Outside


@pytest.fixture
def directory() -> FakeDirectory:
    made = FakeDirectory(max_in=1)
    made.add_user("1001", "alice")
    made.add_user("1002")
    made.add_did("12025550123", "flow", "reception")
    made.add_did("12025550124", "echo")
    made.add_trunk("carrier", ip="192.0.2.10", default=True, max_channels=2)
    return made


@pytest.fixture
def outside(directory: FakeDirectory) -> Outside:
    return Outside(directory)


def taken(outside: Outside) -> int:
    return len(outside.bench.switch.admissions)


def test_a_did_starts_its_flow(outside: Outside) -> None:  # S004-13 S004-14 S004-15 S004-20
    found = outside.route("14155551234", "12025550123", domain="elsewhere.example")
    assert found["action"] == "flow" and taken(outside) == 1
    assert isinstance(found["vars"], dict) and found["vars"]["caller_cid"] == "14155551234"
    (opened,) = outside.bench.journal.calls
    assert (opened.sip_call_id, opened.direction, opened.caller) == ("c1", "in", "14155551234")


def test_a_repeat_gets_the_same_answer_and_counts_once(outside: Outside) -> None:  # S004-28
    first = outside.route("1", "12025550123")
    assert outside.route("1", "12025550123") is first
    assert taken(outside) == 1 and len(outside.bench.journal.calls) == 1


def test_a_refused_call_changes_no_counter_and_leaves_trace_and_cdr(outside: Outside) -> None:  # S004-28
    outside.route("1", "12025550123")
    refused = outside.route("1", "12025550123", "c2")
    assert (refused["action"], refused["code"], refused["reason"]) == ("reject", 503, "account_limit")
    assert refused["retry_after"] and taken(outside) == 1 and len(outside.calls) == 1
    (cdr,) = outside.bench.journal.cdrs
    assert (cdr.sip_call_id, cdr.disposition, cdr.sip_status) == ("c2", "refused", 503)
    assert [row.event for row in outside.bench.journal.traces[cdr.id]][-1] == "refused"
    outside.dialog("end")
    assert outside.route("1", "12025550123", "c2")["action"] == "flow", "it may ask again"


def test_an_extension_is_proxied_to_where_it_is_registered(outside: Outside) -> None:  # S004-17 S004-22
    assert outside.route("1001", "1002")["code"] == 480
    Phone(outside.bench, "1002", 3).register()
    outside.register("1002", "sip:1002@192.0.2.7")
    found = outside.route("1001", "1002")
    assert found["aor"] == "sip:1002@demo.local" and found["action"] == "proxy"
    assert found["contacts"] == ["sip:1002@127.0.0.3:5060", "sip:1002@192.0.2.7"]


def test_the_public_network_is_reached_by_the_default_trunk(outside: Outside) -> None:  # S004-18 S004-23
    found = outside.route("alice", "+14155550100")
    assert (found["action"], found["trunk_id"]) == ("outbound", "tr_carrier")
    assert found["caller_id"] == {"number": "1001", "name": "1001"}
    outside.route("1001", "14155550100", "c2")
    third = outside.route("1001", "14155550100", "c3")
    assert (third["code"], third["reason"]) == (503, "trunk_limit")


def test_a_stranger_reaches_dids_only(outside: Outside) -> None:  # S004-26
    for dialled in ("1001", "*43", "14155550100"):
        found = outside.route("eve", dialled, domain="evil.example")
        assert (found["action"], found["code"]) == ("reject", 403)
    assert outside.bench.journal.cdrs == [], "nobody's call"
    assert outside.route("eve", "12025550123", domain="evil.example")["action"] == "flow"


def test_who_the_edge_says_is_not_authenticated_or_failed_at_auth_is_a_stranger(
    outside: Outside,
) -> None:  # S004-26
    Phone(outside.bench, "1002", 3).register()
    assert outside.route("1001", "1002", authenticated=False)["code"] == 403
    outside.auth("alice", "guess", call_id="c2")
    assert outside.route("1001", "1002", "c2")["code"] == 403
    outside.auth("alice", call_id="c2", nonce="again")
    assert outside.route("whoever", "1002", "c2")["action"] == "proxy", "the proof counts, not From"


def test_from_may_have_to_be_proven_by_auth(directory: FakeDirectory) -> None:
    outside = Outside(directory, trust_from=False)
    Phone(outside.bench, "1002", 3).register()
    assert outside.route("1001", "1002")["code"] == 403
    assert outside.route("1001", "1002", authenticated=True)["action"] == "proxy"
    outside.auth("alice", call_id="c2")
    assert outside.route("1001", "1002", "c2")["action"] == "proxy"


def test_a_disabled_device_is_refused(outside: Outside) -> None:  # S004-25
    devices = outside.bench.directory.devices
    devices["alice"] = replace(devices["alice"], disabled=True)
    assert outside.route("1001", "1002")["code"] == 403


def test_a_trunk_is_known_by_the_source_that_the_edge_names(outside: Outside) -> None:
    found = outside.route("14155550100", "12025550123", source="192.0.2.10")
    assert found["action"] == "flow"
    assert outside.bench.switch.admissions.count("trunk", "tr_carrier") == 1
    assert outside.route("1001", "1002", "c2", source="192.0.2.10")["code"] == 404


def test_what_we_alone_answer_is_proxied_to_us_and_admitted_there(outside: Outside) -> None:
    found = outside.route("1", "12025550124", domain="x.example")
    assert found["contacts"] == ["sip:12025550124@127.0.0.1:5060"] and taken(outside) == 0
    assert outside.route("1001", "*43", "c2")["contacts"] == ["sip:*43@127.0.0.1:5060"]
    outside.bench.directory.add_did("12025550126", "echo", max_channels=0)
    assert outside.route("1", "12025550126", "c3")["code"] == 486, "it would be refused there"  # S004-16


def test_a_did_that_hangs_up_is_603(outside: Outside) -> None:
    outside.bench.directory.add_did("12025550125", "hangup")
    assert outside.route("1", "12025550125")["code"] == 603


def test_extensions_in_a_circle_are_482(outside: Outside) -> None:  # S004-25
    outside.bench.directory.extensions["88"] = Target("extension", "88")
    assert outside.route("1001", "88")["code"] == 482


def test_an_end_releases_once_and_writes_one_cdr(outside: Outside) -> None:  # S004-41 S004-43
    outside.route("1", "12025550123")
    for event in ("start", "ringing", "answered", "answered"):
        assert outside.dialog(event)
    outside.bench.now += 60.0
    assert outside.dialog("end", cause="caller_hangup")
    assert not outside.dialog("end"), "unknown by now, and no harm done"
    (cdr,) = outside.bench.journal.cdrs
    assert (cdr.disposition, cdr.ended_at - (cdr.answered_at or 0)) == ("answered", 60_000)
    assert outside.bench.idle() and len(outside.calls) == 0
    events = [(row.layer, row.outcome) for row in outside.bench.journal.traces[cdr.id]]
    assert [outcome for layer, outcome in events if layer == "presence"] == [
        "start",
        "ringing",
        "answered",
        "answered",
        "end",
    ]


def test_the_end_of_a_call_of_another_account_is_not_believed(outside: Outside) -> None:
    outside.route("1", "12025550123")
    assert not outside.dialog("end", account="acc_other") and taken(outside) == 1


def test_a_call_of_which_nothing_is_heard_gives_its_channels_back(outside: Outside) -> None:  # S004-61
    outside.route("1", "12025550123")
    outside.bench.advance(200.0)
    outside.dialog("ringing")
    outside.bench.advance(299.0)
    assert taken(outside) == 1
    outside.bench.advance(2.0)
    (cdr,) = outside.bench.journal.cdrs
    assert taken(outside) == 0 and (cdr.cause, cdr.disposition) == ("no_end_reported", "failed")


def test_an_answered_call_may_last_as_long_as_our_own(outside: Outside) -> None:
    outside.route("1", "12025550123")
    outside.dialog("answered")
    outside.bench.advance(14_000.0)
    assert taken(outside) == 1
    outside.bench.advance(1_000.0)
    assert taken(outside) == 0 and outside.bench.journal.cdrs[0].disposition == "answered"


def test_there_is_room_for_so_many_calls(directory: FakeDirectory) -> None:
    directory.max_in = None
    outside = Outside(bench=Bench(directory, SipLimits(outside_calls=1)))
    outside.route("1", "12025550123")
    assert outside.route("1", "12025550123", "c2")["reason"] == "too_many_calls"
    assert taken(outside) == 1


def test_a_campaign_counts_as_dialer(outside: Outside) -> None:  # S004-60
    outside.route("1001", "14155550100", campaign=True)
    counts = outside.bench.switch.admissions
    assert counts.count("account_dialer", "acc_demo") == 1 and counts.count("account_out", "acc_demo") == 0


def forwarding(outside: Outside, number: str, **to: str) -> None:
    users = outside.bench.directory.users
    users[number] = replace(users[number], forward=Forwarding(**to))


def test_a_forward_is_followed_and_each_hop_holds_its_channels(outside: Outside) -> None:
    forwarding(outside, "1002", always="14155550100")
    found = outside.route("1001", "1002")
    assert (found["action"], found["trunk_id"]) == ("outbound", "tr_carrier")
    assert found["diversion"] == [{"uri": "sip:1002@demo.local", "reason": "unconditional"}]
    admissions = outside.bench.switch.admissions
    assert len(admissions) == 2 and admissions.count("trunk", "tr_carrier") == 1
    outside.dialog("end")
    assert outside.bench.idle() and outside.bench.journal.cdrs[0].target == "forward:14155550100"


def test_nobody_there_or_busy_leads_on_where_the_user_said(outside: Outside) -> None:
    outside.bench.directory.add_user("1003")
    outside.register("1003", "sip:1003@192.0.2.7")
    forwarding(outside, "1002", unreachable="1003")
    assert outside.route("1001", "1002")["aor"] == "sip:1003@demo.local"
    users = outside.bench.directory.users
    users["1002"] = replace(users["1002"], max_simultaneous=0, forward=Forwarding(busy="1003"))
    found = outside.route("1001", "1002", "c2")
    assert found["aor"] == "sip:1003@demo.local" and "diversion" in found


def test_a_hop_that_is_refused_leaves_nothing_taken(outside: Outside) -> None:  # S004-28
    forwarding(outside, "1002", always="14155550100")
    trunks = outside.bench.directory.trunks
    trunks["carrier"] = replace(trunks["carrier"], max_channels=0)
    assert outside.route("1001", "1002")["code"] == 503
    assert taken(outside) == 0 and len(outside.bench.journal.cdrs) == 1


def test_a_forward_to_what_we_alone_answer_is_proxied_to_us(outside: Outside) -> None:
    forwarding(outside, "1002", always="*43")
    assert outside.route("1001", "1002")["contacts"] == ["sip:*43@127.0.0.1:5060"]


def test_what_only_ringing_tells_is_left_to_the_outside_edge(outside: Outside) -> None:
    forwarding(outside, "1002", no_answer="1003", busy="77")
    outside.register("1002", "sip:1002@192.0.2.7")
    assert outside.route("1001", "1002")["forward"] == {"busy": "77", "no_answer": "1003"}


def test_a_call_is_refused_when_no_trunk_answers(directory: FakeDirectory) -> None:  # S004-25
    outside = Outside(directory)
    outside.calls._is_down = lambda trunk: True
    found = outside.route("1001", "14155550100")
    assert (found["code"], found["reason"]) == (503, "trunk_down") and found["retry_after"]
    assert taken(outside) == 0


class OutsideMachine(RuleBasedStateMachine):
    """Whatever is repeated, lost or late: counters are the live calls, and each call has one CDR."""

    def __init__(self) -> None:
        super().__init__()
        directory = FakeDirectory(max_in=3)
        directory.add_user("1001")
        directory.add_did("12025550123", "flow", "reception", max_channels=2)
        directory.add_did("12025550124", "flow", "reception")
        directory.add_trunk("carrier", default=True, max_channels=2)
        self.outside = Outside(directory)
        self.deadline: dict[str, float] = {}
        self.up: set[str] = set()

    ids = st.sampled_from([f"c{n}" for n in range(6)])
    numbers = st.sampled_from(["12025550123", "12025550124", "14155550100", "77x"])

    def live(self) -> set[str]:
        return {call for call, at in self.deadline.items() if at > self.outside.bench.now}

    @rule(call=ids, number=numbers)
    def route(self, call: str, number: str) -> None:
        known = call in self.live()
        before = self.outside.bench.switch.admissions.of(ACC)
        found = self.outside.route("1001", number, call)
        if known:
            assert found["action"] != "reject"
        elif found["action"] != "reject":
            self.up.discard(call)
            self.deadline[call] = self.outside.bench.now + 300.0
            return
        assert self.outside.bench.switch.admissions.of(ACC) == before, "a repeat or a refusal changes nothing"

    @rule(call=ids, event=st.sampled_from(["start", "ringing", "answered", "end"]))
    def dialog(self, call: str, event: str) -> None:
        known = call in self.live()
        assert self.outside.dialog(event, call) is known
        if not known:
            return
        if event == "end":
            del self.deadline[call]
            return
        if event == "answered":
            self.up.add(call)
        seconds = self.outside.bench.limits.call_seconds if call in self.up else 300.0
        self.deadline[call] = self.outside.bench.now + seconds

    @rule(seconds=st.sampled_from([1.0, 100.0, 299.0, 5_000.0, 20_000.0]))
    def time_passes(self, seconds: float) -> None:
        self.outside.bench.advance(seconds)
        self.deadline = {call: at for call, at in self.deadline.items() if at > self.outside.bench.now}

    @invariant()
    def counters_are_the_live_calls(self) -> None:
        live = self.live()
        switch = self.outside.bench.switch
        assert {call.sip_call_id for call in self.outside.calls.live} == live
        assert len(switch.admissions) == len(live)
        counts = switch.admissions.of(ACC)
        assert counts.get(("account_in", ACC), 0) + counts.get(("account_out", ACC), 0) == len(live)
        assert counts.get(("account_in", ACC), 0) <= 3 and counts.get(("trunk", "tr_carrier"), 0) <= 2

    @invariant()
    def each_call_that_is_over_has_one_cdr(self) -> None:
        journal = self.outside.bench.journal
        closed = [cdr.id for cdr in journal.cdrs]
        assert len(closed) == len(set(closed))
        opened = {call.id for call in journal.calls}
        assert opened - set(closed) == {call.id for call in self.outside.calls.live}

    def teardown(self) -> None:
        self.outside.bench.advance(50_000.0)
        assert self.outside.bench.idle() and len(self.outside.calls) == 0


OutsideMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestOutsideMachine = OutsideMachine.TestCase
