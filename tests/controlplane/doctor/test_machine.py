"""Checks of the machine."""

import resource

import pytest

from controlplane.doctor import machine
from controlplane.doctor.finding import Verdict
from media.tts import SpeechError


def test_python_is_new_enough() -> None:
    assert machine.python((3, 11)).verdict is Verdict.OK
    assert machine.python((3, 10)).verdict is Verdict.FAIL


def test_the_loop_is_uvloop(monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.event_loop().verdict is Verdict.OK
    monkeypatch.setattr(machine.importlib.util, "find_spec", lambda name: None)
    assert machine.event_loop().verdict is Verdict.WARN


@pytest.mark.parametrize(
    ("limits", "verdict"),
    [
        ((1024, 1_048_576), Verdict.OK),
        ((1024, resource.RLIM_INFINITY), Verdict.OK),
        ((1024, 4096), Verdict.WARN),
        ((256, 512), Verdict.FAIL),
    ],
)
def test_files_are_enough_for_the_legs(limits: tuple[int, int], verdict: Verdict) -> None:
    finding = machine.open_files(4_096, limits)
    assert finding.verdict is verdict
    assert (verdict is Verdict.OK) == (finding.fix == "")


def test_the_clock_is_plausible_and_kept() -> None:
    now = machine._EPOCH + 1e6
    assert machine.clock(now, 0).verdict is machine.clock(now, None).verdict is Verdict.OK
    assert machine.clock(now, 5).verdict is Verdict.WARN
    assert machine.clock(0.0, 0).verdict is Verdict.FAIL
    assert machine.clock(1e20, 0).verdict is Verdict.OK
    assert machine.clock_state() in (None, 0, 1, 2, 3, 4, 5)


@pytest.mark.parametrize(("late", "verdict"), [(0.0, "ok"), (0.007, "warn"), (0.030, "fail")])
def test_the_worst_tick_counts(late: float, verdict: str) -> None:
    now = 0.0
    ticks = 0

    def wait(seconds: float) -> None:
        nonlocal now, ticks
        ticks += 1
        now += seconds + (late if ticks == 7 else 0.0)

    finding = machine.tick_lateness(lambda: now, wait)
    assert finding.verdict == verdict and f"{late * 1000:.1f} ms" in finding.found


class Mute:
    async def __aenter__(self) -> "Mute":
        return self

    async def __aexit__(self, *failure: object) -> None: ...

    async def speak(self, text: str) -> object:
        raise SpeechError("espeak-ng is not there")


def test_speech_that_is_missing_has_its_fix() -> None:
    finding = machine.speech(Mute)  # type: ignore[arg-type]
    assert finding.verdict is Verdict.FAIL and "espeakng-loader" in finding.fix
