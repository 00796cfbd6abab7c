"""sipp's own scenarios, as other people's suites run them: no line of ours in what it sends and expects."""

import shutil
from pathlib import Path

import pytest

from tests.interop.house import DID, House
from tests.support.address import SIP_PORT
from tests.support.leftover import assert_quiet
from tests.support.process import Child


def builtin(folder: Path, name: str, address: str, *more: str) -> Child:
    program = shutil.which("sipp")
    if program is None:
        pytest.skip("sipp is not installed (apt install sip-tester)")
    command = [program, "-sn", name, "-i", address, "-p", str(SIP_PORT), "-nostdin", "-timeout", "60s", *more]
    return Child(command, name=f"sipp -sn {name}", cwd=folder, env={"TERM": "dumb"})


@pytest.mark.alone
@pytest.mark.parametrize("transport", ["u1", "t1"])
def test_uac_calls_uas_through_us(tmp_path: Path, transport: str) -> None:
    """`-sn uac` → DID → trunk → `-sn uas`, at 50 calls a second; every call is made, and nothing is left."""
    house = House(tmp_path)
    with house.daemon as daemon:
        before = daemon.metrics()
        number = DID if transport == "u1" else "12025550101"
        server = f"{daemon.sip[0]}:{daemon.sip[1]}"
        with builtin(tmp_path, "uas", house.far, "-t", transport, "-m", "200") as callee:
            rate = ("-t", transport, "-s", number, "-r", "50", "-m", "200", "-timeout_error")
            with builtin(tmp_path, "uac", house.near, *rate, server) as caller:
                assert caller.wait(60.0) == 0, caller.report()
            assert callee.wait(10.0) == 0, callee.report()
        assert_quiet(daemon, before)
        assert not [line for line in daemon.child.lines if "Traceback" in line or "ERROR" in line]
