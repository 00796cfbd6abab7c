"""What `tandem doctor` says of the audio workers."""

from controlplane.doctor.finding import Verdict
from controlplane.doctor.worker import workers


def said(up: str = "11", starts: float = 1, late: float = 0.5) -> str:
    lines = []
    for worker, is_up in enumerate(up):
        for name, value in (
            ("up", is_up),
            ("starts", starts),
            ("legs", 3),
            ("tick_late_p99_seconds", late / 1000),
        ):
            lines.append(f'tandem_worker_{name}{{worker="{worker}"}} {value}')
    return "\n".join(lines)


def test_workers_that_run_are_well_and_counted() -> None:
    assert workers(0, None).verdict is workers(2, None).verdict is Verdict.OK
    found = workers(2, said())
    assert found.verdict is Verdict.OK and "6 legs" in found.found


def test_a_worker_that_is_down_fails_and_one_that_fell_or_lags_warns() -> None:
    assert workers(2, said(up="10")).verdict is Verdict.FAIL
    assert workers(3, said()).verdict is Verdict.FAIL
    assert workers(2, said(starts=2)).verdict is Verdict.WARN
    assert workers(2, said(late=9.0)).verdict is Verdict.WARN
