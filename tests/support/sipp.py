"""sipp, run with one of our scenarios until its calls are made; its exit status is the verdict."""

import shutil
from pathlib import Path

import pytest

from tests.support.address import SIP_PORT, loopback
from tests.support.process import Child

SCENARIOS = Path(__file__).parents[1] / "interop" / "sipp"


def sipp(
    folder: Path,
    scenario: str,
    server: tuple[str, int],
    *,
    user: str,
    password: str,
    number: str = "",
    calls: int = 1,
    rate: int = 10,
    hold_ms: int = 200,
    transport: str = "u1",
    timeout: float = 60.0,
    media: tuple[str, int] | None = None,
) -> None:
    """Fails with sipp's own account of what it did not expect. `media` is where the SDP says audio goes."""
    program = shutil.which("sipp")
    if program is None:
        pytest.skip("sipp is not installed (apt install sip-tester)")
    folder.mkdir(parents=True, exist_ok=True)
    address = loopback()
    errors = folder / f"{scenario}-errors.log"
    media_address, media_port = media or (address, 6000)
    command = [program, f"{server[0]}:{server[1]}", "-sf", str(SCENARIOS / f"{scenario}.xml")]
    command += [
        "-i",
        address,
        "-p",
        str(SIP_PORT),
        "-t",
        transport,
        "-s",
        number or user,
        "-au",
        user,
        "-ap",
        password,
    ]
    command += ["-m", str(calls), "-r", str(rate), "-l", str(max(rate, 10)), "-d", str(hold_ms)]
    command += [
        "-key",
        "user",
        user,
        "-key",
        "media_address",
        media_address,
        "-key",
        "media_port",
        str(media_port),
    ]
    command += ["-timeout", f"{int(timeout)}s", "-timeout_error", "-trace_err", "-error_file", str(errors)]
    command += ["-nostdin", "-cid_str", f"%u-%p@{address}"]
    with Child(command, name=f"sipp {scenario}", cwd=folder, env={"TERM": "dumb"}) as child:
        status = child.wait(timeout + 10)
        said = errors.read_text(errors="replace")[-4000:] if errors.exists() else ""
        assert status == 0, f"sipp {scenario}: exit status {status}\n{said}\n{child.report(40)}"
