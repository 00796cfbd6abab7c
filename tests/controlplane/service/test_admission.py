"""Channels for operators and the audit of them (S004-57…61)."""

from pathlib import Path

import structlog

from edge.cac.claim import Claim, Scope
from edge.directory import AccountId
from edge.journal import CallId
from tests.support.control import Control, control
from tests.support.directory import ACC, FakeDirectory
from tests.support.edge import Phone, final


def directory() -> FakeDirectory:
    made = FakeDirectory()
    made.add_user("1001", max_simultaneous=2)
    made.add_did("12025550123", "answer")
    return made


def leak(site: Control, id: str) -> None:
    claim = Claim(ACC, "in", (Scope("account_in", ACC, None),))
    assert site.bench.switch.admissions.admit(CallId(id), claim, site.bench.now) is None


async def test_our_own_calls_are_counted_beside_those_of_outside_edges(tmp_path: Path) -> None:  # S004-57
    async with control(tmp_path, directory()) as site:
        phone = Phone(site.bench, "1001")
        phone.ack(final(phone.dial("*43")))
        found = site.admission.show("acc_demo")
        assert found is not None
        assert found["users"] == {"1001": {"id": "us_1001", "count": 1, "limit": 2}}
        calls = found["calls"]
        assert isinstance(calls, list) and calls[0]["callId"] == phone.call_id
        phone.bye()


async def test_the_audit_gives_back_what_no_live_call_holds(tmp_path: Path) -> None:  # S004-61
    async with control(tmp_path, directory()) as site:
        phone = Phone(site.bench, "1001")
        phone.ack(final(phone.dial("*43")))
        (live,) = site.bench.switch.calls
        leak(site, f"{live}/party2.0")
        leak(site, "call_gone")
        with structlog.testing.capture_logs() as logs:
            assert site.admission.audit() == 1, "a party of a live call is no leak"
        assert logs[0]["call_id"] == "call_gone"
        (row,) = site.bench.journal.traces[CallId("call_gone")]
        assert (row.layer, row.event) == ("admission", "repaired")
        phone.bye()


async def test_a_reset_repairs_and_clears_only_what_is_stuck(tmp_path: Path) -> None:  # S004-58 S004-61
    async with control(tmp_path, directory()) as site:
        leak(site, "call_gone")
        with structlog.testing.capture_logs():
            found = site.admission.reset("acc_demo")
        assert found is not None and found["repaired"] == 1
        before, after = found["before"], found["after"]
        assert isinstance(before, dict) and before["counters"]["in"] == 1
        assert isinstance(after, dict) and after["counters"]["in"] == 0
        assert site.admission.reset(AccountId("acc_x")) is None


async def test_it_audits_again_and_again_until_stopped(tmp_path: Path) -> None:
    async with control(tmp_path, directory()) as site:
        site.admission.start()
        leak(site, "call_gone")
        with structlog.testing.capture_logs():
            site.clock.later.pop()()
        assert len(site.bench.switch.admissions) == 0 and len(site.clock.later) == 1
        site.admission.stop()
        assert site.clock.later == []
