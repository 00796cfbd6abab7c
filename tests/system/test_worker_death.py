"""`media.workers` in the daemon: a worker that dies ends its calls, a daemon that dies leaves no worker."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from tests.bench.usage import tree
from tests.support.address import loopback
from tests.support.caller import CallFailed, Phone
from tests.support.daemon import PASSWORDS, Daemon
from tests.support.process import wait_until
from tests.support.sip import make_sdp

SETTINGS = {"media": {"workers": 2}}


def workers(daemon: Daemon) -> list[int]:
    found = []
    for pid in tree(daemon.child.pid):
        try:
            if b"media.worker.process" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
        except OSError:
            continue
    return found


def gone(pid: int) -> bool:
    try:
        return " Z " in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True


def test_a_dead_worker_ends_its_own_calls_with_one_cdr_each_and_the_daemon_goes_on(tmp_path: Path) -> None:
    account = {"limits": {"max_in": 1, "max_out": 1, "max_dialer": 1}}
    with (
        Daemon(tmp_path / "daemon", settings=SETTINGS, account=account) as daemon,
        Phone(loopback(), daemon.sip, "1001", PASSWORDS["1001"]) as phone,
        Phone(loopback(), daemon.sip, "1002", PASSWORDS["1002"]) as other,
    ):
        call = phone.dial("*43")
        wait_until(lambda: len(call.heard) > 20, what="echo")
        pids = workers(daemon)
        assert len(pids) == 2
        metrics = daemon.metrics()
        assert sum(metrics[f'tandem_worker_up{{worker="{n}"}}'] for n in (0, 1)) == 2
        wait_until(lambda: daemon.metrics()["tandem_legs"] == 1, what="a beat that tells of the leg")
        status, output = daemon.tandem("doctor")
        assert "audio workers" in output and "2 take calls" in output, output
        # The first call went to the first worker.
        busy = next(n for n in (0, 1) if daemon.metrics()[f'tandem_worker_legs{{worker="{n}"}}'] == 1)
        spared = other.dial("*43")
        os.kill(pids[busy], signal.SIGKILL)
        call.wait_ended()
        assert call.ended_by_peer
        heard = len(spared.heard)
        wait_until(lambda: len(spared.heard) > heard + 20, what="the other call goes on")
        wait_until(lambda: daemon.metrics()[f'tandem_worker_starts{{worker="{busy}"}}'] == 2)
        wait_until(lambda: daemon.metrics()["tandem_calls"] == 1)
        wait_until(lambda: daemon.metrics()[f'tandem_worker_up{{worker="{busy}"}}'] == 1, 20.0)
        again = phone.dial("*43")
        wait_until(lambda: len(again.heard) > 20, what="echo on the new worker")
        again.hang_up()
        spared.hang_up()
        wait_until(lambda: daemon.metrics()["tandem_calls"] == daemon.metrics()["tandem_admitted"] == 0)
        status, listed = daemon.tandem("calls", "--json")
        assert status == 0 and listed.count("media_worker_died") == 1, listed
        pids = workers(daemon)
    assert all(map(gone, pids))


def test_whatever_the_calls_of_a_dead_worker_did_each_ends_once_and_gives_back_what_it_took(
    tmp_path: Path,
) -> None:
    """An echo, a room with chimes and a bridge on hold, all of them recorded."""
    passwords = {str(number): f"secret-of-{number}" for number in range(1001, 1006)}
    account = {
        "users": [
            {"number": number, "devices": [{"username": number, "password": password}]}
            for number, password in passwords.items()
        ],
        "extensions": [{"number": "800", "target": {"conference": "board"}}],
        "record": "always",
    }
    with (
        Daemon(tmp_path / "daemon", settings={"media": {"workers": 1}}, account=account) as daemon,
        ExitStack() as stack,
    ):
        echoed, member, other, caller, called = (
            stack.enter_context(Phone(loopback(), daemon.sip, *each)) for each in passwords.items()
        )
        called.register()
        calls = [echoed.dial("*43"), member.dial("800"), other.dial("800")]
        with ThreadPoolExecutor(1) as beside:
            answering = beside.submit(called.answer)
            calls += [caller.dial("1005"), answering.result(20.0)]
        sound = make_sdp(calls[3].phone.address, calls[3].rtp.getsockname()[1])
        held = sound.replace(b"a=sendrecv", b"a=sendonly")
        answer = caller.request(calls[3].within("INVITE", held, (("Content-Type", "application/sdp"),)))
        assert answer.status == 200 and b"a=recvonly" in answer.body
        caller.send(calls[3].within("ACK").bytes())
        wait_until(lambda: len(calls[0].heard) > 20, what="echo")
        assert daemon.metrics()["tandem_calls"] == 4 and daemon.metrics()["tandem_admitted"] > 0
        (pid,) = workers(daemon)
        os.kill(pid, signal.SIGKILL)
        for call in calls:
            call.wait_ended()
            assert call.ended_by_peer
        wait_until(lambda: daemon.metrics()["tandem_calls"] == daemon.metrics()["tandem_admitted"] == 0)
        wait_until(lambda: daemon.metrics()['tandem_worker_up{worker="0"}'] == 1, 20.0)
        again = echoed.dial("*43")
        wait_until(lambda: len(again.heard) > 20, what="echo on the new worker")
        again.hang_up()
        wait_until(lambda: daemon.tandem("calls", "--json")[1].count('"id"') == 5, what="the last CDR")
        status, listed = daemon.tandem("calls", "--json")
        assert status == 0 and listed.count("media_worker_died") == 4, listed


def test_a_daemon_that_is_killed_leaves_no_worker_behind(tmp_path: Path) -> None:
    with Daemon(tmp_path / "daemon", settings=SETTINGS) as daemon:
        with Phone(loopback(), daemon.sip, "1001", PASSWORDS["1001"]) as phone:
            call = phone.dial("*43")
            wait_until(lambda: len(call.heard) > 10, what="echo")
            pids = workers(daemon)
            daemon.child.kill()
            wait_until(lambda: all(map(gone, pids)), what="the workers end by themselves")
        daemon.restart()
        assert daemon.get("/readyz")[0] == 200
        with Phone(loopback(), daemon.sip, "1001", PASSWORDS["1001"]) as phone:
            call = phone.dial("*43")
            began = time.monotonic()
            wait_until(lambda: len(call.heard) > 10, what="echo")
            assert time.monotonic() - began < 10
            call.hang_up()


def test_a_call_that_no_worker_can_carry_is_refused_with_503(tmp_path: Path) -> None:
    with (
        Daemon(tmp_path / "daemon", settings={"media": {"workers": 1}}) as daemon,
        Phone(loopback(), daemon.sip, "1001", PASSWORDS["1001"]) as phone,
    ):
        (pid,) = workers(daemon)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: daemon.metrics()['tandem_worker_up{worker="0"}'] == 0, every=0.01)
        try:
            phone.dial("*43").hang_up()
        except CallFailed as refused:
            assert refused.status == 503
        wait_until(lambda: daemon.metrics()['tandem_worker_up{worker="0"}'] == 1, 20.0)
        phone.dial("*43").hang_up()
